//! Ten bits of HDR: faces are found, skin is smoothed, and no band appears where there was none.

#![allow(clippy::unwrap_used)]

mod support;

use glowup::gpu::Renderer;
use glowup::{Colours, FrameMut, Gpu, GpuOptions, Look, Matrix, PixelFormat, Range, Skin, Transfer};

/// A picture as luma and chroma of ten bits for each pixel, in limited range of BT.2020's weights. White is at 75 % of HLG's
/// signal and at 58 % of PQ's (ITU-R BT.2408); what is brighter than that are lights.
fn planes(transfer: Transfer) -> (Vec<u16>, usize) {
    let white = match transfer {
        Transfer::Hlg => 0.75,
        Transfer::Pq => 0.58,
        _ => 1.0,
    };
    let picture = support::close_up();
    let side = picture.width as usize;
    let mut planes = vec![0_u16; side * side * 3];
    for (index, pixel) in picture.pixels.chunks_exact(4).enumerate() {
        let [r, g, b] = [0, 1, 2].map(|c| f32::from(pixel[c]) / 255.0 * white);
        let y = 0.2627 * r + 0.678 * g + 0.0593 * b;
        let values = [64.0 + 876.0 * y, 512.0 + 896.0 * (b - y) / 1.8814, 512.0 + 896.0 * (r - y) / 1.4746];
        for (plane, value) in values.into_iter().enumerate() {
            planes[plane * side * side + index] = value.round() as u16;
        }
    }
    (planes, side)
}

fn little_endian(planes: &[u16]) -> Vec<u8> {
    planes.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn take_over(planes: &mut [u16], bytes: &[u8]) {
    for (value, bytes) in planes.iter_mut().zip(bytes.chunks_exact(2)) {
        *value = u16::from_le_bytes([bytes[0], bytes[1]]);
    }
}

fn framed(bytes: &mut [u8], side: usize, transfer: Transfer) -> FrameMut<'_> {
    let colours = Colours { matrix: Matrix::Bt2020, range: Range::Limited, transfer };
    FrameMut::new(PixelFormat::I410, bytes, side as u32, side as u32).unwrap().with_colours(colours)
}

fn retouch(planes: &mut [u16], side: usize, transfer: Transfer, look: &Look) -> Vec<glowup::Face> {
    let mut bytes = little_endian(planes);
    let faces = support::beautifier(look.clone()).process_still(&mut framed(&mut bytes, side, transfer)).unwrap();
    take_over(planes, &bytes);
    faces
}

/// The face of another picture is laid over a ramp of one chroma, so that what steps there are come from the retouch.
#[test]
fn a_gradient_stays_one() {
    let look = Look { skin: Skin { smooth: 1.0, ..Skin::NONE }, ..Look::NONE };
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    for transfer in [Transfer::Sdr, Transfer::Hlg, Transfer::Pq] {
        let (mut before, side) = planes(transfer);
        let faces = retouch(&mut before.clone(), side, transfer, &Look::NONE);
        assert_eq!(faces.len(), 1, "{transfer:?}");
        let [x, y] = [0, 1].map(|axis| faces[0].points[50][axis] as usize);
        // Colours of the cheek; luma rises by one step in seven pixels across and in eleven down, and has folds for
        // the retouch to smooth.
        let [middle, cb, cr] = [0, 1, 2].map(|plane| before[(plane * side + y) * side + x]);
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
            let fold = (12.0 + 6.0 * (column as f32 * 0.6).sin()).round() as u16;
            let values = [middle + fold + (column / 7 + row / 11) as u16 - (x / 7 + y / 11) as u16, cb, cr];
            for (plane, value) in values.into_iter().enumerate() {
                before[(plane * side + row) * side + column] = value;
            }
        }
        let mut after = before.clone();
        let mut bytes = little_endian(&after);
        let mut frame = framed(&mut bytes, side, transfer);
        renderer.reset();
        renderer.retouch(&mut frame, &faces, &look).unwrap();
        take_over(&mut after, &bytes);
        let (mut changed, mut worst) = (0, 0);
        let bounds = faces[0].bounds();
        let (left, top) = (bounds.x as usize, bounds.y as usize);
        for row in top..(top + bounds.height as usize).min(side - 1) {
            for column in left..(left + bounds.width as usize).min(side - 1) {
                let at = row * side + column;
                changed += usize::from(after[at] != before[at]);
                for other in [at + 1, at + side] {
                    if before[at] == before[other] {
                        worst = worst.max(after[at].abs_diff(after[other]));
                    }
                }
            }
        }
        println!("{transfer:?}: {changed} of {} values changed, worst new step {worst}", bounds.width * bounds.height);
        assert!(changed > 20_000, "{transfer:?}: {changed}");
        assert!(worst <= 1, "{transfer:?}: a step of {worst}");
    }
}

#[test]
fn what_is_not_retouched_keeps_its_values() {
    for transfer in [Transfer::Hlg, Transfer::Pq] {
        let (before, side) = planes(transfer);
        let mut after = before.clone();
        let faces = retouch(&mut after, side, transfer, &Look::GLAM);
        let bounds = faces[0].bounds();
        let (mut near, mut far) = (0, 0);
        for index in 0..before.len() {
            let (x, y) = ((index % side) as f32, (index / side % side) as f32);
            let reach = bounds.width / 2.0;
            let inside = x > bounds.x - reach
                && x < bounds.x + bounds.width + reach
                && y > bounds.y - reach
                && y < bounds.y + bounds.height + 1.6 * reach;
            *(if inside { &mut near } else { &mut far }) += usize::from(before[index] != after[index]);
        }
        println!("{transfer:?}: {near} near, {far} far");
        assert!(near > 20_000 && far == 0, "{transfer:?}: {near} near, {far} far");
    }
}

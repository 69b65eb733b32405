//! Every format that cameras and decoders give: the same faces, the same retouch, and nothing converted that was not changed.

#![allow(clippy::unwrap_used)]

mod support;

use glowup::{
    Beautifier, Colours, Error, Frame, FrameMut, Look, Matrix, PixelFormat, Plane, PlaneMut, Range, Shape, Skin,
    Transfer,
};
use support::Picture;

const COLOURS: [Colours; 3] = [
    Colours { matrix: Matrix::Bt601, range: Range::Limited, transfer: Transfer::Sdr },
    Colours { matrix: Matrix::Bt709, range: Range::Limited, transfer: Transfer::Sdr },
    Colours { matrix: Matrix::Bt601, range: Range::Full, transfer: Transfer::Sdr },
];

fn is_yuv(format: PixelFormat) -> bool {
    use PixelFormat::{I010, I210, I410, I420, I422, I444, Nv12, Nv21, P010, Uyvy, Yuyv};
    matches!(format, Nv12 | Nv21 | I420 | I422 | I444 | Yuyv | Uyvy | P010 | I010 | I210 | I410)
}

fn is_grey(format: PixelFormat) -> bool {
    matches!(format, PixelFormat::Gray8 | PixelFormat::Gray16)
}

/// The format of eight bits that is laid out alike, and how many bits the deeper one has; 0 for floats.
fn shallow(format: PixelFormat) -> (PixelFormat, u32) {
    match format {
        PixelFormat::P010 => (PixelFormat::Nv12, 10),
        PixelFormat::I010 => (PixelFormat::I420, 10),
        PixelFormat::I210 => (PixelFormat::I422, 10),
        PixelFormat::I410 => (PixelFormat::I444, 10),
        PixelFormat::Gray16 => (PixelFormat::Gray8, 16),
        PixelFormat::Rgb16 => (PixelFormat::Rgb8, 16),
        PixelFormat::Rgba16 => (PixelFormat::Rgba8, 16),
        PixelFormat::Rgba16Float => (PixelFormat::Rgba8, 0),
        other => (other, 8),
    }
}

/// A value of eight bits in a deeper format.
fn deepened(value: u8, format: PixelFormat, colours: Colours) -> [u8; 2] {
    let value = f32::from(value);
    match shallow(format).1 {
        0 => half::f16::from_f32(value / 255.0).to_le_bytes(),
        16 => (value as u16 * 257).to_le_bytes(),
        _ => {
            let limited = colours.range == Range::Limited;
            let deep = if limited { value * 4.0 } else { (value * 1023.0 / 255.0).round() } as u16;
            (deep << if format == PixelFormat::P010 { 6 } else { 0 }).to_le_bytes()
        }
    }
}

/// A value of a deeper format in steps of eight bits.
fn flattened(bytes: [u8; 2], format: PixelFormat, colours: Colours) -> f32 {
    let whole = u16::from_le_bytes(bytes);
    match shallow(format).1 {
        0 => half::f16::from_le_bytes(bytes).to_f32() * 255.0,
        16 => f32::from(whole) / 257.0,
        _ => {
            let deep = f32::from(whole >> if format == PixelFormat::P010 { 6 } else { 0 });
            if colours.range == Range::Limited { deep / 4.0 } else { deep * 255.0 / 1023.0 }
        }
    }
}

/// Luma, Cb and Cr of a colour, by the standards' own formulas.
fn yuv([r, g, b]: [f32; 3], colours: Colours) -> [f32; 3] {
    let (kr, kb) = if colours.matrix == Matrix::Bt601 { (0.299, 0.114) } else { (0.2126, 0.0722) };
    let y = kr * r + (1.0 - kr - kb) * g + kb * b;
    let (cb, cr) = ((b - y) / (2.0 - 2.0 * kb), (r - y) / (2.0 - 2.0 * kr));
    if colours.range == Range::Limited {
        [16.0 + y * 219.0 / 255.0, 128.0 + cb * 224.0 / 255.0, 128.0 + cr * 224.0 / 255.0]
    } else {
        [y, 128.0 + cb, 128.0 + cr]
    }
}

/// The planes of a picture in a format, each with the bytes of its rows; chroma is the mean of the pixels that share it.
fn encoded(picture: &Picture, format: PixelFormat, colours: Colours) -> Vec<(usize, Vec<u8>)> {
    let (alike, bits) = shallow(format);
    let planes = encoded_in_bytes(picture, alike, colours);
    if bits == 8 {
        return planes;
    }
    let deep = |data: Vec<u8>| data.into_iter().flat_map(|value| deepened(value, format, colours)).collect();
    planes.into_iter().map(|(stride, data)| (stride * 2, deep(data))).collect()
}

fn encoded_in_bytes(picture: &Picture, format: PixelFormat, colours: Colours) -> Vec<(usize, Vec<u8>)> {
    let (w, h) = (picture.width as usize, picture.height as usize);
    let at = |x: usize, y: usize| -> [u8; 4] { picture.pixels[(y * w + x) * 4..][..4].try_into().unwrap() };
    let colour = |x: usize, y: usize| yuv([0, 1, 2].map(|c| f32::from(at(x, y)[c])), colours);
    let all = || (0..h).flat_map(move |y| (0..w).map(move |x| (x, y)));
    let luma = |x, y| colour(x, y)[0].round() as u8;
    // The mean of the pixels that share a value.
    let chroma = |x: usize, y: usize, [wide, tall]: [usize; 2], c: usize| {
        let places: Vec<_> = (y..(y + tall).min(h)).flat_map(|y| (x..(x + wide).min(w)).map(move |x| (x, y))).collect();
        (places.iter().map(|&(x, y)| colour(x, y)[c]).sum::<f32>() / places.len() as f32).round() as u8
    };
    let plane_of = |[wide, tall]: [usize; 2], c: usize| -> Vec<u8> {
        let places = (0..h).step_by(tall).flat_map(|y| (0..w).step_by(wide).map(move |x| (x, y)));
        places.map(|(x, y)| chroma(x, y, [wide, tall], c)).collect()
    };
    let plane = || all().map(|(x, y)| luma(x, y)).collect::<Vec<u8>>();
    let bytes = |order: &[usize]| all().flat_map(|(x, y)| order.iter().map(move |&c| at(x, y)[c])).collect::<Vec<u8>>();
    let pairs = |order: [usize; 2]| -> Vec<u8> {
        let [first, second] = order.map(|c| plane_of([2, 2], c));
        first.into_iter().zip(second).flat_map(|(first, second)| [first, second]).collect()
    };
    let packed = |order: [usize; 4]| -> Vec<u8> {
        let places = (0..h).flat_map(|y| (0..w).step_by(2).map(move |x| (x, y)));
        let four = |(x, y)| {
            let values = [luma(x, y), chroma(x, y, [2, 1], 1), luma((x + 1).min(w - 1), y), chroma(x, y, [2, 1], 2)];
            order.map(|index| values[index])
        };
        places.flat_map(four).collect()
    };
    let half = w.div_ceil(2);
    match format {
        PixelFormat::Rgba8 => vec![(4 * w, bytes(&[0, 1, 2, 3]))],
        PixelFormat::Bgra8 => vec![(4 * w, bytes(&[2, 1, 0, 3]))],
        PixelFormat::Rgb8 => vec![(3 * w, bytes(&[0, 1, 2]))],
        PixelFormat::Bgr8 => vec![(3 * w, bytes(&[2, 1, 0]))],
        PixelFormat::Gray8 => vec![(w, all().map(|(x, y)| grey(at(x, y))).collect())],
        PixelFormat::Nv12 => vec![(w, plane()), (half * 2, pairs([1, 2]))],
        PixelFormat::Nv21 => vec![(w, plane()), (half * 2, pairs([2, 1]))],
        PixelFormat::I420 => vec![(w, plane()), (half, plane_of([2, 2], 1)), (half, plane_of([2, 2], 2))],
        PixelFormat::I422 => vec![(w, plane()), (half, plane_of([2, 1], 1)), (half, plane_of([2, 1], 2))],
        PixelFormat::I444 => vec![(w, plane()), (w, plane_of([1, 1], 1)), (w, plane_of([1, 1], 2))],
        PixelFormat::Yuyv => vec![(half * 4, packed([0, 1, 2, 3]))],
        PixelFormat::Uyvy => vec![(half * 4, packed([1, 0, 3, 2]))],
        other => unreachable!("{other:?} has no reference"),
    }
}

/// The luma of a colour in full range.
fn grey(colour: [u8; 4]) -> u8 {
    yuv([0, 1, 2].map(|c| f32::from(colour[c])), COLOURS[2])[0].round() as u8
}

/// Colours of luma and chroma that lie at a pixel of encoded planes, or red, green and blue, in steps of eight bits.
fn values(planes: &[(usize, Vec<u8>)], kind: (PixelFormat, Colours), x: usize, y: usize) -> [f32; 3] {
    let (format, colours) = kind;
    let (alike, bits) = shallow(format);
    let at = |plane: usize, y: usize, index: usize| {
        let (stride, data) = &planes[plane];
        if bits == 8 {
            return f32::from(data[y * stride + index]);
        }
        let start = y * stride + index * 2;
        flattened([data[start], data[start + 1]], format, colours)
    };
    match alike {
        PixelFormat::Rgba8 => [0, 1, 2].map(|c| at(0, y, 4 * x + c)),
        PixelFormat::Bgra8 => [2, 1, 0].map(|c| at(0, y, 4 * x + c)),
        PixelFormat::Rgb8 => [0, 1, 2].map(|c| at(0, y, 3 * x + c)),
        PixelFormat::Bgr8 => [2, 1, 0].map(|c| at(0, y, 3 * x + c)),
        PixelFormat::Gray8 => [at(0, y, x); 3],
        PixelFormat::Nv12 => [at(0, y, x), at(1, y / 2, x / 2 * 2), at(1, y / 2, x / 2 * 2 + 1)],
        PixelFormat::Nv21 => [at(0, y, x), at(1, y / 2, x / 2 * 2 + 1), at(1, y / 2, x / 2 * 2)],
        PixelFormat::I420 => [at(0, y, x), at(1, y / 2, x / 2), at(2, y / 2, x / 2)],
        PixelFormat::I422 => [at(0, y, x), at(1, y, x / 2), at(2, y, x / 2)],
        PixelFormat::I444 => [at(0, y, x), at(1, y, x), at(2, y, x)],
        PixelFormat::Yuyv => [at(0, y, 2 * x), at(0, y, x / 2 * 4 + 1), at(0, y, x / 2 * 4 + 3)],
        PixelFormat::Uyvy => [at(0, y, 2 * x + 1), at(0, y, x / 2 * 4), at(0, y, x / 2 * 4 + 2)],
        other => unreachable!("{other:?} has no reference"),
    }
}

/// Hands planes on as a frame to change.
fn with_frame<T>(
    planes: &mut [(usize, Vec<u8>)],
    (format, colours): (PixelFormat, Colours),
    (width, height): (u32, u32),
    work: impl FnOnce(&mut FrameMut<'_>) -> T,
) -> T {
    let mut all = planes.iter_mut().map(|(stride, data)| PlaneMut { data, stride: *stride });
    let mut next = || all.next().unwrap();
    let frame = match format.planes() {
        1 => FrameMut::from_planes(format, [next()], width, height),
        2 => FrameMut::from_planes(format, [next(), next()], width, height),
        _ => FrameMut::from_planes(format, [next(), next(), next()], width, height),
    };
    work(&mut frame.unwrap().with_colours(colours))
}

/// A part of the portrait with odd sides.
fn head() -> Picture {
    let whole = support::portrait();
    let (left, top, width, height) = (121_usize, 3_usize, 251_usize, 243_usize);
    let rows = (top..top + height).flat_map(|y| {
        let start = (y * whole.width as usize + left) * 4;
        whole.pixels[start..start + width * 4].to_vec()
    });
    Picture { pixels: rows.collect(), width: width as u32, height: height as u32 }
}

#[test]
fn every_format_gets_the_same_retouch() {
    let picture = head();
    let size = (picture.width, picture.height);
    let look = Look { skin: Skin { brighten: 0.5, ..Look::GLAM.skin }, ..Look::GLAM };
    let retouched = |picture: &Picture| {
        let mut expected = picture.clone();
        let faces = support::beautifier(look.clone()).process_still(&mut expected.frame_mut()).unwrap();
        (expected, faces)
    };
    let (colour, mut grey_picture) = (picture.clone(), picture.clone());
    for pixel in grey_picture.pixels.chunks_exact_mut(4) {
        let value = grey(pixel.try_into().unwrap());
        pixel[..3].fill(value);
    }
    let [of_colour, of_grey] = [&colour, &grey_picture].map(retouched);
    for format in PixelFormat::ALL {
        let (picture, (expected, faces)) =
            if is_grey(format) { (&grey_picture, &of_grey) } else { (&colour, &of_colour) };
        for colours in COLOURS.into_iter().take(if is_yuv(format) { 3 } else { 1 }) {
            let before = encoded(picture, format, colours);
            let mut after = before.clone();
            let mut beautifier = support::beautifier(look.clone());
            let found =
                with_frame(&mut after, (format, colours), size, |frame| beautifier.process_still(frame)).unwrap();
            assert_eq!(found.len(), 1, "{format:?}");
            for (a, b) in found[0].points.iter().zip(&faces[0].points) {
                assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 1.0, "{format:?}: {a:?} {b:?}");
            }
            // By how much the planes have changed is by how much the colours have.
            let (mut worst, mut sum, mut same) = (0.0_f32, 0.0, 0);
            let (w, h) = (size.0 as usize, size.1 as usize);
            for (x, y) in (0..h).flat_map(|y| (0..w).map(move |x| (x, y))) {
                let old: [u8; 4] = picture.pixels[(y * w + x) * 4..][..4].try_into().unwrap();
                let new: [u8; 4] = expected.pixels[(y * w + x) * 4..][..4].try_into().unwrap();
                let (was, is) = (values(&before, (format, colours), x, y), values(&after, (format, colours), x, y));
                same += usize::from(was == is);
                let wanted = |c: [u8; 4]| [0, 1, 2].map(|k| f32::from(c[k]));
                let by = if is_grey(format) {
                    // A grey picture's own retouch.
                    [f32::from(grey(new)) - f32::from(grey(old)); 3]
                } else if is_yuv(format) {
                    let (old, new) = (yuv(wanted(old), colours), yuv(wanted(new), colours));
                    [new[0] - old[0], new[1] - old[1], new[2] - old[2]]
                } else {
                    [0, 1, 2].map(|k| wanted(new)[k] - wanted(old)[k])
                };
                // Chroma is shared by four pixels: luma tells.
                let off = (is[0] - was[0] - by[0]).abs();
                worst = worst.max(off);
                sum += off;
            }
            let mean = sum / (w * h) as f32;
            println!("{format:?} {colours:?}: worst {worst}, mean {mean:.3}, {same} pixels as they were");
            assert!(same > 20_000, "{format:?}: only {same} pixels are as they were");
            // A landmark that lies a little elsewhere moves the jaw's edge by part of a pixel.
            let is_exact = shallow(format).1 == 8 && !is_yuv(format) && !is_grey(format);
            let limit = if is_exact { 0.001 } else { 0.2 };
            assert!(mean <= limit, "{format:?} {colours:?}: {mean}");
        }
    }
}

#[test]
fn what_is_far_from_every_face_keeps_its_bytes() {
    let picture = support::portrait();
    let size = (picture.width, picture.height);
    for format in PixelFormat::ALL {
        let colours = Colours::default();
        let before = encoded(&picture, format, colours);
        let mut beautifier = support::beautifier(Look::NONE);
        let mut after = before.clone();
        with_frame(&mut after, (format, colours), size, |frame| beautifier.process_still(frame)).unwrap();
        assert!(after == before, "{format:?}: an amount of 0 changes nothing");
        beautifier
            .set_look(Look {
                skin: Skin { smooth: 1.0, tone: 1.0, ..Skin::NONE },
                shape: Shape { slim: 1.0, ..Shape::NONE },
                ..Look::NONE
            })
            .unwrap();
        let faces = with_frame(&mut after, (format, colours), size, |frame| beautifier.process_still(frame)).unwrap();
        let points = &faces[0].points;
        let width = (points[454][0] - points[234][0]).hypot(points[454][1] - points[234][1]);
        let low = [0, 1].map(|axis| points.iter().map(|p| p[axis]).fold(f32::INFINITY, f32::min) - 0.5 * width);
        let high = [0, 1].map(|axis| points.iter().map(|p| p[axis]).fold(0.0, f32::max) + 0.5 * width);
        let mut changed = 0;
        for (x, y) in (0..size.1 as usize).flat_map(|y| (0..size.0 as usize).map(move |x| (x, y))) {
            let (was, is) = (values(&before, (format, colours), x, y), values(&after, (format, colours), x, y));
            let place = [x as f32, y as f32];
            let near = (0..2).all(|axis| place[axis] > low[axis] && place[axis] < high[axis]);
            assert!(near || was == is, "{format:?}: {x}, {y}");
            changed += usize::from(was != is);
        }
        assert!(changed > 5_000, "{format:?}: {changed}");
    }
}

#[test]
fn padding_changes_nothing_and_is_not_changed() {
    let picture = head();
    let size = (picture.width, picture.height);
    for format in PixelFormat::ALL {
        let colours = Colours::default();
        let tight = encoded(&picture, format, colours);
        let mut padded: Vec<(usize, Vec<u8>)> = tight
            .iter()
            .map(|(stride, data)| {
                let rows = data.chunks(*stride).flat_map(|row| row.iter().copied().chain([0xA5; 13]));
                // As V4L2 and Android hand them out: the last row without its padding.
                let mut rows: Vec<u8> = rows.collect();
                rows.truncate(rows.len() - 13);
                (stride + 13, rows)
            })
            .collect();
        let mut plain = tight.clone();
        for planes in [&mut plain, &mut padded] {
            let mut beautifier: Beautifier = support::beautifier(Look::GLAM);
            with_frame(planes, (format, colours), size, |frame| beautifier.process_still(frame)).unwrap();
        }
        assert!(plain != tight, "{format:?}");
        for ((stride, plain), (_, padded)) in plain.iter().zip(&padded) {
            for (plain, padded) in plain.chunks(*stride).zip(padded.chunks(stride + 13)) {
                assert!(padded[..*stride] == *plain, "{format:?}");
                assert!(padded[*stride..].iter().all(|&byte| byte == 0xA5), "{format:?}: padding was written to");
            }
        }
    }
}

#[test]
fn one_buffer_holds_all_planes() {
    let picture = head();
    let size = (picture.width, picture.height);
    for format in PixelFormat::ALL {
        let mut planes = encoded(&picture, format, Colours::default());
        let mut whole: Vec<u8> = planes.iter().flat_map(|(_, data)| data.clone()).collect();
        let short = whole.len() - 1;
        assert!(matches!(Frame::new(format, &whole[..short], size.0, size.1), Err(Error::ShortBuffer { .. })));
        let mut frame = FrameMut::new(format, &mut whole, size.0, size.1).unwrap();
        support::beautifier(Look::GLAM).process_still(&mut frame).unwrap();
        let mut other = support::beautifier(Look::GLAM);
        with_frame(&mut planes, (format, Colours::default()), size, |frame| other.process_still(frame)).unwrap();
        assert!(whole == planes.concat_bytes(), "{format:?}");
    }
}

trait Concat {
    fn concat_bytes(&self) -> Vec<u8>;
}

impl Concat for Vec<(usize, Vec<u8>)> {
    fn concat_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|(_, data)| data.clone()).collect()
    }
}

#[test]
fn formats_and_planes_that_do_not_fit() {
    let data = vec![0; 64 * 64 * 4];
    let plane = Plane { data: &data, stride: 256 };
    let refused = Frame::from_planes(PixelFormat::I420, [plane, plane], 64, 64).unwrap_err();
    assert_eq!(refused, Error::WrongPlanes { format: PixelFormat::I420, given: 2, needed: 3 });
    let (mut a, b) = (vec![0; 64 * 64 * 4], Frame::new(PixelFormat::Bgra8, &data, 64, 64).unwrap());
    let refused = FrameMut::rgba8(&mut a, 64, 64).unwrap().copy_from(&b).unwrap_err();
    assert_eq!(refused, Error::FormatMismatch { input: PixelFormat::Bgra8, output: PixelFormat::Rgba8 });
}

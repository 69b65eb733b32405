//! Pictures larger than a texture, or than memory would like: the same retouch, in textures as large as the faces' surroundings.

#![allow(clippy::unwrap_used)]

mod support;

use glowup::gpu::Renderer;
use glowup::{Face, FrameMut, Gpu, GpuOptions, Look, PixelFormat};
use support::Picture;

/// A grey picture with the portrait at a place.
fn with_portrait(width: u32, height: u32, places: &[(u32, u32)]) -> Picture {
    let portrait = support::portrait();
    let mut picture = Picture::flat(width, height, [120, 120, 120, 255]);
    for &(left, top) in places {
        for y in 0..portrait.height {
            let from = (y * portrait.width * 4) as usize;
            let to = (((top + y) * width + left) * 4) as usize;
            let row = (portrait.width * 4) as usize;
            picture.pixels[to..to + row].copy_from_slice(&portrait.pixels[from..from + row]);
        }
    }
    picture
}

fn moved(face: &Face, x: f32, y: f32) -> Face {
    let mut face = face.clone();
    face.points.iter_mut().for_each(|point| (point[0], point[1]) = (point[0] + x, point[1] + y));
    face
}

#[test]
fn a_large_picture_gets_the_same_retouch() {
    let face = support::faces(&support::portrait()).remove(0);
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    let mut retouch = |picture: &mut Picture, faces: &[Face]| {
        renderer.reset();
        renderer.retouch(&mut picture.frame_mut(), faces, &Look::GLAM).unwrap();
        *renderer.stats()
    };
    // 17 megapixels, a face in the middle and one at a corner.
    let places = [(1_600, 2_400), (3_600, 0)];
    let before = with_portrait(4_112, 4_112, &places);
    let mut large = before.clone();
    let faces = places.map(|(x, y)| moved(&face, x as f32, y as f32));
    let stats = retouch(&mut large, &faces);
    assert!(stats.bytes > 0 && stats.pixels > 0 && stats.dispatches > 0);
    let mut small = with_portrait(1_536, 1_536, &[(512, 512)]);
    retouch(&mut small, &[moved(&face, 512.0, 512.0)]);
    let mut worst = 0;
    for (x, y) in (0..512).flat_map(|y| (0..512).map(move |x| (x, y))) {
        let (a, b) = (large.at(1_600 + x, 2_400 + y), small.at(512 + x, 512 + y));
        worst = a.into_iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap().max(worst);
    }
    // Places are numbers of other sizes.
    println!("off by {worst} at most");
    assert!(worst <= 2, "{worst}");
    let changed = |left: u32, top: u32| {
        let pixels = (0..512).flat_map(|y| (0..512).map(move |x| (left + x, top + y)));
        pixels.filter(|&(x, y)| large.at(x, y) != before.at(x, y)).count()
    };
    let counts = places.map(|(x, y)| changed(x, y));
    assert!(counts.iter().all(|&count| count > 5_000), "{counts:?}");
    let all = large.pixels.chunks_exact(4).zip(before.pixels.chunks_exact(4)).filter(|(a, b)| a != b).count();
    assert_eq!(all, counts[0] + counts[1], "elsewhere all is as it was");
}

#[test]
fn a_side_may_be_longer_than_a_texture() {
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let face = moved(&support::faces(&support::portrait()).remove(0), 9_000.0, 0.0);
    let width = gpu.max_side() + 16;
    let picture = with_portrait(width, 512, &[(9_000, 0)]);
    // As luma alone, so that it is no large file.
    let grey: Vec<u8> = picture.pixels.chunks_exact(4).map(|pixel| pixel[1]).collect();
    let mut after = grey.clone();
    let mut frame = FrameMut::new(PixelFormat::Gray8, &mut after, width, 512).unwrap();
    Renderer::new(&gpu).unwrap().retouch(&mut frame, &[face], &Look::GLAM).unwrap();
    assert!(after.iter().zip(&grey).filter(|(a, b)| a != b).count() > 5_000);
}

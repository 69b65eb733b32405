//! A graphics device without memory for a frame says so, leaves the picture alone, and does the next small one.
//!
//! The software device takes its memory from the process, so the process is given little, as a container would be.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::process::Command;

use glowup::gpu::Renderer;
use glowup::wgpu;
use glowup::{Error, Face, Gpu, GpuOptions, Look};
use support::Picture;

/// Megabytes of address space in use.
fn in_use() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmSize:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// Lets this process have so many megabytes of address space more, or as much as it likes.
fn allow(more: Option<u64>) {
    let limit = more.map_or("unlimited".to_owned(), |more| ((in_use() + more) << 20).to_string());
    let id = std::process::id().to_string();
    let done = Command::new("prlimit").args(["--pid", &id, &format!("--as={limit}:unlimited")]).status();
    assert!(done.unwrap().success(), "prlimit is part of util-linux");
}

// One test in this file: the limit is the whole process's.
#[test]
fn too_large_a_frame_is_refused_and_the_next_small_one_passes() {
    let small = support::portrait();
    let faces = support::faces(&small);
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    if !renderer.gpu().is_software() {
        return;
    }
    let mut expected = small.clone();
    renderer.retouch(&mut expected.frame_mut(), &faces, &Look::GLAM).unwrap();
    // Sixteen times as wide, and so is the face: two textures of 256 MB.
    let scale = 16;
    let mut large = Picture::flat(512 * scale, 512 * scale, [150, 120, 100, 255]);
    let mut near: Vec<Face> = faces.clone();
    near.iter_mut().flat_map(|face| face.points.as_flattened_mut()).for_each(|value| *value *= scale as f32);

    let before = large.clone();

    // Memory ends at every stage: in the first texture, in the second, in a buffer, in what is left.
    let (mut refused, mut passed) = (0, 0);
    for more in (16..=1072).step_by(40) {
        allow(Some(more));
        let outcome = renderer.retouch(&mut large.frame_mut(), &near, &Look::GLAM);
        let mut picture = small.clone();
        let next = renderer.retouch(&mut picture.frame_mut(), &faces, &Look::GLAM);
        allow(None);
        match outcome {
            // A machine that is busy with other work may be too slow for so large a frame: no memory was missing then.
            Err(Error::Timeout { .. }) => {
                assert!(large == before, "with {more} MB the picture was touched");
                renderer.gpu().device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
            }
            Err(error) => {
                assert_eq!(error, Error::OutOfMemory, "with {more} MB");
                assert!(large == before, "with {more} MB the picture was touched");
                assert_eq!(next, Ok(()), "after a refusal with {more} MB");
                assert!(picture == expected, "after a refusal with {more} MB");
                refused += 1;
            }
            Ok(()) => {
                assert_eq!(next, Ok(()));
                large.pixels.copy_from_slice(&before.pixels);
                passed += 1;
            }
        }
        renderer.reset();
    }
    println!("{refused} refused, {passed} passed");
    assert!(refused >= 10 && passed >= 1, "{refused} refused, {passed} passed");
}

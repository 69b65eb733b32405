//! Many users of one device: sessions on several threads and a host with work of its own do not feel each other, and the same
//! frames give the same bytes every time.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{Beautifier, Face, FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Look, Skin, TrackerOptions, Warp, wgpu};
use support::Picture;

const THREADS: usize = 8;
const FRAMES: u64 = 6;

/// A picture that moves: the portrait, a little farther to the left with each frame.
fn frame(index: u64) -> Picture {
    let whole = support::portrait();
    let (width, height) = (300, 280);
    let mut part = Picture::flat(width, height, [0; 4]);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        part.set(x, y, whole.at(90 + x + 3 * index as u32, y));
    }
    part
}

/// What a session makes of the moving picture.
fn stream(gpu: &Gpu) -> Vec<Picture> {
    let mut session = Beautifier::with_gpu(gpu, TrackerOptions::default()).unwrap();
    session.set_look(Look { skin: Skin { warmth: 0.5, ..Look::GLAM.skin }, ..Look::GLAM }).unwrap();
    (0..FRAMES)
        .map(|index| {
            let mut picture = frame(index);
            let faces = session.process(&mut picture.frame_mut(), Duration::from_millis(33 * index)).unwrap();
            assert_eq!(faces.len(), 1);
            picture
        })
        .collect()
}

/// A host's own work on the device: fills a texture's copy and reads it back, over and over.
fn host_work(device: &wgpu::Device, queue: &wgpu::Queue, seed: u8) {
    use wgpu::BufferUsages as Usage;
    let buffer = |usage| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 4096, usage, mapped_at_creation: false })
    };
    for round in 0..10_u8 {
        let (from, to) = (buffer(Usage::COPY_SRC | Usage::COPY_DST), buffer(Usage::COPY_DST | Usage::MAP_READ));
        let bytes = [seed.wrapping_mul(31).wrapping_add(round); 4096];
        queue.write_buffer(&from, 0, &bytes);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&from, 0, &to, 0, 4096);
        queue.submit([encoder.finish()]);
        to.slice(..).map_async(wgpu::MapMode::Read, |outcome| outcome.unwrap());
        device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        assert!(to.slice(..).get_mapped_range().unwrap().iter().eq(&bytes));
    }
}

#[test]
fn eight_threads_and_a_host_share_a_device() {
    let own = Gpu::new(GpuOptions::default()).unwrap();
    let alone = stream(&own);
    assert!(alone == stream(&own), "the same frames give the same bytes");
    let gpu = Gpu::from_device(own.device().clone(), own.queue().clone());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|index| {
                let gpu = gpu.clone();
                scope.spawn(move || {
                    if index % 4 == 3 {
                        host_work(gpu.device(), gpu.queue(), index as u8);
                        return None;
                    }
                    Some(stream(&gpu))
                })
            })
            .collect();
        for thread in threads {
            if let Some(pictures) = thread.join().unwrap() {
                assert!(pictures == alone, "a session's bytes depend on what else its device does");
            }
        }
    });
}

#[test]
fn what_a_host_hands_about_may_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Gpu>();
    crosses::<Renderer>();
    crosses::<FaceTracker>();
    crosses::<Beautifier>();
    crosses::<Face>();
    crosses::<Look>();
    crosses::<Warp>();
    crosses::<Frame<'_>>();
    crosses::<FrameMut<'_>>();
    crosses::<glowup::Error>();
}

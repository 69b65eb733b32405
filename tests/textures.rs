//! Frames that are in a host's texture already: the session finds the faces in them without reading them back whole.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use glowup::{Beautifier, Error, Gpu, GpuOptions, Look, TrackerOptions, wgpu};
use host::{Host, READ};
use support::Picture;
use tongue::{Tongue, with_tongue};

#[path = "support/host.rs"]
mod host;
#[path = "support/tongue.rs"]
mod tongue;

fn frame(index: u32) -> Picture {
    let whole = support::portrait();
    let mut part = Picture::flat(360, 300, [0; 4]);
    for (x, y) in (0..300).flat_map(|y| (0..360).map(move |x| (x, y))) {
        part.set(x, y, whole.at(50 + x + 3 * index, y));
    }
    part
}

/// A camera's buffers come round in turn: what is bound for them stays.
#[test]
fn textures_in_turn_create_nothing() {
    let first = Host::new(360, 300, READ);
    let beside = || Host::on(first.gpu.clone(), wgpu::TextureFormat::Rgba8Unorm, [360, 300], READ);
    let (second, third) = (beside(), beside());
    let mut session = Beautifier::with_gpu(&first.gpu, TrackerOptions::default()).unwrap();
    let mut created = Vec::new();
    for (index, host) in (0..24).zip([&first, &second, &third].into_iter().cycle()) {
        host.fill(&frame(index));
        let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let time = Duration::from_millis(33) * index;
        assert_eq!(session.render(&mut encoder, &host.input, &host.output, time).unwrap().len(), 1);
        host.gpu.queue().submit([encoder.finish()]);
        created.push(session.stats().gpu_resources_created);
    }
    assert_eq!(created[8], created[23], "{created:?}");
}

/// Tongues and hidden parts are seen in what the networks look at, so in textures too.
#[test]
fn a_tongue_is_seen_in_a_texture() {
    let portrait = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
    let plain = Picture::from(portrait.clone());
    let face = support::faces(&plain).remove(0);
    let out = Picture::from(with_tongue(&portrait, &face, Tongue::OUT.long(0.65).opened(0.13)));
    let host = Host::new(512, 512, READ);
    let mut session = Beautifier::with_gpu(&host.gpu, TrackerOptions::default()).unwrap();
    let mut value = 0.0;
    for index in 0..24 {
        host.fill(if index < 12 { &plain } else { &out });
        let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let time = Duration::from_millis(33) * index;
        let faces = session.render(&mut encoder, &host.input, &host.output, time).unwrap();
        value = faces[0].expression().tongue;
        assert!(index >= 12 || value < 0.1, "frame {index}: {value}");
        assert!(faces[0].parts.left_eye > 0.9 && faces[0].parts.right_eye > 0.9, "{:?}", faces[0].parts);
        host.gpu.queue().submit([encoder.finish()]);
    }
    assert!(value > 0.8, "{value}");
}

#[test]
fn a_texture_gives_the_faces_and_pixels_that_memory_gives() {
    let host = Host::new(360, 300, READ);
    let session = || {
        let mut session = Beautifier::with_gpu(&host.gpu, TrackerOptions::default()).unwrap();
        session.set_look(Look::GLAM).unwrap();
        session
    };
    let (mut there, mut here) = (session(), session());
    let (mut warm, mut plain) = (0, 0);
    for index in 0..12 {
        let time = Duration::from_millis(33) * index;
        let mut picture = frame(index);
        host.fill(&picture);
        let faces = here.process(&mut picture.frame_mut(), time).unwrap().to_vec();
        let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let found = there.render(&mut encoder, &host.input, &host.output, time).unwrap().to_vec();
        assert_eq!(found.len(), 1);
        for (a, b) in found[0].points.iter().zip(&faces[0].points) {
            // The networks' input is rounded to whole steps of brightness.
            assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 0.25, "frame {index}: {a:?} {b:?}");
        }
        let shown = host.shown(encoder);
        let off: u64 = shown.pixels.iter().zip(&picture.pixels).map(|(&a, &b)| u64::from(a.abs_diff(b))).sum();
        let changed: u64 =
            frame(index).pixels.iter().zip(&picture.pixels).map(|(&a, &b)| u64::from(a.abs_diff(b))).sum();
        assert!(off * 10 < changed, "frame {index}: {off} of {changed}");
        let stats = there.stats();
        if index > 0 {
            // One face and a thumbnail, and at times the picture as it is looked at for others.
            let (mesh, thumbnail, look) = (192 * 192 * 3, 64 * 48 * 3, 320 * 288 * 3);
            assert!((mesh + thumbnail..=mesh + thumbnail + look).contains(&stats.bytes), "{}", stats.bytes);
            plain += u32::from(stats.bytes == mesh + thumbnail);
        }
        if index == 8 {
            warm = stats.gpu_resources_created;
        }
    }
    assert_eq!(there.stats().gpu_resources_created, warm, "nothing is made once it is warm");
    assert!(plain >= 9, "others are looked for in one frame of eight: {plain}");
}

#[test]
fn a_texture_with_blue_first_gives_the_same_pixels() {
    let plain = Host::new(360, 300, READ);
    let swapped = Host::reading(wgpu::TextureFormat::Bgra8Unorm, 360, 300, READ);
    let mut sessions = [&plain, &swapped].map(|host| {
        let mut session = Beautifier::with_gpu(&host.gpu, TrackerOptions::default()).unwrap();
        session.set_look(Look::GLAM).unwrap();
        session
    });
    for (index, empty) in [(0, true), (1, false), (2, false), (3, false)] {
        let picture = if empty { Picture::flat(360, 300, [10, 90, 200, 255]) } else { frame(index) };
        plain.fill(&picture);
        swapped.fill(&picture);
        let [expected, shown] = [0, 1].map(|which| {
            let host = [&plain, &swapped][which];
            let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let time = Duration::from_millis(33) * index;
            let faces = sessions[which].render(&mut encoder, &host.input, &host.output, time).unwrap();
            assert_eq!(faces.is_empty(), empty);
            host.shown(encoder)
        });
        assert!(expected == shown, "frame {index}");
        assert_eq!(expected == picture, empty, "a face is retouched, and nothing else");
    }
}

/// Textures of more than eight bits: the same retouch, and what is not retouched as it was. Grey 0.5 stays 0.5.
#[test]
fn deeper_textures_get_the_same_retouch() {
    use wgpu::TextureFormat::{Rgb10a2Unorm, Rgba8Unorm, Rgba16Float};
    let mut picture = support::portrait();
    picture.set(5, 5, [128, 128, 128, 255]);
    let shown = |formats: [wgpu::TextureFormat; 2]| {
        let own = Gpu::new(GpuOptions::default()).unwrap();
        let host = Host::between(own, formats, [picture.width, picture.height], READ);
        host.fill(&picture);
        let mut session = Beautifier::with_gpu(&host.gpu, TrackerOptions::default()).unwrap();
        session.set_look(Look::GLAM).unwrap();
        let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        assert_eq!(session.render(&mut encoder, &host.input, &host.output, Duration::ZERO).unwrap().len(), 1);
        host.shown(encoder)
    };
    let expected = shown([Rgba8Unorm, Rgba8Unorm]);
    assert!(expected != picture);
    for formats in [
        [Rgba16Float, Rgba16Float],
        [Rgba8Unorm, Rgba16Float],
        [Rgba16Float, Rgba8Unorm],
        [Rgb10a2Unorm, Rgba8Unorm],
        [Rgb10a2Unorm, Rgba16Float],
    ] {
        let shown = shown(formats);
        assert_eq!(shown.at(5, 5), [128, 128, 128, 255], "{formats:?}");
        let total: u64 = shown.pixels.iter().zip(&expected.pixels).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = total as f64 / shown.pixels.len() as f64;
        println!("{formats:?}: off by {mean:.4} in the mean");
        assert!(mean < 0.1, "{formats:?}: {mean}");
    }
}

#[test]
fn a_texture_that_cannot_be_looked_at_is_refused() {
    let host = Host::new(64, 48, wgpu::TextureUsages::TEXTURE_BINDING);
    let mut session = Beautifier::with_gpu(&host.gpu, TrackerOptions::default()).unwrap();
    let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let outcome = session.render(&mut encoder, &host.input, &host.output, Duration::ZERO);
    assert!(matches!(outcome, Err(Error::BadTexture { which: "input", .. })));
}

#[test]
fn a_texture_on_a_lost_device_is_an_error() {
    let host = Host::new(360, 300, READ);
    host.fill(&frame(0));
    let mut session = Beautifier::with_gpu(&host.gpu, TrackerOptions::default()).unwrap();
    let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    session.render(&mut encoder, &host.input, &host.output, Duration::ZERO).unwrap();
    drop(host.shown(encoder));
    host.gpu.device().destroy();
    let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let outcome = session.render(&mut encoder, &host.input, &host.output, Duration::from_millis(33));
    assert!(matches!(outcome, Err(Error::DeviceLost { .. })), "{outcome:?}");
}

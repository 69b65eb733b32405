//! Frames that are in a host's texture already: the session finds the faces in them without reading them back whole.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use glowup::{Beautifier, Error, Gpu, GpuOptions, Look, TrackerOptions, wgpu};
use support::Picture;
use tongue::{Tongue, with_tongue};

#[path = "support/tongue.rs"]
mod tongue;

/// A host with two textures.
struct Host {
    gpu: Gpu,
    input: wgpu::TextureView,
    output: wgpu::TextureView,
}

impl Host {
    fn new(width: u32, height: u32, usage: wgpu::TextureUsages) -> Self {
        Self::reading(wgpu::TextureFormat::Rgba8Unorm, width, height, usage)
    }

    fn reading(format: wgpu::TextureFormat, width: u32, height: u32, usage: wgpu::TextureUsages) -> Self {
        let own = Gpu::new(GpuOptions::default()).unwrap();
        Self::on(Gpu::from_device(own.device().clone(), own.queue().clone()), format, [width, height], usage)
    }

    fn on(gpu: Gpu, format: wgpu::TextureFormat, size: [u32; 2], usage: wgpu::TextureUsages) -> Self {
        Self::between(gpu, [format, wgpu::TextureFormat::Rgba8Unorm], size, usage)
    }

    /// Textures of one format to read and of another to write.
    fn between(
        gpu: Gpu,
        [format, written]: [wgpu::TextureFormat; 2],
        [width, height]: [u32; 2],
        usage: wgpu::TextureUsages,
    ) -> Self {
        let texture = |format, usage| {
            let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage,
                view_formats: &[],
            });
            texture.create_view(&wgpu::TextureViewDescriptor::default())
        };
        use wgpu::TextureUsages as Usage;
        let input = texture(format, usage | Usage::COPY_DST);
        let output = texture(written, Usage::STORAGE_BINDING | Usage::COPY_SRC | Usage::COPY_DST);
        Self { gpu, input, output }
    }

    fn fill(&self, picture: &Picture) {
        let texture = self.input.texture();
        let pixels = picture.pixels.chunks_exact(4);
        let texels: Vec<u8> = match texture.format() {
            wgpu::TextureFormat::Rgba16Float => picture
                .pixels
                .iter()
                .flat_map(|&value| half::f16::from_f32(f32::from(value) / 255.0).to_le_bytes())
                .collect(),
            wgpu::TextureFormat::Rgb10a2Unorm => pixels
                .flat_map(|pixel| {
                    let ten = |c: usize| (f32::from(pixel[c]) * 1023.0 / 255.0).round() as u32;
                    (ten(0) | ten(1) << 10 | ten(2) << 20 | 3 << 30).to_le_bytes()
                })
                .collect(),
            _ => picture.pixels.clone(),
        };
        let pitch = texels.len() as u32 / picture.height;
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch), rows_per_image: None };
        self.gpu.queue().write_texture(texture.as_image_copy(), &texels, layout, texture.size());
        self.gpu.queue().submit([]);
    }

    /// Submits the encoder and reads the output back.
    fn shown(&self, mut encoder: wgpu::CommandEncoder) -> Picture {
        let size = self.output.texture().size();
        let is_deep = self.output.texture().format() == wgpu::TextureFormat::Rgba16Float;
        let row = size.width * if is_deep { 8 } else { 4 };
        let pitch = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = self.gpu.device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(pitch * size.height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch), rows_per_image: None };
        let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
        encoder.copy_texture_to_buffer(self.output.texture().as_image_copy(), to, size);
        self.gpu.queue().submit([encoder.finish()]);
        buffer.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        self.gpu.device().poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let rows = buffer.slice(..).get_mapped_range().unwrap();
        let bytes: Vec<u8> = rows.chunks(pitch as usize).flat_map(|all| &all[..row as usize]).copied().collect();
        let byte = |half: &[u8]| {
            let value = half::f16::from_le_bytes([half[0], half[1]]).to_f32();
            (value * 255.0).round() as u8
        };
        let pixels = if is_deep { bytes.chunks_exact(2).map(byte).collect() } else { bytes };
        Picture { pixels, width: size.width, height: size.height }
    }
}

const READ: wgpu::TextureUsages = wgpu::TextureUsages::TEXTURE_BINDING.union(wgpu::TextureUsages::COPY_SRC);

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
        let mut blue_first = picture.clone();
        blue_first.pixels.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel.swap(0, 2));
        plain.fill(&picture);
        swapped.fill(&blue_first);
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

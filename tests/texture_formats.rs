//! A host's textures of every format that can be used: the same retouch, and what is not retouched bit for bit as it was.

#![allow(clippy::unwrap_used)]

#[path = "support/host.rs"]
mod host;
mod support;

use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{Beautifier, Face, Gpu, GpuOptions, Look, TrackerOptions, wgpu};
use host::{Host, READ};
use support::Picture;
use wgpu::TextureFormat::{self, Bgra8Unorm, Bgra8UnormSrgb, Rgb10a2Unorm, Rgba8Unorm, Rgba8UnormSrgb, Rgba16Float};

const BYTES: [TextureFormat; 4] = [Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb];
const ALL: [TextureFormat; 6] = [Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb, Rgba16Float, Rgb10a2Unorm];

/// The bundled portrait, with every value of a byte in each channel far from the face.
fn picture() -> Picture {
    let mut picture = support::portrait();
    for value in 0..=255_u8 {
        picture.set(u32::from(value), 2, [value, 255 - value, value ^ 0x55, 255]);
    }
    picture
}

fn render(renderer: &mut Renderer, host: &Host, faces: &[Face]) -> Picture {
    let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    renderer.reset();
    renderer.render(&mut encoder, &host.input, &host.output, faces, &Look::GLAM).unwrap();
    host.shown(encoder)
}

/// Encoded values are encoded values, whatever a texture's type says of them: grey 0.5 stays 0.5.
#[test]
fn every_format_gets_the_same_retouch() {
    let picture = picture();
    let faces = support::faces(&picture);
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut renderer = Renderer::new(&gpu).unwrap();
    let mut expected: Option<Picture> = None;
    for formats in ALL.iter().flat_map(|&input| ALL.map(|output| [input, output])) {
        let host = Host::between(gpu.clone(), formats, [picture.width, picture.height], READ);
        host.fill(&picture);
        let untouched = render(&mut renderer, &host, &[]);
        assert!(untouched == picture, "{formats:?}: a frame without a face");
        let shown = render(&mut renderer, &host, &faces);
        for x in 0..256 {
            assert_eq!(shown.at(x, 2), picture.at(x, 2), "{formats:?}");
        }
        let expected = expected.get_or_insert_with(|| shown.clone());
        assert!(*expected != picture);
        let total: u64 = shown.pixels.iter().zip(&expected.pixels).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = total as f64 / shown.pixels.len() as f64;
        println!("{formats:?}: off by {mean:.4} in the mean");
        assert!(mean < 0.1, "{formats:?}: {mean}");
        assert!(total == 0 || formats.iter().any(|format| !BYTES.contains(format)), "{formats:?}: not the same bytes");
    }
}

/// A texture that shaders can write to is written to; one that can only be drawn into gets the same.
#[test]
fn a_texture_that_can_only_be_drawn_into_gets_the_same() {
    let picture = picture();
    let faces = support::faces(&picture);
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut renderer = Renderer::new(&gpu).unwrap();
    for format in [Rgba8Unorm, Rgba16Float] {
        let mut host = Host::between(gpu.clone(), [format; 2], [picture.width, picture.height], READ);
        host.fill(&picture);
        let expected = render(&mut renderer, &host, &faces);
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC;
        host.output = host::texture(&gpu, format, [picture.width, picture.height], usage, &[]);
        assert!(render(&mut renderer, &host, &faces) == expected, "{format:?}");
        assert!(render(&mut renderer, &host, &[]) == picture, "{format:?}");
    }
}

/// A host may see its textures' bytes as sRGB's itself; which of the two views it passes is all the same.
#[test]
fn views_of_another_type_get_the_same() {
    let picture = picture();
    let faces = support::faces(&picture);
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut renderer = Renderer::new(&gpu).unwrap();
    let size = [picture.width, picture.height];
    let mut host = Host::between(gpu.clone(), [Rgba8Unorm; 2], size, READ);
    host.fill(&picture);
    let expected = render(&mut renderer, &host, &faces);
    use wgpu::TextureUsages as Usage;
    for (format, other) in [(Rgba8Unorm, Rgba8UnormSrgb), (Rgba8UnormSrgb, Rgba8Unorm)] {
        let view = |usage, own: Usage| {
            let texture = host::texture(&gpu, format, size, usage, &[other]).texture().clone();
            let usage = Some(own);
            texture.create_view(&wgpu::TextureViewDescriptor { format: Some(other), usage, ..Default::default() })
        };
        host.input = view(READ | Usage::COPY_DST, Usage::TEXTURE_BINDING);
        host.fill(&picture);
        let drawn = Usage::RENDER_ATTACHMENT | Usage::COPY_SRC | Usage::COPY_DST;
        host.output = view(drawn, Usage::RENDER_ATTACHMENT);
        assert!(render(&mut renderer, &host, &faces) == expected, "{format:?} seen as {other:?}");
        assert!(render(&mut renderer, &host, &[]) == picture, "{format:?} seen as {other:?}");
        if format == Rgba8Unorm {
            host.output = view(drawn | Usage::STORAGE_BINDING, Usage::RENDER_ATTACHMENT);
            assert!(render(&mut renderer, &host, &faces) == expected, "{format:?} seen as {other:?}");
        }
    }
}

/// All codes of ten bits come through the floats of sixteen that the stages write.
#[test]
fn ten_bits_stay_ten_bits() {
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut renderer = Renderer::new(&gpu).unwrap();
    let host = Host::between(gpu.clone(), [Rgb10a2Unorm; 2], [64, 16], READ);
    let texels: Vec<u8> = (0..1024_u32)
        .flat_map(|code| (code | (1023 - code) << 10 | (code ^ 341) << 20 | (code & 3) << 30).to_le_bytes())
        .collect();
    host.write(&texels);
    let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    renderer.render(&mut encoder, &host.input, &host.output, &[], &Look::GLAM).unwrap();
    assert!(host.stored(encoder) == texels);
}

/// Faces are found in what is seen of a texture; nothing is made once it is warm, though the host makes a view for each frame.
#[test]
fn faces_are_found_in_them_and_nothing_is_made_once_warm() {
    let picture = picture();
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut found: Option<Vec<Face>> = None;
    for formats in [[Rgba8Unorm; 2], [Rgba8UnormSrgb; 2], [Bgra8UnormSrgb, Bgra8Unorm], [Rgba8Unorm, Bgra8UnormSrgb]] {
        let hosts = [(); 3].map(|()| Host::between(gpu.clone(), formats, [picture.width, picture.height], READ));
        hosts.iter().for_each(|host| host.fill(&picture));
        let mut session = Beautifier::with_gpu(&gpu, TrackerOptions::default()).unwrap();
        let mut created = Vec::new();
        for (index, host) in (0..24).zip(hosts.iter().cycle()) {
            let fresh = |view: &wgpu::TextureView| view.texture().create_view(&wgpu::TextureViewDescriptor::default());
            let (input, output) = (fresh(&host.input), fresh(&host.output));
            let mut encoder = host.gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let faces = session.render(&mut encoder, &input, &output, Duration::from_millis(33) * index).unwrap();
            assert_eq!(faces.len(), 1);
            gpu.queue().submit([encoder.finish()]);
            created.push(session.stats().gpu_resources_created);
        }
        assert_eq!(created[8], created[23], "{formats:?}: {created:?}");
        let faces = found.get_or_insert_with(|| session.faces().to_vec());
        for (a, b) in faces[0].points.iter().zip(&session.faces()[0].points) {
            // A decoded and encoded value may be rounded to another step of brightness.
            assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 0.05, "{formats:?}: {a:?} {b:?}");
        }
    }
}

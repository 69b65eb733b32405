//! HDR in a host's textures: the retouch that the same picture gets in memory, and what is not retouched keeps its values.

#![allow(clippy::unwrap_used)]

#[path = "support/host.rs"]
mod host;
mod support;

use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{
    Beautifier, Colours, Error, FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Look, PixelFormat, TrackerOptions,
    Transfer, wgpu,
};
use half::f16;
use host::{Host, READ};
use support::Picture;
use wgpu::TextureFormat::{Rgb10a2Unorm, Rgba8Unorm, Rgba16Float};

/// A picture's signal where its white is at 75 % of HLG's and at 58 % of PQ's (ITU-R BT.2408), and a light that is as bright as
/// can be: RGBA in floats.
fn signal(picture: &Picture, transfer: Transfer) -> Vec<f16> {
    let white = if transfer == Transfer::Hlg { 0.75 } else { 0.58 };
    let mut values: Vec<f16> = picture
        .pixels
        .iter()
        .enumerate()
        .map(|(index, &value)| f16::from_f32(f32::from(value) / 255.0 * if index % 4 < 3 { white } else { 1.0 }))
        .collect();
    for x in 0..256 {
        let value = f16::from_f32(x as f32 / 255.0);
        values[4 * x..4 * x + 3].copy_from_slice(&[value; 3]);
    }
    values
}

fn bytes(values: &[f16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn values(bytes: &[u8]) -> Vec<f16> {
    bytes.chunks_exact(2).map(|pair| f16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The same codes of ten bits for each value.
fn tens(values: &[f16]) -> Vec<u8> {
    let ten = |value: f16| (value.to_f32() * 1023.0).round() as u32;
    let texel = |p: &[f16]| ten(p[0]) | ten(p[1]) << 10 | ten(p[2]) << 20 | 3 << 30;
    values.chunks_exact(4).flat_map(|pixel| texel(pixel).to_le_bytes()).collect()
}

fn drawn(gpu: &Gpu, format: wgpu::TextureFormat, picture: &Picture) -> Host {
    let size = [picture.width, picture.height];
    let mut host = Host::between(gpu.clone(), [format, format], size, READ);
    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC;
    host.output = host::texture(gpu, format, size, usage, &[]);
    host
}

#[test]
fn a_texture_gets_what_memory_gets() {
    let picture = support::close_up();
    let (width, height) = (picture.width, picture.height);
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut renderer = Renderer::new(&gpu).unwrap();
    for transfer in [Transfer::Hlg, Transfer::Pq] {
        let before = signal(&picture, transfer);
        let colours = Colours { transfer, ..Colours::default() };
        let mut memory = bytes(&before);
        let frame = Frame::new(PixelFormat::Rgba16Float, &memory, width, height).unwrap().with_colours(colours);
        let faces = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap();
        assert_eq!(faces.len(), 1);
        let mut retouch = |memory: &mut [u8]| {
            let frame = FrameMut::new(PixelFormat::Rgba16Float, memory, width, height).unwrap();
            renderer.reset();
            renderer.retouch(&mut frame.with_colours(colours), &faces, &Look::EVENING)
        };
        // A software device compiles a pass at its first use, and may not get through in time.
        for _ in 0..5 {
            match retouch(&mut memory) {
                Err(Error::Timeout { .. }) => {}
                other => {
                    other.unwrap();
                    break;
                }
            }
        }
        let expected = values(&memory);

        renderer.set_transfer(transfer);
        for format in [Rgba16Float, Rgb10a2Unorm] {
            let host = drawn(&gpu, format, &picture);
            let texels = if format == Rgba16Float { bytes(&before) } else { tens(&before) };
            host.write(&texels);
            let mut render = |faces| {
                let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                renderer.reset();
                renderer.render(&mut encoder, &host.input, &host.output, faces, &Look::EVENING).unwrap();
                host.stored(encoder)
            };
            assert!(render(&[]) == texels, "{format:?} of {transfer:?}: a frame without a face");
            let stored = render(&faces);
            let top = 4 * 256 * if format == Rgba16Float { 2 } else { 1 };
            assert!(stored[..top] == texels[..top], "every value of a channel is kept where nothing is retouched");
            let got: Vec<f32> = match format {
                Rgba16Float => values(&stored).into_iter().map(f16::to_f32).collect(),
                _ => stored
                    .chunks_exact(4)
                    .flat_map(|texel| {
                        let bits = u32::from_le_bytes([texel[0], texel[1], texel[2], texel[3]]);
                        [0, 10, 20].map(|shift| (bits >> shift & 1023) as f32 / 1023.0).into_iter().chain([1.0])
                    })
                    .collect(),
            };
            let (mut sum, mut far, mut changed) = (0.0_f64, 0, 0);
            for ((got, expected), before) in got.iter().zip(&expected).zip(&before) {
                let off = f64::from((got - expected.to_f32()).abs()) * 1023.0;
                (sum, far) = (sum + off, far + usize::from(off > 1.0));
                changed += usize::from(expected != before);
            }
            let mean = sum / got.len() as f64;
            println!(
                "{format:?} of {transfer:?}: {changed} changed, off by {mean:.4} codes of ten bits, {far} by more than 1"
            );
            assert!(changed > 100_000);
            // Codes of ten bits are rounded before and after. Near black PQ is so steep that memory's tables tell.
            let [most, share] = if format == Rgba16Float { [0.05, 0.002] } else { [0.3, 0.03] };
            assert!(mean < most && (far as f64) < share * f64::from(changed as u32), "{format:?} of {transfer:?}");
        }
        renderer.set_transfer(Transfer::Sdr);
    }
}

#[test]
fn faces_are_found_in_it_and_nothing_is_made_once_warm() {
    let picture = support::close_up();
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    for transfer in [Transfer::Hlg, Transfer::Pq] {
        let texels = tens(&signal(&picture, transfer));
        let hosts = [(); 2].map(|()| drawn(&gpu, Rgb10a2Unorm, &picture));
        hosts.iter().for_each(|host| host.write(&texels));
        let mut session = Beautifier::with_gpu(&gpu, TrackerOptions::default()).unwrap();
        session.set_transfer(transfer);
        let mut created = Vec::new();
        for (index, host) in (0..16).zip(hosts.iter().cycle()) {
            let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let time = Duration::from_millis(33) * index;
            let faces = session.render(&mut encoder, &host.input, &host.output, time).unwrap();
            assert_eq!(faces.len(), 1, "{transfer:?}");
            gpu.queue().submit([encoder.finish()]);
            created.push(session.stats().gpu_resources_created);
        }
        assert_eq!(created[7], created[15], "{transfer:?}: {created:?}");
        // The light is coded otherwise from now on: the same faces, in a picture of eight bits.
        let host = Host::between(gpu.clone(), [Rgba8Unorm; 2], [picture.width, picture.height], READ);
        host.fill(&picture);
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        session.render(&mut encoder, &host.input, &host.output, Duration::from_millis(600)).unwrap();
        gpu.queue().submit([encoder.finish()]);
    }
}

#[test]
fn an_output_that_holds_no_hdr_is_refused() {
    let picture = Picture::flat(64, 48, [90, 90, 90, 255]);
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let mut renderer = Renderer::new(&gpu).unwrap();
    renderer.set_transfer(Transfer::Pq);
    let stored = Host::between(gpu.clone(), [Rgba16Float; 2], [64, 48], READ);
    let bytes = Host {
        output: host::texture(&gpu, Rgba8Unorm, [64, 48], wgpu::TextureUsages::RENDER_ATTACHMENT, &[]),
        ..drawn(&gpu, Rgb10a2Unorm, &picture)
    };
    for host in [&stored, &bytes] {
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let outcome = renderer.render(&mut encoder, &host.input, &host.output, &[], &Look::GLAM);
        assert!(matches!(outcome, Err(Error::BadTexture { which: "output", .. })), "{outcome:?}");
    }
}

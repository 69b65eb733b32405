//! A host with a wgpu device, textures and passes of its own puts glowup between two of them. Nothing is read back in
//! between, nothing is submitted behind the host's back.
//!
//! The host's passes here: one that fills its texture (an upload, where a camera or a decoder would write), and one that
//! shows it (a copy to a buffer, where a window would draw it).

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use common::media::{read_picture, write_picture};
use common::{Failure, LookArgs, count, say};
use glowup::gpu::Renderer;
use glowup::{FaceTracker, Frame, Gpu, TrackerOptions, wgpu};
use image::RgbaImage;

/// Retouches a picture on a host's own device, from texture to texture.
#[derive(Parser)]
struct Arguments {
    /// A picture [default: the bundled portrait]
    input: Option<PathBuf>,
    /// Where to write the result
    #[arg(default_value = "embedded.png")]
    output: PathBuf,
    #[command(flatten)]
    look: LookArgs,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let portrait = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png"));
    let picture = read_picture(arguments.input.as_deref().unwrap_or(portrait))?;
    let host = pollster::block_on(Host::new(picture.width(), picture.height()))?;

    // What a host does once: hand over its device.
    let gpu = Gpu::from_device(host.device.clone(), host.queue.clone());
    let mut renderer = Renderer::new(&gpu)?;
    let tracker = FaceTracker::new(TrackerOptions::default())?;

    // What it does for each frame: find the faces (or bring landmarks of its own), then record the retouch between its
    // own passes, into its own encoder.
    let faces = tracker.detect(&Frame::rgba8(&picture, picture.width(), picture.height())?)?;
    host.fill(&picture);
    let mut encoder = host.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    renderer.render(&mut encoder, &host.input, &host.output, &faces, &arguments.look.look()?)?;
    let shown = host.show(encoder)?;

    write_picture(&arguments.output, &shown)?;
    say(format_args!("{}: {}, on the host's {}", arguments.output.display(), count(faces.len()), gpu.adapter()));
    Ok(())
}

/// Somebody's application: a device and two textures.
struct Host {
    device: wgpu::Device,
    queue: wgpu::Queue,
    input: wgpu::TextureView,
    output: wgpu::TextureView,
}

impl Host {
    async fn new(width: u32, height: u32) -> Result<Self, Failure> {
        use wgpu::TextureUsages as Usage;
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
        let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
        let texture = |usage| {
            let descriptor = wgpu::TextureDescriptor {
                label: Some("the host's"),
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba8Unorm,
                usage,
                view_formats: &[],
            };
            device.create_texture(&descriptor).create_view(&wgpu::TextureViewDescriptor::default())
        };
        let input = texture(Usage::TEXTURE_BINDING | Usage::COPY_SRC | Usage::COPY_DST);
        let output = texture(Usage::STORAGE_BINDING | Usage::COPY_SRC | Usage::COPY_DST);
        Ok(Self { device, queue, input, output })
    }

    /// The host's pass before.
    fn fill(&self, picture: &RgbaImage) {
        let texture = self.input.texture();
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(picture.width() * 4), rows_per_image: None };
        self.queue.write_texture(texture.as_image_copy(), picture, layout, texture.size());
    }

    /// The host's pass after. It submits everything at once.
    fn show(&self, mut encoder: wgpu::CommandEncoder) -> Result<RgbaImage, Failure> {
        let texture = self.output.texture();
        let (width, height) = (texture.width(), texture.height());
        let pitch = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("the host's"),
            size: u64::from(pitch) * u64::from(height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch), rows_per_image: None };
        let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
        encoder.copy_texture_to_buffer(texture.as_image_copy(), to, texture.size());
        self.queue.submit([encoder.finish()]);
        buffer.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        self.device.poll(wgpu::PollType::wait_indefinitely())?;
        let rows = buffer.slice(..).get_mapped_range()?;
        let pixels: Vec<u8> = rows.chunks(pitch as usize).flat_map(|row| &row[..width as usize * 4]).copied().collect();
        RgbaImage::from_raw(width, height, pixels).ok_or_else(|| "the texture came back with another size".into())
    }
}

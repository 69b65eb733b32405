//! A host with textures of its own: fills them with a picture and shows what was written, whatever their formats.

// Each test uses its own part of this.
#![allow(dead_code)]

use glowup::{Gpu, GpuOptions, wgpu};

use crate::support::Picture;
use wgpu::TextureFormat::{Bgra8Unorm, Bgra8UnormSrgb, Rgb10a2Unorm, Rgba8Unorm, Rgba16Float};

/// What an input is used for.
pub const READ: wgpu::TextureUsages = wgpu::TextureUsages::TEXTURE_BINDING.union(wgpu::TextureUsages::COPY_SRC);

/// A host with two textures.
pub struct Host {
    pub gpu: Gpu,
    pub input: wgpu::TextureView,
    pub output: wgpu::TextureView,
}

impl Host {
    pub fn new(width: u32, height: u32, usage: wgpu::TextureUsages) -> Self {
        Self::reading(Rgba8Unorm, width, height, usage)
    }

    pub fn reading(format: wgpu::TextureFormat, width: u32, height: u32, usage: wgpu::TextureUsages) -> Self {
        let own = Gpu::new(GpuOptions::default()).unwrap();
        Self::on(Gpu::from_device(own.device().clone(), own.queue().clone()), format, [width, height], usage)
    }

    pub fn on(gpu: Gpu, format: wgpu::TextureFormat, size: [u32; 2], usage: wgpu::TextureUsages) -> Self {
        Self::between(gpu, [format, Rgba8Unorm], size, usage)
    }

    /// Textures of one format to read and of another to write.
    pub fn between(
        gpu: Gpu,
        [format, written]: [wgpu::TextureFormat; 2],
        [width, height]: [u32; 2],
        usage: wgpu::TextureUsages,
    ) -> Self {
        let texture = |format, usage| texture(&gpu, format, [width, height], usage, &[]);
        use wgpu::TextureUsages as Usage;
        let input = texture(format, usage | Usage::COPY_DST);
        let is_stored = matches!(written, Rgba8Unorm | Rgba16Float);
        let output = if is_stored { Usage::STORAGE_BINDING | Usage::COPY_DST } else { Usage::RENDER_ATTACHMENT };
        let output = texture(written, output | Usage::COPY_SRC);
        Self { gpu, input, output }
    }

    pub fn fill(&self, picture: &Picture) {
        let texture = self.input.texture();
        let pixels = picture.pixels.chunks_exact(4);
        let texels: Vec<u8> = match texture.format() {
            Rgba16Float => picture
                .pixels
                .iter()
                .flat_map(|&value| half::f16::from_f32(f32::from(value) / 255.0).to_le_bytes())
                .collect(),
            Rgb10a2Unorm => pixels
                .flat_map(|pixel| {
                    let ten = |c: usize| (f32::from(pixel[c]) * 1023.0 / 255.0).round() as u32;
                    (ten(0) | ten(1) << 10 | ten(2) << 20 | 3 << 30).to_le_bytes()
                })
                .collect(),
            Bgra8Unorm | Bgra8UnormSrgb => pixels.flat_map(|pixel| [pixel[2], pixel[1], pixel[0], pixel[3]]).collect(),
            _ => picture.pixels.clone(),
        };
        self.write(&texels);
    }

    /// Writes the input's texels as they are.
    pub fn write(&self, texels: &[u8]) {
        let texture = self.input.texture();
        let pitch = texels.len() as u32 / texture.height();
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch), rows_per_image: None };
        self.gpu.queue().write_texture(texture.as_image_copy(), texels, layout, texture.size());
        self.gpu.queue().submit([]);
    }

    /// Submits the encoder and reads the output's texels back as they are.
    pub fn stored(&self, mut encoder: wgpu::CommandEncoder) -> Vec<u8> {
        let size = self.output.texture().size();
        let format = self.output.texture().format();
        let row = size.width * if format == Rgba16Float { 8 } else { 4 };
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
        rows.chunks(pitch as usize).flat_map(|all| &all[..row as usize]).copied().collect()
    }

    /// Submits the encoder and reads the output back as a picture.
    pub fn shown(&self, encoder: wgpu::CommandEncoder) -> Picture {
        let (size, format) = (self.output.texture().size(), self.output.texture().format());
        let bytes = self.stored(encoder);
        let half = |bytes: &[u8]| half::f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
        let byte = |value: f32| (value * 255.0).round() as u8;
        let texels = bytes.chunks_exact(4);
        let pixels = match format {
            Rgba16Float => bytes.chunks_exact(2).map(|bytes| byte(half(bytes))).collect(),
            Rgb10a2Unorm => texels
                .flat_map(|texel| {
                    let bits = u32::from_le_bytes([texel[0], texel[1], texel[2], texel[3]]);
                    let ten = |shift: u32| byte((bits >> shift & 1023) as f32 / 1023.0);
                    [ten(0), ten(10), ten(20), byte((bits >> 30) as f32 / 3.0)]
                })
                .collect(),
            Bgra8Unorm | Bgra8UnormSrgb => texels.flat_map(|texel| [texel[2], texel[1], texel[0], texel[3]]).collect(),
            _ => bytes,
        };
        Picture { pixels, width: size.width, height: size.height }
    }
}

/// A view of a new texture.
pub fn texture(
    gpu: &Gpu,
    format: wgpu::TextureFormat,
    [width, height]: [u32; 2],
    usage: wgpu::TextureUsages,
    view_formats: &[wgpu::TextureFormat],
) -> wgpu::TextureView {
    let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats,
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

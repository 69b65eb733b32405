//! Network inputs out of a texture: squares of it, cropped on the device, so that only they are read back.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::Gpu;
use super::bind_groups::BindGroupCache;
use super::fault::Deadline;
use super::pass::{Pass, Shader, Slot, shader};
use super::resources::ResourceFactory;
use super::transfer::map;
use crate::face::crop::{Border, CropSource, Region};
use crate::{Error, Result};

/// Most squares that are cropped at once: as many faces as are followed, and one more.
const MOST: usize = 33;
/// Bytes of a pixel.
const PIXEL: usize = 3;
/// Pixels of a row that one invocation makes, and side of a workgroup.
const RUN: u32 = 4;
const GROUP: u32 = 8;

/// `Square` in shaders/crop.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
struct Square {
    corner: [f32; 2],
    across: [f32; 2],
    down: [f32; 2],
    side: u32,
    nearest: u32,
    start: u32,
    unused: [u32; 3],
}

const CROP: Shader = shader!("crop");

/// Crops squares out of textures.
pub(crate) struct GpuCropper {
    gpu: Gpu,
    pub(super) factory: ResourceFactory,
    pass: Pass,
    squares: wgpu::Buffer,
    /// The cropped pixels, on the device and to be read.
    buffers: Option<[wgpu::Buffer; 2]>,
    /// What was bound for the textures that it crops from, each paired with itself.
    bound: BindGroupCache<wgpu::BindGroup>,
    /// The squares of this frame that were read back, and where they lie in `pixels`.
    ready: Vec<(Key, Range<usize>)>,
    pixels: Vec<u8>,
    /// Bytes that were read back for this frame.
    bytes: u64,
}

/// What makes two squares the same.
type Key = (Region, usize, Border);

impl GpuCropper {
    /// Compiles the shader for a device.
    pub(crate) fn new(gpu: &Gpu) -> Result<Self> {
        gpu.guarded(|| {
            let factory = ResourceFactory::new(gpu.device());
            let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            Ok(Self {
                pass: Pass::new(&factory, CROP, &[Slot::Uniform, Slot::Texture, Slot::Storage]),
                squares: factory.buffer("squares", (MOST * size_of::<Square>()) as u64, usage),
                gpu: gpu.clone(),
                factory,
                buffers: None,
                bound: BindGroupCache::new(),
                ready: Vec::new(),
                pixels: Vec::new(),
                bytes: 0,
            })
        })
    }

    /// A frame in a texture, to crop network inputs from.
    pub(crate) fn source<'a>(&'a mut self, texture: &'a wgpu::TextureView) -> TextureSource<'a> {
        self.ready.clear();
        self.pixels.clear();
        self.bytes = 0;
        self.bound.age((texture, texture));
        TextureSource { cropper: self, texture }
    }

    /// GPU objects created so far.
    pub(crate) fn created(&self) -> u64 {
        self.factory.created()
    }

    /// Bytes that were read back for the last frame.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes room for so many bytes and binds the texture.
    fn prepare(&mut self, texture: &wgpu::TextureView, bytes: u64) {
        if self.buffers.as_ref().is_none_or(|[cropped, _]| cropped.size() < bytes) {
            use wgpu::BufferUsages as Usage;
            let make = |label, usage| self.factory.buffer(label, bytes.next_power_of_two(), usage);
            // The old ones go first.
            self.buffers = None;
            self.bound.clear();
            let cropped = make("crops", Usage::STORAGE | Usage::COPY_SRC);
            self.buffers = Some([cropped, make("crops, to read", Usage::COPY_DST | Usage::MAP_READ)]);
        }
        if let Some([cropped, _]) = &self.buffers
            && self.bound.get((texture, texture)).is_none()
        {
            let resources = [
                self.squares.as_entire_binding(),
                wgpu::BindingResource::TextureView(texture),
                cropped.as_entire_binding(),
            ];
            self.bound.insert((texture, texture), self.pass.bind(&self.factory, &resources));
        }
    }

    /// Crops squares and reads them back.
    fn run(&mut self, texture: &wgpu::TextureView, regions: &[Region], side: usize, border: Border) -> Result<()> {
        let regions = regions.get(..MOST).unwrap_or(regions);
        let each = side * side * PIXEL;
        let bytes = regions.len() * each;
        let mut squares = [Square::default(); MOST];
        for (index, (square, region)) in squares.iter_mut().zip(regions).enumerate() {
            let (corner, across, down) = region.turned().sides();
            let nearest = u32::from(border == Border::Nearest);
            let start = (index * each / 4) as u32;
            *square = Square { corner, across, down, side: side as u32, nearest, start, unused: [0; 3] };
        }
        let gpu = self.gpu.clone();
        gpu.guarded(|| {
            self.prepare(texture, bytes as u64);
            Ok(())
        })?;
        let (Some([cropped, read]), Some(bound)) = (&self.buffers, self.bound.get((texture, texture))) else {
            return Ok(());
        };
        let deadline = Deadline::from_now();
        let pixels = &mut self.pixels;
        let first = pixels.len();
        gpu.guarded(|| {
            let mut encoder =
                gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("crop") });
            gpu.queue().write_buffer(&self.squares, 0, bytemuck::cast_slice(&squares));
            let mut recorder = encoder
                .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("crop"), timestamp_writes: None });
            let side = side as u32;
            let groups = [side.div_ceil(RUN * GROUP), side.div_ceil(GROUP), regions.len() as u32];
            self.pass.dispatch(&mut recorder, bound, groups);
            drop(recorder);
            encoder.copy_buffer_to_buffer(cropped, 0, read, 0, bytes as u64);
            let commands = encoder.finish();
            // As for a whole frame: some drivers would hold the submission up, and this wait has an end.
            gpu.wait(None, deadline)?;
            let submission = gpu.queue().submit([commands]);
            map(&gpu, read, wgpu::MapMode::Read, Some(submission), deadline)?;
            let refused = |error: wgpu::MapRangeError| Error::Gpu { reason: error.to_string() };
            let outcome = read.slice(..bytes as u64).get_mapped_range().map(|data| pixels.extend_from_slice(&data));
            read.unmap();
            outcome.map_err(refused)
        })?;
        for (index, &region) in regions.iter().enumerate() {
            let start = first + index * each;
            self.ready.push(((region, side, border), start..start + each));
        }
        self.bytes += bytes as u64;
        Ok(())
    }

    /// After a failure nothing is trusted that was made or half made.
    fn clear_on_failure(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_err() {
            self.buffers = None;
            self.bound.clear();
            self.ready.clear();
        }
        outcome
    }
}

/// A frame in a texture.
pub(crate) struct TextureSource<'a> {
    cropper: &'a mut GpuCropper,
    texture: &'a wgpu::TextureView,
}

impl CropSource for TextureSource<'_> {
    fn size(&self) -> [u32; 2] {
        let texture = self.texture.texture();
        [texture.width(), texture.height()]
    }

    fn prefetch(&mut self, regions: &[Region], side: usize, border: Border) -> Result<()> {
        if regions.is_empty() {
            return Ok(());
        }
        let outcome = self.cropper.run(self.texture, regions, side, border);
        self.cropper.clear_on_failure(outcome)
    }

    fn crop(
        &mut self,
        region: &Region,
        side: usize,
        border: Border,
        (scale, offset): (f32, f32),
        out: &mut [f32],
    ) -> Result<()> {
        let key = (*region, side, border);
        if !self.cropper.ready.iter().any(|(ready, _)| *ready == key) {
            self.prefetch(&[*region], side, border)?;
        }
        let place = self.cropper.ready.iter().find(|(ready, _)| *ready == key).map(|(_, place)| place.clone());
        let pixels = place.and_then(|place| self.cropper.pixels.get(place)).unwrap_or_default();
        for (value, &byte) in out.iter_mut().zip(pixels) {
            *value = f32::from(byte) * scale + offset;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frame, GpuOptions};

    /// Turned, across the frame's border, outside of it: the same squares as are cropped from memory, to half a step.
    #[test]
    fn the_same_squares_as_from_memory() {
        let (width, height) = (97, 61);
        let data: Vec<u8> = (0..width * height * 4).map(|i: u32| (i.wrapping_mul(7919) >> 3) as u8).collect();
        let gpu = Gpu::new(GpuOptions::default()).unwrap();
        let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None };
        gpu.queue().write_texture(texture.as_image_copy(), &data, layout, texture.size());
        gpu.queue().submit([]);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut frame = Frame::rgba8(&data, width, height).unwrap();
        let mut cropper = GpuCropper::new(&gpu).unwrap();
        let regions: Vec<Region> =
            [(40.0, 30.0, 20.0, 0.3), (40.0, 30.0, 60.0, -1.2), (5.0, 50.0, 90.0, 3.0), (300.0, -90.0, 40.0, 0.1)]
                .map(|(x, y, side, roll)| Region { centre: [x, y], side, roll, mirrored: false })
                .into();
        for (side, border) in [(192, Border::Nearest), (128, Border::Black)] {
            let mut source = cropper.source(&view);
            source.prefetch(&regions[1..], side, border).unwrap();
            for region in &regions {
                let (mut there, mut here) = (vec![0.0; side * side * 3], vec![0.0; side * side * 3]);
                source.crop(region, side, border, (1.0, 0.0), &mut there).unwrap();
                frame.crop(region, side, border, (1.0, 0.0), &mut here).unwrap();
                let worst = there.iter().zip(&here).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 0.6, "{region:?}: {worst}");
            }
            assert_eq!(cropper.bytes(), (4 * side * side * 3) as u64);
        }
    }
}

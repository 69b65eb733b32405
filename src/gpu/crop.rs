//! Network inputs out of a texture: squares of it, cropped on the device, so that only they are read back.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::Gpu;
use super::bind_groups::{BindGroupCache, MAX_IDLE};
use super::fault::Deadline;
use super::pass::{Pass, Shader, Slot, shader};
use super::resources::ResourceFactory;
use super::transfer::map;
use super::views::Views;
use crate::face::crop::{Border, Crop, CropSource};
use crate::{Error, Result, Transfer};

/// Most that is cropped at once: as many faces as are followed, the whole frame, and where new faces are looked for.
const MOST: usize = 34;
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
    size: [u32; 2],
    nearest: u32,
    start: u32,
    linear: u32,
    unused: u32,
}

const CROP: Shader = shader!("tone/none", "crop");
const CROP_HLG: Shader = shader!("tone/hlg", "tone/common", "crop");
const CROP_PQ: Shader = shader!("tone/pq", "tone/common", "crop");
/// Those that are compiled when they are first needed.
#[cfg(test)]
pub(super) const SHADERS: [Shader; 2] = [CROP_HLG, CROP_PQ];

const SLOTS: [Slot; 3] = [Slot::Uniform, Slot::Texture, Slot::Storage];

/// Crops squares out of textures.
pub(crate) struct GpuCropper {
    gpu: Gpu,
    pub(super) factory: ResourceFactory,
    pass: Pass,
    /// How light is coded in what the pass reads.
    transfer: Transfer,
    squares: wgpu::Buffer,
    /// The cropped pixels, on the device and to be read.
    buffers: Option<[wgpu::Buffer; 2]>,
    views: Views,
    /// What was bound for the textures that it crops from, each paired with itself.
    bound: BindGroupCache<wgpu::BindGroup>,
    /// The squares of this frame that were read back, and where they lie in `pixels`.
    ready: Vec<(Crop, Range<usize>)>,
    pixels: Vec<u8>,
    /// Bytes that were read back for this frame.
    bytes: u64,
}

impl GpuCropper {
    /// Compiles the shader for a device.
    pub(crate) fn new(gpu: &Gpu) -> Result<Self> {
        gpu.guarded(|| {
            let factory = ResourceFactory::new(gpu.device());
            let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            Ok(Self {
                pass: Pass::new(&factory, CROP, &SLOTS),
                transfer: Transfer::Sdr,
                squares: factory.buffer("squares", (MOST * size_of::<Square>()) as u64, usage),
                gpu: gpu.clone(),
                factory,
                buffers: None,
                views: Views::new(MAX_IDLE),
                bound: BindGroupCache::new(),
                ready: Vec::new(),
                pixels: Vec::new(),
                bytes: 0,
            })
        })
    }

    /// Makes the pass the one for textures in which light is coded so.
    pub(crate) fn read_as(&mut self, transfer: Transfer) -> Result<()> {
        if self.transfer == transfer {
            return Ok(());
        }
        let shader = match transfer {
            Transfer::Sdr => CROP,
            Transfer::Hlg => CROP_HLG,
            Transfer::Pq => CROP_PQ,
        };
        self.pass = self.gpu.guarded(|| Ok(Pass::new(&self.factory, shader, &SLOTS)))?;
        self.transfer = transfer;
        self.bound.clear();
        Ok(())
    }

    /// A frame in a texture, to crop network inputs from.
    pub(crate) fn source<'a>(&'a mut self, texture: &'a wgpu::TextureView) -> TextureSource<'a> {
        self.ready.clear();
        self.pixels.clear();
        self.bytes = 0;
        if let Some(own) = self.views.get(texture.texture()) {
            self.bound.age((own, own));
        }
        self.views.age();
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

    /// Makes room for so many bytes and binds the texture. Returns the view that it is bound by.
    fn prepare(&mut self, texture: &wgpu::Texture, bytes: u64) -> wgpu::TextureView {
        let own = self.views.of(&self.factory, texture);
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
            && self.bound.get((&own, &own)).is_none()
        {
            let resources = [
                self.squares.as_entire_binding(),
                wgpu::BindingResource::TextureView(&own),
                cropped.as_entire_binding(),
            ];
            self.bound.insert((&own, &own), self.pass.bind(&self.factory, &resources));
        }
        own
    }

    /// Crops and reads back.
    fn run(&mut self, texture: &wgpu::TextureView, crops: &[Crop]) -> Result<()> {
        let crops = crops.get(..MOST).unwrap_or(crops);
        let mut squares = [Square::default(); MOST];
        let (mut bytes, mut largest) = (0, [0_u32; 2]);
        let linear = u32::from(texture.texture().format().is_srgb());
        for (square, crop) in squares.iter_mut().zip(crops) {
            let size = crop.size.map(|side| side as u32);
            let (corner, across, down) = crop.region.turned_to(crop.size).sides();
            let nearest = u32::from(crop.border == Border::Nearest);
            *square = Square { corner, across, down, size, nearest, start: (bytes / 4) as u32, linear, unused: 0 };
            bytes += byte_count(crop);
            largest.iter_mut().zip(size).for_each(|(largest, side)| *largest = side.max(*largest));
        }
        let gpu = self.gpu.clone();
        let own = gpu.guarded(|| Ok(self.prepare(texture.texture(), bytes as u64)))?;
        let (Some([cropped, read]), Some(bound)) = (&self.buffers, self.bound.get((&own, &own))) else {
            return Ok(());
        };
        let deadline = Deadline::from_now();
        let pixels = &mut self.pixels;
        let mut start = pixels.len();
        gpu.guarded(|| {
            let mut encoder =
                gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("crop") });
            gpu.queue().write_buffer(&self.squares, 0, bytemuck::cast_slice(&squares));
            let mut recorder = encoder
                .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("crop"), timestamp_writes: None });
            let [columns, rows] = largest;
            let groups = [columns.div_ceil(RUN * GROUP), rows.div_ceil(GROUP), crops.len() as u32];
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
        for crop in crops {
            let end = start + byte_count(crop);
            self.ready.push((*crop, start..end));
            start = end;
        }
        self.bytes += bytes as u64;
        Ok(())
    }

    /// After a failure nothing is trusted that was made or half made.
    fn clear_on_failure(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_err() {
            self.buffers = None;
            self.views.clear();
            self.bound.clear();
            self.ready.clear();
        }
        outcome
    }
}

/// Bytes of what a crop holds.
fn byte_count(crop: &Crop) -> usize {
    crop.size[0] * crop.size[1] * PIXEL
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

    fn prefetch(&mut self, crops: &[Crop]) -> Result<()> {
        if crops.is_empty() {
            return Ok(());
        }
        let outcome = self.cropper.run(self.texture, crops);
        self.cropper.clear_on_failure(outcome)
    }

    fn crop(&mut self, crop: &Crop, (scale, offset): (f32, f32), out: &mut [f32]) -> Result<()> {
        if !self.cropper.ready.iter().any(|(ready, _)| ready == crop) {
            self.prefetch(&[*crop])?;
        }
        let place = self.cropper.ready.iter().find(|(ready, _)| ready == crop).map(|(_, place)| place.clone());
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
    use crate::face::crop::Region;
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
        let regions =
            [(40.0, 30.0, 20.0, 0.3), (40.0, 30.0, 60.0, -1.2), (5.0, 50.0, 90.0, 3.0), (300.0, -90.0, 40.0, 0.1)]
                .map(|(x, y, side, roll)| Region { centre: [x, y], side, roll, mirrored: false });
        let sizes = [([192; 2], Border::Nearest), ([128; 2], Border::Black), ([96, 64], Border::Black)];
        let crops: Vec<Crop> =
            sizes.iter().flat_map(|&(size, border)| regions.map(|region| Crop { region, size, border })).collect();
        let mut source = cropper.source(&view);
        source.prefetch(&crops[1..]).unwrap();
        for crop in &crops {
            let count = byte_count(crop);
            let (mut there, mut here) = (vec![0.0; count], vec![0.0; count]);
            source.crop(crop, (1.0, 0.0), &mut there).unwrap();
            frame.crop(crop, (1.0, 0.0), &mut here).unwrap();
            let worst = there.iter().zip(&here).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 0.6, "{crop:?}: {worst}");
        }
        assert_eq!(cropper.bytes(), crops.iter().map(|crop| byte_count(crop) as u64).sum::<u64>());
    }
}

//! Everything that the passes hand to each other: textures with a layer (or two) a face, and what of the plan is uploaded
//! into them. Their size does not depend on the frame's.

use crate::retouch::{MAX_CELLS, MAX_FACES, Plan, mask, tiles, warp};

use super::fault::Pulse;
use super::uniforms::{BLOCK, FrameUniform, SKIN_BYTES};

/// The textures and buffers between the passes, for a number of faces.
pub(crate) struct Grids {
    pub(crate) capacity: u32,
    pub(crate) cells: wgpu::TextureView,
    pub(crate) moments: wgpu::TextureView,
    pub(crate) coefficients: wgpu::TextureView,
    pub(crate) corrections: wgpu::TextureView,
    pub(crate) mask: wgpu::TextureView,
    pub(crate) fields: wgpu::TextureView,
}

/// How many GPU objects [`Grids::new`] creates: six textures and their views.
pub(crate) const GRID_OBJECTS: u64 = 12;

fn layers(
    device: &wgpu::Device,
    label: &'static str,
    side: u32,
    count: u32,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width: side, height: side, depth_or_array_layers: count },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor {
        dimension: Some(wgpu::TextureViewDimension::D2Array),
        ..Default::default()
    })
}

/// A texture of numbers that are looked up.
fn table(
    device: &wgpu::Device,
    label: &'static str,
    (width, height): (u32, u32),
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

/// The list of tiles that the last pass visits, on the device.
pub(crate) struct TileList(pub(crate) wgpu::TextureView);

impl TileList {
    /// How many GPU objects [`TileList::new`] creates: a texture and its view.
    pub(crate) const OBJECTS: u64 = 2;

    /// With room for so many and more.
    pub(crate) fn new(device: &wgpu::Device, count: usize) -> Self {
        let rows = count.div_ceil(tiles::ROW).next_power_of_two() as u32;
        let (format, copy) = (wgpu::TextureFormat::Rgba32Uint, wgpu::TextureUsages::COPY_DST);
        Self(table(device, "tiles", (tiles::ROW as u32, rows), format, copy))
    }

    /// Whether there is room for so many.
    pub(crate) fn holds(&self, count: usize) -> bool {
        self.0.texture().height() as usize * tiles::ROW >= count
    }

    pub(crate) fn upload(&self, queue: &wgpu::Queue, list: &tiles::Tiles) {
        let rows = list.rows();
        queue.write_texture(
            self.0.texture().as_image_copy(),
            bytemuck::cast_slice(rows),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some((tiles::ROW * size_of::<tiles::Tile>()) as u32),
                rows_per_image: None,
            },
            wgpu::Extent3d {
                width: tiles::ROW as u32,
                height: (rows.len() / tiles::ROW) as u32,
                depth_or_array_layers: 1,
            },
        );
    }
}

impl Grids {
    /// Textures for `capacity` faces.
    pub(crate) fn new(device: &wgpu::Device, capacity: u32) -> Self {
        use wgpu::TextureFormat::{Rg8Unorm, Rg16Float, Rgba16Float, Rgba32Float};
        let (write, copy) = (wgpu::TextureUsages::STORAGE_BINDING, wgpu::TextureUsages::COPY_DST);
        let blocks = MAX_CELLS.div_ceil(BLOCK);
        Self {
            capacity,
            cells: layers(device, "cells", MAX_CELLS, capacity, Rgba16Float, write),
            moments: layers(device, "moments", blocks, capacity * 2, Rgba32Float, write),
            coefficients: layers(device, "coefficients", blocks, capacity * 2, Rgba16Float, write),
            corrections: layers(device, "corrections", MAX_CELLS, capacity, Rgba16Float, write),
            mask: layers(device, "mask", mask::SIDE as u32, capacity, Rg8Unorm, copy),
            fields: layers(device, "fields", warp::SIDE as u32, capacity, Rg16Float, copy),
        }
    }

    /// Uploads the masks and fields of a plan.
    pub(crate) fn upload(&self, queue: &wgpu::Queue, plan: &Plan) {
        for (layer, face) in (0_u32..).zip(plan.faces()) {
            if face.corrects() {
                write(queue, &self.mask, layer, mask::SIDE as u32, bytemuck::cast_slice(face.mask.texels()));
            }
            if face.warps() {
                write(queue, &self.fields, layer, warp::SIDE as u32, bytemuck::cast_slice(face.field.nodes()));
            }
        }
    }
}

fn write(queue: &wgpu::Queue, view: &wgpu::TextureView, layer: u32, side: u32, bytes: &[u8]) {
    queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture: view.texture(),
            mip_level: 0,
            origin: wgpu::Origin3d { x: 0, y: 0, z: layer },
            aspect: wgpu::TextureAspect::All,
        },
        bytes,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(bytes.len() as u32 / side),
            rows_per_image: Some(side),
        },
        wgpu::Extent3d { width: side, height: side, depth_or_array_layers: 1 },
    );
}

/// What does not depend on the number of faces: the frame's uniforms, the skins' statistics, the sampler, the device's
/// pulse.
pub(crate) struct Shared {
    pub(crate) uniforms: wgpu::Buffer,
    /// The skins' statistics, and the copy of them that most passes read.
    pub(crate) skins: wgpu::Buffer,
    pub(crate) copies: wgpu::TextureView,
    pub(crate) linear: wgpu::Sampler,
    pub(super) pulse: Pulse,
}

/// How many GPU objects [`Shared::new`] creates.
pub(crate) const SHARED_OBJECTS: u64 = 6;

impl Shared {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        let buffer = |label, size, usage| {
            device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
        };
        Self {
            uniforms: buffer(
                "frame",
                size_of::<FrameUniform>() as u64,
                wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            ),
            skins: buffer("skins", SKIN_BYTES * MAX_FACES as u64, wgpu::BufferUsages::STORAGE),
            copies: table(
                device,
                "skins",
                (SKIN_BYTES as u32 / 16, MAX_FACES as u32),
                wgpu::TextureFormat::Rgba32Float,
                wgpu::TextureUsages::STORAGE_BINDING,
            ),
            linear: device.create_sampler(&wgpu::SamplerDescriptor {
                label: Some("linear"),
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..Default::default()
            }),
            pulse: Pulse::new(device),
        }
    }
}

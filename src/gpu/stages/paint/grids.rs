//! The paint's passes, the textures and buffers between them, and what is bound of them.

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::{Rg32Float, Rgba8Unorm, Rgba16Float, Rgba32Float};
use wgpu::{BufferUsages, TextureSampleType, TextureUsages};

use super::uniform;
use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::ResourceFactory;
use crate::retouch::paint::{GRIDS, SIDE, contours, samples, soft};

pub(super) const STATISTICS: Shader = shader!("paint/common", "paint/statistics");
const DISTANCES: Shader = shader!("paint/common", "paint/distances");
const BANDS: Shader = shader!("paint/common", "paint/bands");
const LOWS: Shader = shader!("paint/common", "paint/lows");
const SOFT: Shader = shader!("paint/common", "paint/soft");
pub(super) const PAINT: Shader = shader!(
    "compose/common",
    "skin/common",
    "skin/change",
    "paint/common",
    "paint/lips",
    "paint/eyes",
    "paint/face",
    "paint/paint"
);

/// Bytes of `PaintState` in shaders/paint/statistics.wgsl.
pub(super) const STATE_BYTES: u64 = 16 * 6;
/// Texels of a face's row of statistics: the columns in shaders/paint/common.wgsl, and room.
const COLUMNS: u32 = 16;

pub(super) struct Passes {
    pub(super) statistics: Pass,
    pub(super) distances: Pass,
    pub(super) bands: Pass,
    pub(super) lows: Pass,
    pub(super) soft: Pass,
    pub(super) paint: Pass,
}

impl Passes {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        use Slot::{Output, OutputLayers, Sampler, Storage, Texture, Uniform};
        let layers = Slot::Layers { filters: true };
        let table = Slot::Table(TextureSampleType::Float { filterable: false });
        let out = OutputLayers(Rgba16Float);
        let pass = |shader, slots: &[Slot]| Pass::new(factory, shader, slots);
        let paint = [
            (0, Uniform),
            (1, Texture),
            (2, Sampler),
            (4, Slot::Table(TextureSampleType::Uint)),
            (5, Uniform),
            (6, layers),
            (9, layers),
            (10, Uniform),
            (11, layers),
            (12, layers),
            (13, layers),
            (14, layers),
            (15, table),
            (16, layers),
            (17, layers),
            (18, Output(Rgba16Float)),
        ];
        Self {
            statistics: pass(STATISTICS, &[Uniform, Texture, Sampler, table, Storage, Output(Rgba32Float)]),
            distances: pass(DISTANCES, &[Uniform, table, out]),
            bands: pass(BANDS, &[Uniform, Texture, Sampler, layers, table, out]),
            lows: pass(LOWS, &[Uniform, layers, Sampler, layers, out]),
            soft: pass(SOFT, &[Uniform, layers, OutputLayers(Rgba8Unorm)]),
            paint: Pass::numbered(factory, PAINT, &paint),
        }
    }
}

/// For a number of faces. The size does not depend on the frame's.
pub(super) struct Grids {
    pub(super) capacity: u32,
    pub(super) faces: wgpu::Buffer,
    /// What is known of the faces' colours.
    pub(super) states: wgpu::Buffer,
    /// A row of places a face.
    pub(super) samples: wgpu::TextureView,
    /// Rows of corners.
    pub(super) contours: wgpu::TextureView,
    /// A row a face.
    pub(super) statistics: wgpu::TextureView,
    /// Layers a face: mouth, right eye, left eye.
    pub(super) distances: wgpu::TextureView,
    pub(super) bands: wgpu::TextureView,
    pub(super) lows: wgpu::TextureView,
    /// A layer a face: places in the flat picture; blush, contour, highlight, foundation.
    pub(super) places: wgpu::TextureView,
    pub(super) shapes: wgpu::TextureView,
    pub(super) bound: GridBindings,
}

/// Bindings that only depend on the grids.
pub(super) struct GridBindings {
    pub(super) distances: wgpu::BindGroup,
    pub(super) lows: wgpu::BindGroup,
    pub(super) soft: wgpu::BindGroup,
}

impl Grids {
    /// For `capacity` faces.
    pub(super) fn new(factory: &ResourceFactory, passes: &Passes, linear: &wgpu::Sampler, capacity: u32) -> Self {
        let (written, copied) = (TextureUsages::STORAGE_BINDING, TextureUsages::COPY_DST);
        let read = TextureUsages::TEXTURE_BINDING;
        let faces = uniform::buffer(factory);
        let states = factory.buffer("painted faces", STATE_BYTES * u64::from(capacity), BufferUsages::STORAGE);
        let samples = factory.texture("samples", (samples::ROW as u32, capacity), Rg32Float, read | copied);
        let corners = (contours::CORNERS as u32, contours::ROWS as u32 * capacity);
        let contours = factory.texture("contours", corners, Rgba32Float, read | copied);
        let statistics = factory.texture("statistics", (COLUMNS, capacity), Rgba32Float, read | written);
        let layers = |label, side| factory.layers(label, side, capacity * GRIDS as u32, Rgba16Float, written);
        let (distances, bands, lows) = (layers("distances", SIDE), layers("bands", SIDE), layers("lows", SIDE / 4));
        let side = soft::SIDE as u32;
        let places = factory.layers("places on the face", side, capacity, Rgba16Float, copied);
        let shapes = factory.layers("shapes", side, capacity, Rgba8Unorm, written);
        let uniform = faces.as_entire_binding();
        let bound = GridBindings {
            distances: passes.distances.bind(
                factory,
                &[uniform.clone(), TextureView(&contours), TextureView(&distances)],
            ),
            lows: passes.lows.bind(
                factory,
                &[
                    uniform.clone(),
                    TextureView(&bands),
                    Sampler(linear),
                    TextureView(&distances),
                    TextureView(&lows),
                ],
            ),
            soft: passes.soft.bind(factory, &[uniform, TextureView(&places), TextureView(&shapes)]),
        };
        Self { capacity, faces, states, samples, contours, statistics, distances, bands, lows, places, shapes, bound }
    }
}

/// Writes whole rows of a texture.
pub(super) fn write_rows(
    queue: &wgpu::Queue,
    view: &wgpu::TextureView,
    first: u32,
    (width, height): (u32, u32),
    bytes: &[u8],
) {
    queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture: view.texture(),
            mip_level: 0,
            origin: wgpu::Origin3d { x: 0, y: first, z: 0 },
            aspect: wgpu::TextureAspect::All,
        },
        bytes,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(bytes.len() as u32 / height),
            rows_per_image: None,
        },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
}

//! The paint's passes, the textures between them, and what is bound of them.

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::Rgba16Float;
use wgpu::{TextureSampleType, TextureUsages};

use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::ResourceFactory;
use crate::retouch::paint::{BOXES, SIDE};

const MOUTH_BANDS: Shader = shader!("paint/common", "paint/mouth_bands", "paint/bands");
const EYE_BANDS: Shader = shader!("paint/common", "paint/eye_bands", "paint/bands");
const LOWS: Shader = shader!("paint/common", "paint/lows");

/// A pass that paints tiles of one kind, with the functions for that.
macro_rules! paint {
    ($($part:literal),+) => {
        shader!(
            "compose/common", "paint/common", "paint/told", "paint/surface", $($part),+, "paint/paint"
        )
    };
}
const MOUTHS: Shader = paint!("paint/lips", "paint/mouths");
const EYES: Shader = paint!("paint/eyes", "paint/eyelids");
const BOTH: Shader = paint!("paint/lips", "paint/eyes", "paint/both");

pub(super) struct Passes {
    /// Of mouths, and of eyes.
    pub(super) bands: [Pass; 2],
    pub(super) lows: Pass,
    /// Tiles that hold a mouth, an eye, both.
    pub(super) paint: [Pass; 3],
}

impl Passes {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        use Slot::{Output, OutputLayers, Sampler, Texture, Uniform};
        let layers = Slot::Layers { filters: true };
        let table = Slot::Table(TextureSampleType::Float { filterable: false });
        let out = OutputLayers(Rgba16Float);
        let bands = [Uniform, Texture, Sampler, layers, table, out];
        let paint = [
            (0, Uniform),
            (1, Texture),
            (2, Sampler),
            (4, Slot::Table(TextureSampleType::Uint)),
            (10, Slot::Table(TextureSampleType::Uint)),
            (11, layers),
            (12, layers),
            (13, layers),
            (14, table),
            (18, Output(Rgba16Float)),
        ];
        Self {
            bands: [MOUTH_BANDS, EYE_BANDS].map(|shader| Pass::new(factory, shader, &bands)),
            lows: Pass::new(factory, LOWS, &[Uniform, layers, Sampler, layers, out]),
            paint: [MOUTHS, EYES, BOTH].map(|shader| Pass::numbered(factory, shader, &paint)),
        }
    }
}

/// For a number of faces. The size does not depend on the frame's.
pub(super) struct Grids {
    pub(super) capacity: u32,
    /// Layers a face: mouth, right eye, left eye.
    pub(super) distances: wgpu::TextureView,
    pub(super) bands: wgpu::TextureView,
    pub(super) lows: wgpu::TextureView,
    /// With what it was bound for.
    pub(super) bound: Option<GridBindings>,
}

/// Bindings that do not depend on the frame.
pub(super) struct GridBindings {
    faces: wgpu::Buffer,
    pub(super) lows: wgpu::BindGroup,
}

impl Grids {
    /// For `capacity` faces.
    pub(super) fn new(factory: &ResourceFactory, capacity: u32) -> Self {
        let (written, copied) = (TextureUsages::STORAGE_BINDING, TextureUsages::COPY_DST);
        let layers = |label, side, usage| factory.layers(label, side, capacity * BOXES as u32, Rgba16Float, usage);
        Self {
            capacity,
            distances: layers("distances", SIDE, copied),
            bands: layers("bands", SIDE, written),
            lows: layers("lows", SIDE / 4, written),
            bound: None,
        }
    }

    /// Binds what does not depend on the frame, unless it is bound.
    pub(super) fn bind(
        &mut self,
        factory: &ResourceFactory,
        passes: &Passes,
        linear: &wgpu::Sampler,
        faces: &wgpu::Buffer,
    ) {
        if self.bound.as_ref().is_some_and(|bound| bound.faces == *faces) {
            return;
        }
        let [distances, bands, lows] = [&self.distances, &self.bands, &self.lows].map(TextureView);
        let uniform = faces.as_entire_binding();
        self.bound = Some(GridBindings {
            faces: faces.clone(),
            lows: passes.lows.bind(factory, &[uniform, bands, Sampler(linear), distances, lows]),
        });
    }
}

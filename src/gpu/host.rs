//! A host's textures: which can be used, and what lies between them and the stages where those cannot read or write them as
//! they are.

use wgpu::TextureFormat::{self, Bgra8Unorm, Bgra8UnormSrgb, Rgb10a2Unorm, Rgba8Unorm, Rgba8UnormSrgb, Rgba16Float};
use wgpu::TextureUsages as Usage;

use super::bind_groups::{MAX_IDLE, Pair};
use super::draw::Drawing;
use super::resources::ResourceFactory;
use super::views::Views;
use crate::{Error, Result};

/// What can be read, and what can be drawn into.
const FORMATS: [TextureFormat; 6] = [Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb, Rgba16Float, Rgb10a2Unorm];
/// What shaders can write to.
const STORED: [TextureFormat; 2] = [Rgba8Unorm, Rgba16Float];

const READ: Usage = Usage::TEXTURE_BINDING.union(Usage::COPY_SRC);
const WRITTEN: Usage = Usage::STORAGE_BINDING.union(Usage::COPY_DST);
/// After how many other frames an output that was drawn into is let go. Those of a screen are new in every frame, and large.
const MAX_IDLE_DRAWN: u32 = 4;

fn check(
    which: &'static str,
    texture: &wgpu::Texture,
    has_usages: impl FnOnce(Usage) -> bool,
    usages: &'static str,
) -> Result<()> {
    let (layers, samples) = (texture.depth_or_array_layers(), texture.sample_count());
    let reason = if texture.dimension() != wgpu::TextureDimension::D2 || layers != 1 || samples != 1 {
        format!("it is {:?} with {layers} layers and {samples} samples", texture.dimension())
    } else if !FORMATS.contains(&texture.format()) {
        format!("its format is {:?}", texture.format())
    } else if !has_usages(texture.usage()) {
        format!("its usages are {:?}", texture.usage())
    } else {
        return Ok(());
    };
    Err(Error::BadTexture { which, reason, usages })
}

/// Whether a texture can be read.
pub(crate) fn check_input(texture: &wgpu::Texture) -> Result<()> {
    check("input", texture, |usages| usages.contains(READ), "TEXTURE_BINDING and COPY_SRC")
}

/// Whether a frame can be read from and written to these. Returns the format in which the stages write it.
pub(crate) fn check_pair((input, output): Pair<'_>) -> Result<TextureFormat> {
    let (from, to) = (input.texture(), output.texture());
    check_input(from)?;
    let usages = match STORED.contains(&to.format()) {
        true => "STORAGE_BINDING and COPY_DST, or RENDER_ATTACHMENT",
        false => "RENDER_ATTACHMENT",
    };
    check("output", to, |usages| is_stored(to) || usages.contains(Usage::RENDER_ATTACHMENT), usages)?;
    let size = |texture: &wgpu::Texture| (texture.width(), texture.height());
    if size(from) != size(to) {
        return Err(Error::SizeMismatch { input: size(from), output: size(to) });
    }
    // Ten bits are whole numbers of a thousandth, which floats of sixteen bits keep apart.
    Ok(if matches!(to.format(), Rgba16Float | Rgb10a2Unorm) { Rgba16Float } else { Rgba8Unorm })
}

/// Whether the stages write to an output themselves.
fn is_stored(output: &wgpu::Texture) -> bool {
    STORED.contains(&output.format()) && output.usage().contains(WRITTEN)
}

/// What is kept of a host's textures from frame to frame.
pub(crate) struct HostTextures {
    /// Of textures that are bound.
    views: Views,
    /// Of textures that are drawn into.
    attachments: Views,
    /// A copy of an input of one of sRGB's types: read as it is it would be decoded.
    encoded: Option<wgpu::TextureView>,
    /// What the stages write where the output is drawn.
    picture: Option<wgpu::TextureView>,
    drawing: Option<Drawing>,
}

/// Where the stages read and write one frame.
pub(crate) struct Staged {
    input: wgpu::TextureView,
    output: wgpu::TextureView,
    /// What the output is drawn into at last.
    drawn: Option<wgpu::TextureView>,
}

impl Staged {
    pub(crate) fn pair(&self) -> Pair<'_> {
        (&self.input, &self.output)
    }
}

impl HostTextures {
    pub(crate) fn new() -> Self {
        Self {
            views: Views::new(MAX_IDLE),
            attachments: Views::new(MAX_IDLE_DRAWN),
            encoded: None,
            picture: None,
            drawing: None,
        }
    }

    /// A frame of this size comes. Gives up the textures of our own that are of another size; what is bound of them keeps them alive.
    pub(crate) fn begin(&mut self, size: (u32, u32)) -> [Option<wgpu::TextureView>; 2] {
        self.views.age();
        self.attachments.age();
        [&mut self.encoded, &mut self.picture].map(|slot| slot.take_if(|view| size_of(view.texture()) != size))
    }

    /// Makes whatever lies between the host's textures, which were checked, and the stages. A frame that `stays` as it is, is copied
    /// from one to the other where that can be.
    pub(crate) fn prepare(&mut self, factory: &ResourceFactory, pair: Pair<'_>, stays: bool) -> Staged {
        let (from, to) = (pair.0.texture(), pair.1.texture());
        let is_copied = stays && is_alike(from.format(), to.format()) && to.usage().contains(Usage::COPY_DST);
        let own = |slot: &mut Option<wgpu::TextureView>, label, format, usage| {
            if slot.as_ref().is_none_or(|view| view.texture().format() != format) {
                *slot = None;
            }
            slot.get_or_insert_with(|| factory.texture(label, size_of(from), format, usage)).clone()
        };
        let input = if from.format().is_srgb() && !is_copied {
            let format = from.format().remove_srgb_suffix();
            own(&mut self.encoded, "encoded", format, READ | Usage::COPY_DST)
        } else {
            self.views.of(factory, from)
        };
        if is_copied || is_stored(to) {
            return Staged { input, output: self.views.of(factory, to), drawn: None };
        }
        let output = own(&mut self.picture, "picture", factory.picture(), WRITTEN | Usage::TEXTURE_BINDING);
        let drawing = self.drawing.get_or_insert_with(|| Drawing::new(factory));
        drawing.prepare(factory, &output, to.format());
        Staged { input, output, drawn: Some(self.attachments.of(factory, to)) }
    }

    /// Records what comes before the stages.
    pub(crate) fn record_input(&self, encoder: &mut wgpu::CommandEncoder, input: &wgpu::TextureView, staged: &Staged) {
        let (from, to) = (input.texture(), staged.input.texture());
        if from != to {
            // Between a format and its sibling of sRGB bytes are copied as they are.
            encoder.copy_texture_to_texture(from.as_image_copy(), to.as_image_copy(), from.size());
        }
    }

    /// Records what comes after the stages.
    pub(crate) fn record_output(&self, encoder: &mut wgpu::CommandEncoder, staged: &Staged) {
        if let (Some(drawing), Some(into)) = (&self.drawing, &staged.drawn) {
            drawing.record(encoder, into);
        }
    }

    /// Lets go of what a failure may have left half made.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

/// Whether textures of two formats can be copied into each other.
pub(crate) fn is_alike(a: TextureFormat, b: TextureFormat) -> bool {
    a.remove_srgb_suffix() == b.remove_srgb_suffix()
}

fn size_of(texture: &wgpu::Texture) -> (u32, u32) {
    (texture.width(), texture.height())
}

//! A host's textures: which can be used, and what lies between them and the stages where those cannot read or write them as
//! they are.

use wgpu::TextureFormat::{self, Bgra8Unorm, Bgra8UnormSrgb, Rgb10a2Unorm, Rgba8Unorm, Rgba8UnormSrgb, Rgba16Float};
use wgpu::TextureUsages as Usage;

use super::bind_groups::{MAX_IDLE, Pair};
use super::draw::{DRAW, Drawing};
use super::resources::ResourceFactory;
use super::tone::{ToneMapped, ToneMapping};
use super::views::Views;
use crate::{Error, Result, Transfer};

/// What can be read, and what can be drawn into.
const FORMATS: [TextureFormat; 6] = [Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb, Rgba16Float, Rgb10a2Unorm];
/// What shaders can write to.
const STORED: [TextureFormat; 2] = [Rgba8Unorm, Rgba16Float];

/// What has more than eight bits a value.
const DEEP: [TextureFormat; 2] = [Rgba16Float, Rgb10a2Unorm];

const READ: Usage = Usage::TEXTURE_BINDING.union(Usage::COPY_SRC);
const WRITTEN: Usage = Usage::STORAGE_BINDING.union(Usage::COPY_DST);
/// After how many other frames an output that was drawn into is let go. Those of a screen are new in every frame, and large.
const MAX_IDLE_DRAWN: u32 = 8;

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
pub(crate) fn check_pair((input, output): Pair<'_>, transfer: Transfer) -> Result<TextureFormat> {
    let (from, to) = (input.texture(), output.texture());
    check_input(from)?;
    let (is_hdr, is_deep) = (is_hdr(from, transfer), DEEP.contains(&to.format()));
    let usages = match STORED.contains(&to.format()) && !is_hdr {
        true => "STORAGE_BINDING and COPY_DST, or RENDER_ATTACHMENT",
        false => "RENDER_ATTACHMENT",
    };
    let is_stored = is_stored(to) && !is_hdr;
    check("output", to, |own| is_stored || own.contains(Usage::RENDER_ATTACHMENT), usages)?;
    if is_hdr && !is_deep {
        let reason = format!("its format is {:?}, of eight bits, and the input is HDR", to.format());
        return Err(Error::BadTexture { which: "output", reason, usages });
    }
    let size = |texture: &wgpu::Texture| (texture.width(), texture.height());
    if size(from) != size(to) {
        return Err(Error::SizeMismatch { input: size(from), output: size(to) });
    }
    // Ten bits are whole numbers of a thousandth, which floats of sixteen bits keep apart.
    Ok(if is_deep { Rgba16Float } else { Rgba8Unorm })
}

/// Whether a texture holds HDR where light is coded so.
pub(crate) fn is_hdr(texture: &wgpu::Texture, transfer: Transfer) -> bool {
    transfer != Transfer::Sdr && DEEP.contains(&texture.format())
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
    /// An input of HDR as SDR shows it.
    toned: Option<wgpu::TextureView>,
    /// What the stages write where the output is drawn.
    picture: Option<wgpu::TextureView>,
    drawing: Option<Drawing>,
    tone: Option<ToneMapping>,
}

/// Where the stages read and write one frame.
pub(crate) struct Staged {
    input: wgpu::TextureView,
    output: wgpu::TextureView,
    /// What the output is drawn into at last.
    drawn: Option<wgpu::TextureView>,
    /// The host's own input, where it is HDR.
    hdr: Option<wgpu::TextureView>,
}

impl Staged {
    pub(crate) fn pair(&self) -> Pair<'_> {
        (&self.input, &self.output)
    }

    fn drawn_from(&self) -> Pair<'_> {
        (&self.output, &self.output)
    }

    fn tone_mapped(&self) -> Option<ToneMapped<'_>> {
        self.hdr.as_ref().map(|input| ToneMapped { input, toned: &self.input, picture: &self.output })
    }
}

impl HostTextures {
    pub(crate) fn new() -> Self {
        Self {
            views: Views::new(MAX_IDLE),
            attachments: Views::new(MAX_IDLE_DRAWN),
            encoded: None,
            toned: None,
            picture: None,
            drawing: None,
            tone: None,
        }
    }

    /// A frame of this size comes, with light that is coded so. Gives up the textures of our own that are of another size; what is
    /// bound of them keeps them alive.
    pub(crate) fn begin(&mut self, size: (u32, u32), transfer: Transfer) -> [Option<wgpu::TextureView>; 3] {
        self.views.age();
        self.attachments.age();
        self.tone.take_if(|tone| tone.transfer != transfer);
        let own = [&mut self.encoded, &mut self.toned, &mut self.picture];
        let stale = own.map(|own| own.take_if(|view| size_of(view.texture()) != size));
        for view in stale.iter().flatten() {
            self.drawing.iter_mut().for_each(|drawing| drawing.release(view));
            self.tone.iter_mut().for_each(|tone| tone.release(view));
        }
        stale
    }

    /// Makes whatever lies between the host's textures, which were checked, and the stages. A frame that `stays` as it is, is copied
    /// from one to the other where that can be.
    pub(crate) fn prepare(
        &mut self,
        factory: &ResourceFactory,
        pair: Pair<'_>,
        transfer: Transfer,
        stays: bool,
    ) -> Staged {
        let (from, to) = (pair.0.texture(), pair.1.texture());
        let is_hdr = is_hdr(from, transfer);
        let is_copied = stays && is_alike(from.format(), to.format()) && to.usage().contains(Usage::COPY_DST);
        let own = |slot: &mut Option<wgpu::TextureView>, label, format, usage| {
            slot.take_if(|view| view.texture().format() != format);
            slot.get_or_insert_with(|| factory.texture(label, size_of(from), format, usage)).clone()
        };
        let input = if is_hdr && !is_copied {
            own(&mut self.toned, "as SDR", Rgba16Float, READ | Usage::STORAGE_BINDING)
        } else if from.format().is_srgb() && !is_copied {
            own(&mut self.encoded, "encoded", from.format().remove_srgb_suffix(), READ | Usage::COPY_DST)
        } else {
            self.views.of(factory, from)
        };
        if is_copied || is_stored(to) && !is_hdr {
            return Staged { input, output: self.views.of(factory, to), drawn: None, hdr: None };
        }
        let output = own(&mut self.picture, "picture", factory.picture(), WRITTEN | Usage::TEXTURE_BINDING);
        let hdr = is_hdr.then(|| self.views.of(factory, from));
        let staged = Staged { input, output, drawn: Some(self.attachments.of(factory, to)), hdr };
        if let Some(frame) = staged.tone_mapped() {
            let tone = self.tone.get_or_insert_with(|| ToneMapping::new(factory, transfer));
            tone.prepare(factory, frame, to.format());
        } else {
            let drawing = self.drawing.get_or_insert_with(|| Drawing::new(factory, DRAW, 1));
            drawing.prepare(factory, staged.drawn_from(), &[&staged.output], to.format());
        }
        staged
    }

    /// Records what comes before the stages.
    pub(crate) fn record_input(&self, encoder: &mut wgpu::CommandEncoder, input: &wgpu::TextureView, staged: &Staged) {
        let (from, to) = (input.texture(), staged.input.texture());
        if let (Some(tone), Some(frame)) = (&self.tone, staged.tone_mapped()) {
            tone.record_look(encoder, frame);
        } else if from != to {
            // Between a format and its sibling of sRGB bytes are copied as they are.
            encoder.copy_texture_to_texture(from.as_image_copy(), to.as_image_copy(), from.size());
        }
    }

    /// Records what comes after the stages.
    pub(crate) fn record_output(&self, encoder: &mut wgpu::CommandEncoder, staged: &Staged) {
        let Some(into) = &staged.drawn else { return };
        if let (Some(tone), Some(frame)) = (&self.tone, staged.tone_mapped()) {
            tone.record_merge(encoder, frame, into);
        } else if let Some(drawing) = &self.drawing {
            drawing.record(encoder, staged.drawn_from(), into);
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

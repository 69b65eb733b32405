//! Textures of HDR: the stages see a frame as SDR shows it, and what they change of that is taken over.

use wgpu::BindingResource::TextureView;
use wgpu::TextureFormat::{self, Rgba16Float};

use super::bind_groups::{BindGroupCache, Pair};
use super::draw::Drawing;
use super::pass::{Pass, Shader, Slot, shader};
use super::resources::ResourceFactory;
use crate::Transfer;

/// Side of a workgroup, in pixels.
const GROUP: u32 = 16;

const LOOK_HLG: Shader = shader!("tone/hlg", "tone/common", "tone/look");
const LOOK_PQ: Shader = shader!("tone/pq", "tone/common", "tone/look");
const MERGE_HLG: Shader = shader!("tone/hlg", "tone/common", "corner", "tone/merge");
const MERGE_PQ: Shader = shader!("tone/pq", "tone/common", "corner", "tone/merge");
/// All that are compiled when they are first needed.
#[cfg(test)]
pub(super) const SHADERS: [Shader; 4] = [LOOK_HLG, LOOK_PQ, MERGE_HLG, MERGE_PQ];

/// The passes before and after the stages, for one transfer.
pub(crate) struct ToneMapping {
    pub(crate) transfer: Transfer,
    look: Pass,
    bound: BindGroupCache<wgpu::BindGroup>,
    merge: Drawing,
}

/// A frame of HDR as the passes know it.
#[derive(Clone, Copy)]
pub(crate) struct ToneMapped<'a> {
    pub(crate) input: &'a wgpu::TextureView,
    /// As SDR shows it.
    pub(crate) toned: &'a wgpu::TextureView,
    /// The same, retouched.
    pub(crate) picture: &'a wgpu::TextureView,
}

impl<'a> ToneMapped<'a> {
    fn looked(&self) -> Pair<'a> {
        (self.input, self.toned)
    }

    fn merged(&self) -> Pair<'a> {
        (self.input, self.picture)
    }
}

impl ToneMapping {
    pub(crate) fn new(factory: &ResourceFactory, transfer: Transfer) -> Self {
        let (look, merge) = if transfer == Transfer::Hlg { (LOOK_HLG, MERGE_HLG) } else { (LOOK_PQ, MERGE_PQ) };
        Self {
            transfer,
            look: Pass::new(factory, look, &[Slot::Texture, Slot::Output(Rgba16Float)]),
            bound: BindGroupCache::new(),
            merge: Drawing::new(factory, merge, 3),
        }
    }

    /// Makes ready for a frame that is written in this format.
    pub(crate) fn prepare(&mut self, factory: &ResourceFactory, frame: ToneMapped<'_>, format: TextureFormat) {
        self.bound.age(frame.looked());
        if self.bound.get(frame.looked()).is_none() {
            let bound = self.look.bind(factory, &[TextureView(frame.input), TextureView(frame.toned)]);
            self.bound.insert(frame.looked(), bound);
        }
        self.merge.prepare(factory, frame.merged(), &[frame.picture, frame.toned, frame.input], format);
    }

    /// Records how SDR shows a frame.
    pub(crate) fn record_look(&self, encoder: &mut wgpu::CommandEncoder, frame: ToneMapped<'_>) {
        let Some(bound) = self.bound.get(frame.looked()) else { return };
        let size = frame.input.texture().size();
        let descriptor = wgpu::ComputePassDescriptor { label: Some("tone"), timestamp_writes: None };
        let groups = [size.width.div_ceil(GROUP), size.height.div_ceil(GROUP), 1];
        self.look.dispatch(&mut encoder.begin_compute_pass(&descriptor), bound, groups);
    }

    /// Records what becomes of the frame.
    pub(crate) fn record_merge(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        frame: ToneMapped<'_>,
        into: &wgpu::TextureView,
    ) {
        self.merge.record(encoder, frame.merged(), into);
    }

    /// Lets go of a texture that is used no more.
    pub(crate) fn release(&mut self, texture: &wgpu::TextureView) {
        self.bound.release(texture);
        self.merge.release(texture);
    }
}

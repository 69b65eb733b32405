//! The copy of a whole frame from one texture of a host's to another.

use wgpu::BindingResource::TextureView;
use wgpu::TextureFormat::Rgba8Unorm;

use super::bind_groups::{BindGroupCache, Pair};
use super::host::is_alike;
use super::pass::{Pass, Shader, Slot, shader};
use super::resources::ResourceFactory;

/// Side of a workgroup, in pixels.
const GROUP: u32 = 16;

const CONVERT: Shader = shader!("convert");

/// Copies frames; by a pass where the two textures are of different formats, which cannot be copied into each other.
pub(crate) struct FrameCopy {
    convert: Pass,
    bound: BindGroupCache<wgpu::BindGroup>,
}

impl FrameCopy {
    pub(crate) fn new(factory: &ResourceFactory) -> Self {
        let convert = Pass::new(factory, CONVERT, &[Slot::Texture, Slot::Output(Rgba8Unorm)]);
        Self { convert, bound: BindGroupCache::new() }
    }

    /// Binds the textures where that is needed.
    pub(crate) fn prepare(&mut self, factory: &ResourceFactory, pair: Pair<'_>) {
        self.bound.age(pair);
        let (input, output) = pair;
        if !is_alike(input.texture().format(), output.texture().format()) && self.bound.get(pair).is_none() {
            let bound = self.convert.bind(factory, &[TextureView(input), TextureView(output)]);
            self.bound.insert(pair, bound);
        }
    }

    /// Records the copy between textures that were prepared. Returns the number of dispatches.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, pair: Pair<'_>) -> u32 {
        let (from, to) = (pair.0.texture(), pair.1.texture());
        let Some(bound) = self.bound.get(pair) else {
            encoder.copy_texture_to_texture(from.as_image_copy(), to.as_image_copy(), from.size());
            return 0;
        };
        let descriptor = wgpu::ComputePassDescriptor { label: Some("convert"), timestamp_writes: None };
        let groups = [from.width().div_ceil(GROUP), from.height().div_ceil(GROUP), 1];
        self.convert.dispatch(&mut encoder.begin_compute_pass(&descriptor), bound, groups);
        1
    }

    /// Lets go of a texture that is used no more.
    pub(crate) fn release(&mut self, texture: &wgpu::TextureView) {
        self.bound.release(texture);
    }

    /// Lets go of what a failure may have left half made.
    pub(crate) fn clear(&mut self) {
        self.bound.clear();
    }
}

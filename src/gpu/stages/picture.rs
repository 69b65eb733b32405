//! What every pass binds that writes the finished picture.

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::Rgba8Unorm;
use wgpu::TextureSampleType;

use super::FrameResources;
use crate::gpu::pass::Slot;

/// What shaders/compose/common.wgsl binds, with its numbers.
pub(super) const SLOTS: [(u32, Slot); 5] = [
    (0, Slot::Uniform),
    (1, Slot::Texture),
    (2, Slot::Sampler),
    (3, Slot::Output(Rgba8Unorm)),
    (4, Slot::Table(TextureSampleType::Uint)),
];

/// In the order of [`SLOTS`]; `None` where there is no list of tiles yet.
pub(super) fn resources<'a>(frame: &'a FrameResources<'_>) -> Option<[wgpu::BindingResource<'a>; 5]> {
    let (shared, (input, output)) = (frame.shared, frame.pair);
    let tiles = TextureView(shared.tiles.as_ref()?);
    Some([shared.frame.as_entire_binding(), TextureView(input), Sampler(&shared.linear), TextureView(output), tiles])
}

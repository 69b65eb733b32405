//! The stage that moves the picture: the faces' fields of displacements, and the pass over what only moves.

use bytemuck::{Pod, Zeroable};
use wgpu::BindingResource::TextureView;

use super::{FrameResources, Outputs, Recorder, Stage, picture, tile_groups};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::{ResourceFactory, write_layer};
use crate::retouch::shape::field;
use crate::retouch::{FacePlan, MAX_FACES, Plan};

/// The tiles that move and hold no skin.
pub(super) const MOVE: Shader = shader!("compose/common", "shape/shift", "shape/move");

/// What its functions in shaders/shape/shift.wgsl bind, with their numbers.
pub(super) const SLOTS: [(u32, Slot); 2] = [(7, Slot::Uniform), (8, Slot::Layers { filters: true })];

/// `ShapeFace` in shaders/shape/shift.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct ShapeUniform {
    pub(crate) rect: [u32; 4],
    pub(crate) bounds: [u32; 4],
}

impl ShapeUniform {
    pub(crate) fn new(face: &FacePlan) -> Self {
        Self { rect: face.shape.rect.origin_and_size(), bounds: face.shape.bounds.corners() }
    }
}

/// What other stages read of this one.
#[derive(Clone, PartialEq)]
pub(super) struct ShapeOutput {
    /// A [`ShapeUniform`] a face.
    pub(super) faces: wgpu::Buffer,
    /// A layer of displacements a face.
    pub(super) fields: wgpu::TextureView,
}

impl ShapeOutput {
    /// In the order of [`SLOTS`].
    pub(super) fn resources(&self) -> [wgpu::BindingResource<'_>; 2] {
        [self.faces.as_entire_binding(), TextureView(&self.fields)]
    }
}

pub(super) struct ShapeStage {
    pass: Pass,
    output: Option<ShapeOutput>,
    /// What was bound, with the list of tiles that it was bound for.
    bound: BindGroupCache<wgpu::BindGroup>,
    tiles: Option<wgpu::TextureView>,
}

impl ShapeStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        let slots: Vec<_> = picture::SLOTS.into_iter().chain(SLOTS).collect();
        let pass = Pass::numbered(factory, MOVE, &slots);
        Self { pass, output: None, bound: BindGroupCache::new(), tiles: None }
    }
}

impl Stage for ShapeStage {
    fn passes(&self) -> &'static [&'static str] {
        &["move"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        plan.faces().iter().all(|face| face.shape.is_none())
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.bound.age(frame.pair);
        let is_small = |output: &ShapeOutput| output.fields.texture().depth_or_array_layers() < frame.capacity;
        if !self.is_none(frame.plan) && self.output.as_ref().is_none_or(is_small) {
            // The old one goes first.
            self.clear();
            let factory = frame.factory;
            let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            let (format, copy) = (wgpu::TextureFormat::Rg16Float, wgpu::TextureUsages::COPY_DST);
            self.output = Some(ShapeOutput {
                faces: factory.buffer("shape", (size_of::<ShapeUniform>() * MAX_FACES) as u64, usage),
                fields: factory.layers("fields", field::SIDE as u32, frame.capacity, format, copy),
            });
        }
        if self.tiles != frame.shared.tiles {
            self.bound.clear();
            self.tiles = frame.shared.tiles.clone();
        }
        if let Some(output) = &self.output
            && self.bound.get(frame.pair).is_none()
            && let Some(resources) = picture::resources(frame)
        {
            let resources: Vec<_> = resources.into_iter().chain(output.resources()).collect();
            self.bound.insert(frame.pair, self.pass.bind(frame.factory, &resources));
        }
        outputs.shape = self.output.clone();
    }

    fn upload(&mut self, queue: &wgpu::Queue, plan: &Plan) {
        let Some(output) = &self.output else { return };
        let mut faces = [ShapeUniform::default(); MAX_FACES];
        faces.iter_mut().zip(plan.faces()).for_each(|(uniform, face)| *uniform = ShapeUniform::new(face));
        queue.write_buffer(&output.faces, 0, bytemuck::cast_slice(&faces));
        for (layer, face) in (0..).zip(plan.faces()).filter(|(_, face)| !face.shape.is_none()) {
            let nodes = bytemuck::cast_slice(face.shape.field.nodes());
            write_layer(queue, &output.fields, layer, field::SIDE as u32, nodes);
        }
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let [_, _, moved, all, ..] = plan.tiles.ends();
        recorder.dispatch(&self.pass, self.bound.get(pair), tile_groups(all - moved));
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.bound.release(input);
    }

    fn clear(&mut self) {
        self.bound.clear();
        (self.output, self.tiles) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::stages::layout::assert_mirrors;

    #[test]
    fn uniforms_lie_in_memory_as_in_the_shader() {
        assert_mirrors!(ShapeUniform { rect, bounds }, MOVE, "ShapeFace");
    }
}

//! The stage that corrects skin: the frame in cells, what each person's skin looks like, the guided filter, and what is to be
//! added to each cell.

mod statistics;
mod uniform;

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::{Rg8Unorm, Rgba16Float, Rgba32Float};
use wgpu::{TextureSampleType, TextureUsages};

use super::{FrameResources, GROUP, Outputs, Recorder, Stage};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::{ResourceFactory, write_layer};
use crate::retouch::skin::{MAX_CELLS, mask};
use crate::retouch::{MAX_FACES, Plan};
#[cfg(test)]
pub(crate) use statistics::StatisticsSlot;
use statistics::{STATISTICS_BYTES, StatisticsSlots};
pub(crate) use uniform::SkinUniform;
use uniform::{BLOCK, core};

const CELLS: Shader = shader!("skin/common", "skin/cells");
const STATISTICS: Shader = shader!("skin/common", "skin/statistics");
const MOMENTS: Shader = shader!("skin/common", "skin/moments");
const GATE: Shader = shader!("skin/common", "skin/gate");
const CORRECT: Shader = shader!("skin/common", "skin/correct");

/// What its functions in shaders/skin/change.wgsl bind, with their numbers.
pub(super) const SLOTS: [(u32, Slot); 2] = [(5, Slot::Uniform), (6, Slot::Layers { filters: true })];

/// What other stages read of this one.
#[derive(Clone, PartialEq)]
pub(super) struct SkinOutput {
    /// A [`SkinUniform`] a face.
    faces: wgpu::Buffer,
    /// A layer a face: what is to be added to the picture, by cells.
    corrections: wgpu::TextureView,
}

impl SkinOutput {
    /// In the order of [`SLOTS`].
    pub(super) fn resources(&self) -> [wgpu::BindingResource<'_>; 2] {
        [self.faces.as_entire_binding(), TextureView(&self.corrections)]
    }
}

pub(super) struct SkinStage {
    passes: Passes,
    grids: Option<Grids>,
    /// What the cells are made from, by the frame's textures.
    cells: BindGroupCache<wgpu::BindGroup>,
    slots: StatisticsSlots,
}

struct Passes {
    cells: Pass,
    statistics: Pass,
    moments: Pass,
    gate: Pass,
    correct: Pass,
}

/// The textures and buffers between the passes, for a number of faces, and what is bound of them. Their size does not depend
/// on the frame's.
struct Grids {
    capacity: u32,
    output: SkinOutput,
    cells: wgpu::TextureView,
    mask: wgpu::TextureView,
    bound: GridBindings,
}

/// Bindings that only depend on the grids.
struct GridBindings {
    statistics: wgpu::BindGroup,
    moments: wgpu::BindGroup,
    gate: wgpu::BindGroup,
    correct: wgpu::BindGroup,
}

impl Passes {
    fn new(factory: &ResourceFactory) -> Self {
        let layers = Slot::Layers { filters: true };
        let statistics = Slot::Table(TextureSampleType::Float { filterable: false });
        let pass = |shader, slots: &[Slot]| Pass::new(factory, shader, slots);
        Self {
            cells: pass(CELLS, &[Slot::Uniform, Slot::Texture, Slot::Sampler, Slot::OutputLayers(Rgba16Float)]),
            statistics: pass(STATISTICS, &[Slot::Uniform, layers, layers, Slot::Storage, Slot::Output(Rgba32Float)]),
            moments: pass(
                MOMENTS,
                &[Slot::Uniform, layers, layers, statistics, Slot::Sampler, Slot::OutputLayers(Rgba32Float)],
            ),
            gate: pass(
                GATE,
                &[Slot::Uniform, Slot::Layers { filters: false }, statistics, Slot::OutputLayers(Rgba16Float)],
            ),
            correct: pass(
                CORRECT,
                &[Slot::Uniform, layers, layers, layers, Slot::Sampler, statistics, Slot::OutputLayers(Rgba16Float)],
            ),
        }
    }
}

impl Grids {
    /// For `capacity` faces.
    fn new(factory: &ResourceFactory, passes: &Passes, linear: &wgpu::Sampler, capacity: u32) -> Self {
        let (written, copied) = (TextureUsages::STORAGE_BINDING, TextureUsages::COPY_DST);
        let blocks = MAX_CELLS.div_ceil(BLOCK);
        let buffer = |label, bytes: u64, usage| factory.buffer(label, bytes * MAX_FACES as u64, usage);
        let uniform = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let faces = buffer("skin", size_of::<SkinUniform>() as u64, uniform);
        let statistics = buffer("statistics", STATISTICS_BYTES, wgpu::BufferUsages::STORAGE);
        // The same once more, for the passes that only read it: on software devices textures are read faster.
        let table = factory.texture(
            "statistics",
            (STATISTICS_BYTES as u32 / 16, MAX_FACES as u32),
            Rgba32Float,
            written | TextureUsages::TEXTURE_BINDING,
        );
        let cells = factory.layers("cells", MAX_CELLS, capacity, Rgba16Float, written);
        let moments = factory.layers("moments", blocks, capacity * 2, Rgba32Float, written);
        let coefficients = factory.layers("coefficients", blocks, capacity * 2, Rgba16Float, written);
        let corrections = factory.layers("corrections", MAX_CELLS, capacity, Rgba16Float, written);
        let mask = factory.layers("mask", mask::SIDE as u32, capacity, Rg8Unorm, copied);
        let (uniforms, linear) = (faces.as_entire_binding(), Sampler(linear));
        let [cell, masked, known] = [&cells, &mask, &table].map(TextureView);
        let bound = GridBindings {
            statistics: passes.statistics.bind(
                factory,
                &[uniforms.clone(), cell.clone(), masked.clone(), statistics.as_entire_binding(), known.clone()],
            ),
            moments: passes.moments.bind(
                factory,
                &[uniforms.clone(), cell.clone(), masked.clone(), known.clone(), linear.clone(), TextureView(&moments)],
            ),
            gate: passes
                .gate
                .bind(factory, &[uniforms.clone(), TextureView(&moments), known.clone(), TextureView(&coefficients)]),
            correct: passes.correct.bind(
                factory,
                &[uniforms, cell, TextureView(&coefficients), masked, linear, known, TextureView(&corrections)],
            ),
        };
        Self { capacity, output: SkinOutput { faces, corrections }, cells, mask, bound }
    }
}

impl SkinStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        Self {
            passes: Passes::new(factory),
            grids: None,
            cells: BindGroupCache::new(),
            slots: StatisticsSlots::default(),
        }
    }
}

impl Stage for SkinStage {
    fn passes(&self) -> &'static [&'static str] {
        &["cells", "statistics", "moments", "gate", "correct"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        plan.faces().iter().all(|face| face.skin.is_none())
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.cells.age(frame.pair);
        let is_small = |grids: &Grids| grids.capacity < frame.capacity;
        if !self.is_none(frame.plan) && self.grids.as_ref().is_none_or(is_small) {
            // The old ones go first.
            self.clear();
            self.grids = Some(Grids::new(frame.factory, &self.passes, &frame.shared.linear, frame.capacity));
        }
        let Some(grids) = &self.grids else { return };
        if self.cells.get(frame.pair).is_none() {
            let resources = [
                grids.output.faces.as_entire_binding(),
                TextureView(frame.pair.0),
                Sampler(&frame.shared.linear),
                TextureView(&grids.cells),
            ];
            self.cells.insert(frame.pair, self.passes.cells.bind(frame.factory, &resources));
        }
        outputs.skin = Some(grids.output.clone());
    }

    fn upload(&mut self, queue: &wgpu::Queue, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        let slots = self.slots.assign(plan.faces());
        let mut faces = [SkinUniform::default(); MAX_FACES];
        for ((uniform, face), slot) in faces.iter_mut().zip(plan.faces()).zip(slots) {
            *uniform = SkinUniform::new(face, slot, plan.shows_skin);
        }
        queue.write_buffer(&grids.output.faces, 0, bytemuck::cast_slice(&faces));
        for (layer, face) in (0..).zip(plan.faces()).filter(|(_, face)| !face.skin.is_none()) {
            write_layer(queue, &grids.mask, layer, mask::SIDE as u32, bytemuck::cast_slice(face.skin.mask.texels()));
        }
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let count = plan.faces().len() as u32;
        // Workgroups for the blocks around each face's skin, and so many blocks beside them; `cells` has two a block.
        let blocks = |beside: u32, each: u32| {
            let sides = plan.faces().iter().map(core).filter(|core| core[2] > core[0]);
            let reach = |from: u32, to: u32| (to + beside - from.saturating_sub(beside)) * each;
            let most = sides.fold([0, 0], |most: [u32; 2], core| {
                [most[0].max(reach(core[0], core[2])), most[1].max(reach(core[1], core[3]))]
            });
            [most[0].div_ceil(GROUP), most[1].div_ceil(GROUP), count]
        };
        let (passes, bound) = (&self.passes, self.grids.as_ref().map(|grids| &grids.bound));
        recorder.dispatch(&passes.cells, self.cells.get(pair), blocks(2, BLOCK));
        recorder.dispatch(&passes.statistics, bound.map(|bound| &bound.statistics), [1, 1, count]);
        recorder.dispatch(&passes.moments, bound.map(|bound| &bound.moments), blocks(2, 1));
        recorder.dispatch(&passes.gate, bound.map(|bound| &bound.gate), blocks(1, 1));
        recorder.dispatch(&passes.correct, bound.map(|bound| &bound.correct), blocks(0, 1));
    }

    fn reset(&mut self) {
        self.slots = StatisticsSlots::default();
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.cells.release(input);
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.grids = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::stages::layout::{assert_mirrors, members};

    #[test]
    fn uniforms_lie_in_memory_as_in_the_shader() {
        assert_mirrors!(SkinUniform { rect, grid, core, bounds, amounts, tint, links }, CELLS, "SkinFace");
        assert_eq!(members(CELLS, "SkinStatistics").1 as u64, STATISTICS_BYTES);
    }
}

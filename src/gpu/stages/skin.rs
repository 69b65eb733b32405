//! The stage that retouches skin: where it is, by place and by this person's own colours; bands of details that fade; its
//! colour; and what is to be added to each cell.

mod grids;
mod slots;
mod uniform;

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::Rgba16Float;
use wgpu::{BufferUsages, TextureUsages};

use super::slots::Slots;
use super::{FrameResources, GROUP, Outputs, Recorder, Stage};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::Slot;
use crate::gpu::resources::{ResourceFactory, write_layer};
use crate::retouch::skin::{mask, prior};
use crate::retouch::{MAX_FACES, Plan};
use grids::{Grids, Passes};
#[cfg(test)]
pub(crate) use slots::Slot as KnownSlot;
use slots::{Grid, Slot as FaceSlot};
pub(crate) use uniform::SkinUniform;
use uniform::{BLOCK, core};

/// What its functions in shaders/skin/change.wgsl bind, with their numbers.
pub(super) const SLOTS: [(u32, Slot); 3] =
    [(5, Slot::Uniform), (6, Slot::Layers { filters: true }), (9, Slot::Layers { filters: true })];

/// What other stages read of this one.
#[derive(Clone, PartialEq)]
pub(super) struct SkinOutput {
    /// A [`SkinUniform`] a face.
    faces: wgpu::Buffer,
    /// A layer a face: what is to be added to the picture, and how much of it is skin, by cells.
    corrections: wgpu::TextureView,
    /// The same: the picture by cells, and how skin goes with brightness.
    details: wgpu::TextureView,
}

impl SkinOutput {
    /// Of no face: what is bound where no skin has been looked for yet.
    pub(super) fn none(factory: &ResourceFactory) -> Self {
        let layer = || factory.layers("no skin", 1, 1, Rgba16Float, TextureUsages::TEXTURE_BINDING);
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let faces = factory.buffer("no skin", (size_of::<SkinUniform>() * MAX_FACES) as u64, usage);
        Self { faces, corrections: layer(), details: layer() }
    }

    /// In the order of [`SLOTS`].
    pub(super) fn resources(&self) -> [wgpu::BindingResource<'_>; 3] {
        [self.faces.as_entire_binding(), TextureView(&self.corrections), TextureView(&self.details)]
    }
}

pub(super) struct SkinStage {
    passes: Passes,
    grids: Option<Grids>,
    /// What the cells are made from, by the frame's textures.
    cells: BindGroupCache<wgpu::BindGroup>,
    slots: Slots<Grid>,
    /// The last pass with make-up on the skin, and what that was bound for.
    made_up: Option<(wgpu::TextureView, wgpu::BindGroup)>,
    /// Whether a face came whose colours are not known yet.
    is_learning: bool,
    /// In which of two textures the last frame's likelihoods lie.
    turn: usize,
}

impl SkinStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        Self {
            passes: Passes::new(factory),
            grids: None,
            cells: BindGroupCache::new(),
            slots: Slots::default(),
            made_up: None,
            is_learning: false,
            turn: 0,
        }
    }
}

impl Stage for SkinStage {
    fn passes(&self) -> &'static [&'static str] {
        &[
            "cells",
            "first",
            "first colours",
            "first likelihood",
            "second colours",
            "second likelihood",
            "third colours",
            "likelihood",
            "colours",
            "regress",
            "field",
            "halve",
            "surround",
            "gate",
            "correct",
            "correct made up",
        ]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        plan.faces().iter().all(|face| face.skin.is_none())
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.cells.age(frame.pair);
        let is_small = |grids: &Grids| grids.capacity < frame.capacity;
        if !self.is_none(frame.plan) && self.grids.as_ref().is_none_or(is_small) {
            // The old ones go first, and with them what is known of the faces.
            self.clear();
            self.reset();
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
        if let Some(makeup) = outputs.makeup.as_ref().map(|output| &output.makeup)
            && frame.plan.faces().iter().any(|face| face.paint.has_soft())
            && self.made_up.as_ref().is_none_or(|(bound, _)| bound != makeup)
        {
            let bound = grids.bind_made_up(frame.factory, &self.passes, makeup, &frame.shared.linear);
            self.made_up = Some((makeup.clone(), bound));
        }
        outputs.skin = Some(grids.output.clone());
    }

    fn upload(&mut self, queue: &wgpu::Queue, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        let slots = self.slots.assign(plan.faces(), |face| (!face.skin.is_none()).then(|| Grid::of(face, plan.time)));
        let mut faces = [SkinUniform::default(); MAX_FACES];
        for ((uniform, face), slot) in faces.iter_mut().zip(plan.faces()).zip(slots) {
            let slot = slot.map(|(index, before)| FaceSlot::new(index, &Grid::of(face, plan.time), before));
            *uniform = SkinUniform::new(face, slot, plan.shows_skin);
        }
        queue.write_buffer(&grids.output.faces, 0, bytemuck::cast_slice(&faces));
        let is_new = |uniform: &SkinUniform| uniform.links[2] == 1;
        self.is_learning = faces.iter().any(is_new);
        if self.is_learning {
            faces.iter_mut().filter(|uniform| !is_new(uniform)).for_each(|uniform| *uniform = SkinUniform::default());
            queue.write_buffer(&grids.learning, 0, bytemuck::cast_slice(&faces));
        }
        self.turn = 1 - self.turn;
        for (layer, face) in (0..).zip(plan.faces()).filter(|(_, face)| !face.skin.is_none()) {
            let (mask, nodes) = (face.skin.mask.texels(), face.skin.prior.nodes());
            write_layer(queue, &grids.mask, layer, mask::SIDE as u32, bytemuck::cast_slice(mask));
            write_layer(queue, &grids.prior, layer, prior::SIDE as u32, bytemuck::cast_slice(nodes));
        }
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        let (passes, bound) = (&self.passes, &grids.bound);
        let faces = || plan.faces().iter().filter(|face| !face.skin.is_none());
        let count = plan.faces().len() as u32;
        let groups = |most: [u32; 2]| [most[0].div_ceil(GROUP), most[1].div_ceil(GROUP), count];
        let larger = |a: [u32; 2], b: [u32; 2]| [a[0].max(b[0]), a[1].max(b[1])];
        // Workgroups for whole grids of places so many cells wide, and for the core's blocks and so many beside.
        let whole = |side: u32| {
            let sizes = faces().map(|face| [face.skin.cells.0.div_ceil(side), face.skin.cells.1.div_ceil(side)]);
            groups(sizes.fold([0; 2], larger))
        };
        let core = |beside: u32| {
            let reach = |from: u32, to: u32| to + beside - from.saturating_sub(beside);
            let sizes = faces().map(core).map(|core| [reach(core[0], core[2]), reach(core[1], core[3])]);
            sizes.fold([0; 2], larger)
        };
        let one = [1, 1, count];
        let (last, next) = (1 - self.turn, self.turn);
        recorder.dispatch(&passes.cells, self.cells.get(pair), whole(1));
        // A face of which nothing is known: its colours and where they are, in turn.
        let first = Some(&bound.by_turn(next).first).filter(|_| self.is_learning);
        recorder.dispatch(&passes.first, first, whole(BLOCK));
        for (learns, turn) in [(true, next), (false, next), (true, next), (false, last), (true, last)] {
            let bound = Some(&bound.by_turn(turn).learning).filter(|_| self.is_learning);
            if learns {
                recorder.dispatch(&passes.learn, bound.map(|bound| &bound.learn), one);
            } else {
                recorder.dispatch(&passes.likelihood, bound.map(|bound| &bound.likelihood), whole(BLOCK));
            }
        }
        let turn = bound.by_turn(next);
        recorder.dispatch(&passes.likelihood, Some(&turn.known.likelihood), whole(BLOCK));
        recorder.dispatch(&passes.learn, Some(&turn.known.learn), one);
        recorder.dispatch(&passes.regress, Some(&turn.regress), groups(core(1)));
        recorder.dispatch(&passes.field, Some(&bound.field), groups(core(1)));
        recorder.dispatch(&passes.halve, Some(&bound.halve), groups(core(1).map(|blocks| blocks / 2 + 1)));
        recorder.dispatch(&passes.surround, Some(&bound.surround), one);
        recorder.dispatch(&passes.gate, Some(&bound.gate), groups(core(0)));
        let made_up = self.made_up.as_ref().map(|(_, bound)| bound);
        let made_up = made_up.filter(|_| plan.faces().iter().any(|face| face.paint.has_soft()));
        recorder.dispatch(&passes.correct, Some(&bound.correct).filter(|_| made_up.is_none()), groups(core(0)));
        recorder.dispatch(&passes.made_up, made_up, groups(core(0)));
    }

    fn reset(&mut self) {
        self.slots = Slots::default();
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.cells.release(input);
    }

    fn clear(&mut self) {
        self.cells.clear();
        (self.grids, self.made_up) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::stages::layout::{assert_mirrors, members};

    #[test]
    fn uniforms_lie_in_memory_as_in_the_shader() {
        assert_mirrors!(
            SkinUniform { rect, grid, core, before, shift, amounts, tint, fading, cores, extra, cells, makeup, links },
            grids::CELLS,
            "SkinFace"
        );
        assert_eq!(members(grids::LEARN, "SkinColours").1 as u64, grids::COLOURS_BYTES);
    }
}

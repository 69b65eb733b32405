//! The stage that knows the faces' colours, and what soft make-up adds to their skin: it comes before the skin's own, which then
//! adds both where skin is.

mod uniform;

use std::time::Duration;

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::{Rg32Float, Rgba16Float, Rgba32Float, Rgba32Uint};
use wgpu::{BufferUsages, TextureSampleType, TextureUsages};

use super::slots::{Slots, elapsed};
use super::{FrameResources, GROUP, Outputs, Recorder, Stage};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::{ResourceFactory, write_layer, write_rows};
use crate::retouch::paint::{samples, soft};
use crate::retouch::{MAX_FACES, Plan};
pub(crate) use uniform::PaintUniform;
#[cfg(test)]
pub(crate) use uniform::Slot as KnownColours;
use uniform::Slot as FaceSlot;

pub(super) const STATISTICS: Shader = shader!("paint/common", "paint/statistics");
const SOFT: Shader = shader!("paint/common", "paint/soft");

/// Bytes of `PaintState` in shaders/paint/statistics.wgsl.
const STATE_BYTES: u64 = 16 * 6;
/// Texels of a face's row of statistics: the columns in shaders/paint/common.wgsl, and room.
const COLUMNS: u32 = 16;
/// Texels of a row of what a face is told.
const TOLD: u32 = (size_of::<PaintUniform>() / 16) as u32;

/// What other stages read of this one.
#[derive(Clone, PartialEq)]
pub(super) struct MakeupOutput {
    /// A [`PaintUniform`] a face.
    pub(super) faces: wgpu::Buffer,
    /// The same as rows of a texture.
    pub(super) told: wgpu::TextureView,
    /// A row of colours a face.
    pub(super) statistics: wgpu::TextureView,
    /// A layer a face: what soft make-up adds.
    pub(super) makeup: wgpu::TextureView,
}

pub(super) struct MakeupStage {
    statistics: Pass,
    soft: Pass,
    grids: Option<Grids>,
    bound: BindGroupCache<[wgpu::BindGroup; 2]>,
    /// With the time of a face's last frame.
    slots: Slots<Option<Duration>>,
}

/// For a number of faces.
struct Grids {
    capacity: u32,
    output: MakeupOutput,
    /// What is known of the faces' colours from frame to frame.
    states: wgpu::Buffer,
    /// A row of places a face.
    samples: wgpu::TextureView,
    /// A layer a face: places in the canonical face's flat picture.
    places: wgpu::TextureView,
}

impl Grids {
    fn new(factory: &ResourceFactory, capacity: u32) -> Self {
        let (written, copied) = (TextureUsages::STORAGE_BINDING, TextureUsages::COPY_DST);
        let read = TextureUsages::TEXTURE_BINDING;
        let (side, uniform) = (soft::SIDE as u32, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        Self {
            capacity,
            output: MakeupOutput {
                faces: factory.buffer("paint", (size_of::<PaintUniform>() * MAX_FACES) as u64, uniform),
                told: factory.texture("told", (TOLD, capacity), Rgba32Uint, read | copied),
                statistics: factory.texture("statistics", (COLUMNS, capacity), Rgba32Float, read | written),
                makeup: factory.layers("make-up", side, capacity, Rgba16Float, written),
            },
            states: factory.buffer("painted faces", STATE_BYTES * u64::from(capacity), BufferUsages::STORAGE),
            samples: factory.texture("samples", (samples::ROW as u32, capacity), Rg32Float, read | copied),
            places: factory.layers("places on the face", side, capacity, Rgba16Float, copied),
        }
    }
}

impl MakeupStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        use Slot::{Output, OutputLayers, Sampler, Storage, Texture, Uniform};
        let layers = Slot::Layers { filters: true };
        let table = Slot::Table(TextureSampleType::Float { filterable: false });
        let statistics = [Uniform, Texture, Sampler, table, Storage, Output(Rgba32Float)];
        let soft = [Uniform, Texture, Sampler, layers, table, OutputLayers(Rgba16Float)];
        Self {
            statistics: Pass::new(factory, STATISTICS, &statistics),
            soft: Pass::new(factory, SOFT, &soft),
            grids: None,
            bound: BindGroupCache::new(),
            slots: Slots::default(),
        }
    }
}

impl Stage for MakeupStage {
    fn passes(&self) -> &'static [&'static str] {
        &["statistics", "soft"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        plan.faces().iter().all(|face| face.paint.is_none())
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.bound.age(frame.pair);
        let is_small = |grids: &Grids| grids.capacity < frame.capacity;
        if !self.is_none(frame.plan) && self.grids.as_ref().is_none_or(is_small) {
            // The old ones go first, and with them what is known of the faces.
            self.clear();
            self.reset();
            self.grids = Some(Grids::new(frame.factory, frame.capacity));
        }
        let Some(grids) = &self.grids else { return };
        if self.bound.get(frame.pair).is_none() {
            let output = &grids.output;
            let faces = output.faces.as_entire_binding();
            let (input, linear) = (TextureView(frame.pair.0), Sampler(&frame.shared.linear));
            let statistics = [
                faces.clone(),
                input.clone(),
                linear.clone(),
                TextureView(&grids.samples),
                grids.states.as_entire_binding(),
                TextureView(&output.statistics),
            ];
            let soft = [
                faces,
                input,
                linear,
                TextureView(&grids.places),
                TextureView(&output.statistics),
                TextureView(&output.makeup),
            ];
            let bound = [self.statistics.bind(frame.factory, &statistics), self.soft.bind(frame.factory, &soft)];
            self.bound.insert(frame.pair, bound);
        }
        outputs.makeup = Some(grids.output.clone());
    }

    fn upload(&mut self, queue: &wgpu::Queue, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        let slots = self.slots.assign(plan.faces(), |face| (!face.paint.is_none()).then_some(plan.time));
        let mut faces = [PaintUniform::default(); MAX_FACES];
        for ((uniform, face), slot) in faces.iter_mut().zip(plan.faces()).zip(slots) {
            let slot = slot.map(|(index, before)| FaceSlot {
                index,
                is_new: before.is_none(),
                elapsed: elapsed(before.flatten(), plan.time),
            });
            *uniform = PaintUniform::new(&face.paint, slot);
        }
        queue.write_buffer(&grids.output.faces, 0, bytemuck::cast_slice(&faces));
        let rows = grids.output.told.texture().height();
        let told = faces.get(..rows as usize).unwrap_or_default();
        write_rows(queue, &grids.output.told, 0, [TOLD, rows], bytemuck::cast_slice(told));
        for (layer, face) in (0..).zip(plan.faces()).filter(|(_, face)| !face.paint.is_none()) {
            let places = bytemuck::cast_slice(face.paint.samples.row());
            write_rows(queue, &grids.samples, layer, [samples::ROW as u32, 1], places);
            if face.paint.has_soft() {
                let nodes = bytemuck::cast_slice(face.paint.soft.nodes());
                write_layer(queue, &grids.places, layer, soft::SIDE as u32, nodes);
            }
        }
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let (bound, count) = (self.bound.get(pair), plan.faces().len() as u32);
        recorder.dispatch(&self.statistics, bound.map(|[statistics, _]| statistics), [1, 1, count]);
        let has_soft = plan.faces().iter().any(|face| face.paint.has_soft());
        let side = if has_soft { soft::SIDE as u32 / GROUP } else { 0 };
        recorder.dispatch(&self.soft, bound.map(|[_, soft]| soft), [side, side, count]);
    }

    fn reset(&mut self) {
        self.slots = Slots::default();
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.bound.release(input);
    }

    fn clear(&mut self) {
        self.bound.clear();
        self.grids = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::stages::layout::{assert_mirrors, members};

    #[test]
    fn uniforms_lie_in_memory_as_in_the_shader() {
        assert_mirrors!(
            PaintUniform {
                boxes,
                grids,
                texels,
                soft,
                size,
                lips,
                mouth,
                inner,
                lids,
                brows,
                skin,
                blush,
                corners,
                irises,
                ups,
                seen,
                colours
            },
            STATISTICS,
            "PaintFace"
        );
        assert_eq!(members(STATISTICS, "PaintState").1 as u64, STATE_BYTES);
    }
}

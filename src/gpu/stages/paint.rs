//! The stage that paints eyes, teeth, lips and make-up: what is known of the faces' colours, distances to their contours, soft shapes
//! on them; and what all that adds to the picture, in place, before it moves.

mod grids;
mod slots;
mod uniform;

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::{TextureFormat::Rgba16Float, TextureUsages};

use super::{FrameResources, GROUP, Outputs, Recorder, Stage, skin, tile_groups};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::Slot;
use crate::gpu::resources::{ResourceFactory, write_layer};
use crate::retouch::paint::{GRIDS, SIDE, contours, samples, soft};
use crate::retouch::{MAX_FACES, Plan};
use grids::{Grids, Passes};
use slots::Slots;
pub(crate) use uniform::PaintUniform;

/// What its functions in shaders/paint/change.wgsl bind, with their numbers.
pub(super) const SLOTS: [(u32, Slot); 2] = [(10, Slot::Uniform), (19, Slot::Texture)];

/// What other stages read of this one.
#[derive(Clone, PartialEq)]
pub(super) struct PaintOutput {
    /// A [`PaintUniform`] a face.
    faces: wgpu::Buffer,
    /// What is to be added to each pixel of the frame where something is painted.
    painted: wgpu::TextureView,
}

impl PaintOutput {
    /// Of no face: what is bound where nothing has been painted yet.
    pub(super) fn none(factory: &ResourceFactory) -> Self {
        let usage = TextureUsages::TEXTURE_BINDING;
        Self { faces: uniform::buffer(factory), painted: factory.texture("nothing painted", (1, 1), Rgba16Float, usage) }
    }

    /// In the order of [`SLOTS`].
    pub(super) fn resources(&self) -> [wgpu::BindingResource<'_>; 2] {
        [self.faces.as_entire_binding(), TextureView(&self.painted)]
    }
}

pub(super) struct PaintStage {
    passes: Passes,
    grids: Option<Grids>,
    painted: Option<wgpu::TextureView>,
    bound: BindGroupCache<Bindings>,
    /// What is bound of the skin's stage and of the list of tiles.
    read: (Option<skin::SkinOutput>, Option<wgpu::TextureView>),
    /// What is bound of the skin where no skin has been looked for yet.
    bare: Option<skin::SkinOutput>,
    slots: Slots,
}

/// What hangs on the frame's textures.
struct Bindings {
    statistics: wgpu::BindGroup,
    bands: wgpu::BindGroup,
    paint: wgpu::BindGroup,
}

impl PaintStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        Self {
            passes: Passes::new(factory),
            grids: None,
            painted: None,
            bound: BindGroupCache::new(),
            read: (None, None),
            bare: None,
            slots: Slots::default(),
        }
    }

    fn bind(&self, frame: &FrameResources<'_>, skin: &skin::SkinOutput) -> Option<Bindings> {
        let (grids, painted) = (self.grids.as_ref()?, self.painted.as_ref()?);
        let (shared, tiles) = (frame.shared, frame.shared.tiles.as_ref()?);
        let (input, linear) = (TextureView(frame.pair.0), Sampler(&shared.linear));
        let faces = grids.faces.as_entire_binding();
        let statistics = [
            faces.clone(),
            input.clone(),
            linear.clone(),
            TextureView(&grids.samples),
            grids.states.as_entire_binding(),
            TextureView(&grids.statistics),
        ];
        let bands = [
            faces.clone(),
            input.clone(),
            linear.clone(),
            TextureView(&grids.distances),
            TextureView(&grids.statistics),
            TextureView(&grids.bands),
        ];
        let [skin_faces, corrections, details] = skin.resources();
        let [halved, surround] = skin.means();
        let paint = [
            shared.frame.as_entire_binding(),
            input,
            linear,
            TextureView(tiles),
            skin_faces,
            corrections,
            details,
            faces,
            TextureView(&grids.distances),
            TextureView(&grids.bands),
            TextureView(&grids.lows),
            TextureView(&grids.shapes),
            TextureView(&grids.statistics),
            halved,
            surround,
            TextureView(painted),
        ];
        Some(Bindings {
            statistics: self.passes.statistics.bind(frame.factory, &statistics),
            bands: self.passes.bands.bind(frame.factory, &bands),
            paint: self.passes.paint.bind(frame.factory, &paint),
        })
    }
}

impl Stage for PaintStage {
    fn passes(&self) -> &'static [&'static str] {
        &["statistics", "distances", "bands", "lows", "soft", "paint"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        plan.faces().iter().all(|face| face.paint.is_none())
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.bound.age(frame.pair);
        if self.is_none(frame.plan) {
            if let (Some(grids), Some(painted)) = (&self.grids, &self.painted) {
                outputs.paint = Some(PaintOutput { faces: grids.faces.clone(), painted: painted.clone() });
            }
            return;
        }
        let factory = frame.factory;
        if self.grids.as_ref().is_none_or(|grids| grids.capacity < frame.capacity) {
            // The old ones go first, and with them what is known of the faces.
            self.bound.clear();
            self.grids = None;
            self.reset();
            self.grids = Some(Grids::new(factory, &self.passes, &frame.shared.linear, frame.capacity));
        }
        let size = frame.plan.size;
        let fits = |view: &wgpu::TextureView| (view.texture().width(), view.texture().height()) == size;
        if !self.painted.as_ref().is_some_and(fits) {
            self.bound.clear();
            self.painted = None;
            let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::STORAGE_BINDING;
            self.painted = Some(factory.texture("painted", size, Rgba16Float, usage));
        }
        if outputs.skin.is_none() && self.bare.is_none() {
            self.bare = Some(skin::SkinOutput::none(factory));
        }
        let skin = outputs.skin.clone().or_else(|| self.bare.clone());
        if self.read.0 != skin || self.read.1 != frame.shared.tiles {
            self.bound.clear();
            self.read = (skin.clone(), frame.shared.tiles.clone());
        }
        if self.bound.get(frame.pair).is_none()
            && let Some(bindings) = skin.and_then(|skin| self.bind(frame, &skin))
        {
            self.bound.insert(frame.pair, bindings);
        }
        if let (Some(grids), Some(painted)) = (&self.grids, &self.painted) {
            outputs.paint = Some(PaintOutput { faces: grids.faces.clone(), painted: painted.clone() });
        }
    }

    fn upload(&mut self, queue: &wgpu::Queue, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        let slots = self.slots.assign(plan.faces());
        let mut faces = [PaintUniform::default(); MAX_FACES];
        for ((uniform, face), slot) in faces.iter_mut().zip(plan.faces()).zip(slots) {
            *uniform = PaintUniform::new(&face.paint, slot);
        }
        queue.write_buffer(&grids.faces, 0, bytemuck::cast_slice(&faces));
        for (layer, face) in (0..).zip(plan.faces()).filter(|(_, face)| !face.paint.is_none()) {
            let paint = &face.paint;
            let rows = contours::ROWS as u32;
            let corners = bytemuck::cast_slice(paint.contours.rows().as_flattened());
            grids::write_rows(queue, &grids.contours, layer * rows, (contours::CORNERS as u32, rows), corners);
            let places = bytemuck::cast_slice(paint.samples.row());
            grids::write_rows(queue, &grids.samples, layer, (samples::ROW as u32, 1), places);
            if paint.amounts.has_soft() {
                let nodes = bytemuck::cast_slice(paint.soft.nodes());
                write_layer(queue, &grids.places, layer, soft::SIDE as u32, nodes);
            }
        }
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        let only = std::env::var("ONLY").unwrap_or("sdblcp".into());
        let on = |c: char, g: [u32; 3]| if only.contains(c) { g } else { [0; 3] };
        let (passes, bound, count) = (&self.passes, self.bound.get(pair), plan.faces().len() as u32);
        let texels = plan.faces().iter().flat_map(|face| &face.paint.grids).map(|grid| grid.texels);
        let most = texels.fold([0; 2], |most: [u32; 2], texels| [most[0].max(texels[0]), most[1].max(texels[1])]);
        let groups = |by: u32| {
            let [across, down] = most.map(|side| side.min(SIDE).div_ceil(by).div_ceil(GROUP));
            [across, down, count * GRIDS as u32]
        };
        recorder.dispatch(&passes.statistics, bound.map(|bound| &bound.statistics), on('s', [1, 1, count]));
        recorder.dispatch(&passes.distances, Some(&grids.bound.distances), on('d', groups(1)));
        recorder.dispatch(&passes.bands, bound.map(|bound| &bound.bands), on('b', groups(1)));
        recorder.dispatch(&passes.lows, Some(&grids.bound.lows), on('l', groups(4)));
        let has_soft = plan.faces().iter().any(|face| face.paint.needs_skin());
        let side = if has_soft { soft::SIDE as u32 / GROUP } else { 0 };
        recorder.dispatch(&passes.soft, Some(&grids.bound.soft), on('c', [side, side, count]));
        let [.., others, all] = plan.tiles.ends();
        recorder.dispatch(&passes.paint, bound.map(|bound| &bound.paint), on('p', tile_groups(all - others)));
    }

    fn reset(&mut self) {
        self.slots = Slots::default();
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.bound.release(input);
    }

    fn clear(&mut self) {
        self.bound.clear();
        (self.grids, self.painted, self.bare) = (None, None, None);
        self.read = (None, None);
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
                boxes, grids, texels, counts, soft, size, lips, mouth, inner, lids, brows, skin, blush, corners, irises, ups,
                seen, colours
            },
            grids::PAINT,
            "PaintFace"
        );
        assert_eq!(members(grids::STATISTICS, "PaintState").1 as u64, grids::STATE_BYTES);
    }
}

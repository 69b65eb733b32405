//! The stage that paints what has edges: eyes, teeth, lips. Distances to contours, what is seen around them, and what all that adds to
//! the picture, in place, before it moves.

mod grids;

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::Rgba16Float;
use wgpu::{TextureSampleType, TextureUsages};

use super::makeup::MakeupOutput;
use super::{FrameResources, GROUP, Outputs, Recorder, Stage, tile_groups};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::Slot;
use crate::gpu::resources::{ResourceFactory, write_part};
use crate::retouch::Plan;
use crate::retouch::paint::{BOXES, MOUTH};
use grids::{Grids, Passes};

/// What its functions in shaders/paint/change.wgsl bind, with their numbers.
pub(super) const SLOTS: [(u32, Slot); 2] = [(10, Slot::Table(TextureSampleType::Uint)), (19, Slot::Texture)];

/// What other stages read of this one.
#[derive(Clone, PartialEq)]
pub(super) struct PaintOutput {
    /// A row a face: [`super::makeup::PaintUniform`].
    told: wgpu::TextureView,
    /// What is to be added to each pixel of the frame where something is painted.
    painted: wgpu::TextureView,
}

impl PaintOutput {
    /// In the order of [`SLOTS`].
    pub(super) fn resources(&self) -> [wgpu::BindingResource<'_>; 2] {
        [TextureView(&self.told), TextureView(&self.painted)]
    }
}

pub(super) struct PaintStage {
    passes: Passes,
    grids: Option<Grids>,
    painted: Option<wgpu::TextureView>,
    bound: BindGroupCache<Bindings>,
    /// What is bound of the other stages and of the list of tiles.
    read: (Option<MakeupOutput>, Option<wgpu::TextureView>),
}

/// What hangs on the frame's textures.
struct Bindings {
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
            read: Default::default(),
        }
    }

    fn bind(&self, frame: &FrameResources<'_>) -> Option<Bindings> {
        let (Some(makeup), Some(tiles)) = &self.read else { return None };
        let (grids, painted) = (self.grids.as_ref()?, self.painted.as_ref()?);
        let (input, linear) = (TextureView(frame.pair.0), Sampler(&frame.shared.linear));
        let bands = [
            makeup.faces.as_entire_binding(),
            input.clone(),
            linear.clone(),
            TextureView(&grids.distances),
            TextureView(&makeup.statistics),
            TextureView(&grids.bands),
        ];
        let paint = [
            frame.shared.frame.as_entire_binding(),
            input,
            linear,
            TextureView(tiles),
            TextureView(&makeup.told),
            TextureView(&grids.distances),
            TextureView(&grids.bands),
            TextureView(&grids.lows),
            TextureView(&makeup.statistics),
            TextureView(painted),
        ];
        // The passes of one kind bind the same.
        Some(Bindings {
            bands: self.passes.bands[0].bind(frame.factory, &bands),
            paint: self.passes.paint[0].bind(frame.factory, &paint),
        })
    }
}

impl Stage for PaintStage {
    fn passes(&self) -> &'static [&'static str] {
        &["mouth bands", "eye bands", "lows", "mouths", "eyes", "mouths and eyes"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        plan.faces().iter().all(|face| face.paint.bounds.width == 0)
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.bound.age(frame.pair);
        if !self.is_none(frame.plan)
            && let Some(makeup) = &outputs.makeup
        {
            let factory = frame.factory;
            if self.grids.as_ref().is_none_or(|grids| grids.capacity < frame.capacity) {
                // The old ones go first.
                self.bound.clear();
                self.grids = None;
                self.grids = Some(Grids::new(factory, frame.capacity));
            }
            let size = frame.plan.size;
            let fits = |view: &wgpu::TextureView| (view.texture().width(), view.texture().height()) == size;
            if !self.painted.as_ref().is_some_and(fits) {
                self.bound.clear();
                self.painted = None;
                let usage = TextureUsages::TEXTURE_BINDING | TextureUsages::STORAGE_BINDING;
                self.painted = Some(factory.texture("painted", size, Rgba16Float, usage));
            }
            let read = (Some(makeup.clone()), frame.shared.tiles.clone());
            if self.read != read {
                self.bound.clear();
                self.read = read;
            }
            if let (Some(grids), Some(makeup)) = (&mut self.grids, &self.read.0) {
                grids.bind(factory, &self.passes, &frame.shared.linear, &makeup.faces);
            }
            if self.bound.get(frame.pair).is_none()
                && let Some(bindings) = self.bind(frame)
            {
                self.bound.insert(frame.pair, bindings);
            }
        }
        if let (Some(makeup), Some(painted)) = (&outputs.makeup, &self.painted) {
            outputs.paint = Some(PaintOutput { told: makeup.told.clone(), painted: painted.clone() });
        }
    }

    fn upload(&mut self, queue: &wgpu::Queue, plan: &Plan) {
        let Some(grids) = &self.grids else { return };
        for (first, face) in (0..).step_by(BOXES).zip(plan.faces()) {
            let parts = face.paint.distances.iter().zip(&face.paint.grids);
            for (layer, (distances, grid)) in (first..).zip(parts).filter(|(_, (_, grid))| grid.texel > 0.0) {
                write_part(queue, &grids.distances, layer, grid.texels, bytemuck::cast_slice(distances.texels()));
            }
        }
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let (passes, bound, count) = (&self.passes, self.bound.get(pair), plan.faces().len() as u32);
        // Workgroups for so many texels of some boxes.
        let groups = |boxes: std::ops::Range<usize>, by: u32| {
            let layers = boxes.len() as u32 * count;
            let grids = plan.faces().iter().filter_map(|face| face.paint.grids.get(boxes.clone())).flatten();
            let most =
                grids.fold([0; 2], |most: [u32; 2], grid| [most[0].max(grid.texels[0]), most[1].max(grid.texels[1])]);
            let [across, down] = most.map(|side| side.div_ceil(by).div_ceil(GROUP));
            [across, down, layers]
        };
        let grids = self.grids.as_ref().and_then(|grids| grids.bound.as_ref());
        let [mouth, eyes] = &passes.bands;
        recorder.dispatch(mouth, bound.map(|bound| &bound.bands), groups(MOUTH..MOUTH + 1, 1));
        recorder.dispatch(eyes, bound.map(|bound| &bound.bands), groups(MOUTH + 1..BOXES, 1));
        recorder.dispatch(&passes.lows, grids.map(|grids| &grids.lows), groups(0..BOXES, 4));
        let [.., before, mouths, eyes, both] = plan.tiles.ends();
        for (pass, tiles) in passes.paint.iter().zip([mouths - before, eyes - mouths, both - eyes]) {
            recorder.dispatch(pass, bound.map(|bound| &bound.paint), tile_groups(tiles));
        }
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.bound.release(input);
    }

    fn clear(&mut self) {
        self.bound.clear();
        (self.grids, self.painted) = (None, None);
        self.read = Default::default();
    }
}

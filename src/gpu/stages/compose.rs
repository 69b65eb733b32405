//! The stage that finishes the picture: adds the skin's corrections and paint, and moves what holds them.

use super::{FrameResources, Outputs, Recorder, Stage, paint, picture, shape, skin, tile_groups};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::{Pass, Shader, shader};
use crate::gpu::resources::ResourceFactory;
use crate::retouch::Plan;

/// The tiles that hold skin and keep their place.
pub(super) const STILL: Shader =
    shader!("compose/common", "skin/common", "skin/change", "paint/common", "paint/change", "compose/still");
/// The same of small faces, and those that hold paint alone.
pub(super) const FINE: Shader =
    shader!("compose/common", "skin/common", "skin/change", "paint/common", "paint/change", "compose/fine");
/// The tiles that move and may hold skin or paint.
pub(super) const MOVED: Shader = shader!(
    "compose/common",
    "skin/common",
    "skin/change",
    "paint/common",
    "paint/change",
    "shape/shift",
    "compose/moved"
);

pub(super) struct ComposeStage {
    still: Pass,
    fine: Pass,
    moved: Pass,
    bound: BindGroupCache<ComposeBindings>,
    /// What is bound of the other stages, and of the list of tiles.
    read: (Outputs, Option<wgpu::TextureView>),
    /// What is bound of stages that nothing has needed yet.
    nothing: Option<(skin::SkinOutput, paint::PaintOutput)>,
}

struct ComposeBindings {
    still: wgpu::BindGroup,
    fine: wgpu::BindGroup,
    /// `None` where nothing has moved yet.
    moved: Option<wgpu::BindGroup>,
}

impl ComposeStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        let still: Vec<_> = picture::SLOTS.into_iter().chain(skin::SLOTS).chain(paint::SLOTS).collect();
        let moved: Vec<_> = still.iter().copied().chain(shape::SLOTS).collect();
        Self {
            still: Pass::numbered(factory, STILL, &still),
            fine: Pass::numbered(factory, FINE, &still),
            moved: Pass::numbered(factory, MOVED, &moved),
            bound: BindGroupCache::new(),
            read: Default::default(),
            nothing: None,
        }
    }
}

impl Stage for ComposeStage {
    fn passes(&self) -> &'static [&'static str] {
        &["still", "fine", "moved"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        let [_, _, moved, ..] = plan.tiles.ends();
        moved == 0
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.bound.age(frame.pair);
        if self.read.0 != *outputs || self.read.1 != frame.shared.tiles {
            self.bound.clear();
            self.read = (outputs.clone(), frame.shared.tiles.clone());
        }
        if self.bound.get(frame.pair).is_some() {
            return;
        }
        if self.is_none(frame.plan) {
            return;
        }
        let none = || (skin::SkinOutput::none(frame.factory), paint::PaintOutput::none(frame.factory));
        if outputs.skin.is_none() || outputs.paint.is_none() {
            self.nothing.get_or_insert_with(none);
        }
        let no = self.nothing.as_ref();
        let skin = outputs.skin.as_ref().or(no.map(|(skin, _)| skin));
        let paint = outputs.paint.as_ref().or(no.map(|(_, paint)| paint));
        let (Some(resources), Some(skin), Some(paint)) = (picture::resources(frame), skin, paint) else { return };
        let still: Vec<_> = resources.into_iter().chain(skin.resources()).chain(paint.resources()).collect();
        let moved = outputs.shape.as_ref().map(|shape| {
            let moved: Vec<_> = still.iter().cloned().chain(shape.resources()).collect();
            self.moved.bind(frame.factory, &moved)
        });
        let fine = self.fine.bind(frame.factory, &still);
        let still = self.still.bind(frame.factory, &still);
        self.bound.insert(frame.pair, ComposeBindings { still, fine, moved });
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let [still, fine, moved, ..] = plan.tiles.ends();
        let bound = self.bound.get(pair);
        recorder.dispatch(&self.still, bound.map(|bound| &bound.still), tile_groups(still));
        recorder.dispatch(&self.fine, bound.map(|bound| &bound.fine), tile_groups(fine - still));
        recorder.dispatch(&self.moved, bound.and_then(|bound| bound.moved.as_ref()), tile_groups(moved - fine));
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.bound.release(input);
    }

    fn clear(&mut self) {
        self.bound.clear();
        (self.read, self.nothing) = (Default::default(), None);
    }
}

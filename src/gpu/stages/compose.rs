//! The stage that finishes the picture: adds the skin's corrections and paint, and moves what holds them.

use super::{FrameResources, Outputs, Recorder, Stage, paint, picture, shape, skin, tile_groups};
use crate::gpu::bind_groups::{BindGroupCache, Pair};
use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::ResourceFactory;
use crate::retouch::Plan;

/// The tiles that hold skin and keep their place.
pub(super) const STILL: Shader = shader!("compose/common", "skin/common", "skin/change", "compose/still");
/// The same of small faces.
const FINE: Shader = shader!("compose/common", "skin/common", "skin/change", "paint/none", "compose/fine");
/// The tiles that move and may hold skin.
const MOVED: Shader =
    shader!("compose/common", "skin/common", "skin/change", "paint/none", "shape/shift", "compose/moved");
/// The tiles that are painted and keep their place.
const PAINTED: Shader =
    shader!("compose/common", "skin/common", "skin/change", "paint/told", "paint/change", "compose/fine");
/// The tiles that are painted and move.
const PAINTED_MOVED: Shader = shader!(
    "compose/common",
    "skin/common",
    "skin/change",
    "paint/told",
    "paint/change",
    "shape/shift",
    "compose/moved"
);

pub(super) struct ComposeStage {
    still: Pass,
    fine: Pass,
    moved: Pass,
    painted: Pass,
    painted_moved: Pass,
    bound: BindGroupCache<ComposeBindings>,
    /// What is bound of the other stages, and of the list of tiles.
    read: (Outputs, Option<wgpu::TextureView>),
    /// What is bound of the skin where no skin has been looked for yet.
    bare: Option<skin::SkinOutput>,
}

struct ComposeBindings {
    still: wgpu::BindGroup,
    fine: wgpu::BindGroup,
    /// `None` where nothing has moved yet, or nothing has been painted.
    moved: Option<wgpu::BindGroup>,
    painted: Option<wgpu::BindGroup>,
    painted_moved: Option<wgpu::BindGroup>,
}

impl ComposeStage {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        let still: Vec<_> = picture::SLOTS.into_iter().chain(skin::SLOTS).collect();
        let with = |slots: &[(u32, Slot)], more: &[(u32, Slot)]| [slots, more].concat();
        let (moved, painted) = (with(&still, &shape::SLOTS), with(&still, &paint::SLOTS));
        Self {
            still: Pass::numbered(factory, STILL, &still),
            fine: Pass::numbered(factory, FINE, &still),
            moved: Pass::numbered(factory, MOVED, &moved),
            painted: Pass::numbered(factory, PAINTED, &painted),
            painted_moved: Pass::numbered(factory, PAINTED_MOVED, &with(&painted, &shape::SLOTS)),
            bound: BindGroupCache::new(),
            read: Default::default(),
            bare: None,
        }
    }
}

impl Stage for ComposeStage {
    fn passes(&self) -> &'static [&'static str] {
        &["still", "fine", "moved", "painted", "painted moved"]
    }

    fn is_none(&self, plan: &Plan) -> bool {
        let [_, _, moved, bare, _, painted, ..] = plan.tiles.ends();
        moved == 0 && painted == bare
    }

    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs) {
        self.bound.age(frame.pair);
        if self.read.0 != *outputs || self.read.1 != frame.shared.tiles {
            self.bound.clear();
            self.read = (outputs.clone(), frame.shared.tiles.clone());
        }
        if self.bound.get(frame.pair).is_some() || self.is_none(frame.plan) {
            return;
        }
        let factory = frame.factory;
        if outputs.skin.is_none() {
            self.bare.get_or_insert_with(|| skin::SkinOutput::none(factory));
        }
        let skin = outputs.skin.as_ref().or(self.bare.as_ref());
        let (Some(resources), Some(skin)) = (picture::resources(frame), skin) else { return };
        let still: Vec<_> = resources.into_iter().chain(skin.resources()).collect();
        let shape = outputs.shape.as_ref().map(|shape| shape.resources());
        let paint = outputs.paint.as_ref().map(|paint| paint.resources());
        let moved = shape.as_ref().map(|shape| self.moved.bind(factory, &[&still[..], shape].concat()));
        let painted = paint.as_ref().map(|paint| self.painted.bind(factory, &[&still[..], paint].concat()));
        let painted_moved = shape
            .as_ref()
            .zip(paint.as_ref())
            .map(|(shape, paint)| self.painted_moved.bind(factory, &[&still[..], paint, shape].concat()));
        let fine = self.fine.bind(factory, &still);
        let still = self.still.bind(factory, &still);
        self.bound.insert(frame.pair, ComposeBindings { still, fine, moved, painted, painted_moved });
    }

    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan) {
        let [still, fine, moved, bare, painted, painted_moved, ..] = plan.tiles.ends();
        let bound = self.bound.get(pair);
        recorder.dispatch(&self.still, bound.map(|bound| &bound.still), tile_groups(still));
        recorder.dispatch(&self.fine, bound.map(|bound| &bound.fine), tile_groups(fine - still));
        recorder.dispatch(&self.moved, bound.and_then(|bound| bound.moved.as_ref()), tile_groups(moved - fine));
        let bound_painted = bound.and_then(|bound| bound.painted.as_ref());
        recorder.dispatch(&self.painted, bound_painted, tile_groups(painted - bare));
        let bound_moved = bound.and_then(|bound| bound.painted_moved.as_ref());
        recorder.dispatch(&self.painted_moved, bound_moved, tile_groups(painted_moved - painted));
    }

    fn release(&mut self, input: &wgpu::TextureView) {
        self.bound.release(input);
    }

    fn clear(&mut self) {
        self.bound.clear();
        (self.read, self.bare) = (Default::default(), None);
    }
}

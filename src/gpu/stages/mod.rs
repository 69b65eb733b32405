//! What a frame goes through: a list of stages, each of which knows its own passes, textures and bindings. The list only
//! knows their order.

mod compose;
#[cfg(test)]
mod layout;
pub(super) mod makeup;
pub(super) mod paint;
mod picture;
pub(super) mod shape;
pub(super) mod skin;
mod slots;

use bytemuck::{Pod, Zeroable};

use super::bind_groups::Pair;
use super::fault::DeviceProbe;
use super::pass::Pass;
use super::resources::ResourceFactory;
use super::timer::Timer;
use crate::Result;
use crate::retouch::Plan;
use crate::retouch::tiles::{self, Tile, Tiles};

/// Side of a workgroup, in pixels, cells or blocks; tiles have one of their own.
const GROUP: u32 = 8;
/// Most workgroups of a row of tiles: `COMPOSE_ROW` in shaders/compose/common.wgsl.
const TILE_ROW: u32 = 32768;
/// Tiles that there is room for at first: of one face in a frame of 720p.
const FIRST_TILES: usize = 1024;

/// The stages of a frame, in the order that they run.
fn list(factory: &ResourceFactory) -> Vec<Box<dyn Stage>> {
    vec![
        // What only moves waits for nothing, so it runs while the other stages' passes are still to come.
        Box::new(shape::ShapeStage::new(factory)),
        Box::new(makeup::MakeupStage::new(factory)),
        Box::new(skin::SkinStage::new(factory)),
        Box::new(paint::PaintStage::new(factory)),
        Box::new(compose::ComposeStage::new(factory)),
    ]
}

/// One stage of the retouch.
trait Stage: Send + Sync {
    /// The names of its passes, in the order that it records them.
    fn passes(&self) -> &'static [&'static str];

    /// Whether a plan leaves it nothing to do. Then nothing of it is made, copied or recorded.
    fn is_none(&self, plan: &Plan) -> bool;

    /// Makes whatever textures and bindings this frame needs and the last one did not, and adds to `outputs` what later
    /// stages read.
    fn prepare(&mut self, frame: &FrameResources<'_>, outputs: &mut Outputs);

    /// Copies what its passes need of a plan to the device.
    fn upload(&mut self, _queue: &wgpu::Queue, _plan: &Plan) {}

    /// Records its passes.
    fn record(&self, recorder: &mut Recorder<'_>, pair: Pair<'_>, plan: &Plan);

    /// Forgets what it knows of faces from earlier frames.
    fn reset(&mut self) {}

    /// Lets go of a texture that frames are read from no more: bind groups would keep it alive.
    fn release(&mut self, _input: &wgpu::TextureView) {}

    /// Lets go of all that a failure may have left half made.
    fn clear(&mut self);
}

/// What a stage makes its own textures and bindings with.
struct FrameResources<'a> {
    factory: &'a ResourceFactory,
    shared: &'a Shared,
    /// Where the frame is read and written.
    pair: Pair<'a>,
    plan: &'a Plan,
    /// For how many faces textures shall have room.
    capacity: u32,
}

/// What stages hand on to later ones; `None` where the stage has not been needed yet.
#[derive(Default, Clone, PartialEq)]
struct Outputs {
    shape: Option<shape::ShapeOutput>,
    skin: Option<skin::SkinOutput>,
    makeup: Option<makeup::MakeupOutput>,
    paint: Option<paint::PaintOutput>,
}

/// What all stages share: the frame's uniforms, the tiles that passes at full size visit, a sampler.
struct Shared {
    frame: wgpu::Buffer,
    linear: wgpu::Sampler,
    tiles: Option<wgpu::TextureView>,
}

/// `Frame` in shaders/compose/common.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct FrameUniform {
    size: [u32; 4],
    tiles: [u32; 4],
    painted: [u32; 4],
}

impl FrameUniform {
    fn new(plan: &Plan) -> Self {
        let (width, height) = plan.size;
        let [a, b, c, d, painted @ .., all] = plan.tiles.ends().map(|end| end as u32);
        Self { size: [width, height, u32::from(plan.shows_skin), all], tiles: [a, b, c, d], painted }
    }
}

impl Shared {
    /// Makes room for a frame's tiles.
    fn prepare(&mut self, factory: &ResourceFactory, tiles: &Tiles) {
        let count = tiles.list().len();
        let holds = |view: &wgpu::TextureView| view.texture().height() as usize * tiles::ROW >= count;
        if !self.tiles.as_ref().is_some_and(holds) {
            // The old one goes first.
            self.tiles = None;
            let rows = count.max(FIRST_TILES).div_ceil(tiles::ROW).next_power_of_two() as u32;
            let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
            let format = wgpu::TextureFormat::Rgba32Uint;
            self.tiles = Some(factory.texture("tiles", (tiles::ROW as u32, rows), format, usage));
        }
    }

    fn upload(&self, queue: &wgpu::Queue, plan: &Plan) {
        queue.write_buffer(&self.frame, 0, bytemuck::bytes_of(&FrameUniform::new(plan)));
        let Some(view) = &self.tiles else { return };
        let rows = plan.tiles.rows();
        queue.write_texture(
            view.texture().as_image_copy(),
            bytemuck::cast_slice(rows),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some((tiles::ROW * size_of::<Tile>()) as u32),
                rows_per_image: None,
            },
            wgpu::Extent3d {
                width: tiles::ROW as u32,
                height: (rows.len() / tiles::ROW) as u32,
                depth_or_array_layers: 1,
            },
        );
    }
}

/// Workgroups for so many tiles.
fn tile_groups(count: usize) -> [u32; 3] {
    [(count as u32).min(TILE_ROW), (count as u32).div_ceil(TILE_ROW), 1]
}

/// Records passes into an encoder, and times them where that is asked for.
struct Recorder<'a> {
    encoder: &'a mut wgpu::CommandEncoder,
    timer: Option<&'a Timer>,
    /// One compute pass for all, where they are not timed.
    whole: Option<wgpu::ComputePass<'static>>,
    /// The next pass's place among all stages' passes.
    next: usize,
    /// A bit for each pass that had anything to do.
    ran: u32,
}

impl<'a> Recorder<'a> {
    fn new(encoder: &'a mut wgpu::CommandEncoder, timer: Option<&'a Timer>) -> Self {
        let whole = timer.is_none().then(|| encoder.begin_compute_pass(&Self::descriptor(None)).forget_lifetime());
        Self { encoder, timer, whole, next: 0, ran: 0 }
    }

    fn descriptor(timestamp_writes: Option<wgpu::ComputePassTimestampWrites<'_>>) -> wgpu::ComputePassDescriptor<'_> {
        wgpu::ComputePassDescriptor { label: Some("glowup"), timestamp_writes }
    }

    /// Records a stage's next pass, unless there is nothing to bind or no workgroup.
    fn dispatch(&mut self, pass: &Pass, bound: Option<&wgpu::BindGroup>, groups: [u32; 3]) {
        let index = self.next;
        self.next += 1;
        let Some(bound) = bound.filter(|_| !groups.contains(&0)) else { return };
        if let Some(whole) = &mut self.whole {
            pass.dispatch(whole, bound, groups);
        } else if let Some(timer) = self.timer {
            let writes = Some(timer.writes(self.ran.count_ones()));
            pass.dispatch(&mut self.encoder.begin_compute_pass(&Self::descriptor(writes)), bound, groups);
        }
        self.ran |= 1 << index;
    }
}

/// All stages with what they share. Nothing in it depends on where frames and faces come from.
pub(crate) struct Stages {
    factory: ResourceFactory,
    shared: Shared,
    list: Vec<Box<dyn Stage>>,
    probe: DeviceProbe,
    timer: Option<Timer>,
}

impl Stages {
    /// Compiles the shaders, for pictures that are written in this format. With `timed`, each pass is timed; the device must have
    /// timestamp queries then.
    pub(crate) fn new(device: &wgpu::Device, queue: &wgpu::Queue, timed: bool, picture: wgpu::TextureFormat) -> Self {
        let factory = ResourceFactory::new(device).writing(picture);
        let list = list(&factory);
        let timer = timed.then(|| Timer::new(&factory, queue, list.iter().flat_map(|stage| stage.passes()).copied()));
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let shared = Shared {
            frame: factory.buffer("frame", size_of::<FrameUniform>() as u64, usage),
            linear: factory.linear_sampler(),
            tiles: None,
        };
        Self { shared, list, probe: DeviceProbe::new(&factory), timer, factory }
    }

    /// Fails where the device is lost. To be called where its errors are caught.
    pub(crate) fn check_device(&self) -> Result<()> {
        self.probe.check()
    }

    /// What times the passes, where they are timed.
    pub(crate) fn timer(&self) -> Option<&Timer> {
        self.timer.as_ref()
    }

    /// What makes objects on this device.
    pub(crate) fn factory(&self) -> &ResourceFactory {
        &self.factory
    }

    /// Forgets what is known of the faces.
    pub(crate) fn reset(&mut self) {
        self.list.iter_mut().for_each(|stage| stage.reset());
    }

    /// Lets go of all that a failure may have left half made, and forgets what is known of the faces.
    pub(crate) fn clear(&mut self) {
        self.shared.tiles = None;
        self.list.iter_mut().for_each(|stage| stage.clear());
        self.reset();
    }

    /// Lets go of a texture that is read from no more: bind groups would keep it alive.
    pub(crate) fn release(&mut self, input: &wgpu::TextureView) {
        self.list.iter_mut().for_each(|stage| stage.release(input));
    }

    /// Makes whatever textures and bindings this frame needs and the last one did not.
    pub(crate) fn prepare(&mut self, pair: Pair<'_>, plan: &Plan) {
        if plan.faces().is_empty() {
            return;
        }
        self.shared.prepare(&self.factory, &plan.tiles);
        let capacity = (plan.faces().len() as u32).next_power_of_two();
        let frame = FrameResources { factory: &self.factory, shared: &self.shared, pair, plan, capacity };
        let mut outputs = Outputs::default();
        self.list.iter_mut().for_each(|stage| stage.prepare(&frame, &mut outputs));
    }

    /// Records all passes for a plan over textures that were prepared. Returns a bit for each pass that had anything to do.
    pub(crate) fn record(
        &mut self,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
        pair: Pair<'_>,
        plan: &Plan,
    ) -> u32 {
        if plan.faces().is_empty() {
            return 0;
        }
        self.shared.upload(queue, plan);
        for stage in self.list.iter_mut().filter(|stage| !stage.is_none(plan)) {
            stage.upload(queue, plan);
        }
        let mut recorder = Recorder::new(encoder, self.timer.as_ref());
        for stage in &self.list {
            let end = recorder.next + stage.passes().len();
            if !stage.is_none(plan) {
                stage.record(&mut recorder, pair, plan);
            }
            recorder.next = end;
        }
        recorder.ran
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use layout::assert_mirrors;

    #[test]
    fn uniforms_lie_in_memory_as_in_the_shader() {
        assert_mirrors!(FrameUniform { size, tiles, painted }, compose::STILL, "Frame");
    }
}

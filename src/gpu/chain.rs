//! The passes in order, what they are bound to, and whose skin's statistics lie where.

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::{Rgba8Unorm, Rgba16Float, Rgba32Float};
use wgpu::TextureSampleType;

use super::grids::{GRID_OBJECTS, Grids, SHARED_OBJECTS, Shared, TileList};
use super::pairs::{Pair, Pairs};
use super::pass::{PASS_OBJECTS, Pass, Slot};
use super::timer::{PASSES, TIMER_OBJECTS, Timer};
use super::uniforms::{BLOCK, FrameUniform, core};
use crate::Result;
use crate::retouch::tiles::TILE;
use crate::retouch::{FacePlan, MAX_FACES, Plan};

/// Side of a workgroup, in pixels, cells or blocks.
const GROUP: u32 = 8;
/// Most workgroups of a row of tiles: `ROW` in shaders/compose.wgsl.
const TILE_ROW: u32 = 32768;
/// Share of a face's skin statistics that each frame takes over from the last: they follow within about ten frames.
const KEEP: f32 = 0.8;

/// GPU objects of all passes: the timed ones and the conversion, of which three share all but their pipelines.
const COMPILED_OBJECTS: u64 = (PASSES as u64 - 1) * PASS_OBJECTS + 2;
/// Tiles that there is room for at first: of one face in a frame of 720p.
const FIRST_TILES: usize = 1024;

/// All passes with what they share. Nothing in it depends on where frames and faces come from.
pub(crate) struct Chain {
    passes: Passes,
    shared: Shared,
    grids: Option<Grids>,
    inner: Option<InnerBindings>,
    outer: Pairs<OuterBindings>,
    /// For textures of two formats.
    conversions: Pairs<wgpu::BindGroup>,
    /// What the last pass visits; with room for more.
    tiles: Option<TileList>,
    /// Which face's statistics lie in which slot.
    owners: [Option<u64>; MAX_FACES],
    timer: Option<Timer>,
    /// GPU objects created so far.
    created: u64,
}

struct Passes {
    convert: Pass,
    cells: Pass,
    skin: Pass,
    moments: Pass,
    gate: Pass,
    correct: Pass,
    still: Pass,
    moved: Pass,
    bare: Pass,
}

/// Bindings that only depend on the grids.
struct InnerBindings {
    skin: wgpu::BindGroup,
    moments: wgpu::BindGroup,
    gate: wgpu::BindGroup,
    correct: wgpu::BindGroup,
}

/// Bindings that depend on where the frame is read and written.
struct OuterBindings {
    cells: wgpu::BindGroup,
    compose: wgpu::BindGroup,
}

impl Passes {
    fn new(device: &wgpu::Device) -> Self {
        let layers = Slot::Layers { filters: true };
        let skins = Slot::Table(TextureSampleType::Float { filterable: false });
        macro_rules! pass {
            ($name:literal, $slots:expr) => {
                Pass::new(device, $name, include_str!(concat!("../../shaders/", $name, ".wgsl")), &$slots)
            };
        }
        let [still, moved, bare] = Pass::new_each(
            device,
            "compose",
            include_str!("../../shaders/compose.wgsl"),
            ["still", "moved", "bare"],
            &[
                Slot::Uniform,
                Slot::Texture,
                layers,
                layers,
                Slot::Sampler,
                Slot::Output(Rgba8Unorm),
                Slot::Table(TextureSampleType::Uint),
            ],
        );
        Self {
            convert: pass!("convert", [Slot::Texture, Slot::Output(Rgba8Unorm)]),
            cells: pass!("cells", [Slot::Uniform, Slot::Texture, Slot::Sampler, Slot::OutputLayers(Rgba16Float)]),
            skin: pass!("skin", [Slot::Uniform, layers, layers, Slot::Storage, Slot::Output(Rgba32Float)]),
            moments: pass!(
                "moments",
                [Slot::Uniform, layers, layers, skins, Slot::Sampler, Slot::OutputLayers(Rgba32Float)]
            ),
            gate: pass!(
                "gate",
                [Slot::Uniform, Slot::Layers { filters: false }, skins, Slot::OutputLayers(Rgba16Float)]
            ),
            correct: pass!(
                "correct",
                [Slot::Uniform, layers, layers, layers, Slot::Sampler, skins, Slot::OutputLayers(Rgba16Float)]
            ),
            still,
            moved,
            bare,
        }
    }
}

impl InnerBindings {
    fn new(device: &wgpu::Device, passes: &Passes, shared: &Shared, grids: &Grids) -> Self {
        let uniforms = || shared.uniforms.as_entire_binding();
        let skins = || TextureView(&shared.copies);
        Self {
            skin: passes.skin.bind(
                device,
                &[
                    uniforms(),
                    TextureView(&grids.cells),
                    TextureView(&grids.mask),
                    shared.skins.as_entire_binding(),
                    skins(),
                ],
            ),
            moments: passes.moments.bind(
                device,
                &[
                    uniforms(),
                    TextureView(&grids.cells),
                    TextureView(&grids.mask),
                    skins(),
                    Sampler(&shared.linear),
                    TextureView(&grids.moments),
                ],
            ),
            gate: passes
                .gate
                .bind(device, &[uniforms(), TextureView(&grids.moments), skins(), TextureView(&grids.coefficients)]),
            correct: passes.correct.bind(
                device,
                &[
                    uniforms(),
                    TextureView(&grids.cells),
                    TextureView(&grids.coefficients),
                    TextureView(&grids.mask),
                    Sampler(&shared.linear),
                    skins(),
                    TextureView(&grids.corrections),
                ],
            ),
        }
    }
}

impl Chain {
    /// Compiles the shaders. With `timed`, each pass is timed; the device must have timestamp queries then.
    pub(crate) fn new(device: &wgpu::Device, queue: &wgpu::Queue, timed: bool) -> Self {
        let timer = timed.then(|| Timer::new(device, queue));
        Self {
            passes: Passes::new(device),
            shared: Shared::new(device),
            grids: None,
            inner: None,
            outer: Pairs::new(),
            conversions: Pairs::new(),
            tiles: None,
            owners: [None; MAX_FACES],
            created: SHARED_OBJECTS + COMPILED_OBJECTS + timer.as_ref().map_or(0, |_| TIMER_OBJECTS),
            timer,
        }
    }

    /// Fails where the device is lost. To be called where its errors are caught.
    pub(crate) fn feel(&self) -> Result<()> {
        self.shared.pulse.feel()
    }

    /// What times the passes, where they are timed.
    pub(crate) fn timer(&self) -> Option<&Timer> {
        self.timer.as_ref()
    }

    /// GPU objects created so far.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    /// Forgets the faces' skins.
    pub(crate) fn reset(&mut self) {
        self.owners = [None; MAX_FACES];
    }

    /// Lets go of all that a failure may have left half made, and forgets the faces' skins.
    pub(crate) fn clear(&mut self) {
        self.outer.clear();
        self.conversions.clear();
        self.inner = None;
        self.grids = None;
        self.tiles = None;
        self.reset();
    }

    /// Lets go of a texture that is read from no more: bindings would keep it alive.
    pub(crate) fn release(&mut self, input: &wgpu::TextureView) {
        self.outer.release(input);
    }

    /// Makes whatever textures and bindings this frame needs and the last one did not.
    pub(crate) fn prepare(&mut self, device: &wgpu::Device, pair: Pair<'_>, plan: &Plan) {
        self.outer.age(pair);
        self.conversions.age(pair);
        let (input, output) = pair;
        let converts = input.texture().format() != output.texture().format();
        if converts && self.conversions.get(pair).is_none() {
            let bound = self.passes.convert.bind(device, &[TextureView(input), TextureView(output)]);
            self.conversions.insert(pair, bound);
            self.created += 1;
        }
        if plan.faces().is_empty() {
            return;
        }
        let needed = (plan.faces().len() as u32).next_power_of_two();
        if self.grids.as_ref().is_none_or(|grids| grids.capacity < needed) {
            let grids = Grids::new(device, needed);
            self.inner = Some(InnerBindings::new(device, &self.passes, &self.shared, &grids));
            self.grids = Some(grids);
            self.outer.clear();
            self.created += GRID_OBJECTS + 4;
        }
        let count = plan.tiles.list().len();
        if self.tiles.as_ref().is_none_or(|tiles| !tiles.holds(count)) {
            // The old one goes first.
            self.outer.clear();
            self.tiles = None;
            self.tiles = Some(TileList::new(device, count.max(FIRST_TILES)));
            self.created += TileList::OBJECTS;
        }
        let (Some(grids), Some(tiles)) = (&self.grids, &self.tiles) else { return };
        if self.outer.get(pair).is_some() {
            return;
        }
        let (passes, shared) = (&self.passes, &self.shared);
        let uniforms = || shared.uniforms.as_entire_binding();
        let bindings = OuterBindings {
            cells: passes
                .cells
                .bind(device, &[uniforms(), TextureView(input), Sampler(&shared.linear), TextureView(&grids.cells)]),
            compose: passes.still.bind(
                device,
                &[
                    uniforms(),
                    TextureView(input),
                    TextureView(&grids.corrections),
                    TextureView(&grids.fields),
                    Sampler(&shared.linear),
                    TextureView(output),
                    TextureView(&tiles.0),
                ],
            ),
        };
        self.outer.insert(pair, bindings);
        self.created += 2;
    }

    /// Records the copy of a whole frame between textures that were prepared. Returns the number of dispatches.
    pub(crate) fn record_copy(&self, encoder: &mut wgpu::CommandEncoder, pair: Pair<'_>) -> u32 {
        let (from, to) = (pair.0.texture(), pair.1.texture());
        let Some(bound) = self.conversions.get(pair) else {
            encoder.copy_texture_to_texture(from.as_image_copy(), to.as_image_copy(), from.size());
            return 0;
        };
        let descriptor = wgpu::ComputePassDescriptor { label: Some("convert"), timestamp_writes: None };
        let groups = [from.width().div_ceil(TILE), from.height().div_ceil(TILE), 1];
        self.passes.convert.dispatch(&mut encoder.begin_compute_pass(&descriptor), bound, groups);
        1
    }

    /// Records all passes for a plan over textures of `size` that were prepared. Returns a bit for each pass that had
    /// anything to do.
    pub(crate) fn record(
        &mut self,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
        pair: Pair<'_>,
        size: (u32, u32),
        plan: &Plan,
    ) -> u32 {
        let faces = plan.faces();
        if faces.is_empty() {
            return 0;
        }
        let slots = self.assign_slots(faces);
        let (Some(grids), Some(inner), Some(tiles)) = (&self.grids, &self.inner, &self.tiles) else { return 0 };
        let Some(outer) = self.outer.get(pair) else { return 0 };
        let uniform = FrameUniform::new(size.0, size.1, plan, &slots);
        queue.write_buffer(&self.shared.uniforms, 0, bytemuck::bytes_of(&uniform));
        tiles.upload(queue, &plan.tiles);
        grids.upload(queue, plan);

        let count = faces.len() as u32;
        // Workgroups for the blocks around each face's skin, and so many blocks beside them; `cells` has two a block.
        let blocks = |beside: u32, each: u32| {
            let sides = faces.iter().map(core).filter(|core| core[2] > core[0]);
            let reach = |from: u32, to: u32| (to + beside - from.saturating_sub(beside)) * each;
            let most = sides.fold([0, 0], |most: [u32; 2], core| {
                [most[0].max(reach(core[0], core[2])), most[1].max(reach(core[1], core[3]))]
            });
            [most[0].div_ceil(GROUP), most[1].div_ceil(GROUP), count]
        };
        let [still, moved, all] = plan.tiles.ends();
        let tiles = |count: usize| [(count as u32).min(TILE_ROW), (count as u32).div_ceil(TILE_ROW), 1];
        let skins = if faces.iter().any(FacePlan::corrects) { count } else { 0 };
        let passes = &self.passes;
        let steps: [(&Pass, &wgpu::BindGroup, [u32; 3]); PASSES] = [
            // First, since it waits for nothing.
            (&passes.bare, &outer.compose, tiles(all - moved)),
            (&passes.cells, &outer.cells, blocks(2, BLOCK)),
            (&passes.skin, &inner.skin, [1, 1, skins]),
            (&passes.moments, &inner.moments, blocks(2, 1)),
            (&passes.gate, &inner.gate, blocks(1, 1)),
            (&passes.correct, &inner.correct, blocks(0, 1)),
            (&passes.still, &outer.compose, tiles(still)),
            (&passes.moved, &outer.compose, tiles(moved - still)),
        ];
        let begin = |timestamp_writes| wgpu::ComputePassDescriptor { label: Some("glowup"), timestamp_writes };
        let mut whole = self.timer.is_none().then(|| encoder.begin_compute_pass(&begin(None)).forget_lifetime());
        let mut ran: u32 = 0;
        for (index, (pass, bound, groups)) in steps.into_iter().enumerate().filter(|(_, step)| !step.2.contains(&0)) {
            if let Some(recorder) = &mut whole {
                pass.dispatch(recorder, bound, groups);
            } else if let Some(timer) = &self.timer {
                let writes = Some(timer.writes(ran.count_ones()));
                pass.dispatch(&mut encoder.begin_compute_pass(&begin(writes)), bound, groups);
            }
            ran |= 1 << index;
        }
        ran
    }

    /// Finds each face's slot of statistics by its id, and says how much of them to keep.
    fn assign_slots(&mut self, faces: &[FacePlan]) -> [(u32, f32); MAX_FACES] {
        let mut assigned = [(0, 0.0); MAX_FACES];
        let mut taken = [false; MAX_FACES];
        for (slot, face) in assigned.iter_mut().zip(faces) {
            if let Some(index) = self.owners.iter().position(|id| *id == Some(face.id))
                && let Some(taken) = taken.get_mut(index).filter(|taken| !**taken)
            {
                *taken = true;
                *slot = (index as u32, KEEP);
            } else {
                *slot = (u32::MAX, 0.0);
            }
        }
        for slot in assigned.iter_mut().take(faces.len()).filter(|slot| slot.0 == u32::MAX) {
            if let Some(index) = taken.iter().position(|taken| !taken)
                && let Some(taken) = taken.get_mut(index)
            {
                *taken = true;
                *slot = (index as u32, 0.0);
            }
        }
        self.owners = [None; MAX_FACES];
        for (slot, face) in assigned.iter().zip(faces) {
            if let Some(id) = self.owners.get_mut(slot.0 as usize) {
                *id = Some(face.id);
            }
        }
        assigned
    }
}

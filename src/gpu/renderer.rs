//! The passes in order, and what is kept between frames.

use std::time::{Duration, Instant};

use wgpu::BindingResource::{Sampler, TextureView};
use wgpu::TextureFormat::{Rgba8Unorm, Rgba16Float, Rgba32Float};

use super::Gpu;
use super::fault::Limit;
use super::grids::{GRID_OBJECTS, Grids, SHARED_OBJECTS, Shared};
use super::pass::{Pass, Slot};
use super::transfer::{TARGET_OBJECTS, Targets};
use super::uniforms::FrameUniform;
use crate::retouch::{FacePlan, MAX_FACES, Plan};
use crate::{Error, Face, Frame, FrameMut, Look, Result};

/// Side of a workgroup, in pixels, cells or blocks.
const GROUP: u32 = 8;
/// How many pairs of textures a host may alternate between before bindings are made anew.
const PAIRS: usize = 8;
/// After how many other frames a pair of textures is let go: bindings keep a host's textures alive.
const IDLE: u32 = 60;
/// Share of a face's skin statistics that each frame takes over from the last: they follow within about ten frames.
const KEEP: f32 = 0.8;
/// GPU objects of a pass: its module, layouts and pipeline.
const PASS_OBJECTS: u64 = 4;

/// What one call of a [`Renderer`] did. The counters are exact; a frame without a face leaves them at 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RenderStats {
    /// Handing the faces' rectangles to the device. `None`, like the next two, where nothing had to be done, or where
    /// the host submits the work itself.
    pub upload: Option<Duration>,
    /// From submission until the device has finished.
    pub gpu: Option<Duration>,
    /// Copying the finished rectangles into the picture.
    pub readback: Option<Duration>,
    /// Dispatches recorded.
    pub dispatches: u32,
    /// Pixels of the faces' rectangles.
    pub pixels: u64,
    /// Bytes copied to the device and back.
    pub bytes: u64,
    /// Textures, buffers, samplers, pipelines and bind groups created since this renderer was made.
    pub resources_created: u64,
}

/// Retouches faces in textures or in memory. Immutable passes, and the few textures they share; nothing in it depends on
/// where the faces come from.
pub struct Renderer {
    gpu: Gpu,
    passes: Passes,
    shared: Shared,
    grids: Option<Grids>,
    inner: Option<InnerBindings>,
    outer: Vec<OuterBindings>,
    targets: Option<Targets>,
    plan: Plan,
    /// Which face's statistics lie in which slot.
    slots: [Option<u64>; MAX_FACES],
    stats: RenderStats,
}

struct Passes {
    cells: Pass,
    skin: Pass,
    moments: Pass,
    gate: Pass,
    correct: Pass,
    compose: Pass,
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
    input: wgpu::TextureView,
    output: wgpu::TextureView,
    cells: wgpu::BindGroup,
    compose: wgpu::BindGroup,
    /// Frames since it was used.
    idle: u32,
}

impl Passes {
    fn new(device: &wgpu::Device) -> Self {
        let layers = Slot::Layers { filters: true };
        let skins = Slot::Storage { write: false };
        macro_rules! pass {
            ($name:literal, $slots:expr) => {
                Pass::new(device, $name, include_str!(concat!("../../shaders/", $name, ".wgsl")), &$slots)
            };
        }
        Self {
            cells: pass!("cells", [Slot::Uniform, Slot::Texture, Slot::Sampler, Slot::OutputLayers(Rgba16Float)]),
            skin: pass!("skin", [Slot::Uniform, layers, layers, Slot::Storage { write: true }]),
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
            compose: pass!(
                "compose",
                [Slot::Uniform, Slot::Texture, layers, layers, Slot::Sampler, Slot::Output(Rgba8Unorm)]
            ),
        }
    }
}

/// The look under which skin is shown: any that makes the passes look for it.
const SHOWN: Look = Look { smooth: 1.0, ..Look::NONE };

/// What a host's textures must be usable for.
const READ: wgpu::TextureUsages = wgpu::TextureUsages::TEXTURE_BINDING.union(wgpu::TextureUsages::COPY_SRC);
const WRITTEN: wgpu::TextureUsages = wgpu::TextureUsages::STORAGE_BINDING.union(wgpu::TextureUsages::COPY_DST);

fn check_texture(
    which: &'static str,
    texture: &wgpu::Texture,
    needed: wgpu::TextureUsages,
    usages: &'static str,
) -> Result<()> {
    let reason = if texture.dimension() != wgpu::TextureDimension::D2 || texture.sample_count() != 1 {
        format!("it is {:?} with {} samples", texture.dimension(), texture.sample_count())
    } else if texture.format() != Rgba8Unorm {
        format!("its format is {:?}", texture.format())
    } else if !texture.usage().contains(needed) {
        format!("its usages are {:?}", texture.usage())
    } else {
        return Ok(());
    };
    Err(Error::BadTexture { which, reason, usages })
}

impl Renderer {
    /// Compiles the shaders for a device.
    ///
    /// # Errors
    ///
    /// [`Error::Gpu`] where the device refuses them (it was made with less than [`wgpu::Limits::default`]),
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn new(gpu: &Gpu) -> Result<Self> {
        gpu.guarded(|| {
            let device = gpu.device();
            let shared = Shared::new(device);
            shared.pulse.feel()?;
            Ok(Self {
                gpu: gpu.clone(),
                passes: Passes::new(device),
                shared,
                grids: None,
                inner: None,
                outer: Vec::new(),
                targets: None,
                plan: Plan::default(),
                slots: [None; MAX_FACES],
                stats: RenderStats { resources_created: SHARED_OBJECTS + 6 * PASS_OBJECTS, ..RenderStats::default() },
            })
        })
    }

    /// Records the retouch of `faces` into the host's `encoder`: one copy of `input` to `output`, then the faces'
    /// rectangles. Submits nothing, waits for nothing. Points of the faces are in pixels of `input`.
    ///
    /// Both are views of 2D textures of one size and of format `Rgba8Unorm`. `input` has the usages `TEXTURE_BINDING` and
    /// `COPY_SRC`, `output` has `STORAGE_BINDING` and `COPY_DST`. Record one frame a submission: its masks travel by the
    /// queue, and a second call before the submission would replace them.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a look and [`Error::BadLandmarks`] for a face that is not valid, [`Error::SizeMismatch`]
    /// for textures of two sizes, [`Error::BadTexture`] for textures of another format or usage, [`Error::OutOfMemory`],
    /// [`Error::DeviceLost`]. Nothing is recorded then, save where the device is lost in this very call.
    pub fn render(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::TextureView,
        output: &wgpu::TextureView,
        faces: &[Face],
        look: &Look,
    ) -> Result<()> {
        self.render_to(encoder, (input, output), faces, look, false)
    }

    /// As [`Renderer::render`], but shows where the faces' skin is instead of retouching it: within the faces' rectangles
    /// red, green and blue are how surely a pixel is skin, 0 … 1, and alpha is 0; what lies outside of them is a copy. Use a
    /// renderer apart from the one that retouches: the skins' statistics are taken with each call.
    ///
    /// # Errors
    ///
    /// As [`Renderer::render`].
    pub fn render_skin(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::TextureView,
        output: &wgpu::TextureView,
        faces: &[Face],
    ) -> Result<()> {
        self.render_to(encoder, (input, output), faces, &SHOWN, true)
    }

    fn render_to(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        (input, output): (&wgpu::TextureView, &wgpu::TextureView),
        faces: &[Face],
        look: &Look,
        shows_skin: bool,
    ) -> Result<()> {
        let (from, to) = (input.texture(), output.texture());
        // A device would only complain once the host finishes its encoder.
        check_texture("input", from, READ, "TEXTURE_BINDING and COPY_SRC")?;
        check_texture("output", to, WRITTEN, "STORAGE_BINDING and COPY_DST")?;
        let size = (from.width(), from.height());
        if size != (to.width(), to.height()) {
            return Err(Error::SizeMismatch { input: size, output: (to.width(), to.height()) });
        }
        self.begin(size, faces, look)?;
        self.plan.shows_skin = shows_skin;
        let gpu = self.gpu.clone();
        // First all that can fail, then the recording.
        let made = gpu.guarded(|| {
            self.prepare(input, output);
            Ok(())
        });
        let outcome = made.and_then(|()| {
            gpu.guarded(|| {
                encoder.copy_texture_to_texture(from.as_image_copy(), to.as_image_copy(), from.size());
                self.record(encoder, input, output, size);
                Ok(())
            })
        });
        self.keep(outcome)
    }

    /// Retouches `faces` in a picture in memory, in place. Where it fails the picture is as it was.
    ///
    /// # Errors
    ///
    /// As [`Renderer::render`], [`Error::FrameTooLarge`] where the device cannot hold the frame, and [`Error::Timeout`]
    /// where it does not finish within two seconds.
    pub fn retouch(&mut self, frame: &mut FrameMut<'_>, faces: &[Face], look: &Look) -> Result<()> {
        self.begin((frame.width(), frame.height()), faces, look)?;
        self.work(frame)
    }

    /// Where the faces' skin is, as their retouch sees it: one byte a pixel, row by row, 0 for what stays as it is up to 255
    /// for what is surely skin. To look at, and to understand what a look does to a picture; slower than a retouch.
    ///
    /// # Errors
    ///
    /// As [`Renderer::retouch`].
    pub fn skin(&mut self, frame: &Frame<'_>, faces: &[Face]) -> Result<Vec<u8>> {
        let (width, height) = (frame.width(), frame.height());
        let row = width as usize * 4;
        let mut picture = vec![0; row * height as usize];
        for (y, row) in (0..height).zip(picture.chunks_exact_mut(row)) {
            frame.read_rgba(0, y, row);
        }
        picture.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = u8::MAX);
        let mut shown = FrameMut::rgba8(&mut picture, width, height)?;
        self.begin((width, height), faces, &SHOWN)?;
        self.plan.shows_skin = true;
        self.work(&mut shown)?;
        // The passes leave alpha at 0 where they have been.
        Ok(picture.as_chunks::<4>().0.iter().map(|&[skin, .., alpha]| if alpha == 0 { skin } else { 0 }).collect())
    }

    /// Does to a picture in memory what is planned.
    fn work(&mut self, frame: &mut FrameMut<'_>) -> Result<()> {
        let size = (frame.width(), frame.height());
        if self.plan.faces().is_empty() {
            return Ok(());
        }
        let max = self.gpu.max_side();
        if size.0.max(size.1) > max {
            return Err(Error::FrameTooLarge { width: size.0, height: size.1, max });
        }
        let outcome = self.run(frame, size);
        self.keep(outcome)
    }

    /// What the last call did.
    #[must_use]
    pub fn stats(&self) -> &RenderStats {
        &self.stats
    }

    /// The device this renderer works on.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Forgets the faces' skin statistics: the next frame belongs to another stream.
    pub fn reset(&mut self) {
        self.slots = [None; MAX_FACES];
    }

    fn begin(&mut self, size: (u32, u32), faces: &[Face], look: &Look) -> Result<()> {
        self.stats = RenderStats { resources_created: self.stats.resources_created, ..RenderStats::default() };
        self.plan.update(size.0, size.1, faces, look)?;
        // Asked even where there is nothing to do, so that a loss is heard of at the next frame and not at the next face.
        self.gpu.guarded(|| self.shared.pulse.feel())?;
        self.stats.pixels =
            self.plan.faces().iter().map(|face| u64::from(face.rect.width) * u64::from(face.rect.height)).sum();
        Ok(())
    }

    /// After a failure nothing is trusted that was made or half made: the next call makes it anew.
    fn keep(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_err() {
            self.targets = None;
            self.outer.clear();
            self.inner = None;
            self.grids = None;
            self.reset();
        }
        outcome
    }

    /// Upload, passes, readback: a frame in memory from start to end. The picture is written to once nothing can fail any
    /// more.
    fn run(&mut self, frame: &mut FrameMut<'_>, size: (u32, u32)) -> Result<()> {
        let gpu = self.gpu.clone();
        let start = Instant::now();
        let limit = Limit::from_now();
        let mut targets = gpu.guarded(|| {
            let mut targets = self.targets_of(size);
            self.stats.resources_created += targets.reserve(gpu.device(), self.plan.faces());
            self.prepare(&targets.input, &targets.output);
            Ok(targets)
        })?;
        let (mut bytes, uploaded) = gpu.guarded(|| {
            // This also waits, with an end to it, for whatever else the device is busy with: some drivers would hold the
            // submission up for as long as that takes.
            let bytes = targets.upload(&gpu, &frame.as_frame(), self.plan.faces(), limit)?;
            let uploaded = Instant::now();
            let mut encoder =
                gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("glowup") });
            targets.record_upload(&mut encoder, self.plan.faces());
            self.record(&mut encoder, &targets.input, &targets.output, size);
            targets.record_readback(&mut encoder, self.plan.faces());
            let submission = gpu.queue().submit([encoder.finish()]);
            targets.wait(&gpu, submission, limit)?;
            Ok((bytes, uploaded))
        })?;
        let finished = Instant::now();
        bytes += targets.read(&gpu, frame, self.plan.faces())?;
        self.targets = Some(targets);
        self.stats.upload = Some(uploaded - start);
        self.stats.gpu = Some(finished - uploaded);
        self.stats.readback = Some(finished.elapsed());
        self.stats.bytes = bytes;
        Ok(())
    }

    /// The textures for frames of this size: the last frame's, or new ones.
    fn targets_of(&mut self, size: (u32, u32)) -> Targets {
        match self.targets.take() {
            Some(targets) if targets.size == size => targets,
            stale => {
                // Bindings would keep the old textures alive.
                self.outer.retain(|pair| stale.as_ref().is_none_or(|old| pair.input != old.input));
                drop(stale);
                self.stats.resources_created += TARGET_OBJECTS;
                Targets::new(self.gpu.device(), size)
            }
        }
    }

    /// Records all passes for the plan in force.
    fn record(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::TextureView,
        output: &wgpu::TextureView,
        size: (u32, u32),
    ) {
        if self.plan.faces().is_empty() {
            return;
        }
        let slots = self.assign_slots();
        let (Some(grids), Some(inner)) = (&self.grids, &self.inner) else { return };
        let Some(outer) = self.outer.iter().find(|pair| pair.input == *input && pair.output == *output) else { return };
        let queue = self.gpu.queue();
        let uniform = FrameUniform::new(size.0, size.1, &self.plan, &slots);
        queue.write_buffer(&self.shared.uniforms, 0, bytemuck::bytes_of(&uniform));
        grids.upload(queue, &self.plan);

        let faces = self.plan.faces();
        let count = faces.len() as u32;
        let most = |sides: fn(&FacePlan) -> (u32, u32)| {
            let (x, y) = faces.iter().map(sides).fold((0, 0), |(x, y), (a, b)| (x.max(a), y.max(b)));
            [x.div_ceil(GROUP), y.div_ceil(GROUP), count]
        };
        let cells = most(FacePlan::cells);
        let blocks = most(|face| {
            let (x, y) = face.cells();
            (x.div_ceil(super::uniforms::BLOCK), y.div_ceil(super::uniforms::BLOCK))
        });
        let pixels = most(|face| (face.rect.width, face.rect.height));
        let mut recorder =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("glowup"), timestamp_writes: None });
        let passes = &self.passes;
        if faces.iter().any(FacePlan::corrects) {
            passes.cells.dispatch(&mut recorder, &outer.cells, cells);
            passes.skin.dispatch(&mut recorder, &inner.skin, [1, 1, count]);
            passes.moments.dispatch(&mut recorder, &inner.moments, blocks);
            passes.gate.dispatch(&mut recorder, &inner.gate, blocks);
            passes.correct.dispatch(&mut recorder, &inner.correct, cells);
            self.stats.dispatches += 5;
        }
        passes.compose.dispatch(&mut recorder, &outer.compose, pixels);
        self.stats.dispatches += 1;
    }

    /// Makes whatever textures and bindings this frame needs and the last one did not.
    fn prepare(&mut self, input: &wgpu::TextureView, output: &wgpu::TextureView) {
        for pair in &mut self.outer {
            let used = pair.input == *input && pair.output == *output;
            pair.idle = if used { 0 } else { pair.idle + 1 };
        }
        self.outer.retain(|pair| pair.idle <= IDLE);
        if self.plan.faces().is_empty() {
            return;
        }
        let device = self.gpu.device();
        let (passes, shared) = (&self.passes, &self.shared);
        let uniforms = || shared.uniforms.as_entire_binding();
        let skins = || shared.skins.as_entire_binding();
        let needed = (self.plan.faces().len() as u32).next_power_of_two();
        if self.grids.as_ref().is_none_or(|grids| grids.capacity < needed) {
            let grids = Grids::new(device, needed);
            self.inner = Some(InnerBindings {
                skin: passes
                    .skin
                    .bind(device, &[uniforms(), TextureView(&grids.cells), TextureView(&grids.mask), skins()]),
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
                gate: passes.gate.bind(
                    device,
                    &[uniforms(), TextureView(&grids.moments), skins(), TextureView(&grids.coefficients)],
                ),
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
            });
            self.grids = Some(grids);
            self.outer.clear();
            self.stats.resources_created += GRID_OBJECTS + 4;
        }
        let Some(grids) = &self.grids else { return };
        if self.outer.iter().any(|pair| pair.input == *input && pair.output == *output) {
            return;
        }
        if self.outer.len() >= PAIRS {
            self.outer.remove(0);
        }
        self.outer.push(OuterBindings {
            input: input.clone(),
            output: output.clone(),
            idle: 0,
            cells: passes
                .cells
                .bind(device, &[uniforms(), TextureView(input), Sampler(&shared.linear), TextureView(&grids.cells)]),
            compose: passes.compose.bind(
                device,
                &[
                    uniforms(),
                    TextureView(input),
                    TextureView(&grids.corrections),
                    TextureView(&grids.fields),
                    Sampler(&shared.linear),
                    TextureView(output),
                ],
            ),
        });
        self.stats.resources_created += 2;
    }

    /// Finds each face's slot of statistics by its id, and says how much of them to keep.
    fn assign_slots(&mut self) -> [(u32, f32); MAX_FACES] {
        let mut assigned = [(0, 0.0); MAX_FACES];
        let mut taken = [false; MAX_FACES];
        let faces = self.plan.faces();
        for (slot, face) in assigned.iter_mut().zip(faces) {
            if let Some(index) = self.slots.iter().position(|id| *id == Some(face.id))
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
        self.slots = [None; MAX_FACES];
        for (slot, face) in assigned.iter().zip(faces) {
            if let Some(id) = self.slots.get_mut(slot.0 as usize) {
                *id = Some(face.id);
            }
        }
        assigned
    }
}

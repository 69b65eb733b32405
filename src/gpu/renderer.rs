//! Frame + faces + look → frame: in textures of a host, or in memory from start to end.

use std::time::{Duration, Instant};

use wgpu::TextureFormat::{Bgra8Unorm, Rgba8Unorm};

use super::Gpu;
use super::chain::Chain;
use super::fault::Limit;
use super::pairs::Pair;
use super::timer::{PassTimes, STAMP_BYTES};
use super::transfer::{Flight, TARGET_OBJECTS, Targets};
use crate::retouch::Plan;
use crate::retouch::tiles::TILE;
use crate::{Error, Face, Frame, FrameMut, Look, Result};

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
    /// Pixels that the passes at full size visit: tiles of 16 × 16 that hold skin or move.
    pub pixels: u64,
    /// Bytes copied to the device and back.
    pub bytes: u64,
    /// What each pass took on the device, where it is timed: [`Gpu::with_timestamps`]. Not of work that the host submits.
    pub passes: Option<PassTimes>,
    /// Textures, buffers, samplers, pipelines and bind groups created since this renderer was made.
    pub resources_created: u64,
}

/// Retouches faces in textures or in memory. Nothing in it depends on where the faces come from.
pub struct Renderer {
    gpu: Gpu,
    chain: Chain,
    targets: Option<Targets>,
    plan: Plan,
    /// GPU objects made for pictures in memory.
    created: u64,
    stats: RenderStats,
}

/// A picture in memory whose retouch is on its way: nothing where there is none to do.
#[derive(Default)]
pub(crate) struct Ticket {
    flight: Option<Flight>,
    stats: RenderStats,
    submitted: Option<Instant>,
    /// A bit for each pass that had anything to do.
    ran: u32,
}

/// The look under which skin is shown: any that makes the passes look for it.
const SHOWN: Look = Look { smooth: 1.0, ..Look::NONE };

/// What a host's textures must be usable for.
const READ: wgpu::TextureUsages = wgpu::TextureUsages::TEXTURE_BINDING.union(wgpu::TextureUsages::COPY_SRC);
const WRITTEN: wgpu::TextureUsages = wgpu::TextureUsages::STORAGE_BINDING.union(wgpu::TextureUsages::COPY_DST);

fn check_texture(
    which: &'static str,
    texture: &wgpu::Texture,
    formats: &[wgpu::TextureFormat],
    needed: wgpu::TextureUsages,
    usages: &'static str,
) -> Result<()> {
    let reason = if texture.dimension() != wgpu::TextureDimension::D2 || texture.sample_count() != 1 {
        format!("it is {:?} with {} samples", texture.dimension(), texture.sample_count())
    } else if !formats.contains(&texture.format()) {
        format!("its format is {:?}", texture.format())
    } else if !texture.usage().contains(needed) {
        format!("its usages are {:?}", texture.usage())
    } else {
        return Ok(());
    };
    Err(Error::BadTexture { which, reason, usages })
}

impl Renderer {
    /// Whether the networks can look at a texture.
    pub(crate) fn check_input(texture: &wgpu::Texture) -> Result<()> {
        check_texture("input", texture, &[Rgba8Unorm, Bgra8Unorm], READ, "TEXTURE_BINDING and COPY_SRC")
    }

    /// Compiles the shaders for a device.
    ///
    /// # Errors
    ///
    /// [`Error::Gpu`] where the device refuses them (it was made with less than [`wgpu::Limits::default`]),
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn new(gpu: &Gpu) -> Result<Self> {
        let chain = gpu.guarded(|| {
            let chain = Chain::new(gpu.device(), gpu.queue(), gpu.is_timed());
            chain.feel()?;
            Ok(chain)
        })?;
        let stats = RenderStats { resources_created: chain.created(), ..RenderStats::default() };
        Ok(Self { gpu: gpu.clone(), chain, targets: None, plan: Plan::default(), created: 0, stats })
    }

    /// Records the retouch of `faces` into the host's `encoder`: one copy of `input` to `output`, then the faces'
    /// rectangles. Submits nothing, waits for nothing. Points of the faces are in pixels of `input`.
    ///
    /// Both are views of 2D textures of one size. `input` is of format `Rgba8Unorm`, or `Bgra8Unorm`, which costs a pass over
    /// the whole frame in place of the copy; it has the usages `TEXTURE_BINDING` and `COPY_SRC`. `output` is of format
    /// `Rgba8Unorm` and has `STORAGE_BINDING` and `COPY_DST`. Record one frame a submission: its masks travel by the
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
    /// red, green and blue are how surely a pixel is skin, 0 … 1, and alpha is 0; what lies outside of them is a copy. It is
    /// shown where `look` moves it to; of the rest of the look nothing counts. Use a renderer apart from the one that
    /// retouches: the skins' statistics are taken with each call.
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
        look: &Look,
    ) -> Result<()> {
        look.check()?;
        self.render_to(encoder, (input, output), faces, &Look { slim: look.slim, ..SHOWN }, true)
    }

    fn render_to(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        pair: Pair<'_>,
        faces: &[Face],
        look: &Look,
        shows_skin: bool,
    ) -> Result<()> {
        let (input, output) = pair;
        let (from, to) = (input.texture(), output.texture());
        // A device would only complain once the host finishes its encoder.
        Self::check_input(from)?;
        check_texture("output", to, &[Rgba8Unorm], WRITTEN, "STORAGE_BINDING and COPY_DST")?;
        let size = (from.width(), from.height());
        if size != (to.width(), to.height()) {
            return Err(Error::SizeMismatch { input: size, output: (to.width(), to.height()) });
        }
        self.begin(size, faces, look)?;
        self.plan.shows_skin = shows_skin;
        let gpu = self.gpu.clone();
        // First all that can fail, then the recording.
        let made = gpu.guarded(|| {
            self.chain.prepare(gpu.device(), pair, &self.plan);
            Ok(())
        });
        let outcome = made.and_then(|()| {
            gpu.guarded(|| {
                let copied = self.chain.record_copy(encoder, pair);
                let ran = self.chain.record(gpu.queue(), encoder, pair, size, &self.plan);
                self.stats.dispatches = copied + ran.count_ones();
                Ok(())
            })
        });
        self.stats.resources_created = self.chain.created() + self.created;
        self.keep(outcome)
    }

    /// Retouches `faces` in a picture in memory, in place. Where it fails the picture is as it was.
    ///
    /// # Errors
    ///
    /// As [`Renderer::render`], [`Error::FrameTooLarge`] where the device cannot hold the frame, and [`Error::Timeout`]
    /// where it does not finish within two seconds.
    pub fn retouch(&mut self, frame: &mut FrameMut<'_>, faces: &[Face], look: &Look) -> Result<()> {
        let mut ticket = self.check_in(&frame.as_frame(), faces, look)?;
        self.depart(&mut ticket)?;
        self.land(ticket, frame)
    }

    /// The first step of [`Renderer::retouch`] for one of several pictures that are on their way at once: plans it and hands
    /// it to the device.
    pub(crate) fn check_in(&mut self, frame: &Frame<'_>, faces: &[Face], look: &Look) -> Result<Ticket> {
        self.begin((frame.width(), frame.height()), faces, look)?;
        let outcome = self.upload(frame);
        self.keep(outcome)
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
        let ticket = self.upload(&shown.as_frame());
        let mut ticket = self.keep(ticket)?;
        self.depart(&mut ticket)?;
        self.land(ticket, &mut shown)?;
        // The passes leave alpha at 0 where they have been.
        Ok(picture.as_chunks::<4>().0.iter().map(|&[skin, .., alpha]| if alpha == 0 { skin } else { 0 }).collect())
    }

    /// Hands what is planned for a picture in memory to the device.
    fn upload(&mut self, frame: &Frame<'_>) -> Result<Ticket> {
        if self.plan.faces().is_empty() {
            return Ok(Ticket { stats: self.stats, ..Ticket::default() });
        }
        let size = (frame.width(), frame.height());
        let max = self.gpu.max_side();
        if size.0.max(size.1) > max {
            return Err(Error::FrameTooLarge { width: size.0, height: size.1, max });
        }
        let gpu = self.gpu.clone();
        let (start, limit) = (Instant::now(), Limit::from_now());
        let tail = if self.chain.timer().is_some() { STAMP_BYTES } else { 0 };
        let (mut targets, mut flight) = gpu.guarded(|| {
            let mut targets = self.targets_of(size);
            let (flight, created) = targets.depart(&gpu, self.plan.faces(), tail, limit);
            self.created += created;
            self.chain.prepare(gpu.device(), (&targets.input, &targets.output), &self.plan);
            Ok((targets, flight))
        })?;
        gpu.guarded(|| targets.upload(&mut flight, frame, self.plan.faces()))?;
        self.targets = Some(targets);
        self.stats.upload = Some(start.elapsed());
        Ok(Ticket { flight: Some(flight), stats: self.stats, ..Ticket::default() })
    }

    /// The second step, once all pictures before have taken it: submits the work, as soon as the device is through with all
    /// other. What was planned must not have been planned anew.
    pub(crate) fn depart(&mut self, ticket: &mut Ticket) -> Result<()> {
        let outcome = self.submit(ticket);
        self.keep(outcome)
    }

    fn submit(&mut self, ticket: &mut Ticket) -> Result<()> {
        let (Some(flight), Some(targets)) = (&mut ticket.flight, &self.targets) else { return Ok(()) };
        let (gpu, plan, chain) = (&self.gpu, &self.plan, &mut self.chain);
        ticket.ran = gpu.guarded(|| {
            let mut encoder =
                gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("glowup") });
            targets.record_upload(&mut encoder, flight, plan.faces());
            let pair = (&targets.input, &targets.output);
            let ran = chain.record(gpu.queue(), &mut encoder, pair, targets.size, plan);
            targets.record_readback(&mut encoder, flight);
            if let (Some(timer), Some(buffer)) = (chain.timer(), flight.readback()) {
                timer.record(&mut encoder, ran, buffer);
            }
            let commands = encoder.finish();
            // Some drivers would hold the submission up for as long as the device is busy; this wait has an end.
            gpu.wait(None, flight.limit())?;
            ticket.submitted = Some(Instant::now());
            flight.launched(gpu.queue().submit([commands]));
            Ok(ran)
        })?;
        ticket.stats.dispatches = ticket.ran.count_ones();
        Ok(())
    }

    /// The last step, in the pictures' order: waits until the device has finished. The picture is written to once nothing
    /// can fail any more.
    pub(crate) fn land(&mut self, mut ticket: Ticket, frame: &mut FrameMut<'_>) -> Result<()> {
        let outcome = self.fetch(&mut ticket, frame);
        self.stats = ticket.stats;
        self.stats.resources_created = self.chain.created() + self.created;
        match (ticket.flight, &mut self.targets) {
            // A frame that set out on a device which was made anew since says nothing of this one.
            (Some(flight), _) if !flight.is_on(&self.gpu) => return outcome,
            (Some(flight), Some(targets)) if outcome.is_ok() => targets.arrive(flight),
            _ => {}
        }
        self.keep(outcome)
    }

    fn fetch(&self, ticket: &mut Ticket, frame: &mut FrameMut<'_>) -> Result<()> {
        let Some(flight) = &mut ticket.flight else { return Ok(()) };
        flight.wait()?;
        let finished = Instant::now();
        let (stats, ran) = (&mut ticket.stats, ticket.ran);
        let timer = self.chain.timer();
        flight.read(frame, |data| stats.passes = timer.map(|timer| timer.read(ran, data)))?;
        stats.gpu = ticket.submitted.map(|submitted| finished - submitted);
        stats.readback = Some(finished.elapsed());
        stats.bytes = flight.bytes();
        Ok(())
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
        self.chain.reset();
    }

    fn begin(&mut self, size: (u32, u32), faces: &[Face], look: &Look) -> Result<()> {
        self.stats = RenderStats { resources_created: self.stats.resources_created, ..RenderStats::default() };
        self.plan.update(size.0, size.1, faces, look)?;
        // Asked even where there is nothing to do, so that a loss is heard of at the next frame and not at the next face.
        self.gpu.guarded(|| self.chain.feel())?;
        self.stats.pixels = self.plan.tiles.list().len() as u64 * u64::from(TILE * TILE);
        Ok(())
    }

    /// After a failure nothing is trusted that was made or half made: the next call makes it anew.
    fn keep<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if outcome.is_err() {
            self.targets = None;
            self.chain.clear();
        }
        outcome
    }

    /// The textures for frames of this size: the last frame's, or new ones.
    fn targets_of(&mut self, size: (u32, u32)) -> Targets {
        match self.targets.take() {
            Some(targets) if targets.size == size => targets,
            stale => {
                // Bindings would keep the old textures alive.
                if let Some(old) = &stale {
                    self.chain.release(&old.input);
                }
                drop(stale);
                self.created += TARGET_OBJECTS;
                Targets::new(self.gpu.device(), size)
            }
        }
    }
}

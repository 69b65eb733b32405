//! Frame + faces + look → frame: in textures of a host, or in memory from start to end.

use std::time::{Duration, Instant};

use wgpu::TextureFormat::{self, Rgba8Unorm, Rgba16Float};

use super::Gpu;
use super::bind_groups::Pair;
use super::copy::FrameCopy;
use super::fault::Deadline;
use super::host::{self, HostTextures};
use super::stages::Stages;
use super::stats::RenderStats;
use super::timer::STAMP_BYTES;
use super::transfer::{InFlightFrame, Targets};
use super::windows::{Window, shifted, windows};
use crate::retouch::Plan;
use crate::retouch::region::TILE;
use crate::{Error, Face, Frame, FrameMut, Look, Looks, Result, Transfer};

/// Retouches faces in textures or in memory. Nothing in it depends on where the faces come from.
///
/// Faces of 468 points have no irises: what [`Eyes`](crate::Eyes) does to irises is left out for them, and the whites of their eyes
/// are told from the irises by colour alone.
pub struct Renderer {
    gpu: Gpu,
    passes: Passes,
    /// Those for pictures of the other depth, where there was one.
    other: Option<Box<Passes>>,
    targets: Option<Targets>,
    host: HostTextures,
    transfer: Transfer,
    /// The next frame's, where it is told.
    time: Option<Duration>,
    plan: Plan,
    stats: RenderStats,
}

/// All passes, for pictures of one depth.
struct Passes {
    stages: Stages,
    copy: FrameCopy,
    /// A bit for each that the device has been through with once.
    used: u32,
    /// How many objects there were when a frame was last through.
    created: u64,
}

impl Passes {
    /// Compiles the shaders for pictures that are written in this format.
    fn new(gpu: &Gpu, picture: TextureFormat) -> Result<Self> {
        gpu.guarded(|| {
            let stages = Stages::new(gpu.device(), gpu.queue(), gpu.is_timed(), picture);
            stages.check_device()?;
            let copy = FrameCopy::new(stages.factory());
            Ok(Self { stages, copy, used: 0, created: 0 })
        })
    }

    fn clear(&mut self) {
        self.stages.clear();
        self.copy.clear();
    }

    /// Whether such a frame does something for the first time. With a texture of another size it does too: a software device
    /// may compile a pass anew for it.
    fn is_first(&self, ran: u32) -> bool {
        ran & !self.used != 0 || self.stages.factory().created() != self.created
    }

    /// Lets go of a texture that is used no more: bind groups would keep it alive.
    fn release(&mut self, texture: &wgpu::TextureView) {
        self.stages.release(texture);
        self.copy.release(texture);
    }
}

/// A picture in memory between the steps of its retouch; without a frame in flight where there is nothing to do.
#[derive(Default)]
pub(crate) struct PendingFrame {
    in_flight: Option<InFlightFrame>,
    stats: RenderStats,
    submitted: Option<Instant>,
    /// A bit for each pass that had anything to do.
    ran: u32,
    /// How many objects there were when it was submitted.
    created: u64,
}

impl Renderer {
    /// Compiles the shaders for a device.
    ///
    /// # Errors
    ///
    /// [`Error::Gpu`] where the device refuses them (it was made with less than [`wgpu::Limits::default`]),
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`].
    pub fn new(gpu: &Gpu) -> Result<Self> {
        let passes = Passes::new(gpu, Rgba8Unorm)?;
        let stats = RenderStats { resources_created: passes.stages.factory().created(), ..RenderStats::default() };
        Ok(Self {
            gpu: gpu.clone(),
            passes,
            other: None,
            targets: None,
            host: HostTextures::new(),
            transfer: Transfer::Sdr,
            time: None,
            plan: Plan::default(),
            stats,
        })
    }

    /// Makes the passes those that write pictures in this format. They are compiled when they are first needed.
    fn write_as(&mut self, picture: TextureFormat) -> Result<()> {
        if self.passes.stages.factory().picture() == picture {
            return Ok(());
        }
        let mut next = match self.other.take() {
            Some(passes) => passes,
            None => Box::new(Passes::new(&self.gpu, picture)?),
        };
        // What is known of the faces is known to the others.
        next.stages.reset();
        std::mem::swap(&mut self.passes, &mut *next);
        (self.other, self.targets) = (Some(next), None);
        Ok(())
    }

    /// Objects made on the device so far.
    fn created(&self) -> u64 {
        let made = |passes: &Passes| passes.stages.factory().created();
        made(&self.passes) + self.other.as_deref().map_or(0, made)
    }

    /// Records the retouch of `faces` into the host's `encoder`: one copy of `input` to `output`, then the faces'
    /// rectangles. Submits nothing, waits for nothing. Points of the faces are in pixels of `input`. `looks` is one look for all
    /// faces (`&Look`), or one for each in their order (a slice): see [`Looks`].
    ///
    /// Both are views of 2D textures of one size, of format `Rgba8Unorm`, `Rgba8UnormSrgb`, `Bgra8Unorm`, `Bgra8UnormSrgb`,
    /// `Rgba16Float` or `Rgb10a2Unorm`. `input` has the usages `TEXTURE_BINDING` and `COPY_SRC`. `output` has `STORAGE_BINDING` and
    /// `COPY_DST`, where it is `Rgba8Unorm` or `Rgba16Float`, or else `RENDER_ATTACHMENT`: then the frame is drawn into it, which costs a
    /// pass over all of it, and a texture as large between the two. So do two textures of different formats. With `COPY_DST` too, a
    /// frame without a face is only copied between textures that differ in sRGB alone.
    ///
    /// Values are what is stored, encoded as sRGB is, and are written as they were: grey 0.5 stays 0.5. A texture whose type is
    /// sRGB's gets the same bytes as one whose type is not. A host that samples its textures as sRGB saves the pass if they are
    /// `Rgba8Unorm`, with views of the other type for itself:
    ///
    /// ```no_run
    /// # use glowup::wgpu;
    /// # fn make(device: &wgpu::Device, size: wgpu::Extent3d) -> [wgpu::TextureView; 2] {
    /// use wgpu::{TextureFormat, TextureUsages, TextureViewDescriptor};
    /// let texture = device.create_texture(&wgpu::TextureDescriptor {
    ///     format: TextureFormat::Rgba8Unorm,
    ///     view_formats: &[TextureFormat::Rgba8UnormSrgb],
    ///     usage: TextureUsages::STORAGE_BINDING | TextureUsages::COPY_DST | TextureUsages::TEXTURE_BINDING,
    /// #     size, label: None, mip_level_count: 1, sample_count: 1, dimension: wgpu::TextureDimension::D2,
    ///     // ...
    /// });
    /// let output = texture.create_view(&TextureViewDescriptor::default());
    /// let sampled = texture.create_view(&TextureViewDescriptor {
    ///     format: Some(TextureFormat::Rgba8UnormSrgb),
    ///     usage: Some(TextureUsages::TEXTURE_BINDING),
    ///     ..TextureViewDescriptor::default()
    /// });
    /// # [output, sampled]
    /// # }
    /// ```
    ///
    /// What counts of a view is its texture: views may be made anew for each frame, and in any format that the texture allows. Let
    /// textures come back: what is bound for one serves as long as it does. One that is new in each frame, as a screen's, had
    /// better be an output that is drawn into, for which nothing is bound. Record one frame a submission: its masks are written
    /// through the queue, and a second call before the submission would replace them.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a look and [`Error::BadLandmarks`] for a face that is not valid, [`Error::LookCount`] for
    /// another number of looks than faces, [`Error::SizeMismatch`] for textures of two sizes, [`Error::BadTexture`] for textures of another format or usage, [`Error::OutOfMemory`],
    /// [`Error::DeviceLost`]. Nothing is recorded then, save where the device is lost in this very call.
    pub fn render<'a>(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::TextureView,
        output: &wgpu::TextureView,
        faces: &[Face],
        looks: impl Into<Looks<'a>>,
    ) -> Result<()> {
        self.render_to(encoder, (input, output), faces, looks.into(), false)
    }

    /// As [`Renderer::render`], but shows where the faces' skin is instead of retouching it: of a pixel that may be skin red, green
    /// and blue are how surely it is, 0 … 1, and alpha is 0; one that surely is none is a copy, as far as it stays in place. It is
    /// shown where the shape of `looks` moves it to; nothing else of the looks counts. Use a renderer apart from the one that
    /// retouches: what is known of the skin is learned with each call.
    ///
    /// # Errors
    ///
    /// As [`Renderer::render`].
    pub fn render_skin<'a>(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::TextureView,
        output: &wgpu::TextureView,
        faces: &[Face],
        looks: impl Into<Looks<'a>>,
    ) -> Result<()> {
        self.render_to(encoder, (input, output), faces, looks.into(), true)
    }

    fn render_to(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        pair: Pair<'_>,
        faces: &[Face],
        looks: Looks<'_>,
        shows_skin: bool,
    ) -> Result<()> {
        // A device would only complain once the host finishes its encoder.
        self.write_as(host::check_pair(pair, self.transfer)?)?;
        let size = (pair.0.texture().width(), pair.0.texture().height());
        self.begin(size, faces, looks, shows_skin)?;
        let gpu = self.gpu.clone();
        for stale in self.host.begin(size, self.transfer).into_iter().flatten() {
            self.passes.release(&stale);
        }
        // First all that can fail, then the recording.
        let made = gpu.guarded(|| {
            let factory = self.passes.stages.factory();
            let staged = self.host.prepare(factory, pair, self.transfer, self.plan.faces().is_empty());
            self.passes.copy.prepare(factory, staged.pair());
            self.passes.stages.prepare(staged.pair(), &self.plan);
            Ok(staged)
        });
        let outcome = made.and_then(|staged| {
            gpu.guarded(|| {
                self.host.record_input(encoder, pair.0, &staged);
                let copied = self.passes.copy.record(encoder, staged.pair());
                let ran = self.passes.stages.record(gpu.queue(), encoder, staged.pair(), &self.plan);
                self.host.record_output(encoder, &staged);
                self.stats.dispatches = copied + ran.count_ones();
                Ok(())
            })
        });
        self.stats.resources_created = self.created();
        self.clear_on_failure(outcome)
    }

    /// Retouches `faces` in a picture in memory, in place. Where it fails the picture is as it was; of one with more than 16
    /// megapixels, or with sides longer than the device's textures, the surroundings of one face after another are retouched, and
    /// those that were keep their retouch.
    ///
    /// # Errors
    ///
    /// As [`Renderer::render`], [`Error::FrameTooLarge`] where the device cannot hold what surrounds a face, and
    /// [`Error::Timeout`] where it does not finish within two seconds, or fifteen where it does something for the first time.
    pub fn retouch<'a>(&mut self, frame: &mut FrameMut<'_>, faces: &[Face], looks: impl Into<Looks<'a>>) -> Result<()> {
        let looks = looks.into();
        let size = (frame.as_frame().width(), frame.as_frame().height());
        let Some(windows) = windows(size, self.gpu.max_side(), faces) else {
            return self.retouch_whole(frame, faces, looks);
        };
        // What is wrong with a face or a look is said before anything is changed.
        self.plan.update(size, faces, looks, false)?;
        let mut total = RenderStats { resources_created: self.created(), ..RenderStats::default() };
        for Window { rect, faces: own } in windows {
            let own = || own.iter().filter_map(|&index| Some((index, faces.get(index)?)));
            let of_each: Vec<Look> = own().map(|(index, face)| looks.of(index, face).clone()).collect();
            let shifted: Vec<Face> = own().map(|(_, face)| shifted(face, &rect)).collect();
            self.retouch_whole(&mut frame.part(rect.origin_and_size()), &shifted, of_each.as_slice().into())?;
            total.add(&self.stats);
        }
        self.stats = total;
        Ok(())
    }

    fn retouch_whole(&mut self, frame: &mut FrameMut<'_>, faces: &[Face], looks: Looks<'_>) -> Result<()> {
        let mut pending = self.upload(&frame.as_frame(), faces, looks)?;
        self.submit(&mut pending)?;
        self.finish(pending, frame)
    }

    /// The first step of [`Renderer::retouch`], for one of several pictures in flight: plans it and copies it to the device.
    pub(crate) fn upload(&mut self, frame: &Frame<'_>, faces: &[Face], looks: Looks<'_>) -> Result<PendingFrame> {
        self.write_as(if frame.format().is_deep() { Rgba16Float } else { Rgba8Unorm })?;
        self.begin((frame.width(), frame.height()), faces, looks, false)?;
        self.upload_planned(frame)
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
            frame.read_sdr(y, row);
        }
        picture.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = u8::MAX);
        let mut shown = FrameMut::rgba8(&mut picture, width, height)?;
        self.write_as(Rgba8Unorm)?;
        self.begin((width, height), faces, (&Look::NONE).into(), true)?;
        let mut pending = self.upload_planned(&shown.as_frame())?;
        self.submit(&mut pending)?;
        self.finish(pending, &mut shown)?;
        // The passes leave alpha at 0 where they have been.
        Ok(picture.as_chunks::<4>().0.iter().map(|&[skin, .., alpha]| if alpha == 0 { skin } else { 0 }).collect())
    }

    /// Copies what is planned for a picture in memory to the device.
    fn upload_planned(&mut self, frame: &Frame<'_>) -> Result<PendingFrame> {
        let outcome = self.try_upload(frame);
        self.clear_on_failure(outcome)
    }

    fn try_upload(&mut self, frame: &Frame<'_>) -> Result<PendingFrame> {
        if self.plan.faces().is_empty() {
            return Ok(PendingFrame { stats: self.stats, ..PendingFrame::default() });
        }
        let size = (frame.width(), frame.height());
        let max = self.gpu.max_side();
        if size.0.max(size.1) > max {
            return Err(Error::FrameTooLarge { width: size.0, height: size.1, max });
        }
        let gpu = self.gpu.clone();
        let (start, deadline) = (Instant::now(), Deadline::from_now());
        let tail = if self.passes.stages.timer().is_some() { STAMP_BYTES } else { 0 };
        let (mut targets, mut in_flight) = gpu.guarded(|| {
            let mut targets = self.targets_of(size);
            let in_flight = targets.begin(&gpu, self.passes.stages.factory(), self.plan.faces(), tail, deadline);
            self.passes.stages.prepare((&targets.input, &targets.output), &self.plan);
            Ok((targets, in_flight))
        })?;
        gpu.guarded(|| targets.upload(&mut in_flight, frame, self.plan.faces()))?;
        self.targets = Some(targets);
        self.stats.upload = Some(start.elapsed());
        Ok(PendingFrame { in_flight: Some(in_flight), stats: self.stats, ..PendingFrame::default() })
    }

    /// The second step, once all pictures before have taken it: submits the work, as soon as the device is through with all
    /// other. What was planned must not have been planned anew.
    pub(crate) fn submit(&mut self, pending: &mut PendingFrame) -> Result<()> {
        let outcome = self.try_submit(pending);
        self.clear_on_failure(outcome)
    }

    fn try_submit(&mut self, pending: &mut PendingFrame) -> Result<()> {
        let (Some(in_flight), Some(targets)) = (&mut pending.in_flight, &self.targets) else { return Ok(()) };
        let (gpu, plan, passes) = (&self.gpu, &self.plan, &mut self.passes);
        pending.ran = gpu.guarded(|| {
            let mut encoder =
                gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("glowup") });
            targets.record_upload(&mut encoder, in_flight, plan.faces());
            let ran = passes.stages.record(gpu.queue(), &mut encoder, (&targets.input, &targets.output), plan);
            targets.record_readback(&mut encoder, in_flight);
            if let (Some(timer), Some(buffer)) = (passes.stages.timer(), in_flight.readback()) {
                timer.record(&mut encoder, ran, buffer);
            }
            let commands = encoder.finish();
            if passes.is_first(ran) {
                in_flight.allow_first_use();
            }
            // Some drivers would hold the submission up for as long as the device is busy; this wait has an end.
            gpu.wait(None, in_flight.deadline())?;
            pending.submitted = Some(Instant::now());
            in_flight.set_submission(gpu.queue().submit([commands]));
            Ok(ran)
        })?;
        pending.created = passes.stages.factory().created();
        pending.stats.dispatches = pending.ran.count_ones();
        Ok(())
    }

    /// The last step, in the pictures' order: waits until the device has finished. The picture is written to once nothing
    /// can fail any more.
    pub(crate) fn finish(&mut self, mut pending: PendingFrame, frame: &mut FrameMut<'_>) -> Result<()> {
        let outcome = self.read_back(&mut pending, frame);
        self.stats = pending.stats;
        self.stats.resources_created = self.created();
        match (pending.in_flight, &mut self.targets) {
            // A frame of a device that was replaced in the meantime says nothing of this one.
            (Some(in_flight), _) if !in_flight.is_on(&self.gpu) => return outcome,
            (Some(in_flight), Some(targets)) if outcome.is_ok() => {
                self.passes.used |= pending.ran;
                self.passes.created = self.passes.created.max(pending.created);
                targets.recycle(in_flight);
            }
            _ => {}
        }
        self.clear_on_failure(outcome)
    }

    fn read_back(&self, pending: &mut PendingFrame, frame: &mut FrameMut<'_>) -> Result<()> {
        let Some(in_flight) = &mut pending.in_flight else { return Ok(()) };
        in_flight.wait()?;
        let finished = Instant::now();
        let (stats, ran) = (&mut pending.stats, pending.ran);
        let timer = self.passes.stages.timer();
        in_flight.read(frame, |data| stats.passes = timer.map(|timer| timer.read(ran, data)))?;
        stats.gpu = pending.submitted.map(|submitted| finished - submitted);
        stats.readback = Some(finished.elapsed());
        stats.bytes = in_flight.bytes();
        Ok(())
    }

    /// Says when the next frame is seen: its timestamp, counted from any moment that the stream keeps to. What is known of a
    /// face's colours follows what is seen over a few tenths of a second, so that nothing flickers; by this it does so at any frame
    /// rate. It holds for one frame. Of a frame that has none, or an earlier one than the last, it is taken that it comes a thirtieth of
    /// a second after the last; a time between frames counts from 1/240 s to 1 s.
    pub fn set_time(&mut self, time: Option<Duration>) {
        self.time = time;
    }

    /// Says how light is coded in the textures that come, those of `Rgba16Float` and `Rgb10a2Unorm`; [`Transfer::Sdr`] at first. HLG and
    /// PQ are signals of 0 to 1 in the primaries of BT.2020. Skin is then looked for in a copy as SDR shows it, and the output, of one
    /// of these two formats too, is drawn into (`RENDER_ATTACHMENT`): what was not retouched keeps its values. Frames in
    /// memory tell their own, by [`Colours`](crate::Colours).
    pub fn set_transfer(&mut self, transfer: Transfer) {
        self.transfer = transfer;
    }

    /// How light is coded in textures.
    pub(crate) fn transfer(&self) -> Transfer {
        self.transfer
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

    /// What made its objects.
    #[cfg(test)]
    pub(super) fn factory(&self) -> &super::resources::ResourceFactory {
        self.passes.stages.factory()
    }

    /// Forgets the colours of the faces' skin and where they were: the next frame belongs to another stream.
    pub fn reset(&mut self) {
        self.passes.stages.reset();
        self.plan.reset();
    }

    fn begin(&mut self, size: (u32, u32), faces: &[Face], looks: Looks<'_>, shows_skin: bool) -> Result<()> {
        self.stats = RenderStats { resources_created: self.stats.resources_created, ..RenderStats::default() };
        self.plan.time = self.time.take();
        self.plan.update(size, faces, looks, shows_skin)?;
        // Asked even where there is nothing to do, so that a loss is heard of at the next frame and not at the next face.
        self.gpu.guarded(|| self.passes.stages.check_device())?;
        self.stats.pixels = self.plan.tiles.list().len() as u64 * u64::from(TILE * TILE);
        Ok(())
    }

    /// After a failure nothing is trusted that was made or half made: the next call makes it anew.
    fn clear_on_failure<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if outcome.is_err() {
            self.targets = None;
            self.host.clear();
            self.passes.clear();
            self.other = None;
        }
        outcome
    }

    /// The textures for frames of this size: the last frame's, or new ones.
    fn targets_of(&mut self, size: (u32, u32)) -> Targets {
        match self.targets.take() {
            Some(targets) if targets.size == size => targets,
            stale => {
                // Bind groups would keep the old textures alive.
                if let Some(old) = &stale {
                    self.passes.stages.release(&old.input);
                }
                drop(stale);
                Targets::new(self.passes.stages.factory(), size)
            }
        }
    }
}

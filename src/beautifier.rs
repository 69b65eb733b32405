//! The session: tracker + plan + renderer. The type that users meet first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::face::TrackTimes;
use crate::gpu::{GpuCropper, PassTimes, PendingFrame, Renderer, check_input, is_hdr};
use crate::look::{FaceLooks, ShapeChanges};
use crate::{Face, FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Look, Orientation, Result, TrackerOptions, Transfer};

/// What a [`Beautifier`] shall do.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BeautifierOptions {
    /// How faces are found and followed.
    pub tracker: TrackerOptions,
    /// Which device retouches them.
    pub gpu: GpuOptions,
}

/// What one frame cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FrameStats {
    /// Looking for new faces; `None` where it did not run.
    pub detect: Option<Duration>,
    /// Landmarks of all faces; `None` where there was none.
    pub landmarks: Option<Duration>,
    /// All of the tracking, the two above included.
    pub track: Duration,
    /// Copying the faces' rectangles to the device. `None`, like the next two, where nothing was to retouch.
    pub upload: Option<Duration>,
    /// The compute passes, from submission until the device has finished.
    pub gpu: Option<Duration>,
    /// Copying the finished rectangles back into the picture.
    pub readback: Option<Duration>,
    /// The whole call.
    pub frame: Duration,
    /// Dispatches recorded.
    pub dispatches: u32,
    /// Pixels that the passes at full size visit: tiles of 16 × 16 that hold skin or move.
    pub pixels: u64,
    /// Bytes copied to the device and back.
    pub bytes: u64,
    /// What each pass took on the device, where it is timed: [`GpuOptions::timestamps`].
    pub passes: Option<PassTimes>,
    /// Textures, buffers, samplers, pipelines and bind groups created since the session began or was recovered. Constant
    /// once warm.
    pub gpu_resources_created: u64,
}

/// Finds the faces in each frame and retouches them: the whole of glowup behind one door.
///
/// One session serves one stream; it keeps what it knows of the last frames. Sessions are independent of each other and
/// may live on different threads, on one device or several.
pub struct Beautifier {
    tracker: FaceTracker,
    renderer: Renderer,
    looks: Arc<FaceLooks>,
    changes: ShapeChanges,
    /// What crops network inputs from textures, once there was one.
    cropper: Option<GpuCropper>,
    stats: FrameStats,
}

/// A frame between the steps of a session.
pub(crate) struct BegunFrame {
    start: Instant,
    track: Duration,
    times: TrackTimes,
    pending: PendingFrame,
}

impl Beautifier {
    /// A session on a device of its own.
    ///
    /// # Errors
    ///
    /// As [`Gpu::new`] and [`Beautifier::with_gpu`].
    pub fn new(options: BeautifierOptions) -> Result<Self> {
        Self::with_gpu(&Gpu::new(options.gpu)?, options.tracker)
    }

    /// A session on a device that is there already: the host's, by [`Gpu::from_device`], or one that several sessions
    /// share.
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::new`] and [`Renderer::new`].
    pub fn with_gpu(gpu: &Gpu, tracker: TrackerOptions) -> Result<Self> {
        Ok(Self {
            tracker: FaceTracker::new(tracker)?,
            renderer: Renderer::new(gpu)?,
            looks: Arc::new(FaceLooks::new(Look::NATURAL)),
            changes: ShapeChanges::default(),
            cropper: None,
            stats: FrameStats::default(),
        })
    }

    /// The look of all faces that have none of their own; [`Look::NATURAL`] at first.
    #[must_use]
    pub fn look(&self) -> &Look {
        &self.looks.default
    }

    /// Changes the look of all faces that have none of their own, from the next frame on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for an amount that is not in its range; the look in force stays.
    pub fn set_look(&mut self, look: Look) -> Result<()> {
        Arc::make_mut(&mut self.looks).set_default(look)
    }

    /// The look of a face of the video, by its [`Face::id`]: its own, or else the look of all.
    #[must_use]
    pub fn face_look(&self, id: u64) -> &Look {
        self.looks.of(id)
    }

    /// Gives a face of the video a look of its own from the next frame on, by its [`Face::id`], or takes it away (`None`). To
    /// retouch one person only, set [`Look::NONE`] for all by [`Beautifier::set_look`], and this person's look here. It holds
    /// as long as the face keeps its id; the newest 256 are kept. Stills, whose ids are others, get the look of all.
    ///
    /// # Errors
    ///
    /// As [`Beautifier::set_look`].
    pub fn set_face_look(&mut self, id: u64, look: Option<Look>) -> Result<()> {
        Arc::make_mut(&mut self.looks).set(id, look)
    }

    /// How fast the shapes of a video's faces follow their looks, in amounts a second: at 2 the jaw takes half a second from
    /// `slim` 0 to 1, after [`Beautifier::set_look`] as well as where a face comes. `None`, as at first: at once. Stills are never
    /// waited for.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a rate that is not above 0 and at most 1000; the one in force stays.
    pub fn set_change_rate(&mut self, rate: Option<f32>) -> Result<()> {
        self.changes.set_rate(rate)
    }

    /// All looks at once, as [`Beautifier::looks`] has given them.
    pub(crate) fn set_looks(&mut self, looks: &Arc<FaceLooks>) {
        self.looks = Arc::clone(looks);
    }

    pub(crate) fn looks(&self) -> &Arc<FaceLooks> {
        &self.looks
    }

    /// Retouches a video's next frame in place. `time` is the frame's timestamp, counted from any moment that the stream
    /// keeps to. Returns the faces that were found.
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::track`] and [`Renderer::retouch`]. The picture is then as it was.
    pub fn process(&mut self, frame: &mut FrameMut<'_>, time: Duration) -> Result<&[Face]> {
        let mut begun = self.begin(&frame.as_frame(), time)?;
        self.submit(&mut begun)?;
        self.end(begun, frame)?;
        Ok(self.tracker.faces())
    }

    /// The first step of [`Beautifier::process`], for one of several frames in flight: finds the faces, plans, and copies to
    /// the device.
    pub(crate) fn begin(&mut self, frame: &Frame<'_>, time: Duration) -> Result<BegunFrame> {
        let start = Instant::now();
        self.tracker.track(frame, time)?;
        let track = start.elapsed();
        let looks = self.changes.step(self.tracker.faces(), &self.looks, time);
        self.renderer.set_time(Some(time));
        let pending = self.renderer.upload(frame, self.tracker.faces(), looks)?;
        Ok(BegunFrame { start, track, times: self.tracker.times(), pending })
    }

    /// The second step, before the next frame begins.
    pub(crate) fn submit(&mut self, begun: &mut BegunFrame) -> Result<()> {
        self.renderer.submit(&mut begun.pending)
    }

    /// The last step, in the order of the frames.
    pub(crate) fn end(&mut self, begun: BegunFrame, frame: &mut FrameMut<'_>) -> Result<()> {
        let BegunFrame { start, track, times, pending } = begun;
        self.renderer.finish(pending, frame)?;
        self.note(start, track, times);
        Ok(())
    }

    /// As [`Beautifier::process`], from one picture into another of the same size.
    ///
    /// # Errors
    ///
    /// As [`Beautifier::process`], and [`Error::SizeMismatch`](crate::Error::SizeMismatch), where `output` is left alone;
    /// after any other error it holds the input.
    pub fn process_into(&mut self, input: &Frame<'_>, output: &mut FrameMut<'_>, time: Duration) -> Result<&[Face]> {
        output.copy_from(input)?;
        self.process(output, time)
    }

    /// Retouches a video's next frame from a texture into another one, on the device: finds the faces in `input`, which must
    /// hold the frame by work that has been submitted, then records the retouch into the host's `encoder`. Only what the
    /// networks look at is read back: 110,592 bytes for each face and 49,152 for each search. Returns the faces that were
    /// found.
    ///
    /// Textures and encoder as for [`Renderer::render`]; the device is that of [`Beautifier::gpu`].
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::track`] and [`Renderer::render`]; [`Error::Timeout`](crate::Error::Timeout) where the device does not
    /// show the frame within two seconds.
    pub fn render(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::TextureView,
        output: &wgpu::TextureView,
        time: Duration,
    ) -> Result<&[Face]> {
        let start = Instant::now();
        let (track, bytes) = self.track_texture(input, time)?;
        let looks = self.changes.step(self.tracker.faces(), &self.looks, time);
        self.renderer.set_time(Some(time));
        self.renderer.render(encoder, input, output, self.tracker.faces(), looks)?;
        self.note(start, track, self.tracker.times());
        self.stats.bytes += bytes;
        Ok(self.tracker.faces())
    }

    /// Finds the faces in a texture. Returns how long that took and how many bytes were read back.
    fn track_texture(&mut self, input: &wgpu::TextureView, time: Duration) -> Result<(Duration, u64)> {
        check_input(input.texture())?;
        let start = Instant::now();
        let cropper = match self.cropper.take() {
            Some(cropper) => cropper,
            None => GpuCropper::new(self.renderer.gpu())?,
        };
        let cropper = self.cropper.insert(cropper);
        let is_hdr = is_hdr(input.texture(), self.renderer.transfer());
        cropper.read_as(if is_hdr { self.renderer.transfer() } else { Transfer::Sdr })?;
        self.tracker.track_in(&mut cropper.source(input), time)?;
        Ok((start.elapsed(), cropper.bytes()))
    }

    /// How light is coded in the textures that come: see [`Renderer::set_transfer`]. Faces are looked for in a copy as SDR shows it.
    pub fn set_transfer(&mut self, transfer: Transfer) {
        self.renderer.set_transfer(transfer);
    }

    /// How the next pictures lie: see [`FaceTracker::set_orientation`].
    pub fn set_orientation(&mut self, orientation: Orientation) {
        self.tracker.set_orientation(orientation);
    }

    /// Retouches a picture on its own, in place: every face at once and in full. Returns the faces that were found. What
    /// is known of a video's faces stays.
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::detect`] and [`Renderer::retouch`]. The picture is then as it was.
    pub fn process_still(&mut self, frame: &mut FrameMut<'_>) -> Result<Vec<Face>> {
        let start = Instant::now();
        let faces = self.tracker.detect(&frame.as_frame())?;
        let track = start.elapsed();
        self.renderer.reset();
        let outcome = self.renderer.retouch(frame, &faces, &self.looks.default);
        self.renderer.reset();
        outcome?;
        self.note(start, track, TrackTimes { detect: Some(track), landmarks: None, total: track });
        Ok(faces)
    }

    /// Where skin is on a picture of its own, as [`Beautifier::process_still`] sees it: see [`Renderer::skin`].
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::detect`] and [`Renderer::retouch`].
    pub fn skin(&mut self, frame: &Frame<'_>) -> Result<Vec<u8>> {
        let faces = self.tracker.detect(frame)?;
        self.renderer.reset();
        let skin = self.renderer.skin(frame, &faces);
        self.renderer.reset();
        skin
    }

    /// The faces of the last frame of the video.
    #[must_use]
    pub fn faces(&self) -> &[Face] {
        self.tracker.faces()
    }

    /// What the last frame cost.
    #[must_use]
    pub fn stats(&self) -> &FrameStats {
        &self.stats
    }

    /// The device that retouches.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        self.renderer.gpu()
    }

    /// Makes everything on the graphics device anew, on a new device with the options of the old one: what there is to do
    /// after [`Error::DeviceLost`](crate::Error::DeviceLost), or where [`Error::Timeout`](crate::Error::Timeout) does not
    /// end. Faces, look and stream stay as they are, and the next frame comes out as if nothing had been; only the skins'
    /// colours, which settle within a few tenths of a second, are taken afresh. Sessions that shared the old device share the new one
    /// if one of them calls this and the others call [`Beautifier::recover_on`] with its [`Beautifier::gpu`].
    ///
    /// # Errors
    ///
    /// As [`Gpu::renew`] and [`Renderer::new`]. The session is then as it was, and this may be tried again.
    pub fn recover(&mut self) -> Result<()> {
        let gpu = self.renderer.gpu().renew()?;
        self.recover_on(&gpu)
    }

    /// As [`Beautifier::recover`], on a device that the host has made in place of its lost one.
    ///
    /// # Errors
    ///
    /// As [`Renderer::new`]. The session is then as it was, and this may be tried again.
    pub fn recover_on(&mut self, gpu: &Gpu) -> Result<()> {
        let mut renderer = Renderer::new(gpu)?;
        renderer.set_transfer(self.renderer.transfer());
        self.renderer = renderer;
        self.cropper = None;
        Ok(())
    }

    /// Forgets every face: the next frame starts a new stream, at any time.
    pub fn reset(&mut self) {
        self.tracker.reset();
        self.renderer.reset();
        self.changes.reset();
    }

    fn note(&mut self, start: Instant, track: Duration, times: TrackTimes) {
        let done = self.renderer.stats();
        self.stats = FrameStats {
            detect: times.detect,
            landmarks: times.landmarks,
            track,
            upload: done.upload,
            gpu: done.gpu,
            readback: done.readback,
            frame: start.elapsed(),
            dispatches: done.dispatches,
            pixels: done.pixels,
            bytes: done.bytes,
            passes: done.passes,
            gpu_resources_created: done.resources_created + self.cropper.as_ref().map_or(0, GpuCropper::created),
        };
    }
}

//! A session whose stages overlap: while the device works on one frame, the networks look at the next.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::beautifier::BegunFrame;
use crate::look::FaceLooks;
use crate::{Beautifier, Error, Face, FrameBuf, FrameMut, FrameStats, Gpu, Look, Orientation, Result};

/// A picture that a [`Pipeline`] can keep until it is retouched: a [`FrameBuf`], or a host's own buffer.
pub trait Picture: Send + 'static {
    /// Its pixels.
    ///
    /// # Errors
    ///
    /// Whatever [`FrameMut`]'s constructors say of them. The picture then comes back with that error.
    fn frame_mut(&mut self) -> Result<FrameMut<'_>>;
}

impl Picture for FrameBuf {
    fn frame_mut(&mut self) -> Result<FrameMut<'_>> {
        Ok(self.as_frame_mut())
    }
}

/// What happens to a frame that is pushed while another one still waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DropPolicy {
    /// The caller waits: nothing is lost. For files.
    #[default]
    Wait,
    /// The one that waits gives way to the newer one: for live pictures.
    DropOldest,
    /// The new one is turned away: the one that waits has been promised.
    DropNewest,
}

/// A frame that has gone through a [`Pipeline`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Retouched<P> {
    /// The picture: retouched, or as it was where `outcome` is an error.
    pub picture: P,
    /// Its timestamp.
    pub time: Duration,
    /// The faces that were found in it.
    pub faces: Vec<Face>,
    /// What it cost. `frame` counts from when its turn came, and so holds some of its neighbours' work too.
    pub stats: FrameStats,
    /// Whether all went well: errors are those of [`Beautifier::process`].
    pub outcome: Result<()>,
}

/// How many frames a [`Pipeline`] has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PipelineCounts {
    /// Pushed.
    pub pushed: u64,
    /// Of these, dropped by the rule that was set.
    pub dropped: u64,
    /// Of these, finished, with or without an error.
    pub finished: u64,
}

/// A [`Beautifier`] on a thread of its own, whose stages overlap: upload and networks of one frame run while the device
/// works on the frame before and its result is copied back.
///
/// Frames come out in the order they went in, with the same pixels as [`Beautifier::process`] gives. A frame is finished
/// once the next one has been handed to the device, or at once where none waits: the latency is that of one frame more. At
/// most one frame waits for its turn; [`DropPolicy`] says what becomes of another. All of this may be called from any thread.
///
/// ```no_run
/// use std::time::Duration;
/// use glowup::{Beautifier, BeautifierOptions, DropPolicy, FrameBuf, Pipeline};
///
/// # fn next_frame() -> Option<(FrameBuf, Duration)> { None }
/// # fn show(_: FrameBuf) {}
/// let pipeline = Pipeline::new(Beautifier::new(BeautifierOptions::default())?, DropPolicy::DropOldest)?;
/// while let Some((picture, time)) = next_frame() {
///     pipeline.push(picture, time)?;
///     while let Some(done) = pipeline.take() {
///         show(done.picture);
///     }
/// }
/// while let Some(done) = pipeline.wait() {
///     show(done.picture);
/// }
/// # Ok::<(), glowup::Error>(())
/// ```
pub struct Pipeline<P: Picture> {
    shared: Arc<Shared<P>>,
    thread: Option<JoinHandle<()>>,
}

/// Finished frames that are kept, where frames may be dropped, before no more are begun.
const KEPT: usize = 4;

struct Shared<P> {
    policy: DropPolicy,
    queue: Mutex<Queue<P>>,
    /// Something in the queue has changed.
    changed: Condvar,
    session: Mutex<Beautifier>,
}

struct Queue<P> {
    waiting: Option<Job<P>>,
    /// Frames begun and not finished.
    working: usize,
    done: VecDeque<Retouched<P>>,
    counts: PipelineCounts,
    looks: Arc<FaceLooks>,
    orientation: Option<Orientation>,
    /// The next frame that is pushed starts a new stream.
    fresh: bool,
    /// Nobody will push or take any more.
    closed: bool,
    /// The thread has ended.
    ended: bool,
}

/// A frame to be retouched.
struct Job<P> {
    picture: P,
    time: Duration,
    looks: Arc<FaceLooks>,
    /// Where it was set.
    orientation: Option<Orientation>,
    fresh: bool,
}

/// A frame in flight.
struct Working<P> {
    picture: P,
    time: Duration,
    faces: Vec<Face>,
    begun: Result<BegunFrame>,
}

impl<P: Picture> Pipeline<P> {
    /// Puts a session on a thread of its own. Its look and what it knows of its stream stay.
    ///
    /// # Errors
    ///
    /// [`Error::Threads`] where the thread cannot be started.
    pub fn new(session: Beautifier, policy: DropPolicy) -> Result<Self> {
        let queue = Queue {
            waiting: None,
            working: 0,
            done: VecDeque::new(),
            counts: PipelineCounts::default(),
            looks: Arc::clone(session.looks()),
            orientation: None,
            fresh: false,
            closed: false,
            ended: false,
        };
        let shared = Arc::new(Shared {
            policy,
            queue: Mutex::new(queue),
            changed: Condvar::new(),
            session: Mutex::new(session),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("glowup-pipeline".to_owned())
            .spawn(move || own.run())
            .map_err(|error| Error::Threads { threads: 1, reason: error.to_string() })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Hands over a video's next frame. `time` is its timestamp, as for [`Beautifier::process`]. Returns the frame that was
    /// dropped for it, or this one where it was turned away itself, so that its memory can be used again.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] where [`Picture::frame_mut`] of an earlier frame has panicked.
    pub fn push(&self, picture: P, time: Duration) -> Result<Option<P>> {
        let shared = &*self.shared;
        let mut queue = shared.lock();
        queue.counts.pushed += 1;
        while shared.policy == DropPolicy::Wait && queue.waiting.is_some() && !queue.ended {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.ended {
            return Err(Error::Stopped);
        }
        if queue.waiting.is_some() {
            queue.counts.dropped += 1;
            if shared.policy == DropPolicy::DropNewest {
                return Ok(Some(picture));
            }
        }
        let dropped = queue.waiting.take();
        let fresh = std::mem::take(&mut queue.fresh) || dropped.as_ref().is_some_and(|job| job.fresh);
        queue.waiting =
            Some(Job { picture, time, looks: Arc::clone(&queue.looks), orientation: queue.orientation, fresh });
        drop(queue);
        shared.changed.notify_all();
        Ok(dropped.map(|job| job.picture))
    }

    /// The next finished frame, if there is one by now. Frames that nobody takes pile up where none are dropped; where they
    /// are, at most four are kept and no more are begun.
    pub fn take(&self) -> Option<Retouched<P>> {
        let taken = self.shared.lock().done.pop_front();
        self.shared.changed.notify_all();
        taken
    }

    /// Waits for the next finished frame; `None` where no frame is in flight.
    pub fn wait(&self) -> Option<Retouched<P>> {
        let mut queue = self.shared.lock();
        while queue.done.is_empty() && (queue.waiting.is_some() || queue.working > 0) && !queue.ended {
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let taken = queue.done.pop_front();
        drop(queue);
        self.shared.changed.notify_all();
        taken
    }

    /// How many frames were pushed, dropped and finished.
    #[must_use]
    pub fn counts(&self) -> PipelineCounts {
        self.shared.lock().counts
    }

    /// Changes the look of all faces that have none of their own, in the frames that are pushed from now on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an amount that is not in its range; the look in force stays.
    pub fn set_look(&self, look: Look) -> Result<()> {
        Arc::make_mut(&mut self.shared.lock().looks).set_default(look)
    }

    /// Gives a face a look of its own in the frames that are pushed from now on, or takes it away: see
    /// [`Beautifier::set_face_look`].
    ///
    /// # Errors
    ///
    /// As [`Pipeline::set_look`].
    pub fn set_face_look(&self, id: u64, look: Option<Look>) -> Result<()> {
        Arc::make_mut(&mut self.shared.lock().looks).set(id, look)
    }

    /// How the pictures lie that are pushed from now on: see [`FaceTracker::set_orientation`](crate::FaceTracker::set_orientation).
    pub fn set_orientation(&self, orientation: Orientation) {
        self.shared.lock().orientation = Some(orientation);
    }

    /// The next frame that is pushed starts a new stream, at any time: every face is forgotten.
    pub fn reset(&self) {
        self.shared.lock().fresh = true;
    }

    /// As [`Beautifier::recover`]: what there is to do when frames come back with [`Error::DeviceLost`]. Frames that were in
    /// flight come back as they were.
    ///
    /// # Errors
    ///
    /// As [`Beautifier::recover`].
    pub fn recover(&self) -> Result<()> {
        self.shared.session().recover()
    }

    /// As [`Beautifier::recover_on`].
    ///
    /// # Errors
    ///
    /// As [`Beautifier::recover_on`].
    pub fn recover_on(&self, gpu: &Gpu) -> Result<()> {
        self.shared.session().recover_on(gpu)
    }
}

impl<P: Picture> Drop for Pipeline<P> {
    /// Waits for the frame at hand; those that wait are lost.
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // What a picture's panic has left is the host's to tell.
            let _ = thread.join();
        }
    }
}

/// Tells all who wait when the thread ends, however it does.
struct Ending<'a, P>(&'a Shared<P>);

impl<P> Drop for Ending<'_, P> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

impl<P> Shared<P> {
    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self) -> MutexGuard<'_, Beautifier> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next frame to begin. Where there is none yet: `Err` with whether any will come, or waits for it.
    fn next(&self, waits: bool) -> Result<Job<P>, bool> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return Err(false);
            }
            let room = self.policy == DropPolicy::Wait || queue.done.len() < KEPT;
            if room && let Some(job) = queue.waiting.take() {
                queue.working += 1;
                self.changed.notify_all();
                return Ok(job);
            }
            if !waits {
                return Err(true);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<P: Picture> Shared<P> {
    fn run(&self) {
        let _ending = Ending(self);
        let mut before = None;
        loop {
            match self.next(before.is_none()) {
                Ok(job) => before = Some(self.begin(job, before)),
                // Nothing is there to overlap with: the last frame is finished without delay.
                Err(more) => {
                    if let Some(working) = before.take() {
                        self.end(working);
                    }
                    if !more {
                        return;
                    }
                }
            }
        }
    }

    /// Begins a frame, and ends the one before once the device has this one.
    fn begin(&self, job: Job<P>, before: Option<Working<P>>) -> Working<P> {
        let Job { mut picture, time, looks, orientation, fresh } = job;
        let mut session = self.session();
        if fresh {
            session.reset();
        }
        if let Some(orientation) = orientation {
            session.set_orientation(orientation);
        }
        session.set_looks(&looks);
        let begun = picture.frame_mut().and_then(|frame| session.begin(&frame.as_frame(), time));
        let begun = begun.and_then(|mut begun| session.submit(&mut begun).map(|()| begun));
        let faces = if begun.is_ok() { session.faces().to_vec() } else { Vec::new() };
        drop(session);
        if let Some(before) = before {
            self.end(before);
        }
        Working { picture, time, faces, begun }
    }

    fn end(&self, working: Working<P>) {
        let Working { mut picture, time, faces, begun } = working;
        let mut session = self.session();
        let outcome = begun.and_then(|begun| session.end(begun, &mut picture.frame_mut()?));
        let stats = if outcome.is_ok() { *session.stats() } else { FrameStats::default() };
        drop(session);
        let mut queue = self.lock();
        queue.working -= 1;
        queue.counts.finished += 1;
        queue.done.push_back(Retouched { picture, time, faces, stats, outcome });
        drop(queue);
        self.changed.notify_all();
    }
}

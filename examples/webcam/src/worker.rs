//! The thread between source and window: takes each picture, retouches it, and keeps the newest result.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eframe::egui;
use glowup::{Gpu, Look};

use crate::common::Failure;
use crate::drawing::Drawing;
use crate::output::{Completion, Notes, Target, Writer, free_name, snapshot, with_ending};
use crate::previews::{self, Preview, Previews};
use crate::retouch::{FrameTextures, Output, Retoucher, Times, Tracking};
use crate::settings::Overlay;
use crate::source::{Picture, Received, SourceSpec, SourceThread, TimedPicture};

/// How often a source that has ended is looked for again.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);
/// A source that gives nothing for so long is stood in for; one that is being opened may take longer.
const PICTURE_TIMEOUT: Duration = Duration::from_millis(1500);
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a picture is waited for before one looks at what else there is to do.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The same while a still picture is shown, of which there will not be another.
const STILL_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often a still picture is written to a clip or a virtual camera.
const STILL_PACE: Duration = Duration::from_millis(40);
/// When the window is to be drawn. Asked to do it at once, it would draw twice.
const REPAINT_DELAY: Duration = Duration::from_micros(1);

/// What the window wants.
#[derive(Clone)]
pub struct Controls {
    pub look: Look,
    pub overlay: Overlay,
    pub source: SourceSpec,
    /// Counts choices, so that the same source can be chosen again.
    pub choice: u64,
    /// Where snapshots and recordings go.
    pub folder: PathBuf,
    /// A snapshot is to be taken of the next picture.
    pub snapshot: bool,
    pub record: bool,
    /// The looks to show as small pictures, where these are looked at.
    pub previews: Option<Arc<[Look]>>,
    pub quit: bool,
}

/// What the worker has.
#[derive(Default)]
pub struct Newest {
    /// Counts results; 0 before the first.
    pub number: u64,
    pub textures: Option<Arc<FrameTextures>>,
    /// When the source gave the picture, or, for a still picture, when something was changed.
    pub since: Option<Instant>,
    /// Whether the picture rests until something is changed.
    pub still: bool,
    /// Time from one of the source's pictures to the next, on average.
    pub interval: Duration,
    /// How many faces it has.
    pub faces: usize,
    pub drawing: Drawing,
    pub times: Times,
    /// The source's pictures that nobody had time for.
    pub dropped: u64,
    /// What is shown, where it is not what was asked for.
    pub message: Option<String>,
    /// The sizes that the source could give.
    pub sizes: Vec<[u32; 2]>,
    pub recording: Option<Instant>,
    /// A small picture in each look, as far as they are made.
    pub previews: Vec<Preview>,
}

struct Shared {
    controls: Mutex<Controls>,
    newest: Mutex<Newest>,
    notes: Notes,
}

pub struct Worker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Worker {
    /// Starts to work on a device that it shares with the window. `context` is asked to repaint with each result.
    pub fn start(
        gpu: &Gpu,
        context: egui::Context,
        controls: Controls,
        sink: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let retoucher = Retoucher::new(gpu)?;
        let notes = Notes::default();
        let shared = Arc::new(Shared { controls: Mutex::new(controls), newest: Mutex::default(), notes });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || Session::new(retoucher, theirs, context).run(sink))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub fn control(&self, change: impl FnOnce(&mut Controls)) {
        change(&mut lock(&self.shared.controls));
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    pub fn newest(&self) -> MutexGuard<'_, Newest> {
        lock(&self.shared.newest)
    }

    pub fn notes(&self) -> &Notes {
        &self.shared.notes
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.control(|controls| controls.quit = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Session {
    retoucher: Retoucher,
    shared: Arc<Shared>,
    context: egui::Context,
    start: Instant,
    /// What was asked for, and the portrait that is shown where it gives nothing.
    source: Option<SourceThread>,
    fallback: Option<SourceThread>,
    choice: Option<u64>,
    /// When the source was opened or last gave a picture, and whether it gave any.
    last_heard: Instant,
    has_given: bool,
    message: Option<String>,
    size: Option<[u32; 2]>,
    interval: Option<Duration>,
    last: Option<(u64, Instant)>,
    /// What was made of the picture that is shown, where it is a still one.
    still: Option<(Look, Overlay)>,
    recorder: Option<Writer>,
    sink: Option<Writer>,
    last_written: Instant,
    /// Exist only while somebody looks at them.
    previews: Option<Previews>,
    completions: Vec<Completion>,
}

impl Session {
    fn new(retoucher: Retoucher, shared: Arc<Shared>, context: egui::Context) -> Self {
        let now = Instant::now();
        Self {
            retoucher,
            shared,
            context,
            start: now,
            source: None,
            fallback: None,
            choice: None,
            last_heard: now,
            has_given: false,
            message: None,
            size: None,
            interval: None,
            last: None,
            still: None,
            recorder: None,
            sink: None,
            last_written: now,
            previews: None,
            completions: Vec::new(),
        }
    }

    fn run(mut self, sink: Option<PathBuf>) {
        self.sink = sink.and_then(|path| self.writer(Target::Device(path)));
        let (mut current, mut result) = (TimedPicture::default(), Picture::default());
        loop {
            let controls = lock(&self.shared.controls).clone();
            if controls.quit {
                break;
            }
            self.open_chosen(&controls);
            if self.receive(&controls, &mut current) {
                self.compare(&current);
                let time = current.captured.saturating_duration_since(self.start);
                let tracking = if current.still { Tracking::Still } else { Tracking::Stream(time) };
                self.process(&current, tracking, &mut result, &controls);
                self.previews.iter_mut().for_each(Previews::begin);
            } else {
                self.update_still(&mut current, &mut result);
            }
            self.preview(&current, &controls);
        }
        self.completions.extend(self.recorder.take().map(Writer::end));
        self.completions.into_iter().for_each(Completion::wait);
    }

    /// Opens what was chosen, and again what has ended but may come back.
    fn open_chosen(&mut self, controls: &Controls) {
        let chosen = self.choice != Some(controls.choice);
        let again = self.source.is_none() && controls.source.may_return() && self.last_heard.elapsed() > RETRY_INTERVAL;
        if !chosen && !again {
            return;
        }
        self.last_heard = Instant::now();
        self.has_given = false;
        self.choice = Some(controls.choice);
        if chosen {
            self.fallback = None;
            self.set_message(None);
        }
        match SourceThread::start(controls.source.clone()) {
            Ok(source) => self.source = Some(source),
            Err(failure) => self.fall_back(format!("No thread could be started ({failure}).")),
        }
        self.start_stream();
    }

    /// Forgets what belongs to the last stream.
    fn start_stream(&mut self) {
        self.retoucher.reset();
        (self.interval, self.last, self.size) = (None, None, None);
    }

    /// Whether a clip or a virtual camera is being written to.
    fn is_writing(&self) -> bool {
        self.recorder.is_some() || self.sink.is_some()
    }

    /// Takes the next picture, of the chosen source or of the one that stands in for it. Returns whether there is one.
    fn receive(&mut self, controls: &Controls, picture: &mut TimedPicture) -> bool {
        let poll_interval = match self.still {
            Some(_) if self.is_writing() => STILL_PACE,
            Some(_) if self.previews.as_ref().is_some_and(Previews::is_waiting) => previews::PACE,
            Some(_) if self.has_given => STILL_POLL_INTERVAL,
            _ => POLL_INTERVAL,
        };
        let timeout = if self.fallback.is_some() { Duration::ZERO } else { poll_interval };
        let received = self.source.as_ref().map_or(Received::Nothing, |source| source.receive(picture, timeout));
        match received {
            Received::Picture => {
                self.last_heard = Instant::now();
                if self.fallback.take().is_some() {
                    self.set_message(None);
                    self.start_stream();
                }
                if !std::mem::replace(&mut self.has_given, true) {
                    let sizes = self.source.as_ref().map(SourceThread::sizes).unwrap_or_default();
                    lock(&self.shared.newest).sizes = sizes;
                }
                return true;
            }
            Received::Ended(why) => {
                self.source = None;
                self.last_heard = Instant::now();
                self.fall_back(message_of(&controls.source, &why));
            }
            // A still picture has been given, and there is no other.
            Received::Nothing if self.still.is_some() && self.has_given => return false,
            Received::Nothing if self.source.is_some() && self.fallback.is_none() => {
                let timeout = if self.has_given { PICTURE_TIMEOUT } else { OPEN_TIMEOUT };
                if self.last_heard.elapsed() > timeout {
                    self.fall_back(message_of(&controls.source, "it gives no picture"));
                }
            }
            Received::Nothing => {}
        }
        match &self.fallback {
            Some(source) => matches!(source.receive(picture, POLL_INTERVAL), Received::Picture),
            None => {
                if self.source.is_none() {
                    std::thread::park_timeout(POLL_INTERVAL);
                }
                false
            }
        }
    }

    /// Shows the portrait where the source gives nothing, and says why.
    fn fall_back(&mut self, why: String) {
        self.set_message(Some(format!("{why} Showing the portrait meanwhile.")));
        if self.fallback.is_none() {
            self.fallback = SourceThread::start(SourceSpec::Demo).ok();
            self.start_stream();
        }
    }

    /// Says what is shown instead of what was asked for.
    fn set_message(&mut self, message: Option<String>) {
        if self.message != message {
            self.message.clone_from(&message);
            lock(&self.shared.newest).message = message;
            self.context.request_repaint_after(REPAINT_DELAY);
        }
    }

    fn note(&self, note: String) {
        self.shared.notes.add(note);
        self.context.request_repaint_after(REPAINT_DELAY);
    }

    /// Compares a new picture with those before: its pace, its size.
    fn compare(&mut self, picture: &TimedPicture) {
        if let Some((number, captured)) = self.last
            && picture.number > number
        {
            let gap = (picture.captured - captured) / u32::try_from(picture.number - number).unwrap_or(u32::MAX);
            self.interval = Some(self.interval.map_or(gap, |mean| (mean * 15 + gap) / 16));
        }
        self.last = Some((picture.number, picture.captured));
        let size = [picture.picture.width, picture.picture.height];
        if self.size.replace(size).is_some_and(|old| old != size) {
            self.note(format!("The source's pictures are now {} × {} pixels.", size[0], size[1]));
            if let Some(recorder) = self.recorder.take() {
                self.note("The recording has ended: a clip has one size.".to_owned());
                self.completions.push(recorder.end());
                lock(&self.shared.controls).record = false;
            }
        }
    }

    /// Retouches a still picture anew where something has changed. It rests otherwise, and is written as it is to where
    /// pictures are expected all the time.
    fn update_still(&mut self, current: &mut TimedPicture, result: &mut Picture) {
        let Some((look, overlay)) = &self.still else { return };
        // Read again, for they may have changed while a picture was waited for.
        let controls = lock(&self.shared.controls).clone();
        let changed = (look, *overlay) != (&controls.look, controls.overlay);
        if changed || controls.snapshot || controls.record != self.recorder.is_some() {
            current.captured = Instant::now();
            self.process(current, Tracking::Unchanged, result, &controls);
        } else if self.is_writing() && self.last_written.elapsed() >= STILL_PACE {
            self.write(result);
        }
    }

    fn process(&mut self, current: &TimedPicture, tracking: Tracking, result: &mut Picture, controls: &Controls) {
        self.record(controls);
        let wanted = controls.snapshot || self.is_writing();
        let output = Output {
            look: &controls.look,
            skin: controls.overlay == Overlay::Skin,
            copy: wanted.then_some(&mut *result),
        };
        let outcome = self.retoucher.retouch(&current.picture, tracking, output);
        self.still = current.still.then(|| (controls.look.clone(), controls.overlay));
        let (textures, times, fault) = match outcome {
            Ok(done) => done,
            Err(failure) => {
                self.still = None;
                self.source = None;
                self.last_heard = Instant::now();
                return self.fall_back(message_of(&controls.source, &failure.to_string()));
            }
        };
        if let Some(fault) = fault {
            self.note(format!("This picture could not be retouched ({fault})."));
        }
        if controls.snapshot {
            lock(&self.shared.controls).snapshot = false;
            let notes = self.shared.notes.clone();
            let repaint = self.context.clone();
            self.completions.retain(|completion| !completion.is_over());
            self.completions.push(snapshot(&controls.folder, current.picture.clone(), result.clone(), notes, repaint));
        }
        self.write(result);
        self.publish(current, textures, times, controls);
    }

    /// Writes a result to the clip and the virtual camera.
    fn write(&mut self, result: &Picture) {
        self.last_written = Instant::now();
        // A writer that has failed has said so itself.
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.write(result)) {
            self.recorder = None;
            lock(&self.shared.controls).record = false;
            lock(&self.shared.newest).recording = None;
            self.context.request_repaint_after(REPAINT_DELAY);
        }
        if self.sink.as_ref().is_some_and(|sink| !sink.write(result)) {
            self.sink = None;
        }
    }

    /// Makes the next small picture where they are looked at.
    fn preview(&mut self, current: &TimedPicture, controls: &Controls) {
        let Some(looks) = &controls.previews else {
            if self.previews.take().is_some() {
                lock(&self.shared.newest).previews.clear();
            }
            return;
        };
        if self.previews.is_none() {
            self.previews = self.retoucher.previews().ok();
        }
        let Some(previews) = &mut self.previews else { return };
        previews.set_looks(looks);
        if let Some(made) = previews.make(&current.picture, self.retoucher.faces()) {
            let mut newest = lock(&self.shared.newest);
            newest.previews.retain(|old| old.look != made.look && looks.contains(&old.look));
            newest.previews.push(made);
            drop(newest);
            self.context.request_repaint_after(REPAINT_DELAY);
        }
    }

    /// Starts or ends the recording.
    fn record(&mut self, controls: &Controls) {
        if controls.record && self.recorder.is_none() {
            let path = with_ending(&free_name(&controls.folder, &[".mp4"]), ".mp4");
            self.recorder = self.writer(Target::Clip(path));
            if self.recorder.is_none() {
                lock(&self.shared.controls).record = false;
            }
        } else if !controls.record
            && let Some(recorder) = self.recorder.take()
        {
            self.completions.push(recorder.end());
        }
    }

    fn writer(&self, target: Target) -> Option<Writer> {
        let notes = self.shared.notes.clone();
        let repaint = self.context.clone();
        Writer::start(target, notes, repaint).map_err(|failure| self.note(sentence(&failure.to_string()))).ok()
    }

    fn publish(&self, current: &TimedPicture, textures: Arc<FrameTextures>, times: Times, controls: &Controls) {
        let drawing = Drawing::new(controls.overlay, self.retoucher.faces(), textures.size, &controls.look);
        let mut newest = lock(&self.shared.newest);
        newest.drawing = drawing;
        newest.faces = self.retoucher.faces().count();
        newest.number += 1;
        newest.textures = Some(textures);
        newest.since = Some(current.captured);
        newest.still = current.still;
        newest.interval = self.interval.unwrap_or_default();
        newest.times = times;
        newest.dropped = self.fallback.as_ref().or(self.source.as_ref()).map_or(0, SourceThread::dropped);
        newest.recording = self.recorder.as_ref().map(|recorder| recorder.since);
        drop(newest);
        self.context.request_repaint_after(REPAINT_DELAY);
    }
}

/// What is wrong with a source, naming it unless the words do already.
fn message_of(source: &SourceSpec, why: &str) -> String {
    let source = source.to_string();
    sentence(&if why.contains(&source) { why.to_owned() } else { format!("{source}: {why}") })
}

/// With a capital at its beginning and an end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end().chars();
    let mut sentence: String =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn sentences_have_one_end() {
        assert_eq!(sentence("does another program use it?"), "Does another program use it?");
        assert_eq!(sentence("it gives no picture"), "It gives no picture.");
        assert_eq!(sentence("It has ended."), "It has ended.");
    }
}

//! The thread between source and window: takes each picture, retouches it, and keeps the newest result.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eframe::egui;
use glowup::{Face, Gpu, Look, Warp};

use crate::common::Failure;
use crate::output::{Ending, Notes, Target, Writer, free_name, snapshot, with_ending};
use crate::retouch::{Retoucher, Stage, Times};
use crate::settings::Overlay;
use crate::source::{Feed, Got, Picture, Stamped, Wanted};

/// How often a source that has ended is looked for again.
const RETRY: Duration = Duration::from_secs(3);
/// A source that gives nothing for so long is stood in for; one that is being opened may take longer.
const SILENCE: Duration = Duration::from_millis(1500);
const OPENING: Duration = Duration::from_secs(5);
/// How long one waits for a picture before one looks at what the window wants.
const TURN: Duration = Duration::from_millis(50);
/// When the window is to be drawn. Asked to do it at once, it would draw twice.
const SOON: Duration = Duration::from_micros(1);

/// What the window wants.
#[derive(Clone)]
pub struct Controls {
    pub look: Look,
    pub overlay: Overlay,
    pub source: Wanted,
    /// Counts choices, so that the same source can be chosen again.
    pub choice: u64,
    /// Where snapshots and recordings go.
    pub folder: PathBuf,
    /// A snapshot is to be taken of the next picture.
    pub snapshot: bool,
    pub record: bool,
    pub quit: bool,
}

/// Points of a face: where each is, and where the slimmed picture shows it. Empty where nobody wants to see them.
pub type Mesh = Vec<[[f32; 2]; 2]>;

/// What the worker has.
#[derive(Default)]
pub struct Newest {
    /// Counts results; 0 before the first.
    pub number: u64,
    pub stage: Option<Arc<Stage>>,
    /// When the source gave the picture.
    pub moment: Option<Instant>,
    /// Time from one of the source's pictures to the next, on average.
    pub interval: Duration,
    /// The mesh of each face.
    pub meshes: Vec<Mesh>,
    /// Lines of a grid around each face, moved as the picture is, where they are wanted.
    pub grid: Vec<Vec<[f32; 2]>>,
    /// What the stage was made for.
    pub overlay: Overlay,
    pub times: Times,
    /// The source's pictures that nobody had time for.
    pub dropped: u64,
    /// What is shown, where it is not what was asked for.
    pub message: Option<String>,
    /// The sizes that the source could give.
    pub sizes: Vec<[u32; 2]>,
    pub recording: Option<Instant>,
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
    feed: Option<Feed>,
    stand_in: Option<Feed>,
    choice: Option<u64>,
    /// When the feed was opened or last gave a picture, and whether it gave any.
    heard: Instant,
    alive: bool,
    message: Option<String>,
    size: Option<[u32; 2]>,
    interval: Option<Duration>,
    last: Option<(u64, Instant)>,
    recorder: Option<Writer>,
    sink: Option<Writer>,
    endings: Vec<Ending>,
}

impl Session {
    fn new(retoucher: Retoucher, shared: Arc<Shared>, context: egui::Context) -> Self {
        let now = Instant::now();
        Self {
            retoucher,
            shared,
            context,
            start: now,
            feed: None,
            stand_in: None,
            choice: None,
            heard: now,
            alive: false,
            message: None,
            size: None,
            interval: None,
            last: None,
            recorder: None,
            sink: None,
            endings: Vec::new(),
        }
    }

    fn run(mut self, sink: Option<PathBuf>) {
        self.sink = sink.and_then(|path| self.writer(Target::Device(path)));
        let (mut taken, mut back) = (Stamped::default(), Picture::default());
        loop {
            let controls = lock(&self.shared.controls).clone();
            if controls.quit {
                break;
            }
            self.keep_open(&controls);
            if self.take(&controls, &mut taken) {
                self.follow(&taken);
                self.work(&taken, &mut back, &controls);
            }
        }
        self.endings.extend(self.recorder.take().map(Writer::end));
        self.endings.into_iter().for_each(Ending::wait);
    }

    /// Opens what was chosen, and again what has ended but may come back.
    fn keep_open(&mut self, controls: &Controls) {
        let chosen = self.choice != Some(controls.choice);
        let again = self.feed.is_none() && controls.source.may_return() && self.heard.elapsed() > RETRY;
        if !chosen && !again {
            return;
        }
        self.heard = Instant::now();
        self.alive = false;
        self.choice = Some(controls.choice);
        if chosen {
            self.stand_in = None;
            self.tell(None);
        }
        match Feed::start(controls.source.clone()) {
            Ok(feed) => self.feed = Some(feed),
            Err(failure) => self.stand_in(format!("No thread could be started ({failure}).")),
        }
        self.fresh();
    }

    /// Forgets what belongs to the last stream.
    fn fresh(&mut self) {
        self.retoucher.reset();
        (self.interval, self.last, self.size) = (None, None, None);
    }

    /// Takes the next picture, of the chosen source or of the one that stands in for it. Returns whether there is one.
    fn take(&mut self, controls: &Controls, taken: &mut Stamped) -> bool {
        let patience = if self.stand_in.is_some() { Duration::ZERO } else { TURN };
        let got = self.feed.as_ref().map_or(Got::Nothing, |feed| feed.take(taken, patience));
        match got {
            Got::Picture => {
                self.heard = Instant::now();
                if self.stand_in.take().is_some() {
                    self.tell(None);
                    self.fresh();
                }
                if !std::mem::replace(&mut self.alive, true) {
                    let sizes = self.feed.as_ref().map(Feed::sizes).unwrap_or_default();
                    lock(&self.shared.newest).sizes = sizes;
                }
                return true;
            }
            Got::Ended(why) => {
                self.feed = None;
                self.heard = Instant::now();
                self.stand_in(said_of(&controls.source, &why));
            }
            Got::Nothing if self.feed.is_some() && self.stand_in.is_none() => {
                let patience = if self.alive { SILENCE } else { OPENING };
                if self.heard.elapsed() > patience {
                    self.stand_in(said_of(&controls.source, "it gives no picture"));
                }
            }
            Got::Nothing => {}
        }
        match &self.stand_in {
            Some(feed) => matches!(feed.take(taken, TURN), Got::Picture),
            None => {
                if self.feed.is_none() {
                    std::thread::sleep(TURN);
                }
                false
            }
        }
    }

    fn stand_in(&mut self, why: String) {
        self.tell(Some(format!("{why} Showing the portrait meanwhile.")));
        if self.stand_in.is_none() {
            self.stand_in = Feed::start(Wanted::Demo).ok();
            self.fresh();
        }
    }

    /// Says what is shown instead of what was asked for.
    fn tell(&mut self, message: Option<String>) {
        if self.message != message {
            self.message.clone_from(&message);
            lock(&self.shared.newest).message = message;
            self.context.request_repaint_after(SOON);
        }
    }

    fn note(&self, note: String) {
        self.shared.notes.say(note);
        self.context.request_repaint_after(SOON);
    }

    /// Notes the pace and the size of what comes.
    fn follow(&mut self, taken: &Stamped) {
        if let Some((number, moment)) = self.last
            && taken.number > number
        {
            let gap = (taken.moment - moment) / u32::try_from(taken.number - number).unwrap_or(u32::MAX);
            self.interval = Some(self.interval.map_or(gap, |mean| (mean * 15 + gap) / 16));
        }
        self.last = Some((taken.number, taken.moment));
        let size = [taken.picture.width, taken.picture.height];
        if self.size.replace(size).is_some_and(|old| old != size) {
            self.note(format!("The source's pictures are now {} × {} pixels.", size[0], size[1]));
            if let Some(recorder) = self.recorder.take() {
                self.note("The recording has ended: a clip has one size.".to_owned());
                self.endings.push(recorder.end());
                lock(&self.shared.controls).record = false;
            }
        }
    }

    fn work(&mut self, taken: &Stamped, back: &mut Picture, controls: &Controls) {
        self.record(controls);
        let wanted = controls.snapshot || self.recorder.is_some() || self.sink.is_some();
        let time = taken.moment.saturating_duration_since(self.start);
        let skin = controls.overlay == Overlay::Skin;
        let outcome = self.retoucher.retouch(&taken.picture, time, &controls.look, skin, wanted.then_some(&mut *back));
        let (stage, times, fault) = match outcome {
            Ok(done) => done,
            Err(failure) => {
                self.feed = None;
                self.heard = Instant::now();
                return self.stand_in(said_of(&controls.source, &failure.to_string()));
            }
        };
        if let Some(fault) = fault {
            self.note(format!("This picture could not be retouched ({fault})."));
        }
        if controls.snapshot {
            lock(&self.shared.controls).snapshot = false;
            let notes = self.shared.notes.clone();
            self.endings.retain(|ending| !ending.is_over());
            self.endings.push(snapshot(&controls.folder, taken.picture.clone(), back.clone(), notes));
        }
        // A writer that has failed has said so itself.
        if self.recorder.as_ref().is_some_and(|recorder| !recorder.write(back)) {
            self.recorder = None;
            lock(&self.shared.controls).record = false;
        }
        if self.sink.as_ref().is_some_and(|sink| !sink.write(back)) {
            self.sink = None;
        }
        self.publish(taken, stage, times, controls);
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
            self.endings.push(recorder.end());
        }
    }

    fn writer(&self, target: Target) -> Option<Writer> {
        let notes = self.shared.notes.clone();
        Writer::start(target, notes).map_err(|failure| self.note(sentence(&failure.to_string()))).ok()
    }

    fn publish(&mut self, taken: &Stamped, stage: Arc<Stage>, times: Times, controls: &Controls) {
        let mut grid = Vec::new();
        if controls.overlay == Overlay::Warp {
            for face in self.retoucher.faces().iter().filter(|face| face.score > 0.0) {
                bend(face, stage.size, &controls.look, &mut grid);
            }
        }
        let mut newest = lock(&self.shared.newest);
        newest.number += 1;
        newest.stage = Some(stage);
        newest.moment = Some(taken.moment);
        newest.interval = self.interval.unwrap_or_default();
        let seen = self.retoucher.faces().iter().filter(|face| face.score > 0.0);
        newest.meshes.resize(seen.clone().count(), Mesh::default());
        let drawn = matches!(controls.overlay, Overlay::Landmarks | Overlay::Contours);
        for (mesh, face) in newest.meshes.iter_mut().zip(seen) {
            mesh.clear();
            if drawn && let Ok(warp) = Warp::new(face, taken.picture.width, taken.picture.height, &controls.look) {
                mesh.extend(face.points.iter().map(|&[x, y, _]| [[x, y], warp.moved([x, y])]));
            }
        }
        (newest.grid, newest.overlay) = (grid, controls.overlay);
        newest.times = times;
        newest.dropped = self.stand_in.as_ref().or(self.feed.as_ref()).map_or(0, Feed::dropped);
        newest.recording = self.recorder.as_ref().map(|recorder| recorder.since);
        drop(newest);
        self.context.request_repaint_after(SOON);
    }
}

/// Lines of a grid about a face, and points of each line.
const LINES: usize = 17;
const STEPS: usize = 33;

/// Adds the lines of a grid around a face, each point where the picture shows it once it is slimmed.
fn bend(face: &Face, size: [u32; 2], look: &Look, lines: &mut Vec<Vec<[f32; 2]>>) {
    let Ok(warp) = Warp::new(face, size[0], size[1], look) else { return };
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for point in &face.points {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let margin = 0.35 * (high[0] - low[0]);
    let share = |k: usize, of: usize| k as f32 / (of - 1) as f32;
    let at = |u: f32, v: f32| {
        let place = [(u, 0), (v, 1)].map(|(t, axis)| low[axis] - margin + t * (high[axis] - low[axis] + 2.0 * margin));
        warp.moved(place)
    };
    for line in 0..LINES {
        let fixed = share(line, LINES);
        lines.push((0..STEPS).map(|k| at(fixed, share(k, STEPS))).collect());
        lines.push((0..STEPS).map(|k| at(share(k, STEPS), fixed)).collect());
    }
}

/// What is wrong with a source, naming it unless the words do already.
fn said_of(source: &Wanted, why: &str) -> String {
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

//! The thread between source and window: takes each picture, retouches it, and keeps the newest result.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eframe::egui;
use glowup::{Beautifier, FrameMut, FrameStats, Gpu, Look, TrackerOptions};

use crate::common::Failure;
use crate::source::{self, Picture, Source, Wanted};

/// How often a source that is gone is looked for again.
const RETRY: Duration = Duration::from_secs(3);

/// What the window wants.
#[derive(Clone)]
pub struct Controls {
    pub look: Look,
    pub source: Wanted,
    pub quit: bool,
}

/// What the worker has.
#[derive(Default)]
pub struct Newest {
    /// Counts results; 0 before the first.
    pub number: u64,
    pub before: Picture,
    pub after: Picture,
    pub points: Vec<[f32; 3]>,
    pub faces: usize,
    pub stats: FrameStats,
    /// What is shown, where it is not what was asked for.
    pub message: Option<String>,
    /// Results a second, over the last second or so.
    pub rate: f32,
}

struct Shared {
    controls: Mutex<Controls>,
    newest: Mutex<Newest>,
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
    pub fn start(gpu: &Gpu, context: egui::Context, controls: Controls) -> Result<Self, Failure> {
        let beautifier = Beautifier::with_gpu(gpu, TrackerOptions::default())?;
        let shared = Arc::new(Shared { controls: Mutex::new(controls), newest: Mutex::default() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || Session::new(beautifier, theirs, context).run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub fn control(&self, change: impl FnOnce(&mut Controls)) {
        change(&mut lock(&self.shared.controls));
    }

    pub fn newest(&self) -> MutexGuard<'_, Newest> {
        lock(&self.shared.newest)
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
    beautifier: Beautifier,
    shared: Arc<Shared>,
    context: egui::Context,
    start: Instant,
    /// What is open, and what was asked for when it was opened.
    source: Option<Box<dyn Source>>,
    opened: Option<Wanted>,
    message: Option<String>,
    tried: Instant,
    recent: Vec<Instant>,
}

impl Session {
    fn new(beautifier: Beautifier, shared: Arc<Shared>, context: egui::Context) -> Self {
        let now = Instant::now();
        Self {
            beautifier,
            shared,
            context,
            start: now,
            source: None,
            opened: None,
            message: None,
            tried: now,
            recent: Vec::new(),
        }
    }

    fn run(mut self) {
        let (mut before, mut after) = (Picture::default(), Picture::default());
        loop {
            let controls = lock(&self.shared.controls).clone();
            if controls.quit {
                return;
            }
            self.keep_open(&controls.source);
            let Some(source) = &mut self.source else {
                // Not even the portrait could be opened; the message says why.
                self.context.request_repaint();
                std::thread::sleep(Duration::from_millis(200));
                continue;
            };
            if let Err(failure) = source.next(&mut before) {
                self.fall_back(&failure.to_string());
                continue;
            }
            after.set(before.width, before.height, &before.pixels);
            if let Err(failure) = self.retouch(&mut after, controls.look) {
                self.message = Some(failure.to_string());
                after.set(before.width, before.height, &before.pixels);
            }
            self.publish(&mut before, &mut after);
        }
    }

    /// Opens what is wanted, or the portrait where that is not to be had.
    fn keep_open(&mut self, wanted: &Wanted) {
        let changed = self.opened.as_ref() != Some(wanted);
        let again = self.message.is_some() && matches!(wanted, Wanted::Camera(_)) && self.tried.elapsed() > RETRY;
        if !changed && !again {
            return;
        }
        self.tried = Instant::now();
        match source::open(wanted) {
            Ok(source) => {
                self.source = Some(source);
                self.message = None;
                self.beautifier.reset();
            }
            Err(failure) if changed => self.fall_back(&failure.to_string()),
            Err(_) => {}
        }
        self.opened = Some(wanted.clone());
    }

    fn fall_back(&mut self, why: &str) {
        self.message = Some(format!("{why} Showing the portrait instead."));
        self.tried = Instant::now();
        self.source = source::open(&Wanted::Demo).ok();
        self.beautifier.reset();
        lock(&self.shared.newest).message.clone_from(&self.message);
    }

    fn retouch(&mut self, picture: &mut Picture, look: Look) -> Result<(), Failure> {
        self.beautifier.set_look(look)?;
        let mut frame = FrameMut::rgba8(&mut picture.pixels, picture.width, picture.height)?;
        self.beautifier.process(&mut frame, self.start.elapsed())?;
        Ok(())
    }

    fn publish(&mut self, before: &mut Picture, after: &mut Picture) {
        let now = Instant::now();
        self.recent.push(now);
        self.recent.retain(|&moment| now - moment < Duration::from_secs(2));
        let mut newest = lock(&self.shared.newest);
        newest.number += 1;
        std::mem::swap(&mut newest.before, before);
        std::mem::swap(&mut newest.after, after);
        newest.points.clear();
        let faces = self.beautifier.faces().iter().filter(|face| face.score > 0.0);
        newest.faces = faces.clone().count();
        newest.points.extend(faces.flat_map(|face| &face.points));
        newest.stats = *self.beautifier.stats();
        newest.message.clone_from(&self.message);
        if let Some(&first) = self.recent.first()
            && self.recent.len() > 1
        {
            newest.rate = (self.recent.len() - 1) as f32 / (now - first).as_secs_f32().max(1e-3);
        }
        drop(newest);
        self.context.request_repaint();
    }
}

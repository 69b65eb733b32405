//! What the window costs: pictures a second, how late they are on the screen, how soon an input is answered.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use glowup::{Gpu, wgpu};
use serde_json::{Value, json};

use crate::common::Failure;
use crate::common::media::Output;
use crate::retouch::Times;

/// Values that are kept of each kind.
const MOST_SAMPLES: usize = 20_000;
/// What the window shows is the mean of so long.
const MEAN_WINDOW: Duration = Duration::from_secs(2);
/// Pictures at the start that are not counted: pipelines are compiled, faces looked for.
const WARMUP: u64 = 10;

/// Shared by the window and what hands events to it, on one thread.
pub type Shared = Rc<RefCell<Meter>>;

pub struct Meter {
    device: Option<Device>,
    /// The picture that is being painted: when its source gave it, and the time between two of them.
    painting: Option<(Instant, Duration)>,
    /// Whether anything is being painted.
    drawn: bool,
    /// The oldest input that has not been answered, and its name.
    input: Option<(Instant, String)>,
    /// What the event loop did last, from and until when.
    last_event: (Instant, Instant),
    shown: VecDeque<Instant>,
    /// The first picture that counted, and the last.
    span: Option<(Instant, Instant)>,
    frames: u64,
    skipped: u64,
    stages: [Samples; STAGES.len()],
    /// Drawing the window, on this thread.
    draws: Samples,
    responses: Samples,
    inputs: VecDeque<(String, u64)>,
    /// What the window has told.
    messages: VecDeque<String>,
    late: Arc<Mutex<Latency>>,
}

const STAGES: [&str; 7] = ["detect", "landmarks", "track", "upload", "gpu", "readback", "frame"];

/// How late pictures are on the screen.
#[derive(Default)]
struct Latency {
    seconds: Samples,
    frames: Samples,
    recent: VecDeque<(Instant, f32, f32)>,
}

#[derive(Default)]
struct Samples(VecDeque<f32>);

impl Samples {
    fn push(&mut self, value: f32) {
        if self.0.len() == MOST_SAMPLES {
            self.0.pop_front();
        }
        self.0.push_back(value);
    }

    /// Median, 95th percentile and greatest, times `unit`.
    fn summary(&self, unit: f32) -> Value {
        let mut sorted: Vec<f32> = self.0.iter().map(|value| value * unit).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |share: f32| sorted.get(((sorted.len() as f32 * share) as usize).min(sorted.len().saturating_sub(1)));
        json!({ "median": at(0.5), "p95": at(0.95), "max": sorted.last(), "runs": sorted.len() })
    }
}

/// The device that draws, and a thread that looks whether it has finished.
struct Device {
    gpu: Gpu,
    pending: Arc<AtomicU64>,
    /// Gone, like the thread, once the device is no longer looked at.
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
}

impl Drop for Device {
    /// A driver must not be asked anything any more while the process ends.
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Device {
    fn new(gpu: &Gpu) -> Result<Self, Failure> {
        let (wake, woken) = channel();
        let pending = Arc::new(AtomicU64::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let (device, theirs, stop) = (gpu.device().clone(), Arc::clone(&pending), Arc::clone(&over));
        let thread = std::thread::Builder::new().name("meter".to_owned()).spawn(move || {
            while woken.recv().is_ok() {
                while theirs.load(Ordering::Acquire) > 0 && !stop.load(Ordering::Acquire) {
                    if device.poll(wgpu::PollType::Poll).is_err() {
                        return;
                    }
                    std::thread::sleep(Duration::from_micros(500));
                }
            }
        })?;
        Ok(Self { gpu: gpu.clone(), pending, wake: Some(wake), thread: Some(thread), over })
    }
}

impl Meter {
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            device: None,
            painting: None,
            drawn: false,
            input: None,
            last_event: (now, now),
            shown: VecDeque::new(),
            span: None,
            frames: 0,
            skipped: 0,
            stages: Default::default(),
            draws: Samples::default(),
            responses: Samples::default(),
            inputs: VecDeque::new(),
            messages: VecDeque::new(),
            late: Arc::default(),
        }
    }

    pub fn watch(&mut self, gpu: &Gpu) -> Result<(), Failure> {
        self.device = Some(Device::new(gpu)?);
        Ok(())
    }

    /// An input has come.
    pub fn input(&mut self, name: String) {
        let now = Instant::now();
        // It may have waited for as long as the event loop was last_event with what came before.
        let since = if now - self.last_event.1 < Duration::from_millis(2) { self.last_event.0 } else { now };
        self.input.get_or_insert((since, name));
    }

    /// The window is being drawn.
    pub fn drawing(&mut self) {
        self.drawn = true;
    }

    /// A new picture is being painted. `skipped` were never painted.
    pub fn picture(&mut self, moment: Instant, interval: Duration, times: &Times, skipped: u64) {
        self.frames += 1;
        self.painting = Some((moment, interval));
        if self.frames <= WARMUP {
            return;
        }
        self.skipped += skipped;
        let stages = [
            times.detect,
            times.landmarks,
            Some(times.track),
            Some(times.upload),
            Some(times.gpu),
            times.readback,
            Some(times.frame),
        ];
        for (kept, time) in self.stages.iter_mut().zip(stages) {
            if let Some(time) = time {
                kept.push(time.as_secs_f32());
            }
        }
    }

    /// The event loop has done something since `start`, and handed what it has painted to the screen.
    pub fn event_done(&mut self, start: Instant) {
        let now = Instant::now();
        self.last_event = (start, now);
        if !std::mem::take(&mut self.drawn) {
            return;
        }
        self.draws.push((now - start).as_secs_f32());
        if let Some((since, name)) = self.input.take() {
            self.responses.push((now - since).as_secs_f32());
            if self.inputs.len() == 1000 {
                self.inputs.pop_front();
            }
            let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.inputs.push_back((name, unix.as_millis() as u64));
        }
        let Some((moment, interval)) = self.painting.take() else { return };
        self.shown.push_back(now);
        while self.shown.front().is_some_and(|&first| now - first > MEAN_WINDOW) {
            self.shown.pop_front();
        }
        let Some(device) = &self.device else { return };
        if self.frames <= WARMUP {
            return;
        }
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
        let (late, pending) = (Arc::clone(&self.late), Arc::clone(&device.pending));
        pending.fetch_add(1, Ordering::AcqRel);
        device.gpu.queue().on_submitted_work_done(move || {
            pending.fetch_sub(1, Ordering::AcqRel);
            let seconds = moment.elapsed().as_secs_f32();
            let mut late = late.lock().unwrap_or_else(PoisonError::into_inner);
            late.seconds.push(seconds);
            let frames = if interval.is_zero() { 0.0 } else { seconds / interval.as_secs_f32() };
            if frames > 0.0 {
                late.frames.push(frames);
            }
            let now = Instant::now();
            late.recent.push_back((now, seconds, frames));
            while late.recent.front().is_some_and(|(first, ..)| now - *first > MEAN_WINDOW) {
                late.recent.pop_front();
            }
        });
        if let Some(wake) = &device.wake {
            let _ = wake.send(());
        }
    }

    /// The window tells something.
    pub fn message(&mut self, text: &str) {
        if self.messages.len() == 1000 {
            self.messages.pop_front();
        }
        self.messages.push_back(text.to_owned());
    }

    /// Pictures shown a second.
    pub fn rate(&self) -> f32 {
        match (self.shown.front(), self.shown.back()) {
            (Some(&first), Some(&last)) if last > first => (self.shown.len() - 1) as f32 / (last - first).as_secs_f32(),
            _ => 0.0,
        }
    }

    /// How late pictures are on the screen, in seconds and in frames of the source.
    pub fn lateness(&self) -> (f32, f32) {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let count = late.recent.len().max(1) as f32;
        let (seconds, frames) =
            late.recent.iter().fold((0.0, 0.0), |(s, f), (_, seconds, frames)| (s + seconds, f + frames));
        (seconds / count, frames / count)
    }

    /// Results that were never painted.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The same, from the first picture that counted to the last.
    fn mean_rate(&self) -> Option<f32> {
        let (first, last) = self.span?;
        (last > first).then(|| (self.frames - WARMUP - 1) as f32 / (last - first).as_secs_f32())
    }

    /// Writes all of it as JSON.
    pub fn write(&self, path: &Path, adapter: &str, dropped: u64) -> Result<(), Failure> {
        let stages: serde_json::Map<String, Value> = STAGES
            .iter()
            .zip(&self.stages)
            .map(|(name, kept)| {
                let summary = kept.summary(1e3);
                let stage =
                    json!({ "median_ms": summary["median"], "p95_ms": summary["p95"], "runs": summary["runs"] });
                ((*name).to_owned(), stage)
            })
            .collect();
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let inputs: Vec<Value> =
            self.inputs.iter().map(|(name, unix)| json!({ "input": name, "answered_unix_ms": unix })).collect();
        let object = json!({
            "frames": self.frames,
            "adapter": adapter,
            "stages": stages,
            "window": {
                "fps": self.mean_rate(),
                "dropped": dropped + self.skipped,
                "latency_ms": late.seconds.summary(1e3),
                "latency_frames": late.frames.summary(1.0),
                "draw_ms": self.draws.summary(1e3),
                "answer_ms": self.responses.summary(1e3),
                "inputs": inputs,
                "messages": self.messages,
            },
        });
        drop(late);
        let output = Output::new(path)?;
        let mut text = serde_json::to_string_pretty(&object)?;
        text.push('\n');
        std::fs::write(output.partial(), text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        output.keep()
    }
}

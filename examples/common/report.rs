//! What the examples report: landmarks as JSON lines, times as one JSON object.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use glowup::face::{BlendshapeCoefficients, PartConfidence};
use glowup::{Face, FrameStats};
use serde::Serialize;

use super::Failure;
use super::media::Output;

/// Landmarks of each frame, a JSON object a line.
pub struct Landmarks {
    file: BufWriter<File>,
    output: Output,
    frame: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    frame: usize,
    width: u32,
    height: u32,
    faces: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Record<'a> {
    id: u64,
    score: f32,
    visibility: f32,
    /// Left, top, width, height.
    bounds: [f64; 4],
    parts: PartConfidence,
    tongue: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    blendshapes: Option<BlendshapeCoefficients>,
    #[serde(serialize_with = "thousandths")]
    points: &'a [[f32; 3]],
}

impl<'a> Record<'a> {
    fn new(face: &'a Face) -> Self {
        let bounds = face.bounds();
        Self {
            id: face.id,
            score: face.score,
            visibility: face.visibility,
            bounds: [bounds.x, bounds.y, bounds.width, bounds.height].map(thousandth),
            parts: face.parts,
            tongue: face.tongue,
            blendshapes: face.blendshapes,
            points: &face.points,
        }
    }
}

/// A length in thousandths of a pixel: finer than points are sure, and half as long to write.
fn thousandth(length: f32) -> f64 {
    (f64::from(length) * 1000.0).round() / 1000.0
}

fn thousandths<S: serde::Serializer>(points: &[[f32; 3]], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(points.iter().map(|point| point.map(thousandth)))
}

fn create(path: &Path) -> Result<(BufWriter<File>, Output), Failure> {
    let output = Output::new(path)?;
    let file = File::create(output.partial()).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok((BufWriter::new(file), output))
}

impl Landmarks {
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let (file, output) = create(path)?;
        Ok(Self { file, output, frame: 0 })
    }

    /// Writes the next frame's line. Faces that were just lost are left out: their points are no longer seen.
    pub fn write(&mut self, width: u32, height: u32, faces: &[Face]) -> Result<(), Failure> {
        let faces = faces.iter().filter(|face| face.score > 0.0).map(Record::new).collect();
        serde_json::to_writer(&mut self.file, &Line { frame: self.frame, width, height, faces })?;
        writeln!(self.file)?;
        self.frame += 1;
        Ok(())
    }

    /// Completes the file. It is in its place once it is kept.
    pub fn finish(mut self) -> Result<Output, Failure> {
        self.file.flush().map_err(|error| format!("cannot write {}: {error}", self.output.path().display()))?;
        Ok(self.output)
    }
}

/// Frames after which a session is warm.
const WARM: usize = 10;

/// Times of every stage, frame by frame.
#[derive(Default)]
pub struct Stats {
    frames: usize,
    stages: [Vec<Duration>; STAGES.len()],
    created_when_warm: u64,
    created: u64,
}

const STAGES: [&str; 7] = ["detect", "landmarks", "track", "upload", "gpu", "readback", "frame"];

#[derive(Serialize)]
struct Stage {
    median_ms: Option<f64>,
    p95_ms: Option<f64>,
    runs: usize,
}

impl Stats {
    pub fn add(&mut self, stats: &FrameStats) {
        let times = [
            stats.detect,
            stats.landmarks,
            Some(stats.track),
            stats.upload,
            stats.gpu,
            stats.readback,
            Some(stats.frame),
        ];
        self.add_times(times);
        self.created = stats.gpu_resources_created;
        if self.frames <= WARM {
            self.created_when_warm = self.created;
        }
    }

    /// The times of one frame, in the order of the stages.
    pub fn add_times(&mut self, times: [Option<Duration>; STAGES.len()]) {
        self.frames += 1;
        for (stage, time) in self.stages.iter_mut().zip(times) {
            stage.extend(time);
        }
    }

    /// Writes what was added up. The file is in its place once it is kept.
    pub fn write(&mut self, path: &Path, adapter: Option<&str>) -> Result<Output, Failure> {
        let stages: serde_json::Map<String, serde_json::Value> = STAGES
            .iter()
            .zip(&mut self.stages)
            .map(|(name, times)| {
                times.sort_unstable();
                let at = |share: f64| {
                    let index = (times.len() as f64 * share) as usize;
                    times.get(index.min(times.len().saturating_sub(1))).map(|time| time.as_secs_f64() * 1e3)
                };
                let stage = Stage { median_ms: at(0.5), p95_ms: at(0.95), runs: times.len() };
                Ok(((*name).to_owned(), serde_json::to_value(stage)?))
            })
            .collect::<Result<_, serde_json::Error>>()?;
        let object = serde_json::json!({
            "frames": self.frames,
            "adapter": adapter,
            "stages": stages,
            "gpu_resources_created_after_warmup": self.created - self.created_when_warm,
        });
        let (mut file, output) = create(path)?;
        let mut write = || -> std::io::Result<()> {
            serde_json::to_writer_pretty(&mut file, &object)?;
            writeln!(file)?;
            file.flush()
        };
        write().map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(output)
    }
}

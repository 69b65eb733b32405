//! The evidence: what the retouch does to real faces, in figures and in pictures, beside what others do. Writes a table and
//! sheets to look at.

#[path = "../common/mod.rs"]
mod common;

mod figures;
mod filters;
mod geometry;
mod sample;
mod sheet;
mod skin;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use common::{Failure, say};
use glowup::gpu::Renderer;
use glowup::{FaceTracker, FrameMut, Gpu, GpuOptions, Look, TrackerOptions};
use image::RgbaImage;
use sample::Sample;

/// Measures the retouch on the bundled faces and writes a table (table.md) and sheets (PNG).
#[derive(Parser)]
struct Arguments {
    /// The folder to write to; made where it is missing
    #[arg(long, value_name = "FOLDER", default_value = "evaluation")]
    out: PathBuf,
}

/// What the figures are taken with.
pub(crate) struct Bench {
    pub(crate) gpu: Gpu,
    pub(crate) renderer: Renderer,
    pub(crate) tracker: FaceTracker,
    pub(crate) samples: Vec<Sample>,
}

impl Bench {
    /// A sample's picture with a look, its face where it was found in the sample.
    pub(crate) fn retouched(&mut self, sample: &Sample, look: &Look) -> Result<RgbaImage, Failure> {
        let mut picture = sample.picture.clone();
        let (width, height) = picture.dimensions();
        self.renderer.reset();
        let faces = std::slice::from_ref(&sample.face);
        self.renderer.retouch(&mut FrameMut::rgba8(&mut picture, width, height)?, faces, look)?;
        Ok(picture)
    }

    /// Where the renderer sees a sample's skin, 0..=255.
    pub(crate) fn skin(&mut self, sample: &Sample) -> Result<Vec<u8>, Failure> {
        self.renderer.reset();
        let (width, height) = sample.size();
        let frame = glowup::Frame::rgba8(&sample.picture, width, height)?;
        Ok(self.renderer.skin(&frame, std::slice::from_ref(&sample.face))?)
    }
}

/// Rows of figures, as Markdown.
#[derive(Default)]
pub(crate) struct Table {
    text: String,
    short: u32,
}

impl Table {
    pub(crate) fn title(&mut self, title: &str) {
        self.text += &format!("\n## {title}\n\n| what | figure | limit | |\n| --- | --- | --- | --- |\n");
        eprintln!("{title} ...");
    }

    /// A figure with the limit that it has to keep.
    pub(crate) fn judged(&mut self, what: &str, figure: &str, limit: &str, holds: bool) {
        self.short += u32::from(!holds);
        self.text += &format!("| {what} | {figure} | {limit} | {} |\n", if holds { "holds" } else { "**short**" });
    }

    /// A figure to know.
    pub(crate) fn noted(&mut self, what: &str, figure: &str) {
        self.text += &format!("| {what} | {figure} | | |\n");
    }
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let out = arguments.out;
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make the folder {}: {error}", out.display()))?;
    let tracker = FaceTracker::new(TrackerOptions::default())?;
    let gpu = Gpu::new(GpuOptions::default())?;
    let samples = sample::all(&tracker)?;
    let mut bench = Bench { renderer: Renderer::new(&gpu)?, gpu, tracker, samples };
    let mut table = Table::default();
    skin::smoothing(&mut bench, &mut table)?;
    skin::beside_others(&mut bench, &mut table)?;
    skin::tones(&mut bench, &mut table, &out)?;
    skin::colour(&mut bench, &mut table)?;
    geometry::scale(&mut bench, &mut table)?;
    geometry::slimming(&mut bench, &mut table)?;
    geometry::folding(&bench, &mut table)?;
    geometry::lines(&mut bench, &mut table, &out)?;
    geometry::outside(&mut bench, &mut table)?;
    geometry::steady(&bench, &mut table)?;
    sheet::looks(&mut bench, &out)?;
    sheet::covered(&mut bench, &mut table, &out)?;
    let text = format!(
        "# Figures\n\nMade by `cargo run --release --example evaluate`, on {}. Faces: the bundled ones, enlarged to 140 to 280 \
         pixels from cheek to cheek.\n{}",
        bench.gpu.adapter(),
        table.text
    );
    let path = out.join("table.md");
    std::fs::write(&path, &text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    say(format_args!("{text}"));
    eprintln!("{} figures fall short; the table and the sheets are in {}", table.short, out.display());
    Ok(())
}

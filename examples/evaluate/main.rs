//! The evidence: what the retouch does to real faces, in figures and in pictures, beside what others do. Writes a table and
//! sheets to look at.

#[path = "../common/mod.rs"]
mod common;

mod border;
mod coverage;
mod edges;
mod figures;
mod filters;
mod geometry;
mod hands;
mod motion;
mod paint;
mod planes;
mod portraits;
mod sample;
mod sheet;
mod skin;
mod smooth;
mod table;
mod tone;

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use common::{Failure, say};
use glowup::gpu::Renderer;
use glowup::{FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Kind, Look, Skin, TrackerOptions};
use image::RgbaImage;
use portraits::Portrait;
use sample::Sample;
pub(crate) use table::Table;

/// Measures the retouch on the bundled faces and writes a table (table.md), what its means are made of (each.csv), and
/// sheets (PNG).
#[derive(Parser)]
struct Arguments {
    /// The folder to write to; made where it is missing
    #[arg(long, value_name = "FOLDER", default_value = "evaluation")]
    out: PathBuf,
    /// Only these sections, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(SECTIONS.map(|(name, _)| name)))]
    only: Vec<String>,
    /// The folder with the portraits and their skin_polygons.json [default: the bundled ones]
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
    /// A folder with clips in which hands pass before faces; without it they are left out
    #[arg(long, value_name = "FOLDER")]
    hands: Option<PathBuf>,
    /// A folder with clips of faces; without it make-up is followed through the bundled clip only
    #[arg(long, value_name = "FOLDER")]
    clips: Option<PathBuf>,
}

/// Measures something and writes it down.
type Section = fn(&mut Bench, &mut Table) -> Result<(), Failure>;

/// All that is measured, in the table's order.
const SECTIONS: [(&str, Section); 29] = [
    ("coverage", coverage::coverage),
    ("spared", coverage::spared),
    ("border", border::steps),
    ("tone", tone::tone),
    ("tones", skin::tones),
    ("tints", skin::tints),
    ("smooth", smooth::sizes),
    ("texture", smooth::texture),
    ("edges", edges::portraits),
    ("others", skin::beside_others),
    ("scale", geometry::scale),
    ("slimming", geometry::slimming),
    ("folding", geometry::folding),
    ("lines", geometry::lines),
    ("outside", geometry::outside),
    ("motion", motion::noise),
    ("outline", motion::outline),
    ("hands", hands::hands),
    ("covered", sheet::covered),
    ("sheets", sheet::all),
    ("lips", paint::lips),
    ("teeth", paint::teeth),
    ("eyes", paint::eyes),
    ("makeup", paint::tones),
    ("groups", paint::groups),
    ("unpainted", paint::spared),
    ("pumping", paint::pumping),
    ("flicker", paint::flicker),
    ("painted", paint::sheets),
];

/// What the figures are taken with.
pub(crate) struct Bench {
    pub(crate) gpu: Gpu,
    pub(crate) renderer: Renderer,
    pub(crate) tracker: FaceTracker,
    /// The folder to write to.
    pub(crate) out: PathBuf,
    /// The folder with clips of hands.
    pub(crate) hands: Option<PathBuf>,
    /// The folder with other clips.
    pub(crate) clips: Option<PathBuf>,
    pictures: PathBuf,
    samples: Option<Rc<[Sample]>>,
    portraits: Option<Rc<[Portrait]>>,
    faces: Option<Rc<[Portrait]>>,
}

impl Bench {
    /// The bundled small faces, enlarged.
    pub(crate) fn samples(&mut self) -> Result<Rc<[Sample]>, Failure> {
        let samples = match self.samples.take() {
            Some(samples) => samples,
            None => sample::all(&self.tracker)?.into(),
        };
        Ok(Rc::clone(self.samples.insert(samples)))
    }

    /// The large portraits.
    pub(crate) fn portraits(&mut self) -> Result<Rc<[Portrait]>, Failure> {
        let portraits = match self.portraits.take() {
            Some(portraits) => portraits,
            None => Portrait::all(&self.pictures, &self.tracker)?.into(),
        };
        Ok(Rc::clone(self.portraits.insert(portraits)))
    }

    /// All faces: the portraits, those of the folder's other pictures, and the bundled small ones.
    pub(crate) fn faces(&mut self) -> Result<Rc<[Portrait]>, Failure> {
        let faces = match self.faces.take() {
            Some(faces) => faces,
            None => {
                let mut faces = self.portraits()?.to_vec();
                faces.extend(Portrait::others(&self.pictures, &self.tracker)?);
                let bare = |sample: &Sample| Portrait { sample: sample.clone(), polygons: Vec::new() };
                faces.extend(self.samples()?.iter().map(bare));
                faces.into()
            }
        };
        Ok(Rc::clone(self.faces.insert(faces)))
    }

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
        let frame = Frame::rgba8(&sample.picture, width, height)?;
        Ok(self.renderer.skin(&frame, std::slice::from_ref(&sample.face))?)
    }
}

/// Only these two amounts.
pub(crate) fn skin_look(smooth: f32, tone: f32) -> Look {
    Look { skin: Skin { smooth, tone, ..Skin::NONE }, ..Look::NONE }
}

/// Every amount of some groups at 1, save those that go both ways: brighter or darker is a matter of taste.
pub(crate) fn everything(group: impl Fn(&str) -> bool) -> Look {
    let mut look = Look::NONE;
    for row in Look::ROWS.iter().filter(|row| group(row.group.name)) {
        if matches!(row.kind, Kind::Amount { min } if min == 0.0) {
            // 1 lies in the range of every amount.
            let _ = row.set(&mut look, 1.0);
        }
    }
    look
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let out = arguments.out;
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make the folder {}: {error}", out.display()))?;
    let bundled = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/portraits/whole"));
    let shown =
        arguments.pictures.as_ref().map_or("tests/data/portraits/whole".into(), |path| path.display().to_string());
    let pictures = arguments.pictures.unwrap_or_else(bundled);
    let tracker = FaceTracker::new(TrackerOptions::default())?;
    let gpu = Gpu::new(GpuOptions::default())?;
    let renderer = Renderer::new(&gpu)?;
    let (hands, clips) = (arguments.hands, arguments.clips);
    let (samples, portraits, faces) = (None, None, None);
    let mut bench = Bench { gpu, renderer, tracker, out, hands, clips, pictures, samples, portraits, faces };
    let mut table = Table::default();
    let only = &arguments.only;
    for (_, section) in SECTIONS.iter().filter(|(name, _)| only.is_empty() || only.iter().any(|only| only == name)) {
        let start = Instant::now();
        section(&mut bench, &mut table)?;
        eprintln!("    {:.1} s", start.elapsed().as_secs_f32());
    }
    let text = format!(
        "# Figures\n\nMade by `cargo run --release --example evaluate`, on {}.\n\nPortraits are those of \
         `{shown}`, with polygons of skin and of what is none; of each the largest face. The other faces are \
         the small bundled ones, enlarged to 140 to 280 pixels from cheek to cheek. `assets/looks.jpg` shows \
         them in the looks with make-up.\n{}",
        bench.gpu.adapter(),
        table.text
    );
    for (name, text) in [("table.md", &text), ("each.csv", &table.each)] {
        let path = bench.out.join(name);
        std::fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    say(format_args!("{text}"));
    eprintln!("{} figures fall short; the table and the sheets are in {}", table.short, bench.out.display());
    Ok(())
}

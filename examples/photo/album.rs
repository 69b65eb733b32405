//! A folder of pictures in, a folder of pictures out.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use glowup::{Beautifier, Gpu, Look, TrackerOptions};
use indicatif::{ProgressBar, ProgressStyle};

use crate::common::media::keep;
use crate::common::{Failure, complain, note, say};
use crate::{Retouched, retouch};

/// What pictures are called, those that cannot be read among them: each is retouched, or named as one that was not.
const NAMES: [&str; 12] = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif", "avif", "heic", "heif", "jxl"];
/// How many pictures are worked on at once.
const WORKERS: usize = 2;
/// Pixels of a picture that is worked on alone, so that memory is for one of its kind only.
const LARGE: u64 = 40_000_000;

/// How a folder shall be retouched.
pub struct Album<'a> {
    pub input: &'a Path,
    pub output: &'a Path,
    pub look: &'a Look,
    pub tracker: TrackerOptions,
    pub quality: Option<u8>,
    /// Whether files that are there already are replaced.
    pub force: bool,
}

impl Album<'_> {
    /// Retouches every picture of the folder. One line for each that failed; the rest is done all the same.
    pub fn run(&self, gpu: &Gpu) -> Result<(), Failure> {
        let pictures = self.pictures()?;
        std::fs::create_dir_all(self.output)
            .map_err(|error| format!("cannot make the folder {}: {error}", self.output.display()))?;
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} pictures, {eta} left")?;
        let bar = ProgressBar::new(pictures.len() as u64).with_style(style);
        let (next, failed, large) = (AtomicUsize::new(0), AtomicUsize::new(0), RwLock::new(()));
        let lines = Mutex::new(());
        let outcome: Result<(), Failure> = std::thread::scope(|scope| {
            let work = || -> Result<(), Failure> {
                let mut beautifier = Beautifier::with_gpu(gpu, self.tracker)?;
                beautifier.set_look(self.look.clone())?;
                while let Some(picture) = pictures.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = self.one(&mut beautifier, picture, &large);
                    let _line = lines.lock().unwrap_or_else(PoisonError::into_inner);
                    bar.suspend(|| match &outcome {
                        Ok(notes) => {
                            let name = picture.display();
                            note(&notes.iter().map(|what| format!("{name}: {what}")).collect::<Vec<_>>());
                        }
                        Err(error) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            complain(error);
                        }
                    });
                    bar.inc(1);
                }
                Ok(())
            };
            let workers: Vec<_> = (0..WORKERS.min(pictures.len())).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a picture broke its thread")?)
        });
        bar.finish_and_clear();
        outcome?;
        let failed = failed.into_inner();
        let done = pictures.len() - failed;
        let output = self.output.display();
        say(format_args!("{output}: {done} of {} pictures, on {}", pictures.len(), gpu.adapter()));
        // Each failure has had its line.
        if failed == 0 { Ok(()) } else { Err("".into()) }
    }

    /// All pictures of the folder, by their names, in order.
    fn pictures(&self) -> Result<Vec<PathBuf>, Failure> {
        let fail = |error: std::io::Error| format!("cannot read the folder {}: {error}", self.input.display());
        let mut pictures = Vec::new();
        for entry in std::fs::read_dir(self.input).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
            if path.is_file() && ending.is_some_and(|ending| NAMES.contains(&ending.as_str())) {
                pictures.push(path);
            }
        }
        pictures.sort();
        if pictures.is_empty() {
            return Err(format!("there is no picture in the folder {}", self.input.display()).into());
        }
        Ok(pictures)
    }

    fn one(&self, beautifier: &mut Beautifier, input: &Path, large: &RwLock<()>) -> Result<Vec<String>, Failure> {
        let name = input.file_name().unwrap_or_default();
        let output = self.output.join(name);
        if output.exists() && !self.force {
            return Err(format!("{} is there already: add --force to replace it", output.display()).into());
        }
        let (width, height) = image::image_dimensions(input).unwrap_or_default();
        let alone = u64::from(width) * u64::from(height) > LARGE;
        let _alone = alone.then(|| large.write().unwrap_or_else(PoisonError::into_inner));
        let _beside = (!alone).then(|| large.read().unwrap_or_else(PoisonError::into_inner));
        let Retouched { output, notes, .. } = retouch(beautifier, input, &output, self.quality)?;
        keep([output])?;
        Ok(notes)
    }
}

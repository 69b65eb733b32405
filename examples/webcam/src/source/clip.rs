//! A clip, at its own pace, over and over.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Picture, Source};
use crate::common::Failure;
use crate::common::media::Clip;

/// So far behind its own pace, a clip stops catching up and goes on from where it is.
const PATIENCE: Duration = Duration::from_millis(200);

pub struct Looped {
    path: PathBuf,
    clip: Clip,
    start: Instant,
}

impl Looped {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), clip: Clip::open(path, None)?, start: Instant::now() })
    }
}

impl Source for Looped {
    fn next(&mut self, picture: &mut Picture) -> Result<(), Failure> {
        let (width, height) = (self.clip.info.width, self.clip.info.height);
        if let Some((pixels, time)) = self.clip.next_frame()? {
            picture.set(width, height, pixels);
            let due = self.start + time;
            let now = Instant::now();
            match due.checked_duration_since(now) {
                Some(early) => std::thread::sleep(early.min(Duration::from_secs(1))),
                None if now - due > PATIENCE => self.start += now - due,
                None => {}
            }
            return Ok(());
        }
        *self = Self::open(&self.path)?;
        match self.clip.next_frame()? {
            Some((pixels, _)) => picture.set(width, height, pixels),
            None => return Err(format!("{} has no frames", self.path.display()).into()),
        }
        Ok(())
    }
}

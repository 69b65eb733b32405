//! A clip, at its own pace, over and over.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Picture, Source};
use crate::common::Failure;
use crate::common::media::Clip;

pub struct Looped {
    path: PathBuf,
    clip: Clip,
    /// When this round began, and when its last picture was due.
    round: Duration,
    last: Duration,
}

/// Between the last picture of a round and the first of the next.
const SEAM: Duration = Duration::from_millis(40);

impl Looped {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), clip: Clip::open(path, None)?, round: Duration::ZERO, last: Duration::ZERO })
    }

    fn read(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        let (width, height) = (self.clip.info.width, self.clip.info.height);
        let Some((pixels, time)) = self.clip.next_frame()? else { return Ok(None) };
        picture.set(width, height, pixels);
        self.last = self.round + time;
        Ok(Some(self.last))
    }
}

impl Source for Looped {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        if let Some(due) = self.read(picture)? {
            return Ok(Some(due));
        }
        self.clip = Clip::open(&self.path, None)?;
        self.round = self.last + SEAM;
        match self.read(picture)? {
            Some(due) => Ok(Some(due)),
            None => Err(format!("{} has no frames", self.path.display()).into()),
        }
    }
}

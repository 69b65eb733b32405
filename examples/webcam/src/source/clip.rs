//! A clip, at its own pace, over and over.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Picture, Source};
use crate::common::Failure;
use crate::common::media::Clip;

pub struct LoopedClip {
    path: PathBuf,
    clip: Clip,
    /// Frames of this round so far.
    read: usize,
    /// The next round's clip: a decoder takes a while to start, and nobody shall see that.
    next: Option<JoinHandle<Result<Clip, Failure>>>,
    /// When this round began, and when its last picture was due.
    round: Duration,
    last: Duration,
}

/// Between the last picture of a round and the first of the next.
const SEAM: Duration = Duration::from_millis(40);
/// How long before the end of a round the next one's decoder is started, in frames.
const AHEAD: usize = 60;

impl LoopedClip {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let clip = Clip::open(path, None)?;
        Ok(Self { path: path.to_owned(), clip, read: 0, next: None, round: Duration::ZERO, last: Duration::ZERO })
    }

    fn read(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        let (width, height) = (self.clip.info.width, self.clip.info.height);
        let Some((pixels, time)) = self.clip.next_frame()? else { return Ok(None) };
        picture.set(width, height, pixels);
        self.last = self.round + time;
        self.read += 1;
        if self.next.is_none() && self.read + AHEAD >= self.clip.info.times.len() {
            let path = self.path.clone();
            let open = move || Clip::open(&path, None);
            self.next = Some(std::thread::Builder::new().name("next round".to_owned()).spawn(open)?);
        }
        Ok(Some(self.last))
    }
}

impl Source for LoopedClip {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        if let Some(due) = self.read(picture)? {
            return Ok(Some(due));
        }
        let next = self.next.take().and_then(|thread| thread.join().ok());
        self.clip = next.unwrap_or_else(|| Clip::open(&self.path, None))?;
        (self.round, self.read) = (self.last + SEAM, 0);
        match self.read(picture)? {
            Some(due) => Ok(Some(due)),
            None => Err(format!("{} has no frames", self.path.display()).into()),
        }
    }
}

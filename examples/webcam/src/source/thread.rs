//! A source on a thread of its own: it may block or fail as it likes, and whoever takes its pictures neither waits for it
//! nor falls behind it. Only the newest picture is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::{Picture, Source, SourceSpec, open};
use crate::common::Failure;

/// So far behind its own pace, a source stops catching up and goes on from where it is.
const MAX_LAG: Duration = Duration::from_millis(200);
/// How long a gap in a source's own times is waited for.
const MAX_GAP: Duration = Duration::from_secs(1);

/// A picture, and when it came.
pub struct TimedPicture {
    pub picture: Picture,
    pub captured: Instant,
    /// Counts the source's pictures from 1.
    pub number: u64,
    /// Whether it is the only picture that its source has.
    pub still: bool,
}

impl Default for TimedPicture {
    fn default() -> Self {
        Self { picture: Picture::default(), captured: Instant::now(), number: 0, still: false }
    }
}

/// What a source has given.
pub enum Received {
    Picture,
    Nothing,
    /// It has ended, and that is why.
    Ended(String),
}

pub struct SourceThread(Arc<Shared>);

struct Shared {
    slot: Mutex<Slot>,
    /// Who takes the pictures: woken by each.
    receiver: Thread,
}

#[derive(Default)]
struct Slot {
    newest: Option<TimedPicture>,
    /// Memory to write the next picture to.
    spare: Picture,
    dropped: u64,
    sizes: Vec<[u32; 2]>,
    ended: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SourceThread {
    /// Opens a source on a new thread. Its pictures are for the thread that calls this.
    pub fn start(spec: SourceSpec) -> Result<Self, Failure> {
        let shared = Arc::new(Shared { slot: Mutex::default(), receiver: std::thread::current() });
        let theirs = Arc::downgrade(&shared);
        // Not joined: a read that blocks would block whoever waits for it. The thread ends once nobody holds its pictures.
        std::thread::Builder::new().name("source".to_owned()).spawn(move || {
            let mut end = End { shared: theirs, why: Some("it stopped unexpectedly".to_owned()) };
            end.why = read(&spec, &end.shared).err().map(|failure| failure.to_string());
        })?;
        Ok(Self(shared))
    }

    /// Exchanges `picture` for the newest one, which is waited for as long as `timeout`; less where the thread is woken
    /// for another reason.
    pub fn receive(&self, picture: &mut TimedPicture, timeout: Duration) -> Received {
        let received = self.try_receive(picture);
        if timeout.is_zero() || !matches!(received, Received::Nothing) {
            return received;
        }
        std::thread::park_timeout(timeout);
        self.try_receive(picture)
    }

    fn try_receive(&self, picture: &mut TimedPicture) -> Received {
        let mut slot = self.0.lock();
        if let Some(newest) = slot.newest.take() {
            slot.spare = std::mem::replace(picture, newest).picture;
            return Received::Picture;
        }
        slot.ended.as_ref().map_or(Received::Nothing, |why| Received::Ended(why.clone()))
    }

    /// Pictures that were replaced by newer ones before anybody took them.
    pub fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }

    /// The sizes that the source could give instead.
    pub fn sizes(&self) -> Vec<[u32; 2]> {
        self.0.lock().sizes.clone()
    }
}

/// Says why the thread has ended, in whichever way: the camera library panics where a device vanishes while it is closed.
struct End {
    shared: Weak<Shared>,
    why: Option<String>,
}

impl Drop for End {
    fn drop(&mut self) {
        if let (Some(shared), Some(why)) = (self.shared.upgrade(), self.why.take()) {
            shared.lock().ended = Some(why);
            shared.receiver.unpark();
        }
    }
}

/// Reads pictures until the source fails, has given its only one, or nobody wants them any more.
fn read(spec: &SourceSpec, shared: &Weak<Shared>) -> Result<(), Failure> {
    let mut source: Box<dyn Source> = open(spec)?;
    if let Some(shared) = shared.upgrade() {
        shared.lock().sizes = source.sizes();
    }
    let (mut clock, mut offset) = (Instant::now(), None);
    let mut number = 0;
    let mut picture = Picture::default();
    loop {
        let due = source.next(&mut picture)?;
        if let Some(due) = due {
            let zero = *offset.get_or_insert_with(|| {
                clock = Instant::now();
                due
            });
            // On the source's own clock, which stands still where it is behind and jumps over gaps.
            let ahead = due.saturating_sub(zero + clock.elapsed());
            let behind = (zero + clock.elapsed()).saturating_sub(due);
            std::thread::sleep(ahead.min(MAX_GAP));
            if behind > MAX_LAG || ahead > MAX_GAP {
                (clock, offset) = (Instant::now(), Some(due));
            }
        }
        let still = source.is_still();
        let Some(shared) = shared.upgrade() else { return Ok(()) };
        let mut slot = shared.lock();
        number += 1;
        let spare = std::mem::take(&mut slot.spare);
        let picture_read = std::mem::replace(&mut picture, spare);
        let timed = TimedPicture { picture: picture_read, captured: Instant::now(), number, still };
        if let Some(unseen) = slot.newest.replace(timed) {
            slot.dropped += 1;
            if picture.pixels.capacity() == 0 {
                picture = unseen.picture;
            }
        }
        drop(slot);
        shared.receiver.unpark();
        if still {
            return Ok(());
        }
    }
}

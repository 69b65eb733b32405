//! A source on a thread of its own: it may block or fail as it likes, and whoever takes its pictures neither waits for it
//! nor falls behind it. Only the newest picture is kept.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::{Picture, Source, Wanted, open};
use crate::common::Failure;

/// So far behind its own pace, a source stops catching up and goes on from where it is.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long a gap in a source's own times is waited for.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// A picture, and when it came.
pub struct Stamped {
    pub picture: Picture,
    pub moment: Instant,
    /// Counts the source's pictures from 1.
    pub number: u64,
}

impl Default for Stamped {
    fn default() -> Self {
        Self { picture: Picture::default(), moment: Instant::now(), number: 0 }
    }
}

/// What a feed has to give.
pub enum Got {
    Picture,
    Nothing,
    /// It has ended, and that is why.
    Ended(String),
}

pub struct Feed(Arc<Shared>);

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Default)]
struct Slot {
    newest: Option<Stamped>,
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

impl Feed {
    pub fn start(wanted: Wanted) -> Result<Self, Failure> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::downgrade(&shared);
        // Not joined: a read that blocks would block whoever waits for it. The thread ends once nobody holds the feed.
        std::thread::Builder::new().name("source".to_owned()).spawn(move || {
            let mut end = End { shared: theirs, why: "it stopped unexpectedly".to_owned() };
            if let Err(failure) = read(&wanted, &end.shared) {
                end.why = failure.to_string();
            }
        })?;
        Ok(Self(shared))
    }

    /// Exchanges `stamped` for the newest picture, which is waited for as long as `patience`.
    pub fn take(&self, stamped: &mut Stamped, patience: Duration) -> Got {
        let start = Instant::now();
        let mut slot = self.0.lock();
        loop {
            if let Some(newest) = slot.newest.take() {
                slot.spare = std::mem::replace(stamped, newest).picture;
                return Got::Picture;
            }
            if let Some(why) = &slot.ended {
                return Got::Ended(why.clone());
            }
            let Some(left) = patience.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else {
                return Got::Nothing;
            };
            slot = self.0.changed.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0;
        }
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

/// Says that the thread has ended, in whichever way: the camera library panics where a device vanishes while it is closed.
struct End {
    shared: Weak<Shared>,
    why: String,
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.lock().ended = Some(std::mem::take(&mut self.why));
            shared.changed.notify_all();
        }
    }
}

/// Reads pictures until the source fails or nobody wants them any more.
fn read(wanted: &Wanted, shared: &Weak<Shared>) -> Result<(), Failure> {
    let mut source: Box<dyn Source> = open(wanted)?;
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
            std::thread::sleep(ahead.min(LONGEST_GAP));
            if behind > PATIENCE || ahead > LONGEST_GAP {
                (clock, offset) = (Instant::now(), Some(due));
            }
        }
        let Some(shared) = shared.upgrade() else { return Ok(()) };
        let mut slot = shared.lock();
        number += 1;
        let spare = std::mem::take(&mut slot.spare);
        let stamped = Stamped { picture: std::mem::replace(&mut picture, spare), moment: Instant::now(), number };
        if let Some(unseen) = slot.newest.replace(stamped) {
            slot.dropped += 1;
            if picture.pixels.capacity() == 0 {
                picture = unseen.picture;
            }
        }
        drop(slot);
        shared.changed.notify_all();
    }
}

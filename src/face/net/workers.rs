//! A small pool of threads that share the parts of one piece of work: claimed one by one, so that a thread that is late
//! or descheduled delays nobody by more than the part it holds.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::{self, JoinHandle, Thread};

use crate::{Error, Result};

/// Most threads that [`Workers::new`] takes.
const MAX_THREADS: usize = 16;

/// How often an idle worker looks for work before it sleeps: a few tens of microseconds, longer than the pause between
/// two layers of a network, shorter than anyone would notice in a power bill.
const SPINS: usize = 1500;

/// How often a caller that waits for the last parts spins before it offers its core to others.
const SPINS_BEFORE_YIELD: usize = 300;

/// Threads for the networks to run on. With one thread there is no pool: everything runs on the caller. The same
/// `Workers` may be shared by several sessions; while one uses it, the others run on their own threads.
pub struct Workers {
    pool: Option<Pool>,
}

struct Pool {
    shared: Arc<Shared>,
    sleepers: Vec<Arc<Sleeper>>,
    threads: Vec<Thread>,
    handles: Vec<JoinHandle<()>>,
    caller: Mutex<()>,
}

/// Whether one worker sleeps and has to be woken.
struct Sleeper(AtomicBool);

/// What callers hand to workers: runs one part.
type Work<'a> = dyn Fn(usize) + Sync + 'a;

struct Shared {
    /// The job's number, the next part to claim and the number of parts, in one word (see [`Ticket`]), so that one
    /// compare-and-swap claims a part of exactly the job it was read for.
    ticket: AtomicU64,
    /// The current job. Written only while no part is claimed and unfinished; read only by the holder of such a part.
    work: UnsafeCell<Option<*const Work<'static>>>,
    /// Parts of the current job that are finished.
    done: AtomicUsize,
    /// Whether a part of the current job panicked on a worker.
    panicked: AtomicBool,
    stop: AtomicBool,
}

// SAFETY: `work` is the one field that is not `Sync` or `Send` by itself. It is written by the caller that holds the
// pool's mutex while no part is claimed and unfinished, and read by threads that hold an unfinished part; both are
// ordered by `ticket` (release, acquire) and `done` (release, acquire). What it points to is `Sync`, and outlives the
// job because `Pool::run` does not return before `done` has counted every part.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// The fields of [`Shared::ticket`].
#[derive(Clone, Copy)]
struct Ticket {
    job: u32,
    next: u16,
    parts: u16,
}

impl Ticket {
    fn pack(self) -> u64 {
        u64::from(self.job) << 32 | u64::from(self.next) << 16 | u64::from(self.parts)
    }

    fn unpack(word: u64) -> Self {
        Self { job: (word >> 32) as u32, next: (word >> 16) as u16, parts: word as u16 }
    }
}

impl Shared {
    /// Claims the next part of the current job, if there is one.
    fn claim(&self) -> Option<usize> {
        let mut word = self.ticket.load(Ordering::Acquire);
        loop {
            let ticket = Ticket::unpack(word);
            if ticket.next >= ticket.parts {
                return None;
            }
            let taken = Ticket { next: ticket.next + 1, ..ticket }.pack();
            match self.ticket.compare_exchange_weak(word, taken, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(usize::from(ticket.next)),
                Err(now) => word = now,
            }
        }
    }

    fn has_work(&self) -> bool {
        let ticket = Ticket::unpack(self.ticket.load(Ordering::SeqCst));
        ticket.next < ticket.parts || self.stop.load(Ordering::SeqCst)
    }

    /// A worker's life.
    fn serve(&self, sleeper: &Sleeper) {
        let mut idle = 0;
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(part) = self.claim() {
                idle = 0;
                // SAFETY: this thread holds an unfinished part, so nobody writes `work` until `done` has counted it, and
                // the caller that lent the job waits for that.
                let work = unsafe { (*self.work.get()).map(|work| &*work) };
                if let Some(work) = work
                    && catch_unwind(AssertUnwindSafe(|| work(part))).is_err()
                {
                    self.panicked.store(true, Ordering::Relaxed);
                }
                self.done.fetch_add(1, Ordering::Release);
            } else if idle < SPINS {
                idle += 1;
                std::hint::spin_loop();
            } else {
                // The caller publishes a job and then reads this flag; here it is set and then the job looked for. Both
                // sequentially consistent: at least one of the two sees the other.
                sleeper.0.store(true, Ordering::SeqCst);
                if !self.has_work() {
                    thread::park();
                }
                sleeper.0.store(false, Ordering::SeqCst);
                idle = 0;
            }
        }
    }
}

impl Workers {
    /// `threads` threads in all, 1..=16, the caller's own among them.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] outside that range; [`Error::Threads`] where the system starts none.
    pub fn new(threads: usize) -> Result<Self> {
        if !(1..=MAX_THREADS).contains(&threads) {
            return Err(Error::OutOfRange {
                name: "threads",
                value: threads as f32,
                min: 1.0,
                max: MAX_THREADS as f32,
            });
        }
        if threads == 1 {
            return Ok(Self { pool: None });
        }
        let shared = Arc::new(Shared {
            ticket: AtomicU64::new(0),
            work: UnsafeCell::new(None),
            done: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        // Filled step by step: where a thread does not start, dropping the pool ends those that did.
        let mut pool =
            Pool { shared, sleepers: Vec::new(), threads: Vec::new(), handles: Vec::new(), caller: Mutex::new(()) };
        for index in 1..threads {
            let sleeper = Arc::new(Sleeper(AtomicBool::new(false)));
            let (shared, own) = (Arc::clone(&pool.shared), Arc::clone(&sleeper));
            let handle = thread::Builder::new()
                .name(format!("glowup-{index}"))
                .spawn(move || shared.serve(&own))
                .map_err(|error| Error::Threads { threads, reason: error.to_string() })?;
            pool.sleepers.push(sleeper);
            pool.threads.push(handle.thread().clone());
            pool.handles.push(handle);
        }
        Ok(Self { pool: Some(pool) })
    }

    /// How many threads work together, the caller's among them.
    #[must_use]
    pub fn threads(&self) -> usize {
        1 + self.pool.as_ref().map_or(0, |pool| pool.handles.len())
    }

    /// Runs `work(0)`, `work(1)` .. `work(parts - 1)`, each once, in any order and on any of the threads, and returns
    /// when all are done. A panic in a part is passed on to the caller, after the other parts have ended.
    pub(crate) fn run(&self, parts: usize, work: &Work<'_>) {
        match &self.pool {
            Some(pool) if (2..=usize::from(u16::MAX)).contains(&parts) => pool.run(parts, work),
            _ => (0..parts).for_each(work),
        }
    }
}

/// Waits, when dropped, until the other threads have ended their parts: also while a panic unwinds.
struct Finish<'a> {
    shared: &'a Shared,
    parts: usize,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        // Parts that nobody has claimed are left only if the caller's own part panicked: they are claimed and dropped.
        while self.shared.claim().is_some() {
            self.shared.done.fetch_add(1, Ordering::Release);
        }
        let mut spins = 0;
        while self.shared.done.load(Ordering::Acquire) < self.parts {
            spins += 1;
            if spins < SPINS_BEFORE_YIELD {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
        // SAFETY: every part is finished, and this caller holds the pool's mutex: nobody reads `work` now.
        unsafe { *self.shared.work.get() = None };
    }
}

/// Counts the caller's part as finished when dropped: also while a panic unwinds.
struct Count<'a>(&'a Shared);

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::Release);
    }
}

impl Pool {
    fn run(&self, parts: usize, work: &Work<'_>) {
        let _caller = match self.caller.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another session is at it: do not wait for it.
            Err(TryLockError::WouldBlock) => return (0..parts).for_each(work),
        };
        let shared = &*self.shared;
        // SAFETY: the mutex is held and the last job's parts are all finished, so nobody else reads or writes `work`. The
        // lifetime is stretched, but the pointer is cleared by `Finish` before `work` goes out of scope.
        unsafe {
            let work: *const Work<'_> = work;
            *shared.work.get() = Some(std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work));
        }
        shared.done.store(0, Ordering::Relaxed);
        shared.panicked.store(false, Ordering::Relaxed);
        let job = Ticket::unpack(shared.ticket.load(Ordering::Relaxed)).job.wrapping_add(1);
        shared.ticket.store(Ticket { job, next: 0, parts: parts as u16 }.pack(), Ordering::SeqCst);
        {
            let _finish = Finish { shared, parts };
            for (sleeper, thread) in self.sleepers.iter().zip(&self.threads) {
                if sleeper.0.load(Ordering::SeqCst) {
                    thread.unpark();
                }
            }
            while let Some(part) = shared.claim() {
                let _count = Count(shared);
                work(part);
            }
        }
        if shared.panicked.load(Ordering::Relaxed) {
            resume_unwind(Box::new("a part of the work panicked on another thread"));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for (thread, handle) in self.threads.iter().zip(self.handles.drain(..)) {
            thread.unpark();
            // A worker catches its panics, so there is nothing to pass on.
            drop(handle.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_runs_exactly_once() {
        for threads in [1, 2, 3, 8] {
            let workers = Workers::new(threads).unwrap();
            assert_eq!(workers.threads(), threads);
            for parts in [0, 1, 2, 3, 7, 64, 1000] {
                for _ in 0..20 {
                    let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    workers.run(parts, &|part| {
                        counts[part].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                }
            }
        }
    }

    #[test]
    fn what_a_part_writes_is_seen_after_the_run() {
        let workers = Workers::new(4).unwrap();
        for round in 0..2000_usize {
            let cells: Vec<AtomicUsize> = (0..16).map(|_| AtomicUsize::new(0)).collect();
            workers.run(16, &|part| cells[part].store(round + part, Ordering::Relaxed));
            let sum: usize = cells.iter().map(|cell| cell.load(Ordering::Relaxed)).sum();
            assert_eq!(sum, 16 * round + 120);
        }
    }

    #[test]
    fn workers_that_fell_asleep_wake_up() {
        let workers = Workers::new(2).unwrap();
        for _ in 0..5 {
            thread::sleep(std::time::Duration::from_millis(5));
            let count = AtomicUsize::new(0);
            workers.run(8, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.load(Ordering::Relaxed), 8);
        }
    }

    #[test]
    fn sessions_that_share_workers_do_not_disturb_each_other() {
        let workers = Workers::new(3).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let count = AtomicUsize::new(0);
                        workers.run(9, &|_| {
                            count.fetch_add(1, Ordering::Relaxed);
                        });
                        assert_eq!(count.load(Ordering::Relaxed), 9);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let workers = Workers::new(2).unwrap();
        for _ in 0..20 {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                workers.run(6, &|part| assert_ne!(part, 3));
            }));
            assert!(caught.is_err());
            let count = AtomicUsize::new(0);
            workers.run(6, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.load(Ordering::Relaxed), 6);
        }
    }

    #[test]
    fn thread_counts_out_of_range_are_refused() {
        for threads in [0, 17, usize::MAX] {
            assert!(matches!(Workers::new(threads), Err(Error::OutOfRange { name: "threads", .. })));
        }
    }
}

//! A small thread pool. A job's tasks are claimed one by one, so that a thread that is late or descheduled delays the others by
//! no more than the task it holds.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::{self, JoinHandle};

use crate::{Error, Result};

/// Most threads that [`Workers::new`] takes.
const MAX_THREADS: usize = 16;

/// How often an idle worker looks for tasks before it parks: a few tens of microseconds. That is longer than the pause between
/// two layers of a network, and costs no noticeable power.
const SPINS: usize = 1500;

/// How often a caller that waits for the last tasks spins before it yields its core.
const SPINS_BEFORE_YIELD: usize = 300;

/// Threads for the networks to run on. With one thread there is no pool: everything runs on the caller. Several sessions may
/// share one `Workers`; while one session uses it, the others run on their own threads.
pub struct Workers {
    pool: Option<Pool>,
}

struct Pool {
    shared: Arc<Shared>,
    threads: Vec<WorkerThread>,
    /// Held by the session whose job runs.
    caller: Mutex<()>,
}

struct WorkerThread {
    /// Whether the thread is parked, or about to be, and has to be woken.
    parked: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

/// What a job runs for each of its tasks.
type TaskFn<'a> = dyn Fn(usize) + Sync + 'a;

struct Shared {
    /// A packed [`JobState`]: in one word, so that one compare-and-swap claims a task of exactly the job it was read for.
    state: AtomicU64,
    /// The current job's function. Written only while no task is claimed and unfinished; read only by the holder of such a
    /// task.
    function: UnsafeCell<Option<*const TaskFn<'static>>>,
    /// Tasks of the current job that are finished.
    finished: AtomicUsize,
    /// Whether a task of the current job panicked on a worker.
    panicked: AtomicBool,
    stop: AtomicBool,
}

// SAFETY: `function` is the one field that is not `Sync` or `Send` by itself. It is written by the caller that holds the
// pool's mutex while no task is claimed and unfinished, and read by threads that hold an unfinished task; both are ordered by
// `state` (release, acquire) and `finished` (release, acquire). What it points to is `Sync`, and outlives the job because
// `Pool::run` does not return before `finished` has counted every task.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Which job runs, and which of its tasks is the next to claim.
#[derive(Clone, Copy)]
struct JobState {
    /// The job's number.
    job: u32,
    next: u16,
    tasks: u16,
}

impl JobState {
    fn pack(self) -> u64 {
        u64::from(self.job) << 32 | u64::from(self.next) << 16 | u64::from(self.tasks)
    }

    fn unpack(word: u64) -> Self {
        Self { job: (word >> 32) as u32, next: (word >> 16) as u16, tasks: word as u16 }
    }
}

impl Shared {
    /// Claims the next task of the current job, if there is one.
    fn claim(&self) -> Option<usize> {
        let mut word = self.state.load(Ordering::Acquire);
        loop {
            let state = JobState::unpack(word);
            if state.next >= state.tasks {
                return None;
            }
            let claimed = JobState { next: state.next + 1, ..state }.pack();
            match self.state.compare_exchange_weak(word, claimed, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(usize::from(state.next)),
                Err(now) => word = now,
            }
        }
    }

    /// Whether a worker has to stay awake.
    fn has_work(&self) -> bool {
        let state = JobState::unpack(self.state.load(Ordering::SeqCst));
        state.next < state.tasks || self.stop.load(Ordering::SeqCst)
    }

    /// What a worker thread runs until the pool is dropped.
    fn run_worker(&self, parked: &AtomicBool) {
        let mut idle = 0;
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(task) = self.claim() {
                idle = 0;
                // SAFETY: this thread holds an unfinished task, so no thread writes `function` until `finished` has counted
                // it, and the caller that lent the function waits for that.
                let function = unsafe { (*self.function.get()).map(|function| &*function) };
                if let Some(function) = function
                    && catch_unwind(AssertUnwindSafe(|| function(task))).is_err()
                {
                    self.panicked.store(true, Ordering::Relaxed);
                }
                self.finished.fetch_add(1, Ordering::Release);
            } else if idle < SPINS {
                idle += 1;
                std::hint::spin_loop();
            } else {
                // The caller publishes a job, then reads this flag. The worker sets the flag, then looks for a job. All of it
                // is sequentially consistent, so at least one of the two sees the other.
                parked.store(true, Ordering::SeqCst);
                if !self.has_work() {
                    thread::park();
                }
                parked.store(false, Ordering::SeqCst);
                idle = 0;
            }
        }
    }
}

impl Workers {
    /// `threads` threads in all, 1 to 16, the caller's own among them.
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
            state: AtomicU64::new(0),
            function: UnsafeCell::new(None),
            finished: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        // Where a thread does not start, dropping the pool ends those that did.
        let mut pool = Pool { shared, threads: Vec::new(), caller: Mutex::new(()) };
        for index in 1..threads {
            let parked = Arc::new(AtomicBool::new(false));
            let (shared, flag) = (Arc::clone(&pool.shared), Arc::clone(&parked));
            let handle = thread::Builder::new()
                .name(format!("glowup-{index}"))
                .spawn(move || shared.run_worker(&flag))
                .map_err(|error| Error::Threads { threads, reason: error.to_string() })?;
            pool.threads.push(WorkerThread { parked, handle });
        }
        Ok(Self { pool: Some(pool) })
    }

    /// How many threads work together, the caller's among them.
    #[must_use]
    pub fn threads(&self) -> usize {
        1 + self.pool.as_ref().map_or(0, |pool| pool.threads.len())
    }

    /// Runs a job: `function(0)`, `function(1)` .. `function(tasks - 1)`, each once, in any order and on any of the threads.
    /// Returns when all have ended. A panic in a task is passed on to the caller, after the other tasks have ended.
    pub(crate) fn run(&self, tasks: usize, function: &TaskFn<'_>) {
        match &self.pool {
            Some(pool) if (2..=usize::from(u16::MAX)).contains(&tasks) => pool.run(tasks, function),
            _ => (0..tasks).for_each(function),
        }
    }
}

/// When dropped, waits until the other threads have finished their tasks: also while a panic unwinds.
struct CompletionGuard<'a> {
    shared: &'a Shared,
    tasks: usize,
}

impl Drop for CompletionGuard<'_> {
    fn drop(&mut self) {
        // Tasks that no thread has claimed are left only if the caller's own task panicked: they are skipped.
        while self.shared.claim().is_some() {
            self.shared.finished.fetch_add(1, Ordering::Release);
        }
        let mut spins = 0;
        while self.shared.finished.load(Ordering::Acquire) < self.tasks {
            spins += 1;
            if spins < SPINS_BEFORE_YIELD {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
        // SAFETY: every task is finished, and this caller holds the pool's mutex: no thread reads `function` now.
        unsafe { *self.shared.function.get() = None };
    }
}

/// When dropped, counts the caller's task as finished: also while a panic unwinds.
struct TaskGuard<'a>(&'a Shared);

impl Drop for TaskGuard<'_> {
    fn drop(&mut self) {
        self.0.finished.fetch_add(1, Ordering::Release);
    }
}

impl Pool {
    fn run(&self, tasks: usize, function: &TaskFn<'_>) {
        let _caller = match self.caller.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another session uses the pool: this one does not wait for it.
            Err(TryLockError::WouldBlock) => return (0..tasks).for_each(function),
        };
        let shared = &*self.shared;
        // SAFETY: the mutex is held and the last job's tasks are all finished, so no other thread reads or writes `function`.
        // Its lifetime is extended, but `CompletionGuard` clears the pointer before the function goes out of scope.
        unsafe {
            let function: *const TaskFn<'_> = function;
            *shared.function.get() = Some(std::mem::transmute::<*const TaskFn<'_>, *const TaskFn<'static>>(function));
        }
        shared.finished.store(0, Ordering::Relaxed);
        shared.panicked.store(false, Ordering::Relaxed);
        let job = JobState::unpack(shared.state.load(Ordering::Relaxed)).job.wrapping_add(1);
        shared.state.store(JobState { job, next: 0, tasks: tasks as u16 }.pack(), Ordering::SeqCst);
        {
            let _completion = CompletionGuard { shared, tasks };
            for worker in &self.threads {
                if worker.parked.load(Ordering::SeqCst) {
                    worker.handle.thread().unpark();
                }
            }
            while let Some(task) = shared.claim() {
                let _finished = TaskGuard(shared);
                function(task);
            }
        }
        if shared.panicked.load(Ordering::Relaxed) {
            resume_unwind(Box::new("a task panicked on another thread"));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for worker in self.threads.drain(..) {
            worker.handle.thread().unpark();
            // A worker catches its panics, so there is nothing to pass on.
            drop(worker.handle.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_exactly_once() {
        for threads in [1, 2, 3, 8] {
            let workers = Workers::new(threads).unwrap();
            assert_eq!(workers.threads(), threads);
            for tasks in [0, 1, 2, 3, 7, 64, 1000] {
                for _ in 0..20 {
                    let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                    workers.run(tasks, &|task| {
                        counts[task].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                }
            }
        }
    }

    #[test]
    fn what_a_task_writes_is_seen_after_the_run() {
        let workers = Workers::new(4).unwrap();
        for round in 0..2000_usize {
            let cells: Vec<AtomicUsize> = (0..16).map(|_| AtomicUsize::new(0)).collect();
            workers.run(16, &|task| cells[task].store(round + task, Ordering::Relaxed));
            let sum: usize = cells.iter().map(|cell| cell.load(Ordering::Relaxed)).sum();
            assert_eq!(sum, 16 * round + 120);
        }
    }

    #[test]
    fn parked_workers_wake_up() {
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
                workers.run(6, &|task| assert_ne!(task, 3));
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

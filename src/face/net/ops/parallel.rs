//! How a layer's work is shared by threads.

use std::ops::Range;

use crate::face::net::workers::Workers;

/// How many parts a layer is cut into for each thread: enough that a late thread costs little, few enough that claiming
/// them does.
const PARTS_PER_THREAD: usize = 4;

/// An op with the threads that it runs on, for candle's traits.
pub(super) struct Threaded<'a, T> {
    pub(super) op: &'a T,
    pub(super) workers: &'a Workers,
}

/// Cuts `0..total` into ranges, runs each on one of the threads, and returns when all are done.
pub(super) fn parallel_for(workers: &Workers, total: usize, run: impl Fn(Range<usize>) + Sync) {
    let threads = workers.threads();
    if threads == 1 {
        return run(0..total);
    }
    let parts = (threads * PARTS_PER_THREAD).min(total);
    workers.run(parts, &|part| run(part * total / parts..(part + 1) * total / parts));
}

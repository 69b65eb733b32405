//! A tracked frame allocates nothing of its own on the heap once its faces are known, whether new ones are looked for or
//! not. What is left is candle's: a list of 64 bytes for each layer of a network (see `allocations.rs`).

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use composite::{Place, frame, ground, lay, portrait};
use glowup::{FaceTracker, TrackerOptions};

#[path = "support/composite.rs"]
mod composite;

/// The system's allocator, which remembers the largest request and how many there were of more than candle's size.
struct Watching;

static LARGE: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicUsize = AtomicUsize::new(0);

/// Bytes of candle's list, and how many layers a frame's passes have at most.
const CANDLES: (usize, usize) = (64, 100);

fn note(size: usize) {
    ALL.fetch_add(1, Ordering::Relaxed);
    LARGE.fetch_add(usize::from(size > CANDLES.0), Ordering::Relaxed);
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

// One test in this file: others would run beside it and be counted too.
#[test]
fn a_tracked_frame_allocates_only_what_candle_does() {
    let mut picture = ground(1280, 720);
    lay(&mut picture, &portrait(), Place::at(400.0, 360.0).scaled(1.3));
    for (max_faces, blendshapes) in [(1, false), (4, false), (1, true)] {
        let options = TrackerOptions { max_faces, blendshapes, ..TrackerOptions::default() };
        let mut tracker = FaceTracker::new(options).unwrap();
        let mut step = |index| tracker.track(&frame(&picture), Duration::from_millis(33) * index).unwrap().len();
        (0..200).for_each(|index| assert_eq!(step(index), 1));
        // The least of a few tries: the test harness has a thread of its own.
        let least = (0..5)
            .map(|round| {
                let before = (LARGE.load(Ordering::Relaxed), ALL.load(Ordering::Relaxed));
                (0..16).for_each(|index| assert_eq!(step(200 + 16 * round + index), 1));
                (LARGE.load(Ordering::Relaxed) - before.0, ALL.load(Ordering::Relaxed) - before.1)
            })
            .min();
        let (large, all) = least.unwrap();
        assert!(large == 0 && all <= 16 * CANDLES.1, "up to {max_faces} faces: {large} large, {all} in all");
    }
    let before = LARGE.load(Ordering::Relaxed);
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert!(LARGE.load(Ordering::Relaxed) > before, "the watch works");
}

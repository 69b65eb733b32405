//! A warmed-up forward pass of the networks allocates nothing of its own on the heap, on one thread or several. What is
//! left is candle's: `Tensor::inplace_op2` looks whether the output's layout overlaps itself, and for that makes a list
//! of its sides, 64 bytes, once for each layer: about a thousandth of the pass's time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use glowup::face::net::{BlazeFace, Blendshapes, FaceMesh, MeshModel, Workers, YuNet};

/// The system's allocator with a count of what it was asked for, on all threads.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// Layers of the networks and the inputs written: stem, blocks, heads, columns; stem, blocks, branches; units; embedding,
/// blocks of two, head.
const OPS: usize = (1 + 16 + 6) + (1 + 14 + 6 + 1) + 3 * (1 + 6) + 5 * 8 + (11 + 6) + (1 + 8 + 1) + 6;

/// Bytes of candle's list of sides.
const SIDES: usize = 64;

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations `run` makes, and the bytes of the largest: the least of a few tries, since the test harness has a
/// thread of its own.
fn allocations(mut run: impl FnMut()) -> (usize, usize) {
    let tries = (0..5).map(|_| {
        LARGEST.store(0, Ordering::Relaxed);
        let before = COUNT.load(Ordering::Relaxed);
        run();
        (COUNT.load(Ordering::Relaxed) - before, LARGEST.load(Ordering::Relaxed))
    });
    tries.min().unwrap_or_default()
}

// One test in this file: others would run beside it and be counted too.
#[test]
fn a_warm_forward_pass_allocates_only_what_candle_does() {
    let (detector, mesh) = (BlazeFace::embedded().unwrap(), FaceMesh::embedded(MeshModel::Refined).unwrap());
    let (mut boxes, mut points) = (detector.buffers().unwrap(), mesh.buffers().unwrap());
    let (yunet, blendshapes) = (YuNet::embedded().unwrap(), Blendshapes::embedded().unwrap());
    let (mut cells, mut coefficients) = (yunet.buffers(320, 192).unwrap(), blendshapes.buffers().unwrap());
    let marks: Vec<_> = (0..478).map(|i| [(i * 37 % 100) as f32, (i * 61 % 100) as f32, 0.0]).collect();
    for threads in [1, 2, 4] {
        let workers = Workers::new(threads).unwrap();
        let mut pass = || {
            boxes.write_input(|input| input.fill(0.25)).unwrap();
            detector.forward(&mut boxes, &workers).unwrap();
            points.write_input(|input| input.fill(0.25)).unwrap();
            mesh.forward(&mut points, &workers).unwrap();
            cells.write_input(|input| input.fill(99.0)).unwrap();
            yunet.forward(&mut cells, &workers).unwrap();
            let faces = cells.read_outputs(|levels| levels.map(|level| level.faces(0.9).count())).unwrap();
            assert_eq!(faces, [0; 3]);
            assert!(blendshapes.forward(&marks, &mut coefficients, &workers).unwrap()[0].is_finite());
            let score = boxes.read_outputs(|logits, boxes| logits[0] + boxes[0]).unwrap();
            let sum = points.read_outputs(|points, presence| points[0] + presence).unwrap();
            assert!(score.is_finite() && sum.is_finite());
        };
        for _ in 0..3 {
            pass();
        }
        let (count, largest) = allocations(|| (0..5).for_each(|_| pass()));
        assert!(count <= 5 * OPS && largest <= SIDES, "{threads} threads: {count} allocations, {largest} bytes");
    }
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![0_u8; 100]))), (1, 100), "the counter counts");
}

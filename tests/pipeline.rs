//! The pipeline gives what the session gives, in the same order, and says what it drops.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use glowup::{
    Beautifier, DropPolicy, Error, FrameBuf, FrameMut, Gpu, GpuOptions, Look, Picture, Pipeline, PixelFormat,
    Retouched, Shape, Skin, TrackerOptions,
};
use support::Picture as Still;

const LOOK: Look = Look { skin: Skin { warmth: 0.4, ..Look::GLAM.skin }, ..Look::GLAM };

fn at(index: u32) -> Duration {
    Duration::from_millis(33) * index
}

/// A moving face, which leaves the picture after a while and comes back.
fn frame(index: u32) -> Still {
    let whole = support::portrait();
    let mut part = Still::flat(300, 280, [90, 100, 110, 255]);
    if !(6..20).contains(&index) {
        for (x, y) in (0..280).flat_map(|y| (0..300).map(move |x| (x, y))) {
            part.set(x, y, whole.at((60 + x + 4 * index).min(511), y));
        }
    }
    part
}

fn owned(still: Still) -> FrameBuf {
    FrameBuf::new(PixelFormat::Rgba8, still.pixels, still.width, still.height).unwrap()
}

fn session(gpu: &Gpu) -> Beautifier {
    let mut session = Beautifier::with_gpu(gpu, TrackerOptions::default()).unwrap();
    session.set_look(LOOK).unwrap();
    session
}

fn own_device() -> Gpu {
    Gpu::new(GpuOptions::default()).unwrap()
}

/// Everything that comes out of a pipeline, as it is pushed.
fn through<P: Picture>(pipeline: &Pipeline<P>, frames: impl Iterator<Item = (P, Duration)>) -> Vec<Retouched<P>> {
    let mut done = Vec::new();
    for (picture, time) in frames {
        assert!(pipeline.push(picture, time).unwrap().is_none(), "nothing is dropped");
        done.extend(std::iter::from_fn(|| pipeline.take()));
    }
    done.extend(std::iter::from_fn(|| pipeline.wait()));
    done
}

#[test]
fn the_same_pixels_faces_and_order_as_without_each_time() {
    const FRAMES: u32 = 26;
    let gpu = own_device();
    let mut alone = session(&gpu);
    let expected: Vec<_> = (0..FRAMES)
        .map(|index| {
            let mut still = frame(index);
            let faces = alone.process(&mut still.frame_mut(), at(index)).unwrap().to_vec();
            (still, faces)
        })
        .collect();
    assert!(expected.iter().any(|(_, faces)| faces.is_empty()) && expected.iter().any(|(_, faces)| faces.len() == 1));
    for _ in 0..2 {
        let pipeline = Pipeline::new(session(&gpu), DropPolicy::Wait).unwrap();
        let done = through(&pipeline, (0..FRAMES).map(|index| (owned(frame(index)), at(index))));
        assert_eq!(done.len(), expected.len());
        for (index, (done, (still, faces))) in (0..).zip(done.iter().zip(&expected)) {
            assert_eq!((done.time, &done.outcome), (at(index), &Ok(())));
            assert_eq!(&done.faces, faces, "frame {index}");
            assert!(done.picture.data() == still.pixels, "frame {index}");
            assert_eq!(done.stats.gpu.is_some(), done.stats.dispatches > 0);
        }
        let counts = pipeline.counts();
        assert_eq!((counts.pushed, counts.dropped, counts.finished), (u64::from(FRAMES), 0, u64::from(FRAMES)));
    }
}

#[test]
fn a_frame_that_nothing_follows_comes_out_all_the_same() {
    let pipeline = Pipeline::new(session(&own_device()), DropPolicy::DropOldest).unwrap();
    for index in 0..3 {
        pipeline.push(owned(frame(index)), at(index)).unwrap();
        let done = pipeline.wait().unwrap();
        assert_eq!(done.time, at(index));
        assert!(done.picture.data() != frame(index).pixels, "it is retouched");
    }
    assert!(pipeline.wait().is_none(), "nothing is on its way");
}

/// A picture whose turn does not end before it is told so.
struct Slow {
    frame: FrameBuf,
    begun: Sender<()>,
    go: Receiver<()>,
}

impl Picture for Slow {
    fn frame_mut(&mut self) -> glowup::Result<FrameMut<'_>> {
        let _ = self.begun.send(());
        let _ = self.go.recv();
        Ok(self.frame.as_frame_mut())
    }
}

#[test]
fn a_source_that_is_too_fast_is_dropped_by_the_rule_and_counted() {
    let gpu = own_device();
    for (late, kept, dropped) in [(DropPolicy::DropOldest, 4, [1, 2, 3]), (DropPolicy::DropNewest, 1, [2, 3, 4])] {
        let pipeline = Pipeline::new(session(&gpu), late).unwrap();
        let mut doors = Vec::new();
        let mut push = |index: u32| {
            let ((begun, news), (go, wait)) = (channel(), channel());
            doors.push((news, go));
            pipeline.push(Slow { frame: owned(frame(index)), begun, go: wait }, at(index)).unwrap().is_some()
        };
        assert!(!push(0));
        // From here on the first frame has its turn, and the others wait for theirs.
        doors[0].0.recv().unwrap();
        let mut push = |index: u32| {
            let ((begun, news), (go, wait)) = (channel(), channel());
            doors.push((news, go));
            pipeline.push(Slow { frame: owned(frame(index)), begun, go: wait }, at(index)).unwrap().is_some()
        };
        assert_eq!([1, 2, 3, 4].map(&mut push), [false, true, true, true]);
        doors.iter_mut().for_each(|door| door.1 = channel().0);
        let times: Vec<_> = std::iter::from_fn(|| pipeline.wait()).map(|done| done.time).collect();
        assert_eq!(times, [at(0), at(kept)], "{late:?} drops {dropped:?}");
        let counts = pipeline.counts();
        assert_eq!((counts.pushed, counts.dropped, counts.finished), (5, 3, 2));
    }
}

#[test]
fn frames_that_nobody_takes_do_not_pile_up_where_they_may_be_dropped() {
    let pipeline = Pipeline::new(session(&own_device()), DropPolicy::DropOldest).unwrap();
    for index in 0..60 {
        pipeline.push(owned(frame(index % 5)), at(index)).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let counts = pipeline.counts();
    assert!(counts.finished <= 6 && counts.dropped >= 50, "{counts:?}");
}

#[test]
fn what_is_wrong_with_a_frame_comes_back_with_it_and_spoils_no_other() {
    let pipeline = Pipeline::new(session(&own_device()), DropPolicy::Wait).unwrap();
    let times = [0, 1, 2, 1, 3, 4].map(at);
    let done = through(&pipeline, times.iter().map(|&time| (owned(frame(0)), time)));
    assert_eq!(done.iter().map(|done| done.time).collect::<Vec<_>>(), times);
    for (index, done) in done.iter().enumerate() {
        let went_back = Err(Error::TimeWentBack { last: at(2), given: at(1) });
        assert_eq!(done.outcome, if index == 3 { went_back } else { Ok(()) });
        assert_eq!(done.picture.data() == frame(0).pixels, index == 3, "frame {index}");
    }
    assert!(matches!(
        pipeline.set_look(Look { shape: Shape { slim: 2.0, ..Shape::NONE }, ..LOOK }),
        Err(Error::OutOfRange { .. })
    ));
}

#[test]
fn looks_and_new_streams_begin_with_the_next_frame_that_is_pushed() {
    let pipeline = Pipeline::new(session(&own_device()), DropPolicy::Wait).unwrap();
    pipeline.push(owned(frame(0)), at(100)).unwrap();
    pipeline.set_look(Look::NONE).unwrap();
    pipeline.push(owned(frame(0)), at(101)).unwrap();
    pipeline.reset();
    pipeline.push(owned(frame(0)), at(0)).unwrap();
    let done: Vec<_> = std::iter::from_fn(|| pipeline.wait()).collect();
    assert!(done.iter().all(|done| done.outcome.is_ok()));
    let same: Vec<_> = done.iter().map(|done| done.picture.data() == frame(0).pixels).collect();
    assert_eq!(same, [false, true, true]);
    assert_eq!([done[0].faces[0].id == done[1].faces[0].id, done[1].faces[0].id == done[2].faces[0].id], [true, false]);
}

#[test]
fn a_lost_device_is_told_with_each_frame_until_it_is_recovered() {
    let gpu = own_device();
    let pipeline = Pipeline::new(session(&gpu), DropPolicy::Wait).unwrap();
    let run = |from: u32| through(&pipeline, (from..from + 3).map(|index| (owned(frame(0)), at(index))));
    assert!(run(0).iter().all(|done| done.outcome.is_ok()));
    gpu.device().destroy();
    for done in run(3) {
        assert!(matches!(done.outcome, Err(Error::DeviceLost { .. })), "{:?}", done.outcome);
        assert!(done.picture.data() == frame(0).pixels, "it comes back as it was");
    }
    pipeline.recover().unwrap();
    assert!(run(6).iter().all(|done| done.outcome.is_ok() && done.picture.data() != frame(0).pixels));
}

/// A host's picture with a fault.
struct Faulty;

impl Picture for Faulty {
    fn frame_mut(&mut self) -> glowup::Result<FrameMut<'_>> {
        panic!("a host's fault")
    }
}

#[test]
fn a_hosts_panic_is_an_error_for_whoever_waits() {
    let pipeline = Pipeline::new(session(&own_device()), DropPolicy::Wait).unwrap();
    let _ = pipeline.push(Faulty, at(0));
    assert!(pipeline.wait().is_none());
    while pipeline.push(Faulty, at(1)).is_ok() {}
    assert!(matches!(pipeline.push(Faulty, at(2)), Err(Error::Stopped)));
}

#[test]
fn sizes_and_formats_may_change_in_mid_stream() {
    let pipeline = Pipeline::new(session(&own_device()), DropPolicy::Wait).unwrap();
    let frames = (0..12).map(|index| {
        let still = if index % 3 == 0 { support::portrait() } else { frame(0) };
        (owned(still), at(index))
    });
    let done = through(&pipeline, frames);
    assert!(done.iter().all(|done| done.outcome.is_ok() && !done.faces.is_empty()));
}

//! In somebody else's process: no global thread pool, no thread that outlives its session, nothing said.

use std::time::Duration;

use glowup::{Beautifier, BeautifierOptions, FaceTracker, Frame, FrameMut, Look, TrackerOptions};

/// Names of this process's threads.
#[cfg(target_os = "linux")]
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    let mut names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
    names.sort();
    names
}

/// Looks at the threads until they are as they were, since one that has ended is listed for a moment longer.
#[cfg(target_os = "linux")]
fn settle(before: &[String]) -> Vec<String> {
    for _ in 0..200 {
        if threads() == before {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    threads()
}

// One test in this file: it counts the whole process's threads.
#[test]
fn nothing_global_is_started_and_nothing_stays() {
    let mut picture = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
    let (width, height) = picture.dimensions();
    #[cfg(target_os = "linux")]
    {
        let before = threads();
        let alone = FaceTracker::new(TrackerOptions::default()).unwrap();
        assert_eq!(alone.detect(&Frame::rgba8(&picture, width, height).unwrap()).unwrap().len(), 1);
        assert_eq!(threads(), before, "a tracker on one thread starts none");
        let options = TrackerOptions { threads: 3, ..TrackerOptions::default() };
        let several = FaceTracker::new(options).unwrap();
        assert_eq!(several.detect(&Frame::rgba8(&picture, width, height).unwrap()).unwrap().len(), 1);
        let during = threads();
        assert_eq!(during.len(), before.len() + 2, "{during:?}");
        assert_eq!(during.iter().filter(|name| name.starts_with("glowup")).count(), 2, "{during:?}");
        drop((alone, several));
        assert_eq!(settle(&before), before, "its threads end with the tracker");
    }
    let mut session = Beautifier::new(BeautifierOptions::default()).unwrap();
    session.set_look(Look::GLAM).unwrap();
    for frame in 0..3 {
        let mut frame_mut = FrameMut::rgba8(&mut picture, width, height).unwrap();
        session.process(&mut frame_mut, Duration::from_millis(33) * frame).unwrap();
    }
    // Only the first to ask for the global pool gets it: nobody has.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
}

//! Any size, stride, buffer and time: refused with an error that is true, or a picture whose every row is there, in which
//! faces are looked for without harm.
#![no_main]

use std::cell::RefCell;
use std::time::Duration;

use arbitrary::Arbitrary;
use glowup::{Error, FaceTracker, Frame, FrameMut, PixelFormat, TrackerOptions};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    layouts: Vec<(Side, Side, Option<Stride>, u8)>,
    times: [u64; 2],
    data: Vec<u8>,
}

/// Sides that fit the data often, and any others.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Side {
    Small(u8),
    Any(u32),
    Huge(u8),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Stride {
    Wider(u8),
    Any(usize),
}

impl Side {
    fn get(self) -> u32 {
        match self {
            Self::Small(side) => side.into(),
            Self::Any(side) => side,
            Self::Huge(less) => u32::MAX - u32::from(less),
        }
    }
}

thread_local! {
    static TRACKER: RefCell<FaceTracker> =
        RefCell::new(FaceTracker::new(TrackerOptions::default()).expect("the embedded networks load"));
}

fuzz_target!(|input: Input| {
    let mut data = input.data;
    for (width, height, stride, format) in input.layouts.into_iter().take(8) {
        let (width, height) = (width.get(), height.get());
        let tight = u128::from(width) * 4;
        let stride = match stride {
            None => usize::try_from(tight).unwrap_or(usize::MAX),
            Some(Stride::Wider(by)) => usize::try_from(tight).unwrap_or(usize::MAX).saturating_add(by.into()),
            Some(Stride::Any(stride)) => stride,
        };
        let needed = u128::from(height.saturating_sub(1)) * stride as u128 + tight;
        let sound = width > 0 && height > 0 && tight <= stride as u128 && needed <= data.len() as u128;
        match Frame::rgba8_with_stride(&data, width, height, stride) {
            Ok(frame) => {
                assert!(sound);
                assert!((0..height).all(|y| frame.row(y).len() as u128 == tight));
                assert!(frame.row(height).is_empty());
                TRACKER.with_borrow_mut(|tracker| {
                    tracker.reset();
                    let mut last = None;
                    for time in input.times.map(Duration::from_nanos) {
                        match tracker.track(&frame, time) {
                            Ok(faces) => {
                                assert!(
                                    faces.iter().all(|face| face.points.as_flattened().iter().all(|x| x.is_finite()))
                                );
                                last = Some(time);
                            }
                            Err(Error::TimeWentBack { .. }) => assert!(last.is_some_and(|last| time < last)),
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
            Err(error) => {
                assert!(!sound, "{error}");
                assert!(matches!(
                    error,
                    Error::EmptyFrame { .. }
                        | Error::ShortBuffer { .. }
                        | Error::ShortStride { .. }
                        | Error::SizeOverflow { .. }
                ));
            }
        }
        // Planes of any format in one buffer: refused, or every pixel is there.
        let format = PixelFormat::ALL[usize::from(format) % PixelFormat::ALL.len()];
        if let Ok(frame) = Frame::new(format, &data, width, height) {
            let faces = TRACKER.with_borrow(|tracker| tracker.detect(&frame)).expect("a sound frame is looked at");
            assert!(faces.iter().all(|face| face.points.as_flattened().iter().all(|x| x.is_finite())));
            let mut copy = data.clone();
            let mut to = FrameMut::new(format, &mut copy, width, height).expect("as sound as the one to read");
            to.copy_from(&frame).expect("both are of one size and format");
            assert!(copy == data);
        }
        let copy = data.clone();
        if let (Ok(mut to), Ok(from)) =
            (FrameMut::rgba8_with_stride(&mut data, width, height, stride), Frame::rgba8(&copy, width, height))
        {
            to.copy_from(&from).expect("both are of one size");
            assert!((0..height).all(|y| to.row_mut(y) == from.row(y)));
        }
    }
});

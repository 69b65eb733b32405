//! A camera. It is read on a thread of its own, for a read may block as long as the camera likes; only the newest picture
//! is kept.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use nokhwa::pixel_format::RgbAFormat;
use nokhwa::utils::{CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution};

use super::{Picture, Source};
use crate::common::Failure;

/// A camera that gives nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(2);
/// Opening one may take longer.
const OPENING: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Slot {
    newest: Mutex<Newest>,
    changed: Condvar,
}

#[derive(Default)]
struct Newest {
    picture: Option<Picture>,
    failure: Option<String>,
}

pub struct Camera {
    slot: Arc<Slot>,
    number: u32,
    patience: Duration,
}

impl Camera {
    pub fn open(number: u32) -> Result<Self, Failure> {
        let slot = Arc::new(Slot::default());
        let theirs = Arc::downgrade(&slot);
        // Not joined: a read that blocks would block whoever waits for it. The thread ends once nobody holds the slot.
        std::thread::Builder::new().name("camera".to_owned()).spawn(move || {
            // The camera library panics where a device vanishes while it is closed; that ends this thread and no other.
            let failure = read(number, &theirs).err().unwrap_or_else(|| "it stopped".into());
            if let Some(slot) = theirs.upgrade() {
                lock(&slot).failure = Some(failure.to_string());
                slot.changed.notify_all();
            }
        })?;
        let mut camera = Self { slot, number, patience: OPENING };
        // The first picture says that it works.
        camera.next(&mut Picture::default())?;
        camera.patience = SILENCE;
        Ok(camera)
    }
}

fn lock(slot: &Slot) -> std::sync::MutexGuard<'_, Newest> {
    slot.newest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads pictures until the camera fails or nobody wants them any more.
fn read(number: u32, slot: &Weak<Slot>) -> Result<(), Failure> {
    let format = CameraFormat::new(Resolution::new(640, 480), FrameFormat::YUYV, 30);
    let request = RequestedFormat::new::<RgbAFormat>(RequestedFormatType::Closest(format));
    let any = RequestedFormat::new::<RgbAFormat>(RequestedFormatType::AbsoluteHighestFrameRate);
    let index = CameraIndex::Index(number);
    let mut camera = nokhwa::Camera::new(index.clone(), request).or_else(|_| nokhwa::Camera::new(index, any))?;
    camera.open_stream()?;
    loop {
        let buffer = camera.frame()?;
        let size = buffer.resolution();
        let pixels = if buffer.source_frame_format() == FrameFormat::MJPEG {
            image::load_from_memory_with_format(buffer.buffer(), image::ImageFormat::Jpeg)?.into_rgba8().into_raw()
        } else {
            buffer.decode_image::<RgbAFormat>()?.into_raw()
        };
        let Some(slot) = slot.upgrade() else { return Ok(()) };
        lock(&slot).picture = Some(Picture { pixels, width: size.width(), height: size.height() });
        slot.changed.notify_all();
    }
}

impl Source for Camera {
    fn next(&mut self, picture: &mut Picture) -> Result<(), Failure> {
        let start = Instant::now();
        let mut newest = lock(&self.slot);
        loop {
            if let Some(next) = newest.picture.take() {
                *picture = next;
                return Ok(());
            }
            if let Some(failure) = &newest.failure {
                return Err(format!("Camera {} cannot be used: {failure}.", self.number).into());
            }
            let Some(left) = self.patience.checked_sub(start.elapsed()) else {
                return Err(format!("Camera {} gives no picture. Is another program using it?", self.number).into());
            };
            newest = self.slot.changed.wait_timeout(newest, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

//! A camera, and which there are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nokhwa::pixel_format::RgbAFormat;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};

use super::{Picture, Source};
use crate::common::Failure;

/// What is asked for where nobody chose a size.
const USUAL: [u32; 2] = [640, 480];
/// How long the system may take to list its cameras before one says that it does not.
const LISTING: Duration = Duration::from_secs(3);

pub struct Camera {
    camera: nokhwa::Camera,
    number: u32,
    sizes: Vec<[u32; 2]>,
}

impl Camera {
    pub fn open(number: u32, size: Option<[u32; 2]>) -> Result<Self, Failure> {
        let open = || -> Result<Self, Failure> {
            let [width, height] = size.unwrap_or(USUAL);
            let format = CameraFormat::new(Resolution::new(width, height), FrameFormat::YUYV, 30);
            let request = RequestedFormat::new::<RgbAFormat>(RequestedFormatType::Closest(format));
            let any = RequestedFormat::new::<RgbAFormat>(RequestedFormatType::AbsoluteHighestFrameRate);
            let index = CameraIndex::Index(number);
            let mut camera =
                nokhwa::Camera::new(index.clone(), request).or_else(|_| nokhwa::Camera::new(index, any))?;
            // A camera that does not say what it can may still give pictures.
            let formats = camera.compatible_camera_formats().unwrap_or_default();
            let mut sizes: Vec<_> = formats.iter().map(|format| [format.width(), format.height()]).collect();
            sizes.sort_unstable();
            sizes.dedup();
            camera.open_stream()?;
            Ok(Self { camera, number, sizes })
        };
        open().map_err(|why| unusable(number, &*why))
    }

    fn read(&mut self, picture: &mut Picture) -> Result<(), Failure> {
        let buffer = self.camera.frame()?;
        let size = buffer.resolution();
        let pixels = if buffer.source_frame_format() == FrameFormat::MJPEG {
            image::load_from_memory_with_format(buffer.buffer(), image::ImageFormat::Jpeg)?.into_rgba8().into_raw()
        } else {
            buffer.decode_image::<RgbAFormat>()?.into_raw()
        };
        *picture = Picture { pixels, width: size.width(), height: size.height() };
        Ok(())
    }
}

fn unusable(number: u32, why: &(dyn std::error::Error + Send + Sync)) -> Failure {
    let hint = if cfg!(target_os = "linux") {
        "is it plugged in, are you in the group \"video\", does another program use it?"
    } else {
        "is it plugged in, may this program use it (system settings, privacy), does another program use it?"
    };
    format!("camera {number} cannot be used ({why}): {hint}").into()
}

impl Source for Camera {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        self.read(picture).map_err(|why| unusable(self.number, &*why))?;
        Ok(None)
    }

    fn sizes(&self) -> Vec<[u32; 2]> {
        self.sizes.clone()
    }
}

/// Which cameras there are. The system is asked on a thread of its own, for it may take its time.
#[derive(Default)]
pub struct Cameras {
    list: Arc<Mutex<Listing>>,
}

#[derive(Default)]
struct Listing {
    known: Vec<(u32, String)>,
    asked: Option<Instant>,
    done: bool,
}

/// What is known of the cameras.
pub enum Known {
    Cameras(Vec<(u32, String)>),
    Asking,
    NoAnswer,
}

impl Cameras {
    /// Asks again, if nobody is being asked.
    pub fn ask(&self) {
        let mut listing = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if listing.asked.is_some() && !listing.done {
            return;
        }
        (listing.asked, listing.done) = (Some(Instant::now()), false);
        drop(listing);
        let list = Arc::clone(&self.list);
        let thread = std::thread::Builder::new().name("cameras".to_owned()).spawn(move || {
            let found = nokhwa::query(ApiBackend::Auto).unwrap_or_default();
            let mut known: Vec<_> = found
                .iter()
                .filter_map(|camera| Some((camera.index().as_index().ok()?, camera.human_name())))
                .collect();
            known.sort_unstable();
            let mut listing = list.lock().unwrap_or_else(PoisonError::into_inner);
            (listing.known, listing.done) = (known, true);
        });
        if thread.is_err() {
            self.list.lock().unwrap_or_else(PoisonError::into_inner).done = true;
        }
    }

    pub fn known(&self) -> Known {
        let listing = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        match listing.asked {
            Some(asked) if !listing.done && asked.elapsed() > LISTING => Known::NoAnswer,
            Some(_) if !listing.done && listing.known.is_empty() => Known::Asking,
            _ => Known::Cameras(listing.known.clone()),
        }
    }
}

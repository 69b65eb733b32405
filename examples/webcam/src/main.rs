//! The live window: a camera, a clip, a picture or a moving portrait, retouched as you watch.
//!
//! ```text
//! source's thread ─→ worker: track, retouch ─→ newest textures ─→ window
//!                            └─ copied back where wanted ─→ snapshot, clip, virtual camera
//! ```
//!
//! Every arrow crosses from one thread to another and holds the newest only, so that the window answers however long a
//! camera, a network or a disk takes. Pictures stay on the device from retouch to screen.

#[path = "../../common/mod.rs"]
mod common;
mod drawing;
mod event_timer;
mod headless;
mod meter;
mod output;
mod previews;
mod retouch;
mod settings;
mod source;
mod window;
mod worker;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use clap::Parser;
use common::{Failure, LookArgs};
use eframe::egui;
use settings::Store;
use source::SourceSpec;

/// Retouches a camera's picture live, in a window.
#[derive(Parser)]
struct Arguments {
    /// camera:0, camera:1@1280x720 ..., a clip or picture, or demo (a moving portrait) [default: the last one, or camera:0]
    #[arg(long, value_name = "camera:N|FILE|demo")]
    source: Option<SourceSpec>,
    #[command(flatten)]
    look: LookArgs,
    /// Folder that snapshots and recordings are written to [default: the current one]
    #[arg(long, value_name = "DIR", default_value = ".")]
    snapshots: PathBuf,
    /// Show the result as a virtual camera too (Linux, v4l2loopback)
    #[arg(long, value_name = "/dev/videoN")]
    sink: Option<PathBuf>,
    /// Folder that settings are kept in [default: the user's configuration folder]
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Write what it cost to that file (JSON) at the end
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    /// Close the window by itself after that many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    quit_after: Option<u64>,
    /// No window: write the retouched pictures of the source to a folder
    #[arg(long, requires_all = ["source", "frames", "out"], conflicts_with_all = ["sink", "config", "quit_after"])]
    headless: bool,
    /// How many pictures, with --headless
    #[arg(long, value_name = "N", requires = "headless", value_parser = clap::value_parser!(u32).range(1..=99_999))]
    frames: Option<u32>,
    /// Where to, with --headless
    #[arg(long, value_name = "DIR", requires = "headless")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    common::media::writable([arguments.stats.as_deref()])?;
    if let (true, Some(source), Some(frames), Some(out)) =
        (arguments.headless, &arguments.source, arguments.frames, &arguments.out)
    {
        return headless::run(source, frames, out, arguments.look.look()?, arguments.stats.as_deref());
    }
    let mut store = Store::new(arguments.config);
    let (mut settings, message) = store.load();
    // What the command line leaves open is as it was last.
    settings.look = arguments.look.over(settings.look)?;
    if let Some(source) = arguments.source {
        settings.mirror = matches!(source, SourceSpec::Camera(..));
        settings.source = source;
    }
    let startup = window::Startup {
        settings,
        store,
        message,
        folder: arguments.snapshots,
        sink: arguments.sink,
        stats: arguments.stats,
        quit_after: arguments.quit_after.map(Duration::from_secs),
    };
    show(startup)
}

/// Opens the window and returns once it is closed.
fn show(startup: window::Startup) -> Result<(), Failure> {
    let no_window = |why: &str| -> Failure {
        format!(
            "no window could be opened ({why}): a desktop (X11 or Wayland on Linux) and a graphics driver are needed; on \
             Debian or Ubuntu `apt-get install mesa-vulkan-drivers libxkbcommon-x11-0` gives one that needs no GPU"
        )
        .into()
    };
    let viewport = egui::ViewportBuilder::default()
        .with_title("glowup")
        .with_inner_size(startup.settings.size)
        .with_min_inner_size([560.0, 400.0]);
    let mut options = eframe::NativeOptions { viewport, ..Default::default() };
    // With but one frame under way the window would wait for the screen each time, and pictures with it.
    options.wgpu_options.surface = eframe::SurfaceConfig::HIGH_THROUGHPUT;

    let event_loop = winit::event_loop::EventLoop::<eframe::UserEvent>::with_user_event()
        .build()
        .map_err(|error| no_window(&error.to_string()))?;
    let meter = Rc::new(RefCell::new(meter::Meter::new()));
    // The window's maker keeps the reason of a failure to itself, so what is known of it is kept here.
    let outcome = Rc::new(RefCell::new(Err("no graphics device can draw it".to_owned())));
    let (theirs, told) = (Rc::clone(&meter), Rc::clone(&outcome));
    let maker = move |context: &eframe::CreationContext<'_>| {
        let window = window::Window::new(context, startup, theirs);
        *told.borrow_mut() = window.as_ref().map(drop).map_err(ToString::to_string);
        Ok(Box::new(window?) as Box<dyn eframe::App>)
    };
    let window = eframe::create_native("glowup", options, Box::new(maker), &event_loop);
    let mut timer = event_timer::EventTimer { window, meter };
    event_loop.run_app(&mut timer).map_err(|error| no_window(&error.to_string()))?;
    let outcome = outcome.borrow();
    outcome.clone().map_err(|why| no_window(&why))
}

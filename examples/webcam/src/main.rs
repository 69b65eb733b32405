//! The live window: a camera, a clip, a picture or a moving portrait, retouched as you watch.
//!
//! ```text
//! source ─→ worker: track, retouch ─→ newest result ─→ window
//! ```
//!
//! The worker runs on a thread of its own and keeps the newest result; the window only ever paints that, so it answers
//! however long a camera or a network takes.

#[path = "../../common/mod.rs"]
mod common;
mod source;
mod window;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use common::{Failure, LookArgs};
use source::Wanted;

/// Retouches a camera's picture live, in a window.
#[derive(Parser)]
struct Arguments {
    /// camera:0, camera:1 ..., a clip or picture, or demo (a moving portrait)
    #[arg(long, value_name = "camera:N|FILE|demo", default_value = "camera:0")]
    source: Wanted,
    #[command(flatten)]
    look: LookArgs,
    /// Folder that snapshots are written to [default: the current one]
    #[arg(long, value_name = "DIR", default_value = ".")]
    snapshots: PathBuf,
    /// Close the window by itself after that many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    quit_after: Option<u64>,
}

fn main() -> ExitCode {
    common::main(|arguments: Arguments| {
        let look = arguments.look.look()?;
        let quit_after = arguments.quit_after.map(Duration::from_secs);
        let viewport = eframe::egui::ViewportBuilder::default()
            .with_title("glowup")
            .with_inner_size([1000.0, 640.0])
            .with_min_inner_size([560.0, 400.0]);
        let options = eframe::NativeOptions { viewport, ..Default::default() };
        eframe::run_native(
            "glowup",
            options,
            Box::new(move |context| {
                let window =
                    window::Window::new(context, arguments.source, look, arguments.snapshots, quit_after)?;
                Ok(Box::new(window))
            }),
        )
        .map_err(|error| -> Failure {
            format!(
                "no window could be opened ({error}): a desktop (X11 or Wayland on Linux) and a graphics driver are \
                 needed; on Debian or Ubuntu `apt-get install mesa-vulkan-drivers libxkbcommon-x11-0` gives one that needs no GPU"
            )
            .into()
        })
    })
}

//! What the examples share: arguments, errors and exit statuses, media, reports.

// Each example uses its own part of this.
#![allow(dead_code, unused_imports)]

mod clip;
mod look;
pub mod media;
mod recorder;
pub mod report;
mod samples;
mod tracks;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use glowup::TrackerOptions;
pub use look::LookArgs;

/// Whatever ends an example early, as one line for people.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Which part of a clip, and how large.
#[derive(clap::Args, Debug)]
pub struct ClipArgs {
    /// Scale each frame to that height first, 16 to 8192 pixels
    #[arg(long, value_name = "H", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(16..=8192))]
    pub scale_height: Option<u32>,
    /// Stop after that many frames
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub max_frames: Option<u64>,
}

/// How many faces.
#[derive(clap::Args, Debug)]
pub struct FacesArgs {
    /// At most that many faces, 1 to 32 [default: all of a picture, 4 of a clip]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=32))]
    faces: Option<u8>,
}

impl FacesArgs {
    /// A tracker's options with as many faces as were asked for.
    pub fn options(&self) -> TrackerOptions {
        let usual = TrackerOptions::default();
        let [max_faces, max_faces_in_stills] =
            [usual.max_faces, usual.max_faces_in_stills].map(|most| self.faces.map_or(most, usize::from));
        TrackerOptions { max_faces, max_faces_in_stills, ..usual }
    }
}

/// Parses the command line, runs an example, and turns whatever ends it into one line and an exit status: 2 for wrong
/// usage, 1 for everything else.
pub fn main<Arguments: Parser>(run: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
    // As --help: it needs nothing else.
    let has_list = Arguments::command().get_arguments().any(|argument| argument.get_id() == "list");
    if has_list && std::env::args_os().skip(1).take_while(|given| given != "--").any(|given| given == "--list") {
        let _ = write!(std::io::stdout(), "{}", look::list());
        return ExitCode::SUCCESS;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let text = error.to_string();
            // What is wrong stands before the first empty line; after it comes the usage.
            let what = one_line(text.split("\n\n").next().unwrap_or(&text));
            let _ = writeln!(std::io::stderr(), "{what} (--help lists the options)");
            return ExitCode::from(2);
        }
    };
    quiet();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints a line for people. That nobody reads it any more is no failure.
pub fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Says what went wrong, in one line; nothing where that has been said.
pub fn complain(error: &Failure) {
    let what = one_line(&error.to_string());
    if !what.is_empty() {
        let _ = writeln!(std::io::stderr(), "error: {what}");
    }
}

/// Tells people in one line what they did not get. That nobody reads it is no failure.
pub fn note(what: &[String]) {
    if !what.is_empty() {
        let _ = writeln!(std::io::stderr(), "note: {}", one_line(&what.join("; ")));
    }
}

/// "no face", "1 face", "2 faces".
pub fn count(faces: usize) -> String {
    match faces {
        0 => "no face".to_owned(),
        1 => "1 face".to_owned(),
        _ => format!("{faces} faces"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where no desktop runs, Vulkan's loader looks for one all the same, and its library for Wayland prints that it has no
/// folder to look in. So it is given one, in which there is none.
fn quiet() {
    #[cfg(target_os = "linux")]
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: examples call this first in `main`, before there is another thread.
        unsafe { std::env::set_var("XDG_RUNTIME_DIR", std::env::temp_dir()) };
    }
}

//! What the examples share: arguments, errors and exit statuses, media, reports.

// Each example uses its own part of this.
#![allow(dead_code, unused_imports)]

mod clip;
pub mod media;
mod recorder;
pub mod report;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use glowup::Look;

/// Whatever ends an example early, as one line for people.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Which look to put on.
#[derive(clap::Args, Debug)]
pub struct LookArgs {
    /// A preset (none, natural, soft, glam) or a JSON file of amounts [default: natural]
    #[arg(long, value_name = "NAME|FILE.json", value_parser = parse_look)]
    look: Option<LookSource>,
    /// How much narrower the lower face becomes, 0 to 1
    #[arg(long, value_name = "A", value_parser = parse_amount, allow_hyphen_values = true)]
    slim: Option<f32>,
    /// How much smoother the skin becomes, 0 to 1
    #[arg(long, value_name = "A", value_parser = parse_amount, allow_hyphen_values = true)]
    smooth: Option<f32>,
    /// How much more even the skin's colour becomes, 0 to 1
    #[arg(long, value_name = "A", value_parser = parse_amount, allow_hyphen_values = true)]
    tone: Option<f32>,
    /// How much brighter the skin becomes, or darker, -1 to 1
    #[arg(long, value_name = "A", value_parser = parse_tint, allow_hyphen_values = true)]
    brighten: Option<f32>,
    /// How much warmer the skin's colour becomes, or cooler, -1 to 1
    #[arg(long, value_name = "A", value_parser = parse_tint, allow_hyphen_values = true)]
    warmth: Option<f32>,
    /// How much rosier the skin becomes, or paler, -1 to 1
    #[arg(long, value_name = "A", value_parser = parse_tint, allow_hyphen_values = true)]
    ruddy: Option<f32>,
}

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

#[derive(Clone, Debug)]
enum LookSource {
    Preset(Look),
    File(PathBuf),
}

fn parse_look(text: &str) -> Result<LookSource, String> {
    if text.ends_with(".json") {
        return Ok(LookSource::File(text.into()));
    }
    Look::preset(text).map(LookSource::Preset).map_err(|error| format!("{error}, or name a .json file"))
}

fn parse_amount(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(amount) if (0.0..=1.0).contains(&amount) => Ok(amount),
        _ => Err("an amount is a number from 0 to 1".to_owned()),
    }
}

fn parse_tint(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(amount) if (-1.0..=1.0).contains(&amount) => Ok(amount),
        _ => Err("this amount is a number from -1 to 1".to_owned()),
    }
}

impl LookArgs {
    /// The look that was asked for: the preset or file, with single amounts put over it.
    pub fn look(&self) -> Result<Look, Failure> {
        let mut look = match &self.look {
            None => Look::NATURAL,
            Some(LookSource::Preset(look)) => *look,
            Some(LookSource::File(path)) => read_look(path)?,
        };
        for (field, amount) in [
            (&mut look.slim, self.slim),
            (&mut look.smooth, self.smooth),
            (&mut look.tone, self.tone),
            (&mut look.brighten, self.brighten),
            (&mut look.warmth, self.warmth),
            (&mut look.ruddy, self.ruddy),
        ] {
            *field = amount.unwrap_or(*field);
        }
        Ok(look)
    }
}

fn read_look(path: &PathBuf) -> Result<Look, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read the look {}: {error}", path.display()))?;
    let look: Look =
        serde_json::from_str(&text).map_err(|error| format!("{} is not a look: {error}", path.display()))?;
    look.check().map_err(|error| format!("{} is not a look: {error}", path.display()))?;
    Ok(look)
}

/// Parses the command line, runs an example, and turns whatever ends it into one line and an exit status: 2 for wrong
/// usage, 1 for everything else.
pub fn main<Arguments: Parser>(run: impl FnOnce(Arguments) -> Result<(), Failure>) -> ExitCode {
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
            let _ = writeln!(std::io::stderr(), "error: {}", one_line(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// Prints a line for people. That nobody reads it any more is no failure.
pub fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
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

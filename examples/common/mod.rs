//! What the examples share: arguments, errors and exit statuses, media, reports.

// Each example uses its own part of this.
#![allow(dead_code)]

pub mod media;
pub mod report;

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
    #[arg(long, value_name = "A", value_parser = parse_amount)]
    slim: Option<f32>,
    /// How much smoother the skin becomes, 0 to 1
    #[arg(long, value_name = "A", value_parser = parse_amount)]
    smooth: Option<f32>,
    /// How much more even the skin's colour becomes, 0 to 1
    #[arg(long, value_name = "A", value_parser = parse_amount)]
    tone: Option<f32>,
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

impl LookArgs {
    /// The look that was asked for: the preset or file, with single amounts put over it.
    pub fn look(&self) -> Result<Look, Failure> {
        let mut look = match &self.look {
            None => Look::NATURAL,
            Some(LookSource::Preset(look)) => *look,
            Some(LookSource::File(path)) => read_look(path)?,
        };
        for (field, amount) in
            [(&mut look.slim, self.slim), (&mut look.smooth, self.smooth), (&mut look.tone, self.tone)]
        {
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
            let words: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
            eprintln!("{} (--help lists the options)", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

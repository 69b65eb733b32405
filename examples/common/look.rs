//! Which look to put on: what the command line says, by the library's own table of settings.

use std::path::{Path, PathBuf};

use clap::builder::TypedValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use glowup::{Look, Row, Value};

use super::Failure;

/// What may be said without `--set`, in `--help` too.
const SHORT_FORMS: [&str; 3] = ["slim", "smooth", "tone"];

/// The look that a command line asks for.
#[derive(Clone, Debug, Default)]
pub struct LookArgs {
    /// In the order of the command line: what comes later overrides.
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Preset(Box<Look>),
    File(PathBuf),
    Set(&'static Row, Value),
}

impl LookArgs {
    /// Whether the command line says anything about the look.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The look that was asked for; `natural` where nothing was.
    pub fn look(&self) -> Result<Look, Failure> {
        self.over(Look::NATURAL)
    }

    /// What was asked for, put over another look.
    pub fn over(&self, look: Look) -> Result<Look, Failure> {
        self.steps.iter().try_fold(look, |mut look, step| match step {
            Step::Preset(preset) => Ok(Look::clone(preset)),
            Step::File(path) => read(path),
            Step::Set(row, value) => {
                row.set(&mut look, value.clone())?;
                Ok(look)
            }
        })
    }
}

impl clap::Args for LookArgs {
    fn augment_args(command: Command) -> Command {
        let look = Arg::new("look").long("look").value_name("NAME|FILE.json").action(ArgAction::Append);
        let set = Arg::new("set").long("set").value_name("NAME=VALUE").action(ArgAction::Append);
        let list = Arg::new("list").long("list").action(ArgAction::SetTrue);
        let presets = Look::PRESETS.map(|(name, _)| name);
        let command = command
            .arg(
                look.value_parser(parse_look)
                    .help(format!("A preset ({}) or a JSON file [default: natural]", presets.join(", "))),
            )
            .arg(
                set.value_parser(parse_setting).help("Any setting of the table that --list prints, as often as needed"),
            )
            .arg(list.help("Print the table of settings: name, group, range, what it does"));
        Look::ROWS.iter().fold(command, |command, row| {
            command.arg(
                Arg::new(row.name)
                    .long(row.name)
                    .value_name("VALUE")
                    .help(format!("{} ({})", row.help.trim_end_matches('.'), row.range()))
                    .hide(!SHORT_FORMS.contains(&row.name))
                    .action(ArgAction::Append)
                    .allow_hyphen_values(true)
                    .value_parser(Of(row)),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for LookArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut steps = Vec::new();
        for name in ["look", "set"].into_iter().chain(Look::ROWS.iter().map(|row| row.name)) {
            let indices = matches.indices_of(name).into_iter().flatten();
            let given = matches.get_many::<Step>(name).into_iter().flatten().cloned();
            steps.extend(indices.zip(given));
        }
        steps.sort_by_key(|(index, _)| *index);
        Ok(Self { steps: steps.into_iter().map(|(_, step)| step).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Reads the value of one setting.
#[derive(Clone)]
struct Of(&'static Row);

impl TypedValueParser for Of {
    type Value = Step;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, text: &std::ffi::OsStr) -> Result<Step, clap::Error> {
        let row = self.0;
        let parse = move |text: &str| row.parse(text).map(|value| Step::Set(row, value)).map_err(|e| e.to_string());
        TypedValueParser::parse_ref(&parse, command, arg, text)
    }
}

fn parse_look(text: &str) -> Result<Step, String> {
    if text.ends_with(".json") {
        return Ok(Step::File(text.into()));
    }
    Look::preset(text)
        .map(|look| Step::Preset(Box::new(look)))
        .map_err(|error| format!("{error}, or name a .json file"))
}

fn parse_setting(text: &str) -> Result<Step, String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as smooth=0.5; --list prints the names")?;
    let row = Look::row(name.trim()).map_err(|error| format!("{error}; --list prints the names"))?;
    row.parse(value).map(|value| Step::Set(row, value)).map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<Look, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read the look {}: {error}", path.display()))?;
    let look: Look =
        serde_json::from_str(&text).map_err(|error| format!("{} is not a look: {error}", path.display()))?;
    look.check().map_err(|error| format!("{} is not a look: {error}", path.display()))?;
    Ok(look)
}

/// The table of settings, a line each, for people to read.
pub fn list() -> String {
    let cells: Vec<[String; 4]> = Look::ROWS
        .iter()
        .map(|row| [row.name.to_owned(), row.group.name.to_owned(), row.range(), format!("{} {}", row.help, row.ends)])
        .collect();
    let width = |column: usize| cells.iter().map(|cells| cells[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let lines = cells.iter().map(|[name, group, range, does]| {
        format!("{name:a$}  {group:b$}  {range:c$}  {does}\n", a = widths[0], b = widths[1], c = widths[2])
    });
    lines.collect()
}

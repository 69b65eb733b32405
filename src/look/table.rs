//! The table of amounts: what a row is, and how its values are read, checked and written. Every door reads this table.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::Look;
use crate::{Error, Result};

/// One setting of a [`Look`]: its name, what it does, and which values it takes.
///
/// [`Look::ROWS`] has them all. Command lines, panels and other languages' doors are made from these rows, so that none of
/// them has names, ranges or texts of its own.
#[derive(Clone, Copy)]
pub struct Row {
    /// Unique among all rows, in snake case: `smooth`.
    pub name: &'static str,
    /// Which group it belongs to.
    pub group: Group,
    /// Which values it takes.
    pub kind: Kind,
    /// A short label for a panel.
    pub label: &'static str,
    /// One sentence: what it does.
    pub help: &'static str,
    /// What it does at its ends, or what its values are.
    pub ends: &'static str,
    pub(super) get: fn(&Look) -> Value,
    pub(super) set: fn(&mut Look, &Value) -> bool,
}

/// Which values a [`Row`] takes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// How strongly something acts: a number from `min` to 1. `min` is 0, or −1 where the effect goes both ways; at 0 it
    /// does nothing.
    Amount {
        /// Smallest value: 0 or −1.
        min: f32,
    },
    /// A colour: any. With some that suit, to choose from; the first is that of a look by itself.
    Color(&'static [Color]),
    /// One of several words.
    Choice(&'static [&'static str]),
    /// A file, or none; with the endings that its name may have, without a dot.
    File(&'static [&'static str]),
}

/// A value of a [`Row`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of [`Kind::Amount`].
    Amount(f32),
    /// Of [`Kind::Color`].
    Color(Color),
    /// Of [`Kind::Choice`].
    Choice(&'static str),
    /// Of [`Kind::File`]; `None` for no file.
    File(Option<Arc<Path>>),
}

/// A colour as screens take it: sRGB, 0..=255 a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

/// A group of rows: a field of [`Look`], and a heading of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// As in [`Look`] and in JSON: `skin`.
    pub name: &'static str,
    /// A short label for a panel.
    pub label: &'static str,
}

impl Row {
    /// The value of this setting in a look.
    #[must_use]
    pub fn get(&self, look: &Look) -> Value {
        (self.get)(look)
    }

    /// Puts a value into a look.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an amount outside the range, [`Error::WrongValue`] for a value of another kind; the look
    /// is then as it was.
    pub fn set(&self, look: &mut Look, value: impl Into<Value>) -> Result<()> {
        let value = value.into();
        self.check(&value)?;
        if (self.set)(look, &value) { Ok(()) } else { Err(self.wrong(&value.to_string())) }
    }

    /// Reads a value from text: a number, a colour such as `#b0304a`, a word, or a file's name (nothing for none).
    ///
    /// # Errors
    ///
    /// As [`Row::set`].
    pub fn parse(&self, text: &str) -> Result<Value> {
        let value = match self.kind {
            Kind::Amount { .. } => text.trim().parse().ok().map(Value::Amount),
            Kind::Color(_) => Color::parse(text).map(Value::Color),
            Kind::Choice(words) => words.iter().find(|word| **word == text.trim()).map(|word| Value::Choice(word)),
            Kind::File(_) => Some(Value::File((!text.is_empty()).then(|| Path::new(text).into()))),
        };
        let value = value.ok_or_else(|| self.wrong(text))?;
        self.check(&value)?;
        Ok(value)
    }

    /// Whether this value changes nothing by itself: an amount of 0.
    #[must_use]
    pub fn is_neutral(&self, value: &Value) -> bool {
        matches!(value, Value::Amount(amount) if *amount == 0.0)
    }

    /// The values it takes, in words: `0 to 1`, `-1 to 1`, `a color such as #b0304a`, `sheer, satin, matte or gloss`.
    #[must_use]
    pub fn range(&self) -> String {
        match self.kind {
            Kind::Amount { min } => format!("{min} to 1"),
            Kind::Color(_) => "a color such as #b0304a".to_owned(),
            Kind::Choice(words) => any_of(words),
            Kind::File(endings) => format!("a file: {}", any_of(endings)),
        }
    }

    /// Fails where a value is not one that this row takes.
    pub(super) fn check(&self, value: &Value) -> Result<()> {
        match (self.kind, value) {
            (Kind::Amount { min }, &Value::Amount(value)) => {
                // Not a number is in no range.
                if (min..=1.0).contains(&value) {
                    Ok(())
                } else {
                    Err(Error::OutOfRange { name: self.name, value, min, max: 1.0 })
                }
            }
            (Kind::Color(_), Value::Color(_)) | (Kind::File(_), Value::File(None)) => Ok(()),
            (Kind::Choice(words), Value::Choice(word)) if words.contains(word) => Ok(()),
            (Kind::File(endings), Value::File(Some(path)))
                if path
                    .extension()
                    .is_some_and(|found| endings.iter().any(|ending| found.eq_ignore_ascii_case(ending))) =>
            {
                Ok(())
            }
            _ => Err(self.wrong(&value.to_string())),
        }
    }

    fn wrong(&self, given: &str) -> Error {
        let number = if matches!(self.kind, Kind::Amount { .. }) { "a number from " } else { "" };
        Error::WrongValue { name: self.name, given: given.to_owned(), expected: format!("{number}{}", self.range()) }
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("name", &self.name)
            .field("group", &self.group.name)
            .field("kind", &self.kind)
            .finish()
    }
}

/// "a, b or c".
fn any_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

impl From<f32> for Value {
    fn from(amount: f32) -> Self {
        Self::Amount(amount)
    }
}

impl From<Color> for Value {
    fn from(color: Color) -> Self {
        Self::Color(color)
    }
}

impl fmt::Display for Value {
    /// As [`Row::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => write!(f, "{amount}"),
            Self::Color(color) => write!(f, "{color}"),
            Self::Choice(word) => f.write_str(word),
            Self::File(path) => path.as_ref().map_or(Ok(()), |path| write!(f, "{}", path.display())),
        }
    }
}

impl Color {
    /// The color `0xRRGGBB`.
    #[must_use]
    pub const fn new(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self { r, g, b }
    }

    /// Reads `#rrggbb`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        let sound = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| sound).map(Self::new)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

/// What a field of a group can be.
pub(super) trait Field: Clone {
    fn value(&self) -> Value;

    /// The field of that value; `None` where it is of another kind.
    fn of(value: &Value) -> Option<Self>;

    /// Between two values, at `t` of 0..=1.
    fn mix(a: &Self, b: &Self, t: f32) -> Self {
        if t < 0.5 { a.clone() } else { b.clone() }
    }
}

impl Field for f32 {
    fn value(&self) -> Value {
        Value::Amount(*self)
    }

    fn of(value: &Value) -> Option<Self> {
        if let Value::Amount(amount) = value { Some(*amount) } else { None }
    }

    fn mix(a: &Self, b: &Self, t: f32) -> Self {
        // Exact at both ends.
        a * (1.0 - t) + b * t
    }
}

impl Field for Color {
    fn value(&self) -> Value {
        Value::Color(*self)
    }

    fn of(value: &Value) -> Option<Self> {
        if let Value::Color(color) = value { Some(*color) } else { None }
    }

    fn mix(a: &Self, b: &Self, t: f32) -> Self {
        let between = |a: u8, b: u8| f32::mix(&f32::from(a), &f32::from(b), t).round() as u8;
        Self { r: between(a.r, b.r), g: between(a.g, b.g), b: between(a.b, b.b) }
    }
}

impl Field for &'static str {
    fn value(&self) -> Value {
        Value::Choice(self)
    }

    fn of(value: &Value) -> Option<Self> {
        if let Value::Choice(word) = value { Some(word) } else { None }
    }
}

impl Field for Option<Arc<Path>> {
    fn value(&self) -> Value {
        Value::File(self.clone())
    }

    fn of(value: &Value) -> Option<Self> {
        if let Value::File(path) = value { Some(path.clone()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of any kind; what it reads and writes is `smooth`.
    fn row(kind: Kind) -> Row {
        Row { kind, ..*Look::row("smooth").unwrap() }
    }

    #[test]
    fn values_are_read_and_written_as_text() {
        let choice = Kind::Choice(&["sheer", "satin", "matte"]);
        for (kind, text, value) in [
            (Kind::Amount { min: -1.0 }, "-0.25", Value::Amount(-0.25)),
            (Kind::Color(&[]), "#b0304a", Value::Color(Color { r: 0xb0, g: 0x30, b: 0x4a })),
            (choice, "satin", Value::Choice("satin")),
            (Kind::File(&["cube", "png"]), "looks/warm.CUBE", Value::File(Some(Path::new("looks/warm.CUBE").into()))),
            (Kind::File(&["cube"]), "", Value::File(None)),
        ] {
            assert_eq!(row(kind).parse(text), Ok(value.clone()));
            assert_eq!(value.to_string(), text);
        }
        for (kind, text) in [
            (Kind::Amount { min: 0.0 }, ""),
            (Kind::Amount { min: 0.0 }, "1,5"),
            (Kind::Color(&[]), "b0304a"),
            (Kind::Color(&[]), "#b0304"),
            (Kind::Color(&[]), "#+b0304"),
            (Kind::Color(&[]), "#b0304ä"),
            (choice, "Satin"),
            (Kind::File(&["cube"]), "warm.png"),
            (Kind::File(&["cube"]), "cube"),
        ] {
            assert!(matches!(row(kind).parse(text), Err(Error::WrongValue { .. })), "{text}");
        }
        assert_eq!(row(choice).range(), "sheer, satin or matte");
        assert_eq!(row(Kind::File(&["cube"])).range(), "a file: cube");
    }

    #[test]
    fn a_value_of_another_kind_changes_nothing() {
        let mut look = Look::NATURAL;
        for value in [Value::Color(Color::new(0)), Value::Choice("matte"), Value::File(None)] {
            assert!(matches!(look.set("smooth", value), Err(Error::WrongValue { .. })));
        }
        assert_eq!(look, Look::NATURAL);
    }

    #[test]
    fn colours_are_mixed_and_files_change_at_the_half() {
        let (black, white) = (Color::new(0), Color::new(0xff_ff_ff));
        assert_eq!(Color::mix(&black, &white, 0.5), Color::new(0x80_80_80));
        assert_eq!((Color::mix(&black, &white, 0.0), Color::mix(&black, &white, 1.0)), (black, white));
        let file: Option<Arc<Path>> = Some(Path::new("a.cube").into());
        assert_eq!((Field::mix(&file, &None, 0.4), Field::mix(&file, &None, 0.6)), (file, None));
    }
}

//! A look as serde has it: an object of groups, each an object of settings. Names and kinds come from the table.

use std::fmt;
use std::path::Path;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::table::{Color, Kind, Row, Value};
use super::{Group, Look, nearest};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Amount(amount) => serializer.serialize_f32(*amount),
            Self::Color(_) | Self::Choice(_) | Self::File(Some(_)) => serializer.collect_str(self),
            Self::File(None) => serializer.serialize_none(),
        }
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One group of a look.
struct GroupOf<'a>(Group, &'a Look);

impl Serialize for GroupOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(group, look) = self;
        let mut map = serializer.serialize_map(None)?;
        for row in Look::ROWS.iter().filter(|row| row.group == *group) {
            map.serialize_entry(row.name, &row.get(look))?;
        }
        map.end()
    }
}

impl Serialize for Look {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for group in Self::groups() {
            map.serialize_entry(group.name, &GroupOf(group, self))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Look {
    /// Reads a look. A setting may also stand outside of its group: `{"smooth": 0.5}`. Ranges are [`Look::check`]'s.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut look = Self::NONE;
        deserializer.deserialize_map(Settings { group: None, look: &mut look })?;
        Ok(look)
    }
}

/// Reads settings into a look: all, or those of one group.
struct Settings<'a> {
    group: Option<Group>,
    look: &'a mut Look,
}

impl<'de> DeserializeSeed<'de> for Settings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Settings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group {
            Some(group) => write!(f, "an object of the settings of {}", group.name),
            None => f.write_str("a look: an object such as {\"skin\": {\"smooth\": 0.5}}"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let row = Look::ROWS.iter().find(|row| row.name == name);
            let group = Look::groups().find(|group| self.group.is_none() && group.name == name);
            match (row, group) {
                (_, Some(group)) => map.next_value_seed(Settings { group: Some(group), look: &mut *self.look })?,
                (Some(row), None) if self.group.is_none_or(|group| group == row.group) => {
                    map.next_value_seed(Setting { row, look: &mut *self.look })?;
                }
                (Some(row), None) => {
                    return Err(de::Error::custom(format_args!(
                        "`{name}` belongs into the group `{}`",
                        row.group.name
                    )));
                }
                (None, None) => {
                    let rows = Look::ROWS.iter().map(|row| row.name);
                    let groups = Look::groups().filter(|_| self.group.is_none()).map(|group| group.name);
                    let hint = nearest(&name, rows.chain(groups));
                    let hint = hint.map(|known| format!(": did you mean `{known}`?")).unwrap_or_default();
                    return Err(de::Error::custom(format_args!("there is no amount `{name}`{hint}")));
                }
            }
        }
        Ok(())
    }
}

/// Reads one setting into a look.
struct Setting<'a> {
    row: &'static Row,
    look: &'a mut Look,
}

impl<'de> DeserializeSeed<'de> for Setting<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = match self.row.kind {
            // A number that is out of range is kept for the check, which says so.
            Kind::Amount { .. } => Value::Amount(f32::deserialize(deserializer).map_err(|error| self.named(error))?),
            Kind::File(_) => {
                let path = Option::<String>::deserialize(deserializer).map_err(|error| self.named(error))?;
                Value::File(path.map(|path| Path::new(&path).into()))
            }
            Kind::Color(_) | Kind::Choice(_) => {
                let text = String::deserialize(deserializer).map_err(|error| self.named(error))?;
                self.row.parse(&text).map_err(de::Error::custom)?
            }
        };
        if (self.row.set)(self.look, &value) { Ok(()) } else { Err(de::Error::custom("a value of another kind")) }
    }
}

impl Setting<'_> {
    fn named<E: de::Error>(&self, error: E) -> E {
        E::custom(format_args!("`{}`: {error}", self.row.name))
    }
}

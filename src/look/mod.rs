//! What a user asks for: every amount and preset, checked. What a user saves and shares.

mod changes;
mod faces;
#[cfg(feature = "serde")]
mod json;
mod rows;
mod table;

use crate::{Error, Result};

pub(crate) use changes::ShapeChanges;
pub(crate) use faces::FaceLooks;
pub use faces::Looks;
pub use rows::{Look, Shape, Skin};
pub use table::{Color, Group, Kind, Row, Value};

#[allow(clippy::needless_update, reason = "a new setting is 0 in every preset until it is named here")]
impl Look {
    /// Suits everybody in calls and every day: nobody notices a filter.
    pub const NATURAL: Self = Self {
        skin: Skin { smooth: 0.45, marks: 1.0, tone: 0.35, shine: 0.15, dark_circles: 0.15, ..Skin::NONE },
        ..Self::NONE
    };
    /// Suits who slept little or sits in hard light: softer skin, the face's shape almost untouched.
    pub const SOFT: Self = Self {
        skin: Skin { smooth: 0.65, marks: 1.0, tone: 0.5, shine: 0.3, dark_circles: 0.35, folds: 0.2, ..Skin::NONE },
        shape: Shape { slim: 0.05, ..Shape::NONE },
        ..Self::NONE
    };
    /// Suits who wants to be seen, in portraits and on stage: the strongest of the presets, still the same person.
    pub const GLAM: Self = Self {
        skin: Skin { smooth: 0.85, marks: 0.4, tone: 0.6, shine: 0.45, dark_circles: 0.5, folds: 0.35, ..Skin::NONE },
        shape: Shape { slim: 0.3, ..Shape::NONE },
        ..Self::NONE
    };

    /// Every preset with its name, weakest first.
    pub const PRESETS: [(&'static str, Self); 4] =
        [("none", Self::NONE), ("natural", Self::NATURAL), ("soft", Self::SOFT), ("glam", Self::GLAM)];

    /// The preset of that name: `none`, `natural`, `soft` or `glam`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownLook`] for any other name.
    pub fn preset(name: &str) -> Result<Self> {
        Self::PRESETS
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, look)| look)
            .ok_or_else(|| Error::UnknownLook { name: name.to_owned(), known: "none, natural, soft, glam" })
    }

    /// The row of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAmount`] with the nearest name that there is.
    pub fn row(name: &str) -> Result<&'static Row> {
        Self::ROWS.iter().find(|row| row.name == name).ok_or_else(|| Error::UnknownAmount {
            name: name.to_owned(),
            nearest: nearest(name, Self::ROWS.iter().map(|row| row.name)),
        })
    }

    /// The groups of [`Look::ROWS`], in their order.
    pub fn groups() -> impl Iterator<Item = Group> {
        (0..Self::ROWS.len()).filter_map(|index| {
            let row = Self::ROWS.get(index)?;
            let before = index.checked_sub(1).and_then(|before| Self::ROWS.get(before));
            before.is_none_or(|before| before.group != row.group).then_some(row.group)
        })
    }

    /// A setting by its name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAmount`] where there is none of that name.
    pub fn get(&self, name: &str) -> Result<Value> {
        Ok(Self::row(name)?.get(self))
    }

    /// Changes a setting by its name: `look.set("smooth", 0.6)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAmount`] where there is none of that name, otherwise as [`Row::set`]; the look is then as it was.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        Self::row(name)?.set(self, value)
    }

    /// Checks that every amount is a number in its range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] with the first amount that is not.
    pub fn check(&self) -> Result<()> {
        Self::ROWS.iter().try_for_each(|row| row.check(&row.get(self)))
    }

    /// Whether this look changes nothing at all: every amount is 0.
    #[must_use]
    pub fn is_none(&self) -> bool {
        !Self::ROWS.iter().any(|row| matches!(row.get(self), Value::Amount(amount) if amount != 0.0))
    }
}

/// The most similar of some names, if any is similar at all.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let wanted = name.to_lowercase();
    known
        .map(|known| (distance(&wanted, known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(wanted.chars().count()) / 2)
        .map(|(_, known)| known)
}

/// Letters to insert, drop, replace or swap with their neighbour until one word is the other (optimal string alignment;
/// Damerau 1964).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    let get = |rows: &[Vec<usize>], i: usize, j: usize| rows.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let least = match (i.checked_sub(1), j.checked_sub(1)) {
                (None, _) => j,
                (_, None) => i,
                (Some(above), Some(left)) => {
                    let differ = usize::from(a.get(above) != b.get(left));
                    let replaced = get(&rows, above, left) + differ;
                    let least = replaced.min(get(&rows, above, j) + 1).min(get(&rows, i, left) + 1);
                    let swapped =
                        above > 0 && left > 0 && a.get(above) == b.get(left - 1) && a.get(above - 1) == b.get(left);
                    if swapped { least.min(get(&rows, above - 1, left - 1) + 1) } else { least }
                }
            };
            if let Some(slot) = rows.get_mut(i).and_then(|row| row.get_mut(j)) {
                *slot = least;
            }
        }
    }
    get(&rows, a.len(), b.len())
}

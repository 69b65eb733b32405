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
pub use rows::{Eyes, Look, Makeup, Mouth, Shape, Skin};
pub use table::{Color, Group, Kind, Row, Value};

#[allow(clippy::needless_update, reason = "a new setting is 0 in every preset until it is named here")]
impl Look {
    /// Suits everybody in calls and every day: nobody notices a filter.
    pub const NATURAL: Self = Self {
        skin: Skin { smooth: 0.45, marks: 1.0, tone: 0.35, shine: 0.15, dark_circles: 0.15, ..Skin::NONE },
        ..Self::NONE
    };
    /// Suits who slept little or sits in hard light: softer skin, clearer eyes and teeth by a
    /// touch, the face's shape almost untouched.
    pub const SOFT: Self = Self {
        skin: Skin { smooth: 0.65, marks: 1.0, tone: 0.5, shine: 0.3, dark_circles: 0.35, folds: 0.2, ..Skin::NONE },
        shape: Shape { slim: 0.05, ..Shape::NONE },
        eyes: Eyes { eye_whites: 0.2, iris: 0.15, ..Eyes::NONE },
        mouth: Mouth { teeth: 0.25, ..Mouth::NONE },
        ..Self::NONE
    };
    /// Suits who wants to be seen, in portraits and on stage: the strongest of the presets without make-up, still the
    /// same person.
    pub const GLAM: Self = Self {
        skin: Skin { smooth: 0.85, marks: 0.4, tone: 0.6, shine: 0.45, dark_circles: 0.5, folds: 0.35, ..Skin::NONE },
        shape: Shape { slim: 0.3, ..Shape::NONE },
        eyes: Eyes { eye_whites: 0.3, iris: 0.25, ..Eyes::NONE },
        mouth: Mouth { teeth: 0.4, ..Mouth::NONE },
        ..Self::NONE
    };

    /// Suits a working day: even skin, quiet eyes, lips a shade deeper.
    pub const OFFICE: Self = Self {
        skin: Skin { dark_circles: 0.55, folds: 0.3, ..Self::NATURAL.skin },
        eyes: Eyes { eye_whites: 0.35, iris: 0.3, ..Eyes::NONE },
        mouth: Mouth {
            teeth: 0.4,
            lipstick: 0.65,
            lipstick_color: Color::new(0xa4_4a_52),
            lipstick_finish: "satin",
            ..Mouth::NONE
        },
        makeup: Makeup {
            foundation: 0.45,
            blush: 0.25,
            blush_color: Color::new(0xc9_77_6f),
            blush_style: "lifted",
            eyeshadow: 0.35,
            eyeshadow_color: Color::new(0x8a_64_50),
            eyeliner: 0.45,
            eyeliner_color: Color::new(0x2a_1d_18),
            eyeliner_width: 0.2,
            lashes: 0.6,
            brows: 0.4,
            ..Makeup::NONE
        },
        ..Self::NONE
    };
    /// Suits a summer's day: sun on the cheeks, gleam, wet lips.
    pub const GLOW: Self = Self {
        skin: Skin { shine: 0.0, dark_circles: 0.5, folds: 0.3, ..Self::NATURAL.skin },
        eyes: Eyes { eye_whites: 0.4, iris: 0.4, ..Eyes::NONE },
        mouth: Mouth {
            teeth: 0.45,
            lipstick: 0.65,
            lipstick_color: Color::new(0xc9_63_6a),
            lipstick_finish: "gloss",
            ..Mouth::NONE
        },
        makeup: Makeup {
            foundation: 0.4,
            contour: 0.25,
            highlight: 0.7,
            blush: 0.28,
            blush_color: Color::new(0xe5_8a_72),
            blush_style: "sun",
            eyeshadow: 0.35,
            eyeshadow_color: Color::new(0xb9_82_5f),
            lashes: 0.6,
            brows: 0.3,
            ..Makeup::NONE
        },
        ..Self::NONE
    };
    /// Suits a night out: dark lids, a winged line, matte lips.
    pub const EVENING: Self = Self {
        skin: Skin { dark_circles: 0.6, folds: 0.35, ..Self::SOFT.skin },
        eyes: Eyes { eye_whites: 0.4, iris: 0.4, ..Eyes::NONE },
        mouth: Mouth {
            teeth: 0.5,
            lipstick: 0.9,
            lipstick_color: Color::new(0x8e_15_30),
            lipstick_finish: "matte",
            ..Mouth::NONE
        },
        makeup: Makeup {
            foundation: 0.55,
            contour: 0.5,
            highlight: 0.5,
            blush: 0.3,
            blush_color: Color::new(0xb5_52_5a),
            blush_style: "lifted",
            eyeshadow: 0.6,
            eyeshadow_color: Color::new(0x57_3b_37),
            eyeliner: 0.9,
            eyeliner_color: Color::new(0x12_0d_0c),
            eyeliner_width: 0.5,
            eyeliner_wing: 0.5,
            lashes: 0.9,
            brows: 0.5,
            ..Makeup::NONE
        },
        ..Self::NONE
    };
    /// The classic: red lips, a black line, little else.
    pub const RED: Self = Self {
        skin: Skin { dark_circles: 0.5, folds: 0.3, ..Self::NATURAL.skin },
        eyes: Eyes { eye_whites: 0.35, iris: 0.35, ..Eyes::NONE },
        mouth: Mouth {
            teeth: 0.5,
            lipstick: 0.95,
            lipstick_color: Color::new(0xa0_0d_26),
            lipstick_finish: "satin",
            ..Mouth::NONE
        },
        makeup: Makeup {
            foundation: 0.5,
            contour: 0.25,
            highlight: 0.35,
            blush: 0.18,
            blush_color: Color::new(0xd0_6a_6a),
            eyeshadow: 0.25,
            eyeshadow_color: Color::new(0xa0_80_6c),
            eyeliner: 0.85,
            eyeliner_color: Color::new(0x12_0d_0c),
            eyeliner_width: 0.4,
            eyeliner_wing: 0.7,
            lashes: 0.8,
            brows: 0.4,
            ..Makeup::NONE
        },
        ..Self::NONE
    };

    /// Every preset with its name: those without make-up, weakest first, then those with it.
    pub const PRESETS: [(&'static str, Self); 8] = [
        ("none", Self::NONE),
        ("natural", Self::NATURAL),
        ("soft", Self::SOFT),
        ("glam", Self::GLAM),
        ("office", Self::OFFICE),
        ("glow", Self::GLOW),
        ("evening", Self::EVENING),
        ("red", Self::RED),
    ];

    /// The preset of that name, one of [`Look::PRESETS`].
    ///
    /// # Errors
    ///
    /// [`Error::UnknownLook`] for any other name.
    pub fn preset(name: &str) -> Result<Self> {
        Self::PRESETS.into_iter().find(|(known, _)| *known == name).map(|(_, look)| look).ok_or_else(|| {
            Error::UnknownLook { name: name.to_owned(), known: "none, natural, soft, glam, office, glow, evening, red" }
        })
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

//! How a face shall look: every amount and preset, checked. What a user saves and shares.

use crate::{Error, Result};

/// How strongly each effect acts. At 0 a stage does not run; with all at 0 the picture stays as it is, bit for bit. At 1, or at
/// −1 where an effect goes both ways, it is the strongest that still looks like the same person.
///
/// With the feature `serde` a look is saved as an object of its fields; missing fields are 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Look {
    /// Narrows the lower face. At 1 by 10 to 15 %, measured between the jaw's sides in units of the nose's length.
    pub slim: f32,
    /// Evens the skin's surface: blemishes fade, pores stay. At 1 blemishes keep at most 45 % of their contrast.
    pub smooth: f32,
    /// Evens the skin's colour toward the person's own mean, without lightening it. At 1 blotches lose at least 40 %.
    pub tone: f32,
    /// Makes the skin brighter, or darker below 0, −1..=1. At 1 by about four steps of CIELAB's L*, whatever its tone; no preset
    /// does that.
    pub brighten: f32,
    /// Makes the skin's colour warmer (more golden), or cooler below 0, −1..=1.
    pub warmth: f32,
    /// Makes the skin rosier, or paler below 0, −1..=1.
    pub ruddy: f32,
}

impl Look {
    /// Changes nothing.
    pub const NONE: Self = Self { slim: 0.0, smooth: 0.0, tone: 0.0, brighten: 0.0, warmth: 0.0, ruddy: 0.0 };
    /// Suits everybody in calls and every day: nobody notices a filter.
    pub const NATURAL: Self = Self { slim: 0.15, smooth: 0.5, tone: 0.4, ..Self::NONE };
    /// Suits who slept little or sits in hard light: softer skin, the face's shape almost untouched.
    pub const SOFT: Self = Self { slim: 0.1, smooth: 0.8, tone: 0.6, ..Self::NONE };
    /// Suits who wants to be seen, in portraits and on stage: the strongest of the presets, still the same person.
    pub const GLAM: Self = Self { slim: 0.3, smooth: 0.9, tone: 0.75, ..Self::NONE };

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

    /// Checks that every amount is a number from 0 to 1, or from −1 to 1 for those that go both ways.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] with the first amount that is not.
    pub fn check(&self) -> Result<()> {
        let amounts = [
            ("slim", self.slim, 0.0),
            ("smooth", self.smooth, 0.0),
            ("tone", self.tone, 0.0),
            ("brighten", self.brighten, -1.0),
            ("warmth", self.warmth, -1.0),
            ("ruddy", self.ruddy, -1.0),
        ];
        for (name, value, min) in amounts {
            if !(min..=1.0).contains(&value) {
                return Err(Error::OutOfRange { name, value, min, max: 1.0 });
            }
        }
        Ok(())
    }

    /// Whether this look changes nothing at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

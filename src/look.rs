//! How a face shall look: every amount and preset, checked. What a user saves and shares.

use crate::{Error, Result};

/// How strongly each effect acts. Every amount runs from 0 (the stage does not run; the picture stays as it is, bit for
/// bit) to 1 (the strongest that still looks like the same person).
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
}

impl Look {
    /// Changes nothing.
    pub const NONE: Self = Self { slim: 0.0, smooth: 0.0, tone: 0.0 };
    /// For calls and every day: nobody notices a filter.
    pub const NATURAL: Self = Self { slim: 0.15, smooth: 0.5, tone: 0.4 };
    /// For tired days and hard light: softer skin, the face's shape almost untouched.
    pub const SOFT: Self = Self { slim: 0.1, smooth: 0.8, tone: 0.6 };
    /// For portraits and the stage: the strongest of the presets, still the same person.
    pub const GLAM: Self = Self { slim: 0.3, smooth: 0.9, tone: 0.75 };

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

    /// Checks that every amount is a number from 0 to 1.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] with the first amount that is not.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("slim", self.slim), ("smooth", self.smooth), ("tone", self.tone)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::OutOfRange { name, value, min: 0.0, max: 1.0 });
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

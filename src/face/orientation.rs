//! How a camera's picture lies in memory.

/// By how much a picture has to be turned clockwise to be upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rotation {
    /// It is upright.
    #[default]
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

/// How a camera's picture lies in memory. It is never turned itself: faces are looked for as they stand in it, and their points
/// are pixels of the picture as it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Orientation {
    /// How to turn it to be upright.
    pub rotation: Rotation,
    /// Whether, once upright, it is a mirror image, as a camera's beside a screen often is. Points keep their names then: the
    /// left eye is the person's own left eye.
    pub mirrored: bool,
}

impl Orientation {
    /// How far a square is turned in the picture, clockwise in radians, in which things are upright.
    pub(crate) fn roll(self) -> f32 {
        let turn = match self.rotation {
            Rotation::None => 0.0,
            Rotation::Quarter => 0.5,
            Rotation::Half => 1.0,
            Rotation::ThreeQuarters => 1.5,
        } * std::f32::consts::PI;
        // Of a mirrored square the first side runs the other way.
        if self.mirrored { std::f32::consts::PI - turn } else { -turn }
    }
}

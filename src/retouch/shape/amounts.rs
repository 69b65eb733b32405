//! The amounts in the table's order, and what each of them moves: a part that keeps its form, or the face's outline.

use super::canonical::AMOUNTS;
use crate::Shape;
use crate::face::topology::{LEFT_EYE, LEFT_EYEBROW, LIPS, RIGHT_EYE, RIGHT_EYEBROW};

/// What has to stay whole where there is no room for a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// The lower part of the outline, point by point.
    Jaw,
    /// Any other part of the outline, point by point.
    Outline,
    /// The whole head.
    Head,
    /// An eye and its brow, each side on its own.
    Eye,
    Nose,
    Mouth,
}

/// By what of the person's own an amount is measured, so that a per cent means the same on every face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Head,
    /// The width of the eye ...
    EyeWidth,
    /// ... and less where the lids close: a closed eye shall not swell.
    OpenEye,
    MouthWidth,
    /// The width of the mouth, and less where it is wide open.
    ClosedMouth,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) moves: Moves,
    pub(super) measure: Measure,
}

/// In the table's order.
pub(super) const KINDS: [Kind; AMOUNTS] = {
    const fn kind(moves: Moves, measure: Measure) -> Kind {
        Kind { moves, measure }
    }
    [
        kind(Moves::Jaw, Measure::Head),          // slim
        kind(Moves::Outline, Measure::Head),      // narrow
        kind(Moves::Jaw, Measure::Head),          // v_shape
        kind(Moves::Jaw, Measure::Head),          // jaw
        kind(Moves::Jaw, Measure::Head),          // chin
        kind(Moves::Outline, Measure::Head),      // cheekbones
        kind(Moves::Outline, Measure::Head),      // forehead
        kind(Moves::Head, Measure::Head),         // head
        kind(Moves::Eye, Measure::OpenEye),       // eye_size
        kind(Moves::Eye, Measure::Head),          // eye_distance
        kind(Moves::Eye, Measure::Head),          // eye_height
        kind(Moves::Eye, Measure::EyeWidth),      // eye_angle
        kind(Moves::Nose, Measure::Head),         // nose_width
        kind(Moves::Nose, Measure::Head),         // nose_length
        kind(Moves::Nose, Measure::Head),         // nose_bridge
        kind(Moves::Nose, Measure::Head),         // nose_tip
        kind(Moves::Mouth, Measure::MouthWidth),  // mouth_size
        kind(Moves::Mouth, Measure::Head),        // mouth_position
        kind(Moves::Mouth, Measure::Head),        // lip_fullness
        kind(Moves::Mouth, Measure::ClosedMouth), // smile
        kind(Moves::Eye, Measure::Head),          // brow_height
        kind(Moves::Eye, Measure::Head),          // brow_distance
    ]
};

/// The amounts, in the table's order.
pub(super) fn amounts(shape: &Shape) -> [f32; AMOUNTS] {
    let Shape {
        slim,
        narrow,
        v_shape,
        jaw,
        chin,
        cheekbones,
        forehead,
        head,
        eye_size,
        eye_distance,
        eye_height,
        eye_angle,
        nose_width,
        nose_length,
        nose_bridge,
        nose_tip,
        mouth_size,
        mouth_position,
        lip_fullness,
        smile,
        brow_height,
        brow_distance,
    } = *shape;
    [
        slim,
        narrow,
        v_shape,
        jaw,
        chin,
        cheekbones,
        forehead,
        head,
        eye_size,
        eye_distance,
        eye_height,
        eye_angle,
        nose_width,
        nose_length,
        nose_bridge,
        nose_tip,
        mouth_size,
        mouth_position,
        lip_fullness,
        smile,
        brow_height,
        brow_distance,
    ]
}

/// How much hair has to move along, 0..=1: what is beside the face then gives way farther out.
pub(super) fn moves_hair(shape: &Shape) -> f32 {
    (shape.head.abs() + shape.forehead.abs()).min(1.0)
}

/// What the nose's group stands for.
pub(super) const NOSE: [u16; 4] = [129, 358, 2, 1];

/// The rims and brows of the person's right and left eye, and the lips.
pub(super) const EYES: [[&[u16]; 2]; 2] = [[&RIGHT_EYE, &RIGHT_EYEBROW], [&LEFT_EYE, &LEFT_EYEBROW]];
pub(super) const MOUTH: &[u16] = &LIPS;

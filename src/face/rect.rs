//! Where a face is, as a rectangle.

use super::bounds::Bounds;

/// An upright rectangle, in pixels of the frame as the landmarks are: x to the right and y down from the top left corner of the
/// picture. Its numbers are not whole, and it may reach beyond the frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// From the left edge to the right one.
    pub width: f32,
    /// From the upper edge to the lower one.
    pub height: f32,
}

impl Rect {
    /// The smallest one around all points; an empty one at the origin where there are none, or any that is not finite.
    pub(crate) fn around(points: &[[f32; 3]]) -> Self {
        let Bounds { centre, size } = Bounds::of(points);
        let [x, y] = std::array::from_fn(|axis| centre[axis] - size[axis] / 2.0);
        let rect = Self { x, y, width: size[0], height: size[1] };
        let is_sound = [x, y, rect.width, rect.height].iter().all(|value| value.is_finite());
        if is_sound { rect } else { Self::default() }
    }
}

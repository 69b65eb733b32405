//! Large pictures: only the faces' surroundings need a texture, so that memory follows the faces and not the picture.

use crate::Face;
use crate::retouch::region::{Rect, TILE};

/// Pixels of a picture above which it is retouched in windows: at four bytes a pixel its two textures would take 128 MiB.
const LARGE: u64 = 1 << 24;
/// How far a window reaches beyond a face, in sizes of the face: farther than any stage looks.
const REACH: f32 = 1.25;

/// A part of a picture, and the faces in it.
pub(super) struct Window {
    pub(super) rect: Rect,
    /// Their places among all faces.
    pub(super) faces: Vec<usize>,
}

/// The windows that a picture is retouched in, which share no pixel; `None` for one that is retouched as a whole.
pub(super) fn windows(size: (u32, u32), max_side: u32, faces: &[Face]) -> Option<Vec<Window>> {
    let (width, height) = size;
    if u64::from(width) * u64::from(height) <= LARGE && width.max(height) <= max_side {
        return None;
    }
    let mut windows: Vec<Window> = Vec::new();
    for (index, face) in faces.iter().enumerate() {
        let Some(rect) = around(face, size) else { continue };
        let mut window = Window { rect, faces: vec![index] };
        // Those that it meets become one with it, and what that meets too.
        while let Some(other) = windows.iter().position(|other| other.rect.meets(&window.rect)) {
            let other = windows.swap_remove(other);
            window.rect = window.rect.around(&other.rect);
            window.faces.extend(other.faces);
        }
        windows.push(window);
    }
    Some(windows)
}

/// The surroundings of a face, from whole tiles on; `None` where they lie outside the picture.
fn around(face: &Face, (width, height): (u32, u32)) -> Option<Rect> {
    let bounds = face.bounds();
    let reach = REACH * bounds.width.max(bounds.height);
    let span = |from: f32, length: f32, limit: u32| {
        // The casts keep within the picture, whatever the numbers.
        let start = ((from - reach).max(0.0) as u32).min(limit) / TILE * TILE;
        let end = ((from + length + reach).ceil().max(0.0) as u32).min(limit);
        (end > start).then_some((start, end - start))
    };
    let (x, width) = span(bounds.x, bounds.width, width)?;
    let (y, height) = span(bounds.y, bounds.height, height)?;
    Some(Rect { x, y, width, height })
}

/// A face in a window.
pub(super) fn shifted(face: &Face, rect: &Rect) -> Face {
    let mut face = face.clone();
    for point in &mut face.points {
        point[0] -= rect.x as f32;
        point[1] -= rect.y as f32;
    }
    face
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, y: f32, side: f32) -> Face {
        Face { points: vec![[x, y, 0.0], [x + side, y + side, 0.0]], ..Face::default() }
    }

    #[test]
    fn windows_share_no_pixel() {
        let faces = [face(500.0, 500.0, 100.0), face(9_000.0, 100.0, 200.0), face(700.0, 600.0, 100.0)];
        assert!(windows((4_000, 4_000), 8_192, &faces).is_none());
        let windows = windows((10_000, 5_000), 16_384, &faces).unwrap();
        assert_eq!(windows.len(), 2);
        for window in &windows {
            assert!(window.rect.x.is_multiple_of(TILE) && window.rect.y.is_multiple_of(TILE));
            assert!(window.rect.x + window.rect.width <= 10_000 && window.rect.y + window.rect.height <= 5_000);
        }
        let mut together = windows.iter().find(|window| window.faces.len() == 2).unwrap().faces.clone();
        together.sort_unstable();
        assert_eq!(together, [0, 2]);
    }
}

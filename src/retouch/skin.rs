//! What becomes of a face's skin: how strongly each effect acts, and where it may.

pub(crate) mod mask;
pub(crate) mod prior;

use super::FaceGeometry;
use super::outline::{Others, box_of, oval};
use super::region::{Axes, Rect, clipped};
use crate::Skin;
use mask::Mask;
use prior::Prior;

/// Most cells a side of the grid that the skin's colours are looked at on.
pub(crate) const MAX_CELLS: u32 = 320;
/// Side of a cell in units of the face's width, to the nearest whole pixel.
const CELL: f32 = 0.0115;

/// How far skin reaches beyond the face's outline, in units of the face's width: to the sides, up, and down from the chin.
const SKIN_REACH: [f32; 3] = [0.40, 0.42, 0.70];

/// A band of details: up to which size they are in it (the Gaussian's sigma, in units of the face's width), how much of them
/// smoothing keeps at 1, and from which contrast on they are an edge, which stays.
struct Band {
    sigma: f32,
    keep: f32,
    core: f32,
}

const BANDS: [Band; 5] = [
    Band { sigma: 0.0025, keep: 0.84, core: 0.10 },
    Band { sigma: 0.0050, keep: 0.78, core: 0.085 },
    Band { sigma: 0.0100, keep: 0.36, core: 0.070 },
    Band { sigma: 0.0200, keep: 0.40, core: 0.060 },
    Band { sigma: 0.0400, keep: 0.72, core: 0.050 },
];
/// From this size on everything stays.
const LARGEST: f32 = 0.0800;

/// The pixels of a face's skin, from hairline to neck, and what is around them; `None` where none of them lies in the frame.
fn skin_rect(points: &[[f32; 3]], axes: &Axes, frame: (u32, u32)) -> Option<Rect> {
    let [low, high] = box_of(&oval(points).map(|p| axes.in_widths(p)));
    let [beside, above, below] = SKIN_REACH;
    let (low, high) = ([low[0] - beside, low[1] - above], [high[0] + beside, high[1] + below]);
    let [from, to] = box_of(&[low, [high[0], low[1]], [low[0], high[1]], high].map(|local| axes.place(local)));
    clipped(from, to, frame)
}

/// How much smoothing keeps at 1 of details up to a size, and their core, by interpolation between the bands.
fn band(sigma: f32) -> [f32; 2] {
    let mut before = &BANDS[0];
    for band in &BANDS {
        if sigma <= band.sigma {
            let share = ((sigma / before.sigma).ln() / (band.sigma / before.sigma).ln().max(1e-6)).clamp(0.0, 1.0);
            return [before.keep + share * (band.keep - before.keep), before.core + share * (band.core - before.core)];
        }
        before = band;
    }
    let share = ((sigma / before.sigma).ln() / (LARGEST / before.sigma).ln()).clamp(0.0, 1.0);
    [before.keep + share * (1.0 - before.keep), before.core]
}

/// How strongly each effect acts: 0..=1, the tints −1..=1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Amounts {
    pub(crate) smooth: f32,
    pub(crate) marks: f32,
    pub(crate) tone: f32,
    pub(crate) shine: f32,
    pub(crate) dark_circles: f32,
    pub(crate) folds: f32,
    /// Brighter, rosier and warmer.
    pub(crate) tint: [f32; 3],
}

impl Amounts {
    /// What a look asks for on a face that is so visible, 0..=1.
    fn new(skin: &Skin, visibility: f32) -> Self {
        let seen = |amount: f32| amount * visibility;
        Self {
            smooth: seen(skin.smooth),
            marks: skin.marks,
            tone: seen(skin.tone),
            shine: seen(skin.shine),
            dark_circles: seen(skin.dark_circles),
            folds: seen(skin.folds),
            tint: [skin.brighten, skin.ruddy, skin.warmth].map(seen),
        }
    }

    /// Whether they change nothing. How much of the marks smoothing leaves does nothing on its own.
    fn is_none(&self) -> bool {
        Self { marks: 0.0, ..*self } == Self::default()
    }
}

/// What the GPU shall do to the skin of one face.
#[derive(Default)]
pub(crate) struct SkinPlan {
    /// The pixels that are looked at, and what all grids are laid over.
    pub(crate) rect: Rect,
    /// Side of a cell in pixels.
    pub(crate) cell: f32,
    /// Cells across and down.
    pub(crate) cells: (u32, u32),
    /// How strongly each effect acts, the face's visibility included.
    pub(crate) amounts: Amounts,
    /// Four bands of details, from what is finer than a cell up: how much of them goes, 0..=1, and from which contrast on they
    /// stay.
    pub(crate) bands: [[f32; 2]; 4],
    /// How much of a dark spot's finer bands goes, so much more than all of it as is needed for what is finer than a cell.
    pub(crate) spots: f32,
    /// Eyes, brows, lips and other parts.
    pub(crate) mask: Mask,
    /// Where skin may be.
    pub(crate) prior: Prior,
    /// The pixels whose colours may change.
    pub(crate) bounds: Rect,
    /// The face's own axes; what is known from the frame before lies in its axes of then.
    pub(crate) axes: Axes,
}

impl SkinPlan {
    /// Plans the skin of a face, beside other faces. With `made_up`, make-up shall lie on it, even
    /// if the skin itself stays as it is.
    pub(super) fn update(&mut self, face: &FaceGeometry<'_>, amounts: &Skin, made_up: bool, others: Others<'_>) {
        let FaceGeometry { points, ref axes, frame, visibility, .. } = *face;
        self.amounts = Amounts::new(amounts, visibility);
        (self.rect, self.bounds) = (Rect::default(), Rect::default());
        if self.amounts.is_none() && !made_up {
            return;
        }
        let Some(rect) = skin_rect(points, axes, frame) else { return };
        let longest = rect.width.max(rect.height) as f32;
        (self.rect, self.axes) = (rect, *axes);
        self.cell = (CELL * axes.width).round().max((longest / MAX_CELLS as f32).ceil()).max(1.0);
        let count = |side: u32| ((side as f32 / self.cell).ceil() as u32).clamp(1, MAX_CELLS);
        self.cells = (count(rect.width), count(rect.height));
        // Cells raised bilinearly are a Gaussian of half their side, and so is each coarser grid.
        let finest = 0.5 * self.cell / axes.width;
        self.bands = [0.0, 1.0, 2.0, 3.0].map(|level: f32| {
            let [keep, core] = band(finest * level.exp2());
            [self.amounts.smooth * (1.0 - keep), core]
        });
        self.spots = self.amounts.smooth * (0.95 + 70.0 * (self.cell / axes.width - 0.0083)).clamp(0.9, 1.3);
        self.mask.draw(points, axes, rect, self.amounts.dark_circles > 0.0 || self.amounts.folds > 0.0);
        self.prior.update(points, axes, rect, others);
        self.bounds = self.prior.bounds(rect).unwrap_or_default();
    }

    /// Whether no pixel changes its colour.
    pub(crate) fn is_none(&self) -> bool {
        self.bounds.width == 0
    }
}

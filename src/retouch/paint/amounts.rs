//! How strongly each effect acts on a face, and the colours of what is painted.

use super::PaintPlan;
use crate::Look;
use crate::face::PartConfidence;
use crate::look::Color;
use crate::retouch::FaceGeometry;
use crate::retouch::outline::smoothstep;

/// Between these heights of the mouth's opening, in units of the face's size, its teeth come into sight.
const TEETH: [f32; 2] = [0.012, 0.028];
/// Between these sizes of a face, in pixels, a line along the lashes comes into sight, and lashes.
const LINE: [f32; 2] = [60.0, 130.0];
const LASHES: [f32; 2] = [60.0, 140.0];
/// Between these a part counts as seen.
const SHOWN: [f32; 2] = [0.2, 0.7];
/// The same for the mouth, which fingertips hide by a half.
const MOUTH_SHOWN: [f32; 2] = [0.45, 0.9];

/// Whether a look paints anything.
pub(super) fn is_asked_for(look: &Look) -> bool {
    let (eyes, mouth, makeup) = (&look.eyes, &look.mouth, &look.makeup);
    let amounts = [
        [eyes.eye_whites, eyes.iris, eyes.lens, mouth.teeth, mouth.lipstick, makeup.foundation],
        [makeup.contour, makeup.highlight, makeup.blush, makeup.eyeshadow, makeup.eyeliner, makeup.lashes],
        [makeup.brows, 0.0, 0.0, 0.0, 0.0, 0.0],
    ];
    amounts.as_flattened().iter().any(|amount| *amount > 0.0)
}

/// How a lipstick covers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Finish {
    /// How much of it covers; how much of the lip's contrast it keeps; of its gleam; of its colours' variety.
    pub(crate) cover: f32,
    pub(crate) contrast: f32,
    pub(crate) gleam: f32,
    pub(crate) variety: f32,
    /// What wet lips gleam more.
    pub(crate) wet: f32,
}

impl Finish {
    fn of(word: &str) -> Self {
        let [cover, contrast, gleam, variety, wet] = match word {
            "satin" => [0.90, 1.15, 0.85, 0.4, 0.0],
            "matte" => [0.95, 0.85, 0.25, 0.3, 0.0],
            "gloss" => [0.80, 1.15, 1.10, 0.4, 0.10],
            _ => [0.50, 1.08, 1.0, 0.7, 0.0],
        };
        Self { cover, contrast, gleam, variety, wet }
    }
}

/// All between 0 and 1, the face's visibility included.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Amounts {
    pub(crate) whites: f32,
    pub(crate) iris: f32,
    pub(crate) lens: f32,
    pub(crate) teeth: f32,
    pub(crate) lipstick: f32,
    pub(crate) finish: Finish,
    pub(crate) foundation: f32,
    pub(crate) foundation_tint: f32,
    pub(crate) contour: f32,
    pub(crate) highlight: f32,
    pub(crate) blush: f32,
    /// The place among the styles.
    pub(crate) blush_style: u32,
    pub(crate) shadow: f32,
    pub(crate) liner: f32,
    pub(crate) liner_width: f32,
    pub(crate) liner_wing: f32,
    pub(crate) lashes: f32,
    pub(crate) brows: f32,
    pub(crate) brows_tint: f32,
    /// How much of what is on each eye is seen, and between its lids.
    pub(crate) seen: [f32; 2],
    pub(crate) open: [f32; 2],
    /// Whether it is known already how much of the mouth is seen, so that nobody has to look for its line.
    pub(crate) knows_mouth: bool,
}

impl Amounts {
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// What a look asks for on a face whose eyes and mouth are measured.
    pub(super) fn new(face: &FaceGeometry<'_>, look: &Look, measured: &PaintPlan) -> Self {
        let (eyes, mouth, makeup) = (&look.eyes, &look.mouth, &look.makeup);
        let seen = |amount: f32| amount * face.visibility;
        // A face whose parts nobody has looked at.
        let is_unknown = face.parts == PartConfidence::default();
        let part = |confidence: f32| if is_unknown { 1.0 } else { smoothstep(SHOWN[0], SHOWN[1], confidence) };
        let parts = [part(face.parts.right_eye), part(face.parts.left_eye)];
        let shown: [f32; 2] = std::array::from_fn(|side| parts[side] * measured.eyes[side].seen);
        let lips = if is_unknown { 1.0 } else { smoothstep(MOUTH_SHOWN[0], MOUTH_SHOWN[1], face.parts.mouth) };
        let line = smoothstep(LINE[0], LINE[1], measured.size);
        let lashes = smoothstep(LASHES[0], LASHES[1], measured.size);
        let has_irises = measured.eyes[0].radius > 0.0;
        let iris = |amount: f32| if has_irises { seen(amount) } else { 0.0 };
        let style = match makeup.blush_style {
            "lifted" => 1,
            "sun" => 2,
            _ => 0,
        };
        let amounts = Self {
            whites: seen(eyes.eye_whites),
            iris: iris(eyes.iris),
            lens: iris(eyes.lens),
            teeth: lips * seen(mouth.teeth) * smoothstep(TEETH[0], TEETH[1], measured.gap),
            lipstick: lips * seen(mouth.lipstick),
            finish: Finish::of(mouth.lipstick_finish),
            foundation: seen(makeup.foundation),
            foundation_tint: makeup.foundation_tint,
            contour: seen(makeup.contour),
            highlight: seen(makeup.highlight),
            blush: seen(makeup.blush),
            blush_style: style,
            shadow: seen(makeup.eyeshadow),
            liner: line * seen(makeup.eyeliner),
            liner_width: makeup.eyeliner_width,
            liner_wing: makeup.eyeliner_wing,
            lashes: lashes * seen(makeup.lashes),
            brows: seen(makeup.brows),
            brows_tint: makeup.brows_tint,
            seen: shown,
            open: std::array::from_fn(|side| shown[side] * measured.eyes[side].open),
            knows_mouth: !is_unknown,
        };
        let is_seen = |share: [f32; 2]| share.iter().any(|share| *share > 0.0);
        // What is painted on eyes that are not seen is not painted.
        let on = |amount: f32, share: [f32; 2]| if is_seen(share) { amount } else { 0.0 };
        Self {
            whites: on(amounts.whites, amounts.open),
            iris: on(amounts.iris, amounts.open),
            lens: on(amounts.lens, amounts.open),
            shadow: on(amounts.shadow, shown),
            liner: on(amounts.liner, shown),
            lashes: on(amounts.lashes, shown),
            brows: on(amounts.brows, shown),
            ..amounts
        }
    }

    pub(crate) fn has_mouth(&self) -> bool {
        self.teeth > 0.0 || self.lipstick > 0.0
    }

    /// Whether anything is painted between an eye's lids.
    pub(crate) fn has_inner_eye(&self, side: usize) -> bool {
        let open = self.open.get(side).copied().unwrap_or_default();
        open > 0.0 && (self.whites > 0.0 || self.iris > 0.0 || self.lens > 0.0)
    }

    pub(crate) fn has_soft(&self) -> bool {
        self.foundation > 0.0 || self.contour > 0.0 || self.highlight > 0.0 || self.blush > 0.0
    }

    pub(crate) fn is_none(&self) -> bool {
        let has_eyes = [self.shadow, self.liner, self.lashes, self.brows].iter().any(|amount| *amount > 0.0)
            || (0..2).any(|side| self.has_inner_eye(side));
        !(self.has_mouth() || self.has_soft() || has_eyes)
    }
}

/// The products' colours: linear red, green, blue.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Colours {
    pub(crate) lipstick: [f32; 3],
    pub(crate) blush: [f32; 3],
    pub(crate) foundation: [f32; 3],
    pub(crate) shadow: [f32; 3],
    pub(crate) liner: [f32; 3],
    pub(crate) brows: [f32; 3],
    pub(crate) lens: [f32; 3],
}

fn linear(color: Color) -> [f32; 3] {
    [color.r, color.g, color.b].map(|value| {
        let value = f32::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

impl Colours {
    pub(super) fn of(look: &Look) -> Self {
        let makeup = &look.makeup;
        Self {
            lipstick: linear(look.mouth.lipstick_color),
            blush: linear(makeup.blush_color),
            foundation: linear(makeup.foundation_color),
            shadow: linear(makeup.eyeshadow_color),
            liner: linear(makeup.eyeliner_color),
            brows: linear(makeup.brows_color),
            lens: linear(look.eyes.lens_color),
        }
    }
}

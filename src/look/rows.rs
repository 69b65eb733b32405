//! Every setting, described once. A new one is a line here, and the stage that acts on it: its field, its documentation, its
//! range, JSON, command lines and panels all come from the line.

use super::table::{Field, Group, Kind, Row};

/// Turns the rows into the groups' types, [`Look`] and its table. A row reads: name, kind, label, what it does, what it does
/// at its ends. Kinds are `amount` (0 to 1), `both_ways` (−1 to 1), `color(0xRRGGBB, …)` and `choice(words)`, of which the
/// first is the one that a look has by itself, and `file(endings)`.
macro_rules! rows {
    ($($(#[$doc:meta])* $Group:ident $group:ident $group_label:literal {
        $($name:ident: $kind:ident $(($($detail:tt)*))?, $label:literal, $help:literal, $ends:literal;)*
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Group {
                $(
                    #[doc = concat!($help, " ", $ends)]
                    pub $name: rows!(@type $kind),
                )*
            }

            impl $Group {
                /// Changes nothing.
                pub const NONE: Self = Self { $($name: rows!(@none $kind $(($($detail)*))?),)* };
            }

            impl Default for $Group {
                fn default() -> Self {
                    Self::NONE
                }
            }
        )*

        /// How a face shall look: how strongly each effect acts, in groups. At 0 an effect does not run; with all at 0 the
        /// picture stays as it is, bit for bit. At 1, or at −1 where an effect goes both ways, it is the strongest that still
        /// looks like the same person.
        ///
        /// ```
        /// use glowup::{Look, Skin};
        ///
        /// let look = Look { skin: Skin { smooth: 0.6, ..Skin::NONE }, ..Look::NATURAL };
        /// # assert!(look.check().is_ok());
        /// ```
        ///
        /// Each setting is a row of [`Look::ROWS`], and can be read and changed by its name: [`Look::get`], [`Look::set`]. With the
        /// feature `serde` a look is saved as an object of its groups, `{"skin": {"smooth": 0.6}}`; what is missing is as in
        /// [`Look::NONE`].
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Look {
            $($(#[$doc])* pub $group: $Group,)*
        }

        impl Look {
            /// Changes nothing.
            pub const NONE: Self = Self { $($group: $Group::NONE,)* };

            /// Every setting, group by group.
            pub const ROWS: &'static [Row] = &[$($(Row {
                name: stringify!($name),
                group: Group { name: stringify!($group), label: $group_label },
                kind: rows!(@kind $kind $(($($detail)*))?),
                label: $label,
                help: $help,
                ends: $ends,
                get: |look| look.$group.$name.value(),
                set: |look, value| match Field::of(value) {
                    Some(value) => {
                        look.$group.$name = value;
                        true
                    }
                    None => false,
                },
            },)*)*];

            /// Between two looks, for slow changes: `a` at 0, `b` at 1. Amounts and colours are mixed, words and files change at
            /// the half. `t` is taken into 0..=1; what is not a number counts as 0.
            #[must_use]
            pub fn mix(a: &Self, b: &Self, t: f32) -> Self {
                let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
                Self {
                    $($group: $Group { $($name: Field::mix(&a.$group.$name, &b.$group.$name, t),)* },)*
                }
            }
        }
    };
    (@type amount) => { f32 };
    (@type both_ways) => { f32 };
    (@type color) => { super::table::Color };
    (@type choice) => { &'static str };
    (@type file) => { Option<std::sync::Arc<std::path::Path>> };
    (@none amount) => { 0.0 };
    (@none both_ways) => { 0.0 };
    (@none color($rgb:literal $(, $other:literal)*)) => { super::table::Color::new($rgb) };
    (@none choice($first:literal $(, $word:literal)*)) => { $first };
    (@none file($($ending:literal),*)) => { None };
    (@kind amount) => { Kind::Amount { min: 0.0 } };
    (@kind both_ways) => { Kind::Amount { min: -1.0 } };
    (@kind color($($rgb:literal),*)) => { Kind::Color(&[$(super::table::Color::new($rgb)),*]) };
    (@kind choice($($word:literal),*)) => { Kind::Choice(&[$($word),*]) };
    (@kind file($($ending:literal),*)) => { Kind::File(&[$($ending),*]) };
}

rows! {
    /// The skin: its surface and its colour.
    Skin skin "Skin" {
        smooth: amount, "Smooth", "Evens the skin's surface: blemishes fade, pores, folds and edges stay.",
            "At 1 blemishes keep 35 to 50 % of their contrast, at every size of face.";
        marks: amount, "Keep marks", "How much smoothing leaves of moles, freckles and other dark spots.",
            "At 0 they fade as blemishes do, at 1 they stay.";
        tone: amount, "Tone", "Evens blotches; blush, light and its colour stay, nothing gets lighter.",
            "At 1 blotches keep at most 60 %.";
        shine: amount, "Less shine", "Takes back the gloss of damp skin, as powder does.",
            "At 1 about half of it.";
        dark_circles: amount, "Dark circles", "Lightens the shade below the eyes toward the cheek's colour.",
            "At 1 by 70 % of the difference, at most 7 % of white.";
        folds: amount, "Folds", "Softens the folds between nose and mouth.", "At 1 by 80 %, at most 6 % of white.";
        brighten: both_ways, "Brighten", "Makes the skin brighter; no preset does.",
            "At 1 by about four steps of CIELAB's L*, whatever its tone; at -1 as much darker.";
        warmth: both_ways, "Warmth", "Makes the skin's colour warmer.", "At 1 more golden, at -1 cooler.";
        ruddy: both_ways, "Ruddy", "Makes the skin rosier.", "At 1 rosier, at -1 paler.";
    }
    /// The face's shape.
    Shape shape "Shape" {
        slim: amount, "Slim", "Narrows the face from the cheeks to the chin, toward its midline; eyes, nose and mouth stay.",
            "At 1 the jaw is 12 % narrower.";
        narrow: both_ways, "Width", "Makes the whole face narrower; the eyes almost stay.",
            "At 1 by 8 % between the cheeks, at -1 as much wider.";
        v_shape: amount, "V shape", "Draws the jaw into the shape of a V.", "At 1 it is 14 % narrower above the chin.";
        jaw: both_ways, "Jaw", "Makes the jaw's corners narrower.", "At 1 by 9 %, at -1 by 10 % wider.";
        chin: both_ways, "Chin", "Makes the chin longer.",
            "At 1 the face's part below the lip is 18 % longer, at -1 as much shorter.";
        cheekbones: both_ways, "Cheekbones", "Makes the cheekbones flatter.",
            "At 1 the face is 6 % narrower there, at -1 as much wider.";
        forehead: both_ways, "Forehead", "Makes the forehead higher; hair moves along near the face only, so keep it under a half where there is much.",
            "At 1 it is 18 % higher, at -1 17 % lower.";
        head: amount, "Small head", "Makes the whole head smaller; hair stays farther out, so keep it under a half where there is much.",
            "At 1 by 8 %.";
        eye_size: both_ways, "Eye size", "Makes the eyes larger; closed ones hardly.",
            "At 1 their opening by 35 %, at -1 by 29 % smaller.";
        eye_distance: both_ways, "Eye distance", "Moves the eyes apart.", "At 1 by 7 %, at -1 as much closer.";
        eye_height: both_ways, "Eye height", "Moves the eyes up.", "At 1 by 1.8 % of the face's height, at -1 as much down.";
        eye_angle: both_ways, "Eye angle", "Turns the eyes' outer corners up.", "At 1 by 6 degrees, at -1 as much down.";
        nose_width: both_ways, "Nose width", "Makes the nose narrower.", "At 1 by 17 % between its wings, at -1 as much wider.";
        nose_length: both_ways, "Nose length", "Makes the nose longer.", "At 1 by 5 %, at -1 as much shorter.";
        nose_bridge: amount, "Nose bridge", "Makes the bridge of the nose slimmer.", "At 1 by 25 %.";
        nose_tip: amount, "Nose tip", "Makes the tip of the nose slimmer.", "At 1 by 22 %.";
        mouth_size: both_ways, "Mouth size", "Makes the mouth larger.", "At 1 by 15 %, at -1 as much smaller.";
        mouth_position: both_ways, "Mouth height", "Moves the mouth up.",
            "At 1 it is 21 % closer to the nose, at -1 22 % farther away.";
        lip_fullness: both_ways, "Lips", "Makes the lips fuller.", "At 1 by 26 %, at -1 by 24 % thinner.";
        smile: amount, "Smile", "Raises the corners of the mouth; of one that is wide open half as much.",
            "At 1 by 8 % of the mouth's width.";
        brow_height: both_ways, "Brow height", "Raises the eyebrows.", "At 1 they are 12 % farther above the lids, at -1 as much closer.";
        brow_distance: both_ways, "Brow distance", "Moves the eyebrows apart.", "At 1 by 15 %, at -1 as much closer.";
    }
    /// The eyes.
    Eyes eyes "Eyes" {
        eye_whites: amount, "Eye whites", "Clears the whites of the eyes; shut ones stay as they are.",
            "At 1 they lose half of their colour and brighten by at most 6 steps of L*.";
        iris: amount, "Iris", "Brings out the pattern of the irises and their outer ring; catch-lights stay.",
            "At 1 the pattern has 17 % more contrast.";
        lens: amount, "Lenses", "Puts coloured lenses on the irises.", "At 1 nine tenths of it are seen on light irises, half of it on dark ones.";
        lens_color: color(0x6b8f71, 0x5f86a8, 0x8a6f4a, 0x7d7f86, 0x7a6a9a), "Lens color", "Which colour the lenses have.", "Nothing is seen of it while lens is 0.";
    }
    /// Teeth and lips.
    Mouth mouth "Mouth" {
        teeth: amount, "Teeth", "Takes the yellow out of teeth; gums, tongue and lips stay.",
            "At 1 by 65 %, and brighter by at most 5 % of white.";
        lipstick: amount, "Lipstick", "Paints the lips; their texture and the room's light stay.",
            "At 1 as the finish covers when it is put on in full.";
        lipstick_color: color(0xb5656a, 0xa44a52, 0xc9636a, 0x8e1530, 0xa00d26), "Lipstick color", "Which colour the lipstick has.", "Nothing is seen of it while lipstick is 0.";
        lipstick_finish: choice("sheer", "satin", "matte", "gloss"), "Finish", "How the lipstick covers and gleams.",
            "Sheer lets the lip through, satin covers, matte takes its gleam, gloss adds to it.";
    }
    /// What is painted onto the face.
    Makeup makeup "Make-up" {
        foundation: amount, "Foundation", "Evens the large differences of the face's colour; freckles stay.",
            "At 1 redness goes by 55 %.";
        foundation_tint: amount, "Foundation tint", "How far foundation goes toward its own colour.",
            "At 0 it is the face's own, at 1 half-way to the colour.";
        foundation_color: color(0xd9a98a, 0xf0d0b8, 0xc68e68, 0x9a6544, 0x6b432d), "Foundation color", "Which colour the foundation has.",
            "Nothing is seen of it while foundation_tint is 0.";
        contour: amount, "Contour", "Shades the face below the cheekbones, at temples, jaw and nose.", "At 1 by about a sixth.";
        highlight: amount, "Highlight", "Gives cheekbones, nose, brow and chin a gleam.", "At 1 by at most 11 % of white.";
        blush: amount, "Blush", "Puts rouge on the cheeks.", "At 1 as on a stage; a quarter is for every day.";
        blush_color: color(0xd9837a, 0xc9776f, 0xe58a72, 0xb5525a, 0xd06a6a), "Blush color", "Which colour the rouge has.", "Nothing is seen of it while blush is 0.";
        blush_style: choice("apple", "lifted", "sun"), "Blush style", "Where the rouge lies.",
            "Apple on the round of the cheeks, lifted toward the temples, sun across cheeks and nose.";
        eyeshadow: amount, "Eyeshadow", "Paints the upper lids up to the brows.", "At 1 the colour covers three quarters.";
        eyeshadow_color: color(0x8a6450, 0xb9825f, 0x5c3a46, 0xb8935a, 0x4f5d73), "Eyeshadow color", "Which colour the eyeshadow has.",
            "Nothing is seen of it while eyeshadow is 0.";
        eyeliner: amount, "Eyeliner", "Draws a line along the upper lashes; not in faces under 50 pixels.", "At 1 it covers nine tenths.";
        eyeliner_color: color(0x2a1d18, 0x120d0c, 0x4a2f24, 0x2b3350), "Eyeliner color", "Which colour the line has.", "Nothing is seen of it while eyeliner is 0.";
        eyeliner_width: amount, "Eyeliner width", "How thick the line is.", "At 0 a sixtieth of the eye's width, at 1 a tenth.";
        eyeliner_wing: amount, "Eyeliner wing", "How far the line goes on beyond the outer corner.",
            "At 0 it ends there, at 1 a third of the eye's width beyond.";
        lashes: amount, "Lashes", "Darkens the lashes that are there.", "At 1 their contrast is about doubled.";
        brows: amount, "Brows", "Fills thin brows and darkens their hairs; full ones hardly.", "At 1 gaps are filled by 60 %.";
        brows_tint: amount, "Brow tint", "How far the brows take on their own colour.", "At 0 they keep the hairs', at 1 the colour below.";
        brows_color: color(0x4a362b, 0x2a211d, 0x6e5138, 0x8a6a4a, 0x5b3b30), "Brow color", "Which colour the brows are filled with.", "Nothing is seen of it while brows_tint is 0.";
    }
}

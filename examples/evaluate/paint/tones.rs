//! Make-up on every tone of skin, and on what is no skin.

use glowup::face::topology as mesh;
use glowup::{Look, Makeup, Mouth};
use image::RgbaImage;

use super::sheets::around;
use super::{PRODUCT, SEEN, changes, lipstick, makeup, marked, mean, mean_at};
use crate::common::Failure;
use crate::sample::recoloured;
use crate::skin::{EXPOSURE, MONK};
use crate::table::{Series, list, percentile};
use crate::{Bench, Table, sheet};

/// The core of a mask: where it does at least this share of the most that it does.
const CORE: f32 = 0.6;
/// Which of the ten tones are light, mid and dark.
const GROUPS: [std::ops::Range<usize>; 3] = [0..4, 4..7, 7..10];

/// What is put on, each by itself at 1.
fn effects() -> [(&'static str, Look); 7] {
    [
        ("foundation", makeup(Makeup { foundation: 1.0, ..Makeup::NONE })),
        ("contour", makeup(Makeup { contour: 1.0, ..Makeup::NONE })),
        ("highlight", makeup(Makeup { highlight: 1.0, ..Makeup::NONE })),
        ("blush", makeup(Makeup { blush: 1.0, ..Makeup::NONE })),
        ("eyeshadow", makeup(Makeup { eyeshadow: 1.0, ..Makeup::NONE })),
        ("brows", makeup(Makeup { brows: 1.0, ..Makeup::NONE })),
        ("lipstick", lipstick("satin", PRODUCT)),
    ]
}

/// Ten tones of one face: each effect shall be seen alike on all of them, and lighten none.
pub fn tones(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table
        .title("Make-up at 1 on ten skin tones (Monk's scale, painted on the portrait): ΔE00 in the core of each mask");
    let sample = bench.samples()?[0].clone();
    let (plain, field) = (sample.skin(), bench.skin(&sample)?);
    let skin = marked(&plain);
    let faces = MONK.map(|tone| {
        let colour = [16, 8, 0].map(|shift| f32::from((tone >> shift) as u8) / 255.0 * EXPOSURE);
        recoloured(&sample, &plain, &field, colour)
    });
    let every: Vec<usize> = (0..plain.len()).collect();
    let shown = |picture: &RgbaImage| around(picture, &sample.face, &mesh::FACE_OVAL, [0.1, 0.1]);
    let mut rows: Vec<[RgbaImage; 8]> =
        faces.iter().map(|face| std::array::from_fn(|_| shown(&face.picture))).collect();
    for (column, (name, look)) in effects().into_iter().enumerate() {
        let (mut change, mut light) = (Vec::new(), Vec::new());
        for (face, row) in faces.iter().zip(&mut rows) {
            let after = bench.retouched(face, &look)?;
            change.push(changes(&face.picture, &after, &every));
            light.push(mean_at(&after, &skin)[0] - mean_at(&face.picture, &skin)[0]);
            row[column + 1] = shown(&after);
        }
        let whole: Vec<f32> =
            every.iter().map(|&at| change.iter().map(|change| change[at]).sum::<f32>() / 10.0).collect();
        let most = percentile(whole.iter().copied().filter(|v| *v > 0.5).collect(), 0.99);
        let core: Vec<usize> = every.iter().copied().filter(|&at| whole[at] >= (CORE * most).max(0.5)).collect();
        let each: Vec<f32> =
            change.iter().map(|change| mean(&core.iter().map(|&at| change[at]).collect::<Vec<_>>())).collect();
        let groups = GROUPS.map(|group| mean(&each[group]));
        let spread = groups.iter().copied().fold(0.0, f32::max) - groups.iter().copied().fold(f32::INFINITY, f32::min);
        table.judged(
            &format!("{name}, ten tones: light, mid and dark {}, apart by {spread:.1}", list(groups)),
            &list(each),
            "apart by < 5",
            spread < 5.0 && !core.is_empty(),
        );
        table.judged(
            &format!("{name}: mean change of the skin's L*"),
            &list(light.iter().copied()),
            "each ± 1",
            light.iter().all(|v| v.abs() <= 1.0),
        );
    }
    sheet::save(&sheet::grid(&rows, 240), &bench.out.join("makeup-tones.png"))
}

/// What is no skin, on the portraits.
pub fn spared(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Make-up at 1 on portraits: what is no skin (mean ΔE00 in polygons)");
    let soft = Look {
        mouth: Mouth { lipstick: 1.0, ..Mouth::NONE },
        ..makeup(Makeup { foundation: 1.0, contour: 1.0, highlight: 1.0, blush: 1.0, eyeshadow: 1.0, ..Makeup::NONE })
    };
    let lines = makeup(Makeup {
        eyeliner: 1.0,
        eyeliner_width: 0.5,
        eyeliner_wing: 0.5,
        lashes: 1.0,
        brows: 1.0,
        ..Makeup::NONE
    });
    for (what, look) in [("soft make-up and lipstick", soft), ("liner, lashes, brows", lines)] {
        let mut groups: [(&str, Series); 5] =
            ["hair", "glasses", "beard", "cloth", "background"].map(|group| (group, Series::new()));
        for portrait in bench.portraits()?.iter() {
            let sample = &portrait.sample;
            let after = bench.retouched(sample, &look)?;
            for polygon in &portrait.polygons {
                let places = polygon.places(sample.size());
                let group = groups.iter_mut().find(|(group, _)| *group == polygon.group());
                if let (Some((_, series)), false) = (group, places.is_empty()) {
                    let off = mean(&changes(&sample.picture, &after, &places));
                    series.push(format!("{}, {}", sample.name, polygon.label), off);
                }
            }
        }
        for (group, series) in groups.iter().filter(|(_, series)| !series.is_empty()) {
            table.keep(&format!("{what}: {group}"), series);
            table.judged(&format!("{what}: {group}"), &series.up_to(2), "each ≤ 0.5", series.most() <= 0.5);
        }
    }
    Ok(())
}

/// Which group a face belongs to, by the lightness of its skin in the picture: light, mid, dark.
pub fn group(lightness: f32) -> usize {
    usize::from(lightness < 62.0) + usize::from(lightness < 48.0)
}

/// The same on real faces, in three groups by how light their skin is in the picture.
pub fn groups(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let faces = bench.faces()?;
    table
        .title("Make-up at 1 on all faces: ΔE00 in the core of each mask, by how light the skin is, and the skin's L*");
    for (name, look) in effects() {
        let (mut light, mut strength) = (Series::new(), Series::new());
        let mut groups = [const { Series::new() }; 3];
        for portrait in faces.iter().filter(|portrait| portrait.sample.face.visibility >= SEEN) {
            let sample = &portrait.sample;
            let after = bench.retouched(sample, &look)?;
            let skin = marked(&sample.skin());
            let lightness = mean_at(&sample.picture, &skin)[0];
            light.push(&sample.name, mean_at(&after, &skin)[0] - lightness);
            let every: Vec<usize> = (0..sample.picture.pixels().len()).collect();
            let seen: Vec<f32> = changes(&sample.picture, &after, &every).into_iter().filter(|v| *v > 0.5).collect();
            let limit = CORE * percentile(seen.clone(), 0.99);
            let core = mean(&seen.into_iter().filter(|v| *v >= limit).collect::<Vec<_>>());
            groups[group(lightness)].push(&sample.name, core);
            strength.push(format!("{} (L* {lightness:.0})", sample.name), core);
        }
        table.keep(&format!("{name}: L*"), &light);
        table.keep(&format!("{name}: core"), &strength);
        let means: Vec<f32> = groups.iter().filter(|group| !group.is_empty()).map(Series::mean).collect();
        let [least, most] = [f32::min, f32::max].map(|of| means.iter().copied().reduce(of).unwrap_or_default());
        let counts = groups.each_ref().map(|group| group.values().count().to_string()).join(" + ");
        let (weakest, strongest) = (strength.down_to(1), strength.up_to(1));
        let text = format!("{} (of {counts}); weakest: {weakest}; strongest: {strongest}", list(means));
        table.judged(&format!("{name}: light, mid, dark"), &text, "apart by < 5", most - least < 5.0);
        let text = format!("mean {:+.2}, {:+.2} … {:+.2}", light.mean(), light.least(), light.most());
        let holds = light.values().all(|v| v.abs() <= 1.0);
        table.judged(&format!("{name}: mean change of the skin's L*"), &text, "each ± 1", holds);
    }
    Ok(())
}

//! Teeth: the yellow goes, gums, tongue and lips stay, and a shut mouth is left alone.

use glowup::{Look, Mouth};

use super::mouth::Parts;
use super::{SEEN, beyond, changed, changes, mean, mean_at};
use crate::common::Failure;
use crate::table::{Series, percentile};
use crate::{Bench, Table};

/// Teeth are yellow from this b* on.
const YELLOW: f32 = 8.0;

pub fn teeth(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let faces = bench.faces()?;
    let look = Look { mouth: Mouth { teeth: 1.0, ..Mouth::NONE }, ..Look::NONE };
    table.title("Teeth 1 (CIELAB)");
    let [mut yellow, mut all, mut light, mut red, mut most] = [const { Series::new() }; 5];
    let [mut lips, mut ring, mut shut] = [const { Series::new() }; 3];
    for portrait in faces.iter() {
        let (sample, name) = (&portrait.sample, &portrait.sample.name);
        let parts = Parts::of(sample);
        let after = bench.retouched(sample, &look)?;
        if parts.is_shut() {
            shut.push(name, changed(&sample.picture, &after) as f32);
            continue;
        }
        let of = |places: &[usize]| changes(&sample.picture, &after, places);
        lips.push(name, mean(&of(&parts.lips)));
        ring.push(name, mean(&of(&parts.ring)));
        if parts.gums.len() >= 30 {
            let gums = of(&parts.gums);
            red.push(name, mean(&gums));
            most.push(name, percentile(gums, 0.95));
        }
        if parts.shows_teeth() && sample.face.visibility >= SEEN {
            let (from, to) = (mean_at(&sample.picture, &parts.teeth), mean_at(&after, &parts.teeth));
            let what = format!("{name}, b* {:.1}", from[2]);
            light.push(name, to[0] - from[0]);
            all.push(&what, to[2] - from[2]);
            if from[2] >= YELLOW {
                yellow.push(what, to[2] - from[2]);
            }
        }
    }
    for (what, series) in [("b*", &all), ("L*", &light), ("gums, tongue", &red), ("lips", &lips), ("changed", &shut)] {
        table.keep(what, series);
    }
    // Each, worst first: the one that loses least.
    table.judged("change of b* of yellow teeth", &yellow.up_to(1), "each ≤ -1", yellow.most() <= -1.0);
    table.noted("change of b* of all teeth", &all.up_to(1));
    let text = format!("mean {:+.1}, {:+.1} … {:+.1}", light.mean(), light.least(), light.most());
    table.judged("change of their L*", &text, "each 0 … 6", light.values().all(|v| (-0.3..=6.0).contains(&v)));
    for (what, series) in [("gums and tongue", &red), ("lips", &lips), ("skin around the lips", &ring)] {
        let text = format!("{}; beyond: {}", series.up_to(2), beyond(series, 0.5, 2));
        table.judged(&format!("{what}: mean ΔE00"), &text, "each ≤ 0.5", series.most() <= 0.5);
    }
    table.noted("gums and tongue: 95th percentile of ΔE00", &most.up_to(1));
    let text = format!("{} mouths; changed: {}", shut.values().count(), beyond(&shut, 0.0, 0));
    table.judged("pixels changed where the mouth is shut", &text, "0", shut.most() <= 0.0);
    Ok(())
}

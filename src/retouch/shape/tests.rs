//! What only the nodes themselves can tell: how close the field comes to folding, and what it costs.

use std::time::Instant;

use super::{ShapePlan, ShapeSolver};
use crate::retouch::outline::Others;
use crate::retouch::region::Axes;
use crate::retouch::{FaceGeometry, Plan};
use crate::{Face, Kind, Look};

const FRAME: u32 = 800;

/// The faces that `tests/shape.rs` measures on, 300 pixels wide.
fn faces() -> Vec<Face> {
    let lines = include_str!("../../../tests/data/shape_faces.jsonl").lines();
    let face = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut points: Vec<[f32; 3]> = serde_json::from_value(value["points"].clone()).unwrap();
        points.iter_mut().for_each(|point| (0..2).for_each(|axis| point[axis] += FRAME as f32 / 2.0));
        Face { points, visibility: 1.0, ..Face::default() }
    };
    lines.map(face).collect()
}

fn look(mut amount: impl FnMut(usize, f32) -> f32) -> Look {
    let mut look = Look::NONE;
    for (index, row) in Look::ROWS.iter().filter(|row| row.group.name == "shape").enumerate() {
        let Kind::Amount { min } = row.kind else { panic!("{} is an amount", row.name) };
        row.set(&mut look, amount(index, min)).unwrap();
    }
    look
}

/// Random numbers from 0 to 1, the same each time (Vigna's SplitMix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    }
}

#[test]
fn no_mixture_of_amounts_folds_a_face() {
    let faces = faces();
    let mut solver = ShapeSolver::default();
    let mut plan = ShapePlan::default();
    let mut rng = Rng(3);
    let count = Look::ROWS.iter().filter(|row| row.group.name == "shape").count();
    let mut looks: Vec<(String, Look)> = (0..count)
        .flat_map(|one| {
            [(one, 1.0), (one, -1.0)].map(|(one, amount)| {
                let look = look(|index, min| if index == one { f32::max(amount, min) } else { 0.0 });
                (
                    format!(
                        "{} {amount}",
                        Look::ROWS.iter().filter(|row| row.group.name == "shape").nth(one).unwrap().name
                    ),
                    look,
                )
            })
        })
        .collect();
    looks.push(("all at 1".to_owned(), look(|_, _| 1.0)));
    looks.push(("all at their least".to_owned(), look(|_, min| min)));
    looks.extend((0..200).map(|index| (format!("mixture {index}"), look(|_, min| min + (1.0 - min) * rng.next()))));
    let mut least = Vec::new();
    let start = Instant::now();
    for (name, look) in &looks {
        for (index, face) in faces.iter().enumerate() {
            plan.update(&FaceGeometry::of(face, (FRAME, FRAME)).unwrap(), &look.shape, Others::NONE, &mut solver, 0);
            if !plan.is_none() {
                least.push((plan.field.least_area(plan.rect), name.as_str(), index));
            }
        }
    }
    println!("{} fields in {:?}", least.len(), start.elapsed());
    least.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("least areas: {:.3?}", &least[..12]);
    let single: Vec<_> =
        least.iter().filter(|(_, name, _)| !name.starts_with("mixture") && !name.starts_with("all")).collect();
    println!("of single amounts: {:.3?}", &single[..8]);
    assert!(least[0].0 >= 0.35, "{:?}", least[0]);
}

#[test]
fn a_face_is_computed_alike_whatever_came_before() {
    let faces = faces();
    let (mut solver, mut plan) = (ShapeSolver::default(), ShapePlan::default());
    let all = look(|_, _| 1.0);
    for (index, face) in faces.iter().enumerate() {
        // A little off, so that what one face leaves behind lies elsewhere.
        let mut face = face.clone();
        face.points.iter_mut().for_each(|point| point[index % 2] += 23.0 * (index % 7) as f32);
        let geometry = FaceGeometry::of(&face, (FRAME, FRAME)).unwrap();
        plan.update(&geometry, &all.shape, Others::NONE, &mut solver, 0);
        let mut fresh = ShapePlan::default();
        fresh.update(&geometry, &all.shape, Others::NONE, &mut ShapeSolver::default(), 0);
        assert!(plan.field.nodes() == fresh.field.nodes(), "{index}");
    }
}

/// What the plan of a face's shape costs: `cargo test --release --lib shape::tests::time -- --ignored --nocapture`.
#[test]
#[ignore = "prints times"]
fn time_of_a_face() {
    let faces = faces();
    let mut solver = ShapeSolver::default();
    let mut plan = ShapePlan::default();
    let slim = look(|index, _| if index == 0 { 1.0 } else { 0.0 });
    let mut three = slim.clone();
    (three.shape.eye_size, three.shape.nose_width) = (0.5, 0.5);
    for (name, look) in [
        ("slim", &slim),
        ("slim, eye_size, nose_width", &three),
        ("all at a half", &look(|_, _| 0.5)),
        ("all at 1", &look(|_, _| 1.0)),
    ] {
        let mut times: Vec<f64> = (0..60)
            .flat_map(|_| {
                faces
                    .iter()
                    .map(|face| {
                        let geometry = FaceGeometry::of(face, (FRAME, FRAME)).unwrap();
                        let start = Instant::now();
                        plan.update(&geometry, &look.shape, Others::NONE, &mut solver, 0);
                        start.elapsed().as_secs_f64() * 1e6
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let mut whole = Plan::default();
        let mut wholes: Vec<f64> = (0..200)
            .map(|k| {
                let start = Instant::now();
                whole.update((FRAME, FRAME), &faces[k % 16..][..1], look.into(), false).unwrap();
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        wholes.sort_by(f64::total_cmp);
        println!("whole plan {:.0}", wholes[100]);
        println!(
            "{name}: {:.0} µs, p10 {:.0}, p90 {:.0}",
            times[times.len() / 2],
            times[times.len() / 10],
            times[times.len() * 9 / 10]
        );
    }
}

/// Landmarks that tremble move what is behind the face less than a field of each frame's own would, and the face itself as much.
#[test]
fn what_is_behind_a_trembling_face_rests() {
    const FRAMES: usize = 80;
    let face = faces().swap_remove(5);
    let slim = look(|index, _| if index == 0 { 1.0 } else { 0.0 });
    let mut rng = Rng(8);
    let mut spreads = [[0.0_f32; 2]; 2];
    // A place behind the jaw and one on the cheek.
    let at = |face: &Face, index: usize, share: f32| {
        let (p, nose) = (face.points[index], face.points[1]);
        [0, 1].map(|axis: usize| nose[axis] + share * (p[axis] - nose[axis]))
    };
    let places = [at(&face, 172, 1.15), at(&face, 172, 0.75)];
    for (kind, spreads) in spreads.iter_mut().enumerate() {
        let mut plan = Plan::default();
        let mut values = Vec::new();
        for _ in 0..FRAMES {
            let mut face = face.clone();
            face.points.as_flattened_mut().iter_mut().for_each(|value| *value += 2.0 * (rng.next() - 0.5));
            if kind == 0 {
                plan.reset();
            }
            plan.update((FRAME, FRAME), &[face], (&slim).into(), false).unwrap();
            let shape = &plan.faces()[0].shape;
            values.push(places.map(|place| shape.field.at(place, shape.rect)[0]));
        }
        for (place, spread) in spreads.iter_mut().enumerate() {
            // Second differences tell what trembles.
            let second = |w: &[[f32; 2]]| (w[0][place] - 2.0 * w[1][place] + w[2][place]).powi(2);
            *spread = (values[20..].windows(3).map(second).sum::<f32>() / (FRAMES - 22) as f32).sqrt();
        }
    }
    println!("second differences, behind and on the face: {spreads:.3?}");
    let [[alone, alone_on], [kept, kept_on]] = spreads;
    assert!(kept < 0.6 * alone && kept_on > 0.8 * alone_on);
}

/// How unsteadily the picture behind a moving face is bent: `landmarks CLIP --json FACES`, then
/// `GLOWUP_FACES=FACES cargo test --release --lib shape::tests::unsteadiness -- --ignored --nocapture`.
#[test]
#[ignore = "prints what it measures on a clip of one's own"]
fn unsteadiness_behind_a_face() {
    let path = std::env::var("GLOWUP_FACES").expect("GLOWUP_FACES names the landmarks of a clip");
    let mut look = Look::NONE;
    look.set("slim", 1.0).unwrap();
    let mut plan = Plan::default();
    let (mut shifts, mut steps): (Vec<Vec<[f32; 2]>>, Vec<f32>) = (Vec::new(), Vec::new());
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let size = ["width", "height"].map(|name| value[name].as_u64().unwrap() as u32);
        let faces = value["faces"].as_array().unwrap();
        let Some(face) = faces.first() else {
            shifts.clear();
            continue;
        };
        let points: Vec<[f32; 3]> = serde_json::from_value(face["points"].clone()).unwrap();
        let face = Face { id: face["id"].as_u64().unwrap(), points, visibility: 1.0, ..Face::default() };
        plan.update((size[0], size[1]), std::slice::from_ref(&face), (&look).into(), false).unwrap();
        let Some(shape) = plan.faces().first().map(|plan| &plan.shape) else { continue };
        // Places that keep to the face, so that what is seen is the field's own unrest and not the head's motion.
        let axes = Axes::of(&face.points).unwrap();
        let grid = || (-25..=25).map(|step| step as f32 * 0.04);
        let places: Vec<[f32; 2]> = grid().flat_map(|y| grid().map(move |x| axes.place([x, y]))).collect();
        let width = axes.width;
        let outline: Vec<[f32; 2]> =
            crate::face::topology::FACE_OVAL.map(|at| [0, 1].map(|axis| face.points[usize::from(at)][axis])).to_vec();
        let near = |place: [f32; 2]| {
            let distance = |point: &[f32; 2]| (point[0] - place[0]).hypot(point[1] - place[1]);
            outline.iter().map(distance).fold(f32::INFINITY, f32::min)
        };
        let inside = |place: [f32; 2]| {
            let ends = outline.iter().zip(outline.iter().cycle().skip(1));
            ends.filter(|(a, b)| (a[1] > place[1]) != (b[1] > place[1]))
                .filter(|(a, b)| place[0] < a[0] + (place[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
                .count()
                % 2
                == 1
        };
        shifts.push(places.iter().map(|place| shape.field.at(*place, shape.rect)).collect());
        if let [.., first, second, third] = shifts.as_slice() {
            for (index, place) in places.iter().enumerate() {
                if (0.06..0.25).contains(&(near(*place) / width)) && !inside(*place) {
                    let off = [0, 1].map(|axis| first[index][axis] - 2.0 * second[index][axis] + third[index][axis]);
                    steps.push(off[0].hypot(off[1]) * 300.0 / width);
                }
            }
        }
    }
    let rms = (steps.iter().map(|step| step * step).sum::<f32>() / steps.len() as f32).sqrt();
    steps.sort_by(f32::total_cmp);
    let at = |share: f32| steps[((steps.len() - 1) as f32 * share) as usize];
    println!(
        "second difference behind the face, px of a face 300 wide: rms {rms:.3}, median {:.3}, 95 % {:.3}, 99 % {:.3}",
        at(0.5),
        at(0.95),
        at(0.99)
    );
}

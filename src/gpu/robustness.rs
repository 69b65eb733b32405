//! A thousand sets of landmarks that a tracker or a host could come up with: turned to any side, mirrored, near, far, half
//! outside, torn by noise, collapsed, many at once. Nothing of them may leave a trace beyond its reach, fold the picture, or
//! be no number.

use super::{Gpu, GpuOptions, Renderer};
use crate::face::topology::{CHIN, FACE_OVAL, FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK};
use crate::retouch::Plan;
use crate::retouch::region::{Axes, at};
use crate::{Error, Face, FaceTracker, Frame, FrameMut, Look, Skin, TrackerOptions};

const SETS: u64 = 1000;

/// Every amount of the shape at once, and the skin evened.
fn all() -> Look {
    let skin = Skin { smooth: 1.0, tone: 1.0, shine: 1.0, dark_circles: 1.0, folds: 1.0, ..Skin::NONE };
    let mut look = Look { skin, ..Look::NONE };
    for row in Look::ROWS.iter().filter(|row| row.group.name == "shape") {
        row.set(&mut look, 1.0).unwrap();
    }
    look
}

/// Random numbers, the same each time (Vigna's SplitMix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn portrait() -> Face {
    let picture = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
    let frame = Frame::rgba8(&picture, picture.width(), picture.height()).unwrap();
    FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap().remove(0)
}

/// The head's width, from cheek to cheek in space, or as much of its height.
fn width(face: &Face) -> f32 {
    let between = |a: u16, b: u16| {
        let (a, b) = (face.points[usize::from(a)], face.points[usize::from(b)]);
        [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
    };
    let [x, y, z] = between(LEFT_CHEEK, RIGHT_CHEEK);
    let [u, v, _] = between(CHIN, FOREHEAD);
    (x * x + y * y + z * z).sqrt().max(0.6 * u.hypot(v))
}

/// A face turned in space by yaw, pitch and roll, scaled, and moved so that its middle lies at `centre`.
fn turned(face: &Face, id: u64, turns: [f32; 3], scale: f32, centre: [f32; 2]) -> Face {
    let count = face.points.len() as f32;
    let middle: [f32; 3] = std::array::from_fn(|axis| face.points.iter().map(|p| p[axis]).sum::<f32>() / count);
    let [yaw, pitch, roll] = turns.map(f32::sin_cos);
    let points = face.points.iter().map(|point| {
        let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| (point[axis] - middle[axis]) * scale);
        let (x, z) = (x * yaw.1 + z * yaw.0, z * yaw.1 - x * yaw.0);
        let (y, z) = (y * pitch.1 - z * pitch.0, z * pitch.1 + y * pitch.0);
        [centre[0] + x * roll.1 - y * roll.0, centre[1] + x * roll.0 + y * roll.1, z]
    });
    Face { id, score: 1.0, visibility: 1.0, points: points.collect(), ..Face::default() }
}

/// The faces of one set, and the kind that they are of.
fn set(face: &Face, index: u64, rng: &mut Rng, size: (u32, u32)) -> (Vec<Face>, &'static str) {
    use std::f32::consts::{FRAC_PI_2, PI};
    let (w, h) = (size.0 as f32, size.1 as f32);
    let one = |rng: &mut Rng, turns: [f32; 3], beyond: f32| {
        let scale = (rng.between(-1.5, 1.2)).exp2();
        let place = |side: f32, rng: &mut Rng| rng.between(-beyond * side, (1.0 + beyond) * side);
        let centre = [place(w, rng), place(h, rng)];
        let mut face = turned(face, rng.below(40), turns, scale, centre);
        face.visibility = rng.between(0.05, 1.0);
        face
    };
    let roll = rng.between(-PI, PI);
    match index % 8 {
        0 => (vec![one(rng, [0.0, 0.0, roll], 0.0)], "rolled"),
        1 => {
            // Past the profile, where the far half is hidden.
            let (yaw, pitch) = (rng.between(-1.1, 1.1) * FRAC_PI_2, rng.between(-0.7, 0.7));
            (vec![one(rng, [yaw, pitch, roll * 0.2], 0.0)], "turned away")
        }
        2 => (vec![one(rng, [0.0, 0.0, roll * 0.1], 0.5)], "half out"),
        3 => {
            let mut face = one(rng, [0.0, 0.0, roll], 0.1);
            face.points.iter_mut().for_each(|point| point[0] = w - point[0]);
            (vec![face], "mirrored")
        }
        4 => {
            let mut face = one(rng, [0.0; 3], 0.1);
            let most = width(&face) * rng.between(0.02, 0.6);
            for value in face.points.as_flattened_mut() {
                *value += rng.between(-most, most);
            }
            (vec![face], "torn")
        }
        5 => {
            let mut face = one(rng, [0.0, 0.0, roll], 0.1);
            let (axis, squeezed) = (rng.below(3) as usize, rng.between(0.0, 0.15));
            let at = face.points[0][axis];
            face.points.iter_mut().for_each(|point| point[axis] = at + (point[axis] - at) * squeezed);
            (vec![face], "collapsed")
        }
        6 => {
            let count = 2 + rng.below(4);
            let faces = (0..count).map(|_| {
                let turns = [rng.between(-1.0, 1.0), 0.0, rng.between(-0.6, 0.6)];
                one(rng, turns, 0.2)
            });
            (faces.collect(), "several")
        }
        _ => {
            let mut face = one(rng, [0.0; 3], 0.1);
            let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, f32::MAX][rng.below(6) as usize];
            let values = face.points.as_flattened_mut();
            values[rng.below(values.len() as u64) as usize] = bad;
            (vec![face], "no numbers")
        }
    }
}

/// Whether a place lies where a neck may be, in the face's own axes: below the eyes, half a width beside the outline, 0.8 of a
/// width below the chin.
fn on_neck(face: &Face, place: [f32; 2]) -> bool {
    let Some(axes) = Axes::of(&face.points) else { return false };
    let oval = || FACE_OVAL.iter().map(|&index| axes.in_widths(at(&face.points, index))[0]);
    let ([u, v], chin) = (axes.in_widths(place), axes.length / axes.width);
    let beside = u - u.clamp(oval().fold(f32::INFINITY, f32::min), oval().fold(f32::NEG_INFINITY, f32::max));
    beside.abs() <= 0.5 && v > 0.0 && v <= chin + 0.82
}

/// Whether a pixel lies inside a face, within half its width of its outline, or on its neck.
fn within_reach(face: &Face, x: f32, y: f32) -> bool {
    let reach = width(face) / 2.0;
    if on_neck(face, [x, y]) {
        return true;
    }
    let at = |index: u16| face.points[usize::from(index)];
    let mut inside = false;
    let mut previous = at(FACE_OVAL[FACE_OVAL.len() - 1]);
    for corner in FACE_OVAL.map(at) {
        let (along, to) = ([corner[0] - previous[0], corner[1] - previous[1]], [x - previous[0], y - previous[1]]);
        let share = (to[0] * along[0] + to[1] * along[1]) / (along[0] * along[0] + along[1] * along[1]).max(1e-9);
        let share = share.clamp(0.0, 1.0);
        if (to[0] - share * along[0]).hypot(to[1] - share * along[1]) <= reach {
            return true;
        }
        if (previous[1] <= y) != (corner[1] <= y) && previous[0] + (y - previous[1]) / along[1] * along[0] > x {
            inside = !inside;
        }
        previous = corner;
    }
    inside
}

#[test]
fn a_thousand_sets_of_landmarks() {
    let (face, all) = (portrait(), all());
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    let mut rng = Rng(7);
    let mut plan = Plan::default();
    let (mut refused, mut reached, mut spared, mut changed) = (0, 0_u64, 0_u64, 0_u64);
    let mut flattest = Vec::new();
    for index in 0..SETS {
        let size = (40 + rng.below(120) as u32, 40 + rng.below(120) as u32);
        let (faces, kind) = set(&face, index, &mut rng, size);
        let noise: Vec<u8> = (0..size.0 * size.1 * 4).map(|_| rng.next() as u8).collect();
        let mut picture = noise.clone();
        let outcome = renderer.retouch(&mut FrameMut::rgba8(&mut picture, size.0, size.1).unwrap(), &faces, &all);
        if kind == "no numbers" {
            assert!(matches!(outcome, Err(Error::BadLandmarks { face: 0, .. })), "{index}: {outcome:?}");
            assert!(picture == noise, "{index}");
            refused += 1;
            continue;
        }
        assert_eq!(outcome, Ok(()), "{index} {kind}");
        for (at, (before, after)) in noise.chunks_exact(4).zip(picture.chunks_exact(4)).enumerate() {
            let (x, y) = ((at as u32 % size.0) as f32 + 0.5, (at as u32 / size.0) as f32 + 0.5);
            let near = faces.iter().any(|face| within_reach(face, x, y));
            assert!(near || before == after, "{index} {kind}: {x}, {y} changed");
            reached += u64::from(near);
            spared += u64::from(!near);
            changed += u64::from(before != after);
        }
        // What is no number anywhere on the way would show in a flat picture: nothing there can be evened or moved.
        let colour = [180_u8, 140, 120, 255];
        renderer.reset();
        let mut flat = colour.repeat((size.0 * size.1) as usize);
        renderer.retouch(&mut FrameMut::rgba8(&mut flat, size.0, size.1).unwrap(), &faces, &all).unwrap();
        for pixel in flat.chunks_exact(4) {
            let off = pixel.iter().zip(colour).map(|(&a, b)| a.abs_diff(b)).max().unwrap_or_default();
            assert!(off <= 1, "{index} {kind}: {pixel:?} in a flat picture");
        }
        plan.update(size, &faces, (&all).into(), false).unwrap();
        flattest.extend(
            plan.faces()
                .iter()
                .filter(|face| !face.shape.is_none())
                .map(|face| (face.shape.field.least_area(face.shape.rect), index, kind)),
        );
    }
    flattest.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Whole faces are gentle enough by themselves, and so keep all of their effect.
    for (yaw, roll) in [(0.0, 0.0), (0.5, 0.3), (1.0, -0.8), (0.0, 1.5)] {
        plan.reset();
        plan.update((600, 600), &[turned(&face, 1, [yaw, 0.0, roll], 1.0, [300.0, 300.0])], (&all).into(), false)
            .unwrap();
        assert!(
            plan.faces().iter().all(|face| face.shape.field.least_area(face.shape.rect) > 0.38),
            "yaw {yaw}, roll {roll}"
        );
    }
    println!("{refused} sets refused; {reached} pixels within reach, {changed} changed, {spared} spared");
    println!("{} fields, flattest {:?}", flattest.len(), flattest.iter().take(12).collect::<Vec<_>>());
    assert!(refused >= 100 && spared > 1_000_000 && changed > 1_000_000);
    assert!(flattest.len() > 250 && flattest[0].0 > 0.3, "folded: {:?}", flattest[0]);
}

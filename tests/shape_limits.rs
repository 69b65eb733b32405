//! What a shape leaves alone: what is far, other faces, what the frame cuts or something hides; and that it neither trembles nor
//! pops.

#[path = "support/shapes.rs"]
mod shapes;
mod support;

use glowup::face::PartConfidence;
use glowup::face::topology::{FACE_OVAL, LEFT_EYE, RIGHT_EYE};
use glowup::{Face, Look, Warp};
use shapes::{Point, Rng, SAMPLES, SIDE, WIDTH, area, flat, look, mean, moved, outside, places, span, warp};
use support::inside;

/// The shape's amounts, each drawn at random from its range.
fn mixture(rng: &mut Rng) -> Vec<(&'static str, f32)> {
    let rows = Look::ROWS.iter().filter(|row| row.group.name == "shape");
    rows.map(|row| {
        (row.name, {
            let glowup::Kind::Amount { min } = row.kind else { panic!("{} is an amount", row.name) };
            rng.between(min, 1.0)
        })
    })
    .collect()
}

#[test]
fn nothing_moves_far_from_the_face() {
    let mut sum = 0.0;
    for sample in SAMPLES.iter() {
        for amounts in [vec![("slim", 1.0)], vec![("head", 1.0), ("slim", 1.0), ("chin", 1.0), ("forehead", -1.0)]] {
            let warp = warp(&sample.face, &look(&amounts));
            for place in places(7) {
                let [u, v] = warp.displacement(place);
                sum += u.abs() + v.abs();
                assert!(
                    [u, v] == [0.0; 2] || outside(&sample.face, place) < 0.45 * WIDTH,
                    "{}: {place:?} moves by {u}, {v}",
                    sample.name
                );
            }
        }
    }
    assert!(sum > 0.0);
}

/// A face as a mirror shows it.
fn in_a_mirror(face: &Face) -> Face {
    let mut mirrored = face.clone();
    mirrored.points.iter_mut().for_each(|point| point[0] = SIDE as f32 - point[0]);
    mirrored
}

#[test]
fn a_mirrored_face_moves_as_its_mirror_image() {
    let mut rng = Rng(5);
    for sample in SAMPLES.iter() {
        let look = look(&mixture(&mut rng));
        let (plain, mirrored) = (warp(&sample.face, &look), warp(&in_a_mirror(&sample.face), &look));
        let mut most = 0.0_f32;
        for place in places(9) {
            let (a, b) = (plain.displacement(place), mirrored.displacement([SIDE as f32 - place[0], place[1]]));
            most = most.max((a[0] + b[0]).hypot(a[1] - b[1]) / WIDTH);
        }
        println!("{}: {:.5} of the width", sample.name, most);
        assert!(most < 0.001, "{}: {most}", sample.name);
    }
}

#[test]
fn noise_of_the_landmarks_is_not_passed_on() {
    const SPREAD: f32 = 0.5;
    let mut rng = Rng(9);
    let look = look(&[("slim", 1.0)]);
    let mut gains = Vec::new();
    for sample in SAMPLES.iter() {
        let runs: Vec<Warp> = (0..24)
            .map(|_| {
                let mut face = sample.face.clone();
                face.points.as_flattened_mut().iter_mut().for_each(|value| *value += SPREAD * rng.normal());
                warp(&face, &look)
            })
            .collect();
        // On the face and behind it.
        let mut spread = [(0.0, 0.0); 2];
        let mut worst = (0.0, [0.0; 2]);
        for place in places(7) {
            let values: Vec<Point> = runs.iter().map(|warp| warp.displacement(place)).collect();
            let off = outside(&sample.face, place);
            if off > 0.2 * WIDTH {
                continue;
            }
            let variance = |axis: usize| {
                let values: Vec<f32> = values.iter().map(|value| value[axis]).collect();
                let middle = mean(&values);
                mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>())
            };
            let variance = (variance(0) + variance(1)) / 2.0;
            let (sum, count) = &mut spread[usize::from(off > 0.0)];
            *sum += variance;
            *count += 1.0;
            if variance > worst.0 {
                worst = (variance, place);
            }
        }
        let [on, behind] = spread.map(|(sum, count): (f32, f32)| (sum / count).sqrt() / SPREAD);
        println!(
            "{}: on the face {on:.3}, behind it {behind:.3}; most {:.2} at {:?}",
            sample.name,
            worst.0.sqrt() / SPREAD,
            worst.1
        );
        gains.push((on, behind));
    }
    let (on, behind): (Vec<f32>, Vec<f32>) = gains.into_iter().unzip();
    println!("mean: on the face {:.3}, behind it {:.3}", mean(&on), mean(&behind));
    assert!(mean(&on) <= 0.2 && mean(&behind) <= 0.2);
}

/// A face turned further about its vertical axis.
fn turned(face: &Face, degrees: f32) -> Face {
    let (s, c) = degrees.to_radians().sin_cos();
    let middle = SIDE as f32 / 2.0;
    let mut turned = face.clone();
    for point in &mut turned.points {
        let (x, z) = (point[0] - middle, point[2]);
        (point[0], point[2]) = (middle + c * x - s * z, s * x + c * z);
    }
    turned
}

#[test]
fn turning_the_head_lets_nothing_pop() {
    let look = look(&[("slim", 1.0), ("eye_size", 1.0), ("nose_width", 1.0), ("lip_fullness", 1.0)]);
    let sample = &SAMPLES[5];
    let mut before: Option<Warp> = None;
    let mut steps = Vec::new();
    for degrees in -70..=70 {
        let now = warp(&turned(&sample.face, degrees as f32), &look);
        if let Some(before) = before {
            let off = places(9).map(|place| {
                let (a, b) = (before.displacement(place), now.displacement(place));
                (a[0] - b[0]).hypot(a[1] - b[1])
            });
            steps.push((off.fold(0.0, f32::max), degrees));
        }
        before = Some(now);
    }
    steps.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("largest steps, in pixels of a face 300 wide, a degree: {:.2?}", &steps[..8]);
    assert!(steps[0].0 < 6.0, "{:?}", steps[0]);
}

#[test]
fn faces_keep_out_of_each_other() {
    for (sample, other) in [(0, 5), (6, 7), (9, 12)] {
        for gap in [0.0, 0.03, 0.1, 0.2] {
            let mut faces = [SAMPLES[sample].face.clone(), SAMPLES[other].face.clone()];
            let ends = |face: &Face| {
                let across = FACE_OVAL.map(|index| face.points[usize::from(index)][0]);
                [across.iter().copied().fold(f32::INFINITY, f32::min), across.iter().copied().fold(0.0, f32::max)]
            };
            faces[0].points.iter_mut().for_each(|point| point[0] -= 180.0);
            let by = ends(&faces[0])[1] + gap * WIDTH - ends(&faces[1])[0];
            faces[1].points.iter_mut().for_each(|point| point[0] += by);
            let look = look(&[("slim", 1.0), ("head", 0.5), ("chin", 0.5)]);
            let warps = Warp::all(&faces, SIDE, SIDE, &look).unwrap();
            let mut most = 0.0_f32;
            let mut least = f32::INFINITY;
            for place in places(3) {
                for (warp, other) in warps.iter().zip(faces.iter().rev()) {
                    if inside(other, &FACE_OVAL, place[0], place[1]) {
                        let [u, v] = warp.displacement(place);
                        most = most.max(u.hypot(v) / WIDTH);
                    }
                }
                let [a, b] = [0, 1].map(|k: usize| warps[k].jacobian(place));
                let sum: [[f32; 2]; 2] = std::array::from_fn(|row| {
                    std::array::from_fn(|column| a[row][column] + b[row][column] - f32::from(u8::from(row == column)))
                });
                least = least.min(sum[0][0] * sum[1][1] - sum[0][1] * sum[1][0]);
            }
            println!("gap {gap}: other face moved by {most:.4} of the width, least Jacobian of both {least:.2}");
            assert!(most <= 0.005 && least >= 0.35);
        }
    }
}

#[test]
fn a_face_that_leaves_the_frame_is_not_half_slimmed() {
    let face = &SAMPLES[5].face;
    let mut before = f32::INFINITY;
    for out in [0.0, 100.0, 200.0, 220.0, 240.0, 260.0, 280.0, 300.0, 320.0, 360.0, 400.0, 440.0, 480.0, 520.0] {
        let mut face = face.clone();
        face.points.iter_mut().for_each(|point| point[0] -= out);
        let warp = warp(&face, &look(&[("slim", 1.0)]));
        let by = |index: usize| {
            let point = [face.points[index][0], face.points[index][1]];
            let to = warp.moved(point);
            (to[0] - point[0]).abs()
        };
        let (right, left) = (by(172), by(397));
        println!("out by {out}: right {right:.1}, left {left:.1} px");
        assert!((right - left).abs() < 3.0, "{out}: {right} and {left}");
        assert!(left <= before + 0.5);
        before = left;
    }
    assert!(before < 0.1);
}

#[test]
fn what_is_hidden_is_left_alone() {
    let mut face = SAMPLES[5].face.clone();
    let look = look(&[("eye_size", 1.0), ("mouth_size", 1.0)]);
    let mut changes = |right_eye: f32, left_eye: f32, mouth: f32| {
        face.parts = PartConfidence { right_eye, left_eye, mouth, jaw: 1.0 };
        let (from, to) = (flat(&face), moved(&face, &look));
        [
            area(&to, &RIGHT_EYE) / area(&from, &RIGHT_EYE),
            area(&to, &LEFT_EYE) / area(&from, &LEFT_EYE),
            span(61, 291)(&from, &to),
        ]
    };
    let [right, left, mouth] = changes(1.0, 1.0, 1.0);
    assert!(right > 1.2 && left > 1.2 && mouth > 10.0);
    let [right, left, mouth] = changes(0.0, 1.0, 0.1);
    assert!(right < 1.03 && left > 1.2 && mouth < 1.0, "{right} {left} {mouth}");
}

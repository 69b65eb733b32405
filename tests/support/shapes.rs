//! The faces that shapes are measured on, and measures.

// Each test uses its own part of this.
#![allow(dead_code)]

use std::sync::LazyLock;

use glowup::face::topology::FACE_OVAL;
use glowup::{Face, Look, Warp};

use crate::support::inside;

/// The frame that faces are measured in, and how wide they are in it.
pub const SIDE: u32 = 800;
pub const WIDTH: f32 = 300.0;

pub type Point = [f32; 2];

pub struct Sample {
    pub name: String,
    pub face: Face,
}

impl Sample {
    pub fn yaw(&self) -> f32 {
        self.face.pose().yaw.abs()
    }

    pub fn is_frontal(&self) -> bool {
        self.yaw() < 10.0
    }
}

pub static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let lines = include_str!("../data/shape_faces.jsonl").lines();
    lines
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut points: Vec<[f32; 3]> = serde_json::from_value(value["points"].clone()).unwrap();
            points.iter_mut().for_each(|point| (0..2).for_each(|axis| point[axis] += SIDE as f32 / 2.0));
            let face = Face { points, visibility: 1.0, ..Face::default() };
            Sample { name: value["name"].as_str().unwrap().to_owned(), face }
        })
        .collect()
});

pub fn look(amounts: &[(&str, f32)]) -> Look {
    let mut look = Look::NONE;
    amounts.iter().for_each(|&(name, amount)| look.set(name, amount).unwrap());
    look
}

pub fn warp(face: &Face, look: &Look) -> Warp {
    Warp::new(face, SIDE, SIDE, look).unwrap()
}

/// The face's points where a look moves them to.
pub fn moved(face: &Face, look: &Look) -> Vec<Point> {
    let warp = warp(face, look);
    face.points.iter().map(|point| warp.moved([point[0], point[1]])).collect()
}

pub fn flat(face: &Face) -> Vec<Point> {
    face.points.iter().map(|point| [point[0], point[1]]).collect()
}

pub fn distance(points: &[Point], a: usize, b: usize) -> f32 {
    (points[a][0] - points[b][0]).hypot(points[a][1] - points[b][1])
}

pub fn area(points: &[Point], contour: &[u16]) -> f32 {
    let corner = |k: usize| points[usize::from(contour[k % contour.len()])];
    let twice: f32 =
        (0..contour.len()).map(|k| corner(k)[0] * corner(k + 1)[1] - corner(k)[1] * corner(k + 1)[0]).sum();
    twice.abs() / 2.0
}

pub fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// The shape's amounts and their ends.
pub fn ends() -> Vec<(&'static str, f32)> {
    let rows = Look::ROWS.iter().filter(|row| row.group.name == "shape");
    rows.flat_map(|row| {
        let glowup::Kind::Amount { min } = row.kind else { panic!("{} is an amount", row.name) };
        [(row.name, min), (row.name, 1.0)].into_iter().filter(|(_, amount)| *amount != 0.0)
    })
    .collect()
}

/// Random numbers, the same each time (Vigna's SplitMix64).
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// Twelve of them make a good bell.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.between(-0.5, 0.5)).sum()
    }
}

pub fn span(a: usize, b: usize) -> impl Fn(&[Point], &[Point]) -> f32 {
    move |from, to| 100.0 * (distance(to, a, b) / distance(from, a, b) - 1.0)
}

/// How far a place lies outside a face's outline.
pub fn outside(face: &Face, [x, y]: Point) -> f32 {
    if inside(face, &FACE_OVAL, x, y) {
        return 0.0;
    }
    let at = |index: u16| face.points[usize::from(index)];
    let mut nearest = f32::INFINITY;
    for k in 0..FACE_OVAL.len() {
        let (a, b) = (at(FACE_OVAL[k]), at(FACE_OVAL[(k + 1) % FACE_OVAL.len()]));
        let (along, to) = ([b[0] - a[0], b[1] - a[1]], [x - a[0], y - a[1]]);
        let share = (to[0] * along[0] + to[1] * along[1]) / (along[0] * along[0] + along[1] * along[1]);
        let share = share.clamp(0.0, 1.0);
        nearest = nearest.min((to[0] - share * along[0]).hypot(to[1] - share * along[1]));
    }
    nearest
}

/// Places of the frame, so many pixels apart.
pub fn places(step: u32) -> impl Iterator<Item = Point> {
    let along = move || (0..SIDE).step_by(step as usize).map(|at| at as f32 + 0.5);
    along().flat_map(move |y| along().map(move |x| [x, y]))
}

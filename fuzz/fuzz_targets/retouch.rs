//! Any faces and any look over any picture: refused with an error that is true and the picture left alone, or retouched.
#![no_main]

use std::cell::RefCell;
use std::time::Duration;

use arbitrary::Arbitrary;
use glowup::gpu::Renderer;
use glowup::{Color, Error, Face, FrameMut, Gpu, GpuOptions, Kind, Look, Shape as ShapeAmounts, Skin, Value};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    width: u8,
    height: u8,
    seed: u32,
    amounts: [Number; 3],
    /// Rows of the table of settings, each with a value for it.
    settings: Vec<(u8, Number, u32)>,
    time: Option<u16>,
    faces: Vec<Shape>,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Number {
    Share(u8),
    Any(f32),
}

/// A setting, where the value is one for it: a look refuses any other at once.
fn set(look: &mut Look, (row, amount, bits): (u8, Number, u32)) {
    let row = &Look::ROWS[usize::from(row) % Look::ROWS.len()];
    let before = look.clone();
    let outcome = match row.kind {
        Kind::Amount { min } if bits & 1 == 1 => row.set(look, amount.get() * if min < 0.0 { -1.0 } else { 1.0 }),
        Kind::Amount { .. } => row.set(look, amount.get()),
        Kind::Color(_) => row.set(look, Color::new(bits & 0xff_ffff)),
        Kind::Choice(words) => row.set(look, Value::Choice(words[bits as usize % words.len()])),
        _ => Ok(()),
    };
    // An amount that is no number, as a host may have written it, is not equal to itself.
    assert!(outcome.is_ok() || *look == before || before != before.clone());
}

impl Number {
    fn get(self) -> f32 {
        match self {
            Self::Share(share) => f32::from(share) / 255.0,
            Self::Any(number) => number,
        }
    }
}

/// Points by a few numbers, and some of them as they come.
#[derive(Arbitrary, Debug)]
struct Shape {
    id: u8,
    visibility: Number,
    irises: bool,
    missing: bool,
    centre: [i8; 2],
    spread: [i8; 4],
    strays: Vec<(u16, u8, f32)>,
}

impl Shape {
    fn face(&self) -> Face {
        let count = if self.irises { 478 } else { 468 } - usize::from(self.missing);
        let [a, b, c, d] = self.spread.map(|by| f32::from(by) / 2.0);
        let mut points: Vec<[f32; 3]> = (0..count)
            .map(|index| {
                // The mesh's points wind about the face; a spiral is as good as any.
                let (turn, out) = (index as f32 * 2.4, (index as f32 / count as f32).sqrt());
                let (x, y) = (turn.cos() * out, turn.sin() * out);
                [
                    f32::from(self.centre[0]) + 64.0 + a * x + b * y,
                    f32::from(self.centre[1]) + 64.0 + c * x + d * y,
                    x * a,
                ]
            })
            .collect();
        for &(point, axis, value) in &self.strays {
            points[usize::from(point) % count][usize::from(axis) % 3] = value;
        }
        Face { id: self.id.into(), score: 1.0, visibility: self.visibility.get(), points, ..Face::default() }
    }
}

thread_local! {
    static RENDERER: RefCell<Renderer> =
        RefCell::new(Renderer::new(&Gpu::new(GpuOptions::default()).expect("a device")).expect("shaders compile"));
}

fuzz_target!(|input: Input| {
    let (width, height) = (u32::from(input.width).max(1), u32::from(input.height).max(1));
    let mut state = input.seed;
    let before: Vec<u8> = (0..width * height * 4)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let [slim, smooth, tone] = input.amounts.map(Number::get);
    let faces: Vec<Face> = input.faces.iter().take(40).map(Shape::face).collect();
    let bad_face = faces.iter().any(|face| {
        !face.visibility.is_finite()
            || ![468, 478].contains(&face.points.len())
            || !face.points.as_flattened().iter().all(|value| value.abs() <= 1e6)
    });
    let mut look = Look {
        skin: Skin { smooth, tone, ..Skin::NONE },
        shape: ShapeAmounts { slim, ..ShapeAmounts::NONE },
        ..Look::NONE
    };
    input.settings.iter().take(16).for_each(|setting| set(&mut look, *setting));
    let bad_look =
        [look.shape.slim, look.skin.smooth, look.skin.tone].iter().any(|amount| !(0.0..=1.0).contains(amount));
    let mut picture = before.clone();
    let outcome = RENDERER.with_borrow_mut(|renderer| {
        let mut frame = FrameMut::rgba8(&mut picture, width, height).expect("it fits");
        renderer.set_time(input.time.map(|time| Duration::from_millis(time.into())));
        renderer.retouch(&mut frame, &faces, &look)
    });
    match outcome {
        Ok(()) => assert!(!bad_look && !bad_face),
        Err(Error::OutOfRange { .. }) => assert!(bad_look),
        Err(Error::BadLandmarks { .. }) => assert!(bad_face),
        Err(error) => panic!("{error}"),
    }
    if bad_look || bad_face {
        assert!(picture == before);
    }
    // Transparency is carried along wherever nothing moves.
    if look.shape == ShapeAmounts::NONE {
        assert!(picture.chunks_exact(4).zip(before.chunks_exact(4)).all(|(after, before)| after[3] == before[3]));
    }
});

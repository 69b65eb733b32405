//! What is known of a face's colours follows what is seen by the clock, not by the frame: at 15 frames a second the same is shown
//! after the same time as at 60.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{Color, Error, Face, Gpu, GpuOptions, Look, Makeup, Mouth};
use support::{Picture, close_up, faces};

/// The picture once the light has changed.
fn dimmed(picture: &Picture) -> Picture {
    let mut dim = picture.clone();
    for [r, g, b, _] in dim.pixels.as_chunks_mut::<4>().0 {
        for (value, share) in [(r, 0.55), (g, 0.65), (b, 0.8)] {
            *value = (f32::from(*value) * share) as u8;
        }
    }
    dim
}

/// The light changes, and then frames come for so many milliseconds, at so many a second: what is made of the last one. `told`
/// says whether the renderer is told when they come.
fn after<T>(
    renderer: &mut Renderer,
    faces: &[Face],
    (millis, rate): (u64, u64),
    told: bool,
    mut make: impl FnMut(&mut Renderer, &mut Picture, &[Face]) -> Result<T, Error>,
) -> T {
    let lit = close_up();
    let dim = dimmed(&lit);
    renderer.reset();
    let frames = millis * rate / 1000;
    let mut last = None;
    for frame in 0..=frames {
        let time = Duration::from_micros(1_000_000 * frame / rate);
        renderer.set_time(Some(time).filter(|_| told));
        last = Some(make(renderer, &mut if frame == 0 { lit.clone() } else { dim.clone() }, faces).unwrap());
    }
    last.unwrap()
}

/// A renderer whose passes a software device has compiled.
fn warm(look: &Look, faces: &[Face]) -> Renderer {
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    for _ in 0..5 {
        match renderer.retouch(&mut close_up().frame_mut(), faces, look) {
            Ok(()) => return renderer,
            Err(Error::Timeout { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the device does not get through");
}

/// By how much two pictures differ, in steps, over what differs from the input in either.
fn off(a: &[u8], b: &[u8], before: &[u8]) -> f64 {
    let changed = a.iter().zip(b).zip(before).filter(|((a, b), before)| a != before || b != before);
    let (mut sum, mut count) = (0.0, 0.0);
    changed.for_each(|((a, b), _)| (sum, count) = (sum + f64::from(a.abs_diff(*b)), count + 1.0));
    sum / f64::max(count, 1.0)
}

#[test]
fn paint_follows_the_light_by_the_clock() {
    let mouth =
        Mouth { lipstick: 1.0, lipstick_color: Color::new(0xb0_10_20), lipstick_finish: "matte", ..Mouth::NONE };
    let makeup = Makeup { eyeshadow: 1.0, brows: 1.0, blush: 0.8, ..Makeup::NONE };
    let look = Look { mouth, makeup, ..Look::NONE };
    let faces = faces(&close_up());
    let mut renderer = warm(&look, &faces);
    let mut shown = |millis, rate, told| {
        after(&mut renderer, &faces, (millis, rate), told, |renderer, picture, faces| {
            renderer.retouch(&mut picture.frame_mut(), faces, &look)?;
            Ok(picture.pixels.clone())
        })
    };
    let before = dimmed(&close_up()).pixels;
    let expected = shown(400, 30, true);
    let settled = shown(4000, 30, true);
    let left = off(&expected, &settled, &before);
    let [slow, fast] = [15, 60].map(|rate| off(&shown(400, rate, true), &expected, &before));
    let [slow_untold, fast_untold] = [15, 60].map(|rate| off(&shown(400, rate, false), &expected, &before));
    println!("{left:.2} to go; off by {slow:.3} and {fast:.3}; by {slow_untold:.3} and {fast_untold:.3} without times");
    assert!(left > 1.0, "it takes its time");
    assert!(slow < 0.1 && fast < 0.1);
    assert!(slow_untold > 5.0 * slow && fast_untold > 5.0 * fast);
}

#[test]
fn skin_follows_the_light_by_the_clock() {
    let faces = faces(&close_up());
    let mut renderer = warm(&Look::NATURAL, &faces);
    let mut seen = |millis, rate, told| {
        after(&mut renderer, &faces, (millis, rate), told, |renderer, picture, faces| {
            renderer.skin(&picture.frame(), faces)
        })
    };
    let nothing = vec![0; (close_up().width * close_up().height) as usize];
    let expected = seen(200, 30, true);
    let settled = seen(4000, 30, true);
    let left = off(&expected, &settled, &nothing);
    let [slow, fast] = [15, 60].map(|rate| off(&seen(200, rate, true), &expected, &nothing));
    let [slow_untold, fast_untold] = [15, 60].map(|rate| off(&seen(200, rate, false), &expected, &nothing));
    println!("{left:.2} to go; off by {slow:.3} and {fast:.3}; by {slow_untold:.3} and {fast_untold:.3} without times");
    assert!(left > 2.0, "it takes its time");
    // Colours and places are learned by turns, so the clock does not tell all.
    assert!(slow < 0.3 && fast < 0.15);
    assert!(slow_untold > 2.0 * slow && fast_untold > 5.0 * fast);
}

//! The faces of one picture on its own: quality comes before time here.

use std::f32::consts::FRAC_PI_2;

use super::bounds::{self, Bounds};
use super::confirm;
use super::crop::CropSource;
use super::detect::{self, Detection};
use super::inference::InferenceSession;
use super::parts;
use super::search;
use super::{Face, Orientation, TrackerOptions};
use crate::{Frame, Result};

/// A face is looked at twice: in the detector's region, and in the one that the first points give. Its points are the mean of both;
/// but where the detector is less sure than this, or the face is turned by more than this (in radians), the first look was only
/// a guess.
const SURE: (f32, f32) = (0.9, 0.3);
/// Where the detector is as sure as this at its second look, a face is upright in its crop.
const UPRIGHT: f32 = 0.9;
/// Where a mesh does not fit what the detector sees, the detector has to be as sure as this for a face to be reported all the same.
const CERTAIN: f32 = 0.85;
/// Most looks that a mesh is refined in after the first, and the sine of the turn of its region from which on one more is worth it.
const LOOKS: usize = 4;
const STEADY: f32 = 0.25;

/// All faces, largest and surest first, as [`super::FaceTracker::detect`] promises them.
pub(crate) fn faces(
    inference: &mut InferenceSession,
    frame: &mut Frame<'_>,
    options: &TrackerOptions,
) -> Result<Vec<Face>> {
    let mut found = Vec::new();
    for look in &search::still(frame.size(), options.orientation) {
        inference.look(frame, look, &mut found)?;
    }
    detect::keep_best(&mut found);
    let (mut faces, mut guesses): (Vec<Face>, Vec<Face>) = (Vec::new(), Vec::new());
    for detection in &found {
        if let Some(face) = face(inference, frame, detection, options.orientation)? {
            let list = if face.visibility > 0.0 { &mut faces } else { &mut guesses };
            list.push(face);
        }
    }
    faces.append(&mut guesses);
    let mut kept: Vec<Bounds> = Vec::new();
    faces.retain(|face| {
        let bounds = Bounds::of(&face.points);
        let is_new = !kept.iter().any(|other| other.is_same_face(&bounds));
        kept.extend(is_new.then_some(bounds));
        is_new
    });
    let weight = |face: &Face| face.score * Bounds::of(&face.points).mean_size();
    faces.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    faces.truncate(options.max_faces_in_stills);
    for (id, face) in (0..).zip(&mut faces) {
        face.id = id;
    }
    Ok(faces)
}

/// The face of a detection, with its landmarks, however it is turned; with a visibility of 0 where the landmarks are only a guess; `None`
/// where there is no face.
fn face(
    inference: &mut InferenceSession,
    frame: &mut Frame<'_>,
    detection: &Detection,
    orientation: Orientation,
) -> Result<Option<Face>> {
    let Some((roll, surest)) = quarter_turn(inference, frame, detection, orientation)? else { return Ok(None) };
    let closer = inference.closer(frame, detection, roll, &mut Vec::new())?;
    let mut guess = None;
    // Where what is seen from close by leads to nothing, what was seen first may.
    for start in [&closer, detection] {
        let Some(points) = landmarks(inference, frame, start, orientation)? else { continue };
        let (bounds, appearance) = (Bounds::of(&points), inference.appearance()?);
        let confirmed = inference.confirm(frame, &points, detection.mirrored)?;
        if let Some(score) = confirmed.filter(|score| {
            confirm::is_face(*score, &bounds, bounds::region(&points, detection.mirrored).lean(orientation))
        }) {
            let mut face = Face { score, visibility: 1.0, points, ..Face::default() };
            parts::of_still(&mut face, &appearance, frame.size());
            return Ok(Some(face));
        }
        if guess.is_none() && surest >= CERTAIN && bounds.is_same_face(&detection.bounds) {
            guess = Some(Face { score: surest, points, ..Face::default() });
        }
    }
    Ok(guess)
}

/// How far a face is turned, to within half a quarter, and how sure the detector is of it; `None` where there is none. A look finds faces that lean, and may find one
/// that lies across, or stands on its head: of the quarter turns, the detector is surest at the right one.
fn quarter_turn(
    inference: &mut InferenceSession,
    frame: &mut Frame<'_>,
    detection: &Detection,
    orientation: Orientation,
) -> Result<Option<(f32, f32)>> {
    let (mut roll, mut surest) = (detection.roll, 0.0);
    for quarter in 0..4 {
        let turned = detection.roll + quarter as f32 * FRAC_PI_2;
        let found = inference.find_at(frame, &detection.bounds, turned, detection.mirrored)?;
        if let Some(face) = found.filter(|face| face.score > surest) {
            (surest, roll) = (face.score, turned);
        }
        if surest >= UPRIGHT {
            break;
        }
    }
    let lean = confirm::region(&detection.bounds, roll, detection.mirrored).lean(orientation);
    Ok(confirm::is_face(surest, &detection.bounds, lean).then_some((roll, surest)))
}

/// A mesh, looked at until its region turns no more; `None` where there is no face.
fn landmarks(
    inference: &mut InferenceSession,
    frame: &mut Frame<'_>,
    detection: &Detection,
    orientation: Orientation,
) -> Result<Option<Vec<[f32; 3]>>> {
    let region = detection.region();
    let (mut first, mut points) = (Vec::new(), Vec::new());
    if inference.landmarks(frame, &region, &mut first)?.is_none() {
        return Ok(None);
    }
    let mut lean = region.roll;
    for look in 0..LOOKS {
        let next = bounds::region(if look == 0 { &first } else { &points }, region.mirrored);
        if inference.landmarks(frame, &next, &mut points)?.is_none() {
            return Ok(None);
        }
        let turn = (next.roll - lean).sin().abs();
        lean = next.roll;
        if turn < STEADY {
            break;
        }
    }
    if detection.score >= SURE.0 && region.lean(orientation) <= SURE.1 {
        for (second, first) in points.as_flattened_mut().iter_mut().zip(first.as_flattened()) {
            *second = (*second + first) / 2.0;
        }
    }
    Ok(Some(points))
}

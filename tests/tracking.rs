//! Faces over time: still when still, quick when quick, each with its own number, fading in and out.

use std::time::Duration;

use composite::{Place, add_noise, frame, ground, lay, picture, portrait};
use glowup::{Error, Face, FaceTracker, TrackerOptions};
use image::RgbaImage;

#[path = "support/composite.rs"]
mod composite;

/// The width and height of the clips.
const SIZE: (u32, u32) = (1280, 720);

fn tracker(options: TrackerOptions) -> FaceTracker {
    FaceTracker::new(options).unwrap()
}

/// The time of a frame at 30 frames a second.
fn time(frame: u32) -> Duration {
    Duration::from_secs(1) * frame / 30
}

fn xy(face: &Face) -> Vec<[f32; 2]> {
    face.points.iter().map(|&[x, y, _]| [x, y]).collect()
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Between the outer corners of the eyes.
fn eye_distance(points: &[[f32; 2]]) -> f32 {
    distance(points[33], points[263])
}

/// How far the points of each face wander on a picture with a camera's noise, in eye distances (RMS), after one second.
fn wander(clean: &RgbaImage, count: usize, smooth: bool) -> Vec<f32> {
    let mut tracker = tracker(TrackerOptions { smooth, ..TrackerOptions::default() });
    let mut seen = vec![Vec::new(); count];
    for index in 0..90 {
        let mut picture = clean.clone();
        add_noise(&mut picture, 4.0, index);
        let faces = tracker.track(&frame(&picture), time(index)).unwrap();
        if index >= 30 {
            assert_eq!(faces.len(), count);
            for (seen, face) in seen.iter_mut().zip(faces) {
                seen.push(xy(face));
            }
        }
    }
    let of_one = |seen: &Vec<Vec<[f32; 2]>>| {
        let (frames, points) = (seen.len() as f32, seen[0].len());
        let mut sum = 0.0;
        for point in 0..points {
            let mean = |axis: usize| seen.iter().map(|points| points[point][axis]).sum::<f32>() / frames;
            let centre = [mean(0), mean(1)];
            sum += seen.iter().map(|points| distance(points[point], centre).powi(2)).sum::<f32>();
        }
        (sum / (points as f32 * frames)).sqrt() / eye_distance(&seen[0])
    };
    seen.iter().map(of_one).collect()
}

#[test]
fn faces_at_rest_stay_at_rest_under_noise() {
    let mut one = ground(SIZE.0, SIZE.1);
    lay(&mut one, &portrait(), Place::at(640.0, 360.0).scaled(1.4));
    let mut two = ground(SIZE.0, SIZE.1);
    let [head, other] = heads();
    lay(&mut two, &head, Place::at(330.0, 360.0).scaled(1.4));
    lay(&mut two, &other, Place::at(950.0, 380.0).scaled(1.4));
    for (picture, count) in [(one, 1), (two, 2)] {
        let (raw, smooth) = (wander(&picture, count, false), wander(&picture, count, true));
        println!("wander: {smooth:?} of the eye distance, unfiltered {raw:?}");
        assert!(smooth.iter().all(|&smooth| smooth <= 0.0003), "{smooth:?}");
        assert!(raw[0] > smooth[0]);
    }
}

/// Runs a smoothing and a plain tracker over two faces, of which one moves by `way(seconds)` face widths to the right and the
/// other one to the left, and returns how far the smoothed points are ahead of the plain ones, in eye distances, face by
/// face and frame by frame.
fn lead(frames: u32, way: impl Fn(f32) -> f32) -> [Vec<f32>; 2] {
    let mut smooth = tracker(TrackerOptions::default());
    let mut plain = tracker(TrackerOptions { smooth: false, ..TrackerOptions::default() });
    let heads = heads();
    let mut leads = [Vec::new(), Vec::new()];
    for index in 0..frames {
        let mut canvas = ground(SIZE.0, SIZE.1);
        let x = 95.0 * way(index as f32 / 30.0);
        lay(&mut canvas, &heads[0], Place::at(250.0 + x, 220.0));
        lay(&mut canvas, &heads[1], Place::at(950.0 - x, 500.0));
        let faces = smooth.track(&frame(&canvas), time(index)).unwrap();
        let true_faces = plain.track(&frame(&canvas), time(index)).unwrap();
        assert_eq!(faces.len(), true_faces.len());
        for (face, true_face) in faces.iter().zip(true_faces) {
            let (points, true_points) = (xy(face), xy(true_face));
            let sum: f32 = points.iter().zip(&true_points).map(|(a, b)| a[0] - b[0]).sum();
            let ahead = sum / points.len() as f32 / eye_distance(&true_points);
            let goes_right = points[1][1] < 360.0;
            leads[usize::from(!goes_right)].push(if goes_right { ahead } else { -ahead });
        }
    }
    leads
}

#[test]
fn moving_faces_are_followed_without_lag() {
    for lead in lead(60, |t| t) {
        assert!(lead.len() > 50);
        let late = &lead[lead.len() - 30..];
        let lag = -late.iter().sum::<f32>() / 30.0;
        let worst = late.iter().copied().fold(0.0, |worst: f32, lead| worst.max(-lead));
        println!("lag: {:.3} % of the eye distance, worst {:.3} %", 100.0 * lag, 100.0 * worst);
        assert!(lag <= 0.005, "{lag}");
    }
}

#[test]
fn a_sudden_stop_does_not_overshoot() {
    for lead in lead(60, |t| t.min(1.0)) {
        let overshoot = lead[lead.len() - 30..].iter().copied().fold(0.0, f32::max);
        println!("overshoot: {:.3} % of the eye distance", 100.0 * overshoot);
        assert!(overshoot <= 0.005, "{overshoot}");
    }
}

/// The eyes' outer corners of the portrait, and where they come to lie.
fn portrait_eyes(place: Place) -> [[f32; 2]; 2] {
    let picture = portrait();
    [[194.6, 100.9], [256.7, 104.1]].map(|corner| place.map(&picture, corner))
}

/// Whether the face's eyes are the portrait's at that place, within a tenth of their distance.
fn is_at(face: &Face, place: Place) -> bool {
    let eyes = portrait_eyes(place);
    let points = xy(face);
    let near = 0.15 * distance(eyes[0], eyes[1]);
    distance(points[33], eyes[0]) < near && distance(points[263], eyes[1]) < near
}

/// A small clip: its frames are made one by one, 30 a second, and followed.
struct Clip {
    tracker: FaceTracker,
    frames: u32,
}

impl Clip {
    fn new(options: TrackerOptions) -> Self {
        Self { tracker: tracker(options), frames: 0 }
    }

    /// Follows the pictures laid at their places over a plain ground into the next frame.
    fn show(&mut self, pictures: &[(&RgbaImage, Place)]) -> Vec<Face> {
        let mut canvas = ground(640, 480);
        for (picture, place) in pictures {
            lay(&mut canvas, picture, *place);
        }
        self.frames += 1;
        self.tracker.track(&frame(&canvas), time(self.frames)).unwrap().to_vec()
    }
}

/// The head of the portrait, and of the man at his desk: about as large.
fn heads() -> [RgbaImage; 2] {
    let cut = |picture: RgbaImage, x, y| image::imageops::crop_imm(&picture, x, y, 130, 170).to_image();
    [cut(portrait(), 160, 25), cut(picture("tests/data/webcam_000.png"), 143, 70)]
}

#[test]
fn a_face_fades_in_and_out_and_keeps_its_number() {
    let (mut clip, head) = (Clip::new(TrackerOptions::default()), portrait());
    let place = Place::at(320.0, 256.0);
    let mut before = 0.0;
    for _ in 0..10 {
        let faces = clip.show(&[(&head, place)]);
        assert_eq!((faces.len(), faces[0].id), (1, 0));
        assert!(faces[0].visibility - before <= 0.1501 && faces[0].score > 0.9);
        before = faces[0].visibility;
    }
    assert_eq!(before, 1.0);
    let mut fading = 0;
    loop {
        let faces = clip.show(&[]);
        let Some(face) = faces.first() else { break };
        assert!(face.visibility > 0.0 && before - face.visibility <= 0.1501 && face.score == 0.0);
        before = face.visibility;
        fading += 1;
        assert!(fading <= 7, "it is still there");
    }
    assert!(before <= 0.1501);
    for _ in 0..30 {
        assert!(clip.show(&[]).is_empty());
    }
    let back =
        (0..15).map(|_| clip.show(&[(&head, place)])).find(|faces| !faces.is_empty()).expect("within half a second");
    assert_eq!(back.iter().map(|face| face.id).collect::<Vec<_>>(), [1], "after a second it may be anybody");
    clip.tracker.reset();
    assert!(clip.tracker.faces().is_empty());
    assert_eq!(clip.show(&[(&head, place)])[0].id, 2, "ids are never given twice");
}

#[test]
fn a_face_hidden_for_a_moment_keeps_its_number() {
    let (mut clip, head) = (Clip::new(TrackerOptions::default()), portrait());
    let mut visibility = Vec::new();
    for index in 0..60 {
        let place = Place::at(320.0 + 2.0 * index as f32, 256.0);
        let hidden = (20..29).contains(&index);
        let faces = clip.show(&[(&head, place)][usize::from(hidden)..]);
        if let Some(face) = faces.first() {
            assert_eq!((faces.len(), face.id), (1, 0), "frame {index}");
            assert!(hidden || index == 29 || is_at(face, place), "frame {index}");
        }
        visibility.push(faces.first().map_or(0.0, |face| face.visibility));
    }
    assert!(visibility.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 0.1501), "{visibility:?}");
    assert_eq!((visibility[19], visibility[59]), (1.0, 1.0));
}

#[test]
fn a_face_that_comes_and_goes_each_frame_makes_no_step() {
    let (mut clip, head) = (Clip::new(TrackerOptions::default()), portrait());
    let mut before = 0.0_f32;
    for index in 0..300 {
        let place = Place::at(320.0, 256.0);
        let faces = clip.show(&[(&head, place)][index % 2..]);
        let now: f32 = faces.iter().map(|face| face.visibility).sum();
        assert!((now - before).abs() <= 0.1501 && faces.iter().all(|face| face.id == 0), "frame {index}");
        before = now;
    }
}

#[test]
fn two_faces_are_two() {
    let mut clip = Clip::new(TrackerOptions::default());
    let [one, other] = heads();
    for index in 0..40 {
        let slide = index as f32;
        let faces =
            clip.show(&[(&one, Place::at(160.0 + slide, 200.0)), (&other, Place::at(480.0 - slide, 260.0 + slide))]);
        if index == 0 {
            continue;
        }
        assert_eq!(faces.len(), 2, "frame {index}");
        assert_eq!((faces[0].id, faces[1].id), (0, 1));
        let x = [faces[0].points[1][0], faces[1].points[1][0]];
        let on_the_left = if clip.frames == 2 { usize::from(x[0] > x[1]) } else { 0 };
        assert!(on_the_left <= 1);
        assert!((x[0] - x[1]).abs() > 200.0, "each its own: {x:?}");
    }
}

#[test]
fn one_face_is_followed_where_one_is_asked_for() {
    let mut clip = Clip::new(TrackerOptions { max_faces: 1, ..TrackerOptions::default() });
    let [one, other] = heads();
    for _ in 0..20 {
        let faces = clip.show(&[(&one, Place::at(160.0, 200.0)), (&other, Place::at(480.0, 260.0))]);
        assert_eq!(faces.len(), 1);
        assert_eq!(faces[0].id, 0);
    }
}

#[test]
fn faces_that_cross_keep_their_numbers() {
    let mut clip = Clip::new(TrackerOptions::default());
    let [one, other] = heads();
    let mut ids = Vec::new();
    for index in 0..90 {
        let x = 120.0 + 400.0 * index as f32 / 89.0;
        let places = [Place::at(x, 220.0), Place::at(640.0 - x, 240.0)];
        let faces = clip.show(&[(&other, places[1]), (&one, places[0])]);
        let id_at = |place: Place| {
            let near = |face: &&Face| (face.points[1][0] - place.centre[0]).abs() < 50.0 && face.score > 0.0;
            faces.iter().find(near).map(|face| face.id)
        };
        ids.push(places.map(id_at));
    }
    let (first, last) = (ids[10], ids[89]);
    assert!(first.iter().all(Option::is_some), "{first:?}");
    assert_eq!(first, last);
}

#[test]
fn a_face_that_leaves_is_let_go_before_its_points_are_wrong() {
    let (mut clip, [head, _]) = (Clip::new(TrackerOptions::default()), heads());
    let mut last = None;
    for index in 0..60 {
        let place = Place::at(500.0 + 5.0 * index as f32, 240.0);
        let faces = clip.show(&[(&head, place)]);
        let Some(face) = faces.first() else { continue };
        // The tip of the nose lies at (64, 106) of the head's picture.
        let nose = place.map(&head, [64.1, 106.2]);
        let off = distance([face.points[1][0], face.points[1][1]], nose);
        if face.visibility > 0.3 {
            assert!(off < 5.0, "frame {index}: {off} pixels off at visibility {}", face.visibility);
        }
        last = Some((face.id, face.visibility));
    }
    assert!(last.is_some_and(|(id, visibility)| id == 0 && visibility < 0.3), "{last:?}");
    assert!(clip.show(&[]).is_empty());
}

#[test]
fn time_that_goes_back_is_refused_and_changes_nothing() {
    let head = portrait();
    let mut tracker = tracker(TrackerOptions::default());
    let at = Duration::from_millis;
    tracker.track(&frame(&head), at(100)).unwrap();
    let faces = tracker.track(&frame(&head), at(133)).unwrap().to_vec();
    let error = tracker.track(&frame(&ground(512, 512)), at(132)).unwrap_err();
    assert_eq!(error, Error::TimeWentBack { last: at(133), given: at(132) });
    assert_eq!(tracker.faces(), faces);
    let faces = tracker.track(&frame(&head), at(133)).unwrap();
    assert_eq!(faces[0].id, 0);
    tracker.reset();
    assert_eq!(tracker.track(&frame(&head), at(0)).unwrap()[0].id, 1, "a new stream begins at any time");
}

#[test]
fn nothing_is_found_where_there_is_no_face() {
    let mut noise = ground(320, 240);
    add_noise(&mut noise, 60.0, 1);
    let mut stripes = ground(300, 500);
    for (x, y, pixel) in stripes.enumerate_pixels_mut() {
        *pixel = image::Rgba([(x * 3) as u8, (y / 9 * 40) as u8, (x ^ y) as u8, 255]);
    }
    let desk = image::imageops::crop_imm(&picture("tests/data/webcam_000.png"), 0, 0, 130, 300).to_image();
    for picture in [noise, stripes, desk, ground(1, 1), ground(2, 700), ground(640, 1)] {
        let mut tracker = tracker(TrackerOptions { max_faces: 20, ..TrackerOptions::default() });
        let size = picture.dimensions();
        assert_eq!(tracker.detect(&frame(&picture)).unwrap(), [], "{size:?}");
        for index in 0..10 {
            assert!(tracker.track(&frame(&picture), time(index)).unwrap().is_empty(), "{size:?}");
            assert!(tracker.times().landmarks.is_none() || tracker.times().detect.is_some());
        }
    }
}

#[test]
fn small_faces_are_found_in_time() {
    // 24 pixels between the corners of the eyes.
    let head = portrait();
    for (x, y) in [(300.0, 200.0), (1650.0, 900.0), (1003.0, 517.0)] {
        let mut canvas = ground(1920, 1080);
        let place = Place::at(x, y).scaled(24.0 / 62.1);
        lay(&mut canvas, &head, place);
        let mut tracker = tracker(TrackerOptions::default());
        let faces = tracker.detect(&frame(&canvas)).unwrap();
        assert_eq!(faces.len(), 1);
        assert!(is_at(&faces[0], place));
        let found = (0..15).find(|&index| !tracker.track(&frame(&canvas), time(index)).unwrap().is_empty());
        assert!(found.is_some());
        assert!(is_at(&tracker.faces()[0], place));
        // One that comes later, into a picture that stays as it was but for that: no cut helps.
        tracker.reset();
        let mut empty = ground(1920, 1080);
        for (x, y, image::Rgba([r, g, b, _])) in empty.enumerate_pixels_mut() {
            (*r, *g, *b) = ((x / 10) as u8, 180 - (y / 8) as u8, ((x + y) / 14) as u8);
        }
        for index in 0..10 {
            assert!(tracker.track(&frame(&empty), time(index)).unwrap().is_empty());
        }
        let bust = image::imageops::crop_imm(&head, 60, 0, 340, 400).to_image();
        let mut canvas = empty;
        lay(&mut canvas, &bust, Place::at(x, y).scaled(24.0 / 62.1));
        let found = (10..25).position(|index| !tracker.track(&frame(&canvas), time(index)).unwrap().is_empty());
        println!("found after {found:?} frames");
        assert!(found.is_some());
    }
}

#[test]
fn faces_of_any_roll_are_found_with_the_right_mesh() {
    for roll in (-180..180).step_by(15).map(|degrees| degrees as f32) {
        let mut canvas = ground(640, 640);
        let place = Place::at(320.0, 320.0).scaled(1.2).turned(roll);
        lay(&mut canvas, &portrait(), place);
        let faces = tracker(TrackerOptions::default()).detect(&frame(&canvas)).unwrap();
        assert_eq!(faces.len(), 1, "{roll}°");
        assert!(is_at(&faces[0], place), "{roll}°");
        let off = (faces[0].pose().roll - 2.9 - roll).to_radians();
        assert!(off.sin().atan2(off.cos()).to_degrees().abs() < 6.0, "{roll}°: {:?}", faces[0].pose());
    }
}

/// A face in few greys, as of stone or printed: whether it counts or not, it must not come and go.
#[test]
fn a_statues_face_does_not_flicker() {
    let mut statue = portrait();
    for image::Rgba([r, g, b, _]) in statue.pixels_mut() {
        let luma = 0.3 * f32::from(*r) + 0.6 * f32::from(*g) + 0.1 * f32::from(*b);
        [r, g, b].into_iter().for_each(|value| *value = ((luma / 36.0).round() * 36.0) as u8);
    }
    let mut tracker = tracker(TrackerOptions::default());
    let mut seen = Vec::new();
    for index in 0..90 {
        let mut canvas = ground(640, 480);
        lay(&mut canvas, &statue, Place::at(320.0 + 0.3 * index as f32, 256.0));
        add_noise(&mut canvas, 4.0, index);
        let faces = tracker.track(&frame(&canvas), time(index)).unwrap();
        seen.push(faces.first().map_or(0.0, |face| face.visibility));
    }
    let changes = seen[30..].windows(2).filter(|pair| (pair[0] - pair[1]).abs() > 0.05).count();
    assert_eq!(changes, 0, "{seen:?}");
}

#[test]
fn rows_may_be_padded_and_threads_many() {
    let head = portrait();
    let stride = 512 * 4 + 52;
    let padded: Vec<u8> = head.as_raw().chunks(512 * 4).flat_map(|row| row.iter().copied().chain([255; 52])).collect();
    let padded = glowup::Frame::rgba8_with_stride(&padded, 512, 512, stride).unwrap();
    let plain = tracker(TrackerOptions::default()).detect(&frame(&head)).unwrap();
    let threads = tracker(TrackerOptions { threads: 3, ..TrackerOptions::default() });
    assert_eq!(threads.detect(&padded).unwrap(), plain);
}

#[test]
fn options_out_of_range_are_refused() {
    for (max_faces, threads) in [(0, 1), (33, 1), (4, 0), (4, 17)] {
        let options = TrackerOptions { max_faces, threads, ..TrackerOptions::default() };
        assert!(matches!(FaceTracker::new(options), Err(Error::OutOfRange { .. })), "{options:?}");
    }
    assert!(matches!(
        FaceTracker::with_weights(TrackerOptions::default(), b"detector", b"verifier", b"mesh"),
        Err(Error::BadWeights { .. })
    ));
}

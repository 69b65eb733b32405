//! What the examples promise on the command line, by running them as anybody would.

#![allow(clippy::unwrap_used, clippy::panic)]

mod desk;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use desk::Desk;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, RgbaImage};
use serde_json::Value;

const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png");
/// 40 frames, 400 × 300, 25 a second, no sound.
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/webcam.mp4");

fn portrait() -> RgbaImage {
    image::open(PORTRAIT).unwrap().into_rgba8()
}

/// Mean distance of two pictures' colours, 0..=255.
fn difference(a: &RgbaImage, b: &RgbaImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let total: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    total as f64 / a.as_raw().len() as f64
}

#[test]
fn wrong_usage_is_told_in_one_line() {
    let desk = Desk::new("usage");
    for (line, words) in [
        ("photo only-one.png", "OUTPUT"),
        ("photo in.png out.png third", "third"),
        ("photo in.png out.png --sparkle", "--sparkle"),
        ("photo in.png out.png --slim", "--slim"),
        ("photo in.png out.png --slim 1.01", "from 0 to 1"),
        ("photo in.png out.png --slim -0.1", "from 0 to 1"),
        ("photo in.png out.png --smooth=-0.1", "from 0 to 1"),
        ("photo in.png out.png --smooth NaN", "from 0 to 1"),
        ("photo in.png out.png --tone inf", "from 0 to 1"),
        ("photo in.png out.png --tone much", "from 0 to 1"),
        ("photo in.png out.png --look gorgeous", "none, natural, soft, glam, office, glow, evening, red"),
        ("photo in.png out.png --max-frames 0", "--max-frames"),
        ("video", "INPUT"),
        ("video in.mp4", "OUTPUT"),
        ("video in.mp4 out.mp4 --tone 2", "from 0 to 1"),
        ("video in.mp4 out.mp4 --max-frames 0", "--max-frames"),
        ("video in.mp4 out.mp4 --max-frames -1", "--max-frames"),
        ("video in.mp4 out.mp4 --scale-height 0", "--scale-height"),
        ("video in.mp4 out.mp4 --scale-height tall", "--scale-height"),
        ("landmarks", "INPUT"),
        ("landmarks in.png --faces 0", "1..=32"),
        ("landmarks in.png --faces 33", "1..=32"),
        ("landmarks in.png --look soft", "--look"),
        ("embed a.png b.png --slim 7", "from 0 to 1"),
    ] {
        desk.fail(line, 2, words);
    }
    for example in ["photo", "video", "landmarks", "embed"] {
        let output = desk.run(&format!("{example} --help"));
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(String::from_utf8_lossy(&output.stdout).contains("--stats") || example == "embed");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let desk = Desk::new("unreadable");
    let portrait = fs::read(PORTRAIT).unwrap();
    let clip = fs::read(CLIP).unwrap();
    desk.write("empty.png", []);
    desk.write("empty.mp4", []);
    desk.write("text.png", "not a picture");
    desk.write("text.mp4", "not a clip");
    desk.write("cut.png", &portrait[..portrait.len() / 2]);
    desk.write("cut.mp4", &clip[..clip.len() / 2]);
    desk.ffmpeg("-f lavfi -i sine=duration=0.2 sound.m4a");
    // What stands where the output goes must outlive a failure.
    desk.write("out.png", "mine");
    desk.write("out.mp4", "mine");
    desk.write("out.jsonl", "mine");
    for name in ["missing.png", "empty.png", "text.png", "cut.png", "text.mp4", "."] {
        desk.fail(&format!("photo {name} out.png --landmarks out.jsonl --stats out.json"), 1, name);
    }
    for name in ["missing.mp4", "empty.mp4", "text.mp4", "cut.mp4", "sound.m4a", "."] {
        desk.fail(&format!("video {name} out.mp4 --landmarks out.jsonl --stats out.json"), 1, name);
        desk.fail(&format!("landmarks {name} --json out.jsonl --draw out.png --stats out.json"), 1, name);
    }
    for name in ["missing.png", "empty.png", "text.png", "cut.png"] {
        desk.fail(&format!("landmarks {name} --json out.jsonl --draw out.png --stats out.json"), 1, name);
    }
    desk.fail(&format!("photo {CLIP} out.png"), 1, "no PNG, JPEG, WebP, TIFF or BMP");
    desk.fail(&format!("video {PORTRAIT} out.mp4"), 1, "use the example photo");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let desk = Desk::new("unwritable");
    fs::create_dir(desk.path("folder")).unwrap();
    fs::create_dir(desk.path("folder.png")).unwrap();
    for (output, words) in [
        ("out.gif", "name it .png, .jpg, .webp, .tif or .bmp"),
        ("out", "name it .png, .jpg, .webp, .tif or .bmp"),
        ("nowhere/out.png", "no such folder"),
        ("folder.png", "it is a folder"),
    ] {
        desk.fail(&format!("photo {PORTRAIT} {output}"), 1, words);
        desk.fail(&format!("landmarks {PORTRAIT} --draw {output}"), 1, words);
    }
    for (output, words) in [
        ("out.avi", "name it .mp4"),
        ("out", "name it .mp4"),
        ("nowhere/out.mp4", "no such folder"),
        ("folder", "it is a folder"),
    ] {
        desk.fail(&format!("video {CLIP} {output}"), 1, words);
    }
    desk.fail(&format!("video {CLIP} out.mp4 --landmarks nowhere/a.jsonl"), 1, "nowhere/a.jsonl");
    desk.fail(&format!("landmarks {CLIP} --json folder"), 1, "it is a folder");
}

#[test]
fn nothing_is_logged() {
    let desk = Desk::new("silent");
    for line in
        [format!("photo {PORTRAIT} out.png"), format!("video {CLIP} out.mp4 --max-frames 3"), "embed".to_owned()]
    {
        let output = desk.command(&line).env("RUST_LOG", "trace").output().unwrap();
        assert!(output.status.success());
        assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1, "{line}");
    }
}

/// The last file of several cannot be written, and is the only one that shows it.
#[cfg(target_os = "linux")]
#[test]
fn a_failure_at_the_last_file_leaves_all_as_they_were() {
    let desk = Desk::new("full");
    for name in ["out.png", "out.mp4", "out.jsonl", "out.json"] {
        desk.write(name, "mine");
    }
    for line in [
        format!("photo {PORTRAIT} out.png --landmarks out.jsonl --stats /dev/full"),
        format!("photo {PORTRAIT} out.png --landmarks /dev/full --stats out.json"),
        format!("video {CLIP} out.mp4 --max-frames 3 --landmarks out.jsonl --stats /dev/full"),
        format!("video {CLIP} out.mp4 --max-frames 3 --landmarks /dev/full --stats out.json"),
        format!("landmarks {PORTRAIT} --draw out.png --json out.jsonl --stats /dev/full"),
        format!("landmarks {PORTRAIT} --draw out.png --json /dev/full --stats out.json"),
    ] {
        desk.fail(&line, 1, "No space left");
    }
}

/// Pictures and clips with wrong bits and missing ends: refused in one line, or read for what is left of them.
#[test]
fn damaged_files_never_do_harm() {
    let desk = Desk::new("damaged");
    let portrait = portrait();
    let small = image::imageops::crop_imm(&portrait, 120, 0, 200, 200).to_image();
    for (name, format) in [
        ("in.png", image::ImageFormat::Png),
        ("in.jpg", image::ImageFormat::Jpeg),
        ("in.webp", image::ImageFormat::WebP),
    ] {
        let picture = DynamicImage::from(small.clone());
        let picture = if name == "in.jpg" { picture.into_rgb8().into() } else { picture };
        picture.save_with_format(desk.path(name), format).unwrap();
    }
    desk.ffmpeg(&format!("-i {CLIP} -t 0.2 -c copy in.mp4"));
    desk.write("out.png", "mine");
    desk.write("out.mp4", "mine");
    let (mut refused, mut read) = (0, 0);
    for (name, tries) in [("in.png", 8_usize), ("in.jpg", 8), ("in.webp", 8), ("in.mp4", 6)] {
        let whole = fs::read(desk.path(name)).unwrap();
        for step in 0..tries {
            let at = whole.len() * (2 * step + 1) / (2 * tries);
            let mut wrong = whole.clone();
            for byte in wrong.iter_mut().skip(at).step_by(97).take(1 + 5 * step) {
                *byte ^= 0x5A;
            }
            for (cut, damaged) in [(true, whole[..at].to_vec()), (false, wrong)] {
                let output = if name == "in.mp4" { "out.mp4" } else { "out.png" };
                let input = format!("damaged-{name}");
                desk.write(&input, damaged);
                let line = if name == "in.mp4" { "video" } else { "photo" };
                let line = format!("{line} {input} {output}");
                let done = desk.run(&line);
                if done.status.success() {
                    assert!(!cut, "{line}: took {at} of {} bytes for a whole file", whole.len());
                    assert_ne!(fs::read(desk.path(output)).unwrap(), b"mine");
                    desk.write(output, "mine");
                    read += 1;
                } else {
                    desk.judge(&line, &done, 1, &input);
                    assert_eq!(desk.read(output), "mine", "{line}");
                    refused += 1;
                }
                fs::remove_file(desk.path(&input)).unwrap();
                assert_eq!(desk.files(), ["in.jpg", "in.mp4", "in.png", "in.webp", "out.mp4", "out.png"], "{line}");
            }
        }
    }
    println!("{refused} refused, {read} read");
    assert!(refused >= 20, "{refused} refused, {read} read");
}

#[test]
fn a_look_is_checked_before_anything_else() {
    let desk = Desk::new("look");
    for (name, content, words) in [
        ("typo.json", r#"{"slimm": 0.5}"#, "slimm"),
        ("range.json", r#"{"smooth": 1.5}"#, "from 0 to 1"),
        ("negative.json", r#"{"tone": -0.5}"#, "from 0 to 1"),
        ("nan.json", r#"{"slim": NaN}"#, "nan.json"),
        ("text.json", r#"{"slim": "0.5"}"#, "text.json"),
        ("cut.json", r#"{"slim": 0.5"#, "cut.json"),
        ("empty.json", "", "empty.json"),
    ] {
        desk.write(name, content);
        desk.fail(&format!("photo {PORTRAIT} out.png --look {name}"), 1, words);
    }
    desk.fail(&format!("photo {PORTRAIT} out.png --look missing.json"), 1, "missing.json");

    // A file and a preset of the same amounts give the same picture; single amounts go over both.
    desk.write("own.json", r#"{"smooth": 0.7}"#);
    desk.succeed(&format!("photo {PORTRAIT} file.png --look own.json --tone 0.25"));
    desk.succeed(&format!("photo {PORTRAIT} preset.png --look none --smooth 0.7 --tone 0.25"));
    desk.succeed(&format!("photo {PORTRAIT} less.png --look none --smooth 0.7"));
    assert_eq!(desk.picture("file.png"), desk.picture("preset.png"));
    assert_ne!(desk.picture("file.png"), desk.picture("less.png"));
}

#[test]
fn no_argument_shows_the_portrait() {
    let desk = Desk::new("portrait");
    desk.succeed("photo");
    assert_eq!(desk.files(), ["before-after.png"]);
    let sheet = desk.picture("before-after.png");
    assert_eq!((sheet.width(), sheet.height()), (1024, 512));
    assert_eq!(sheet.crop_imm(0, 0, 512, 512).into_rgba8(), portrait());
    desk.succeed(&format!("photo {PORTRAIT} after.png --look natural"));
    assert_eq!(sheet.crop_imm(512, 0, 512, 512).into_rgba8(), desk.picture("after.png").into_rgba8());
    assert_ne!(desk.picture("after.png").into_rgba8(), portrait());
}

#[test]
fn nothing_asked_for_changes_nothing() {
    let desk = Desk::new("none");
    let original = image::open(PORTRAIT).unwrap();
    for arguments in [
        "--look none",
        "--look glam --slim 0 --smooth 0 --tone 0 --shine 0 --dark_circles 0 --folds 0 --eye_whites 0 --iris 0 --teeth 0",
    ] {
        desk.succeed(&format!("photo {PORTRAIT} out.png {arguments}"));
        assert_eq!(desk.picture("out.png"), original, "{arguments}");
    }
    desk.succeed(&format!("photo {PORTRAIT} out.webp --look none"));
    assert_eq!(desk.picture("out.webp").into_rgba8(), original.to_rgba8());
    // Without a face, no amount changes anything.
    original.crop_imm(0, 300, 180, 200).save(desk.path("sleeve.png")).unwrap();
    desk.succeed("photo sleeve.png out.png --look glam");
    assert_eq!(desk.picture("out.png"), desk.picture("sleeve.png"));
}

#[test]
fn a_photo_keeps_its_transparency_and_profile() {
    let desk = Desk::new("alpha");
    let mut picture = portrait();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        pixel.0[3] = ((x + y) % 256) as u8;
    }
    picture.save(desk.path("in.png")).unwrap();
    for name in ["out.png", "out.webp"] {
        desk.succeed(&format!("photo in.png {name} --look glam --slim 0"));
        let out = desk.picture(name).into_rgba8();
        assert!(out.pixels().zip(picture.pixels()).all(|(out, before)| out.0[3] == before.0[3]));
        assert_ne!(out, picture);
    }
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    let profile = b"sixteen bytes...RGB and all the rest";
    encoder.set_icc_profile(profile.to_vec()).unwrap();
    DynamicImage::from(portrait()).into_rgb8().write_with_encoder(encoder).unwrap();
    desk.write("in.jpg", bytes);
    for name in ["out.jpg", "out.webp", "out.png"] {
        use image::ImageDecoder;
        desk.succeed(&format!("photo in.jpg {name}"));
        let mut decoder = image::ImageReader::open(desk.path(name)).unwrap().into_decoder().unwrap();
        assert_eq!(decoder.icc_profile().unwrap().unwrap(), profile, "{name}");
    }
}

#[test]
fn a_photo_is_turned_as_the_camera_says() {
    let desk = Desk::new("turned");
    // Orientation 6: turn it right by a quarter.
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    let picture = image::open(PORTRAIT).unwrap().crop_imm(0, 0, 480, 512);
    picture.rotate270().into_rgb8().write_with_encoder(encoder).unwrap();
    desk.write("in.jpg", bytes);
    desk.succeed("photo in.jpg out.png --look none --landmarks out.jsonl");
    assert!(difference(&desk.picture("out.png").into_rgba8(), &picture.into_rgba8()) < 3.0);
    assert_eq!(desk.lines("out.jsonl")[0]["width"], 480);
    assert_eq!(desk.lines("out.jsonl")[0]["faces"].as_array().unwrap().len(), 1);
}

#[test]
fn blendshapes_are_written_by_name() {
    let desk = Desk::new("blendshapes");
    desk.succeed(&format!("landmarks {PORTRAIT} --json out.jsonl --blendshapes"));
    let shapes = desk.lines("out.jsonl")[0]["faces"][0]["blendshapes"].clone();
    assert_eq!(shapes.as_object().unwrap().len(), 52);
    assert!(shapes["mouthSmileLeft"].as_f64().unwrap() > 0.5, "{shapes}");
    assert_eq!(
        desk.run(&format!("landmarks {PORTRAIT} --blendshapes")).status.code(),
        Some(2),
        "nowhere to write them"
    );
}

/// Checks the lines of landmarks: so many frames of this size, each with one face, the same one.
fn check_landmarks(lines: &[Value], frames: usize, width: u32, height: u32) {
    assert_eq!(lines.len(), frames);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line.as_object().unwrap().len(), 4);
        assert_eq!(line["frame"], index);
        assert_eq!((line["width"].as_u64(), line["height"].as_u64()), (Some(width.into()), Some(height.into())));
        let faces = line["faces"].as_array().unwrap();
        assert_eq!(faces.len(), 1, "frame {index}");
        let names: Vec<&String> = faces[0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["bounds", "id", "parts", "points", "score", "tongue", "visibility"]);
        assert_eq!(faces[0]["id"], lines[0]["faces"][0]["id"]);
        assert!((0.5..=1.0).contains(&faces[0]["score"].as_f64().unwrap()));
        assert!((0.0..=1.0).contains(&faces[0]["visibility"].as_f64().unwrap()));
        assert!(faces[0]["tongue"].as_f64().unwrap() < 0.5);
        assert!(faces[0]["parts"]["left_eye"].as_f64().unwrap() > 0.5);
        let [left, top, across, down] = [0, 1, 2, 3].map(|index| faces[0]["bounds"][index].as_f64().unwrap());
        let points = faces[0]["points"].as_array().unwrap();
        assert_eq!(points.len(), 478);
        for point in points {
            let place: Vec<f64> = point.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
            assert!(place.len() == 3 && (0.0..f64::from(width)).contains(&place[0]), "{place:?}");
            assert!((0.0..f64::from(height)).contains(&place[1]), "{place:?}");
            let inside = |value: f64, from: f64, length: f64| (from - 0.01..=from + length + 0.01).contains(&value);
            assert!(inside(place[0], left, across) && inside(place[1], top, down), "{place:?}");
        }
    }
}

/// Checks the shape of a file of stats, and that just these stages ran.
fn check_stats(stats: &Value, frames: usize, ran: &[&str]) {
    const STAGES: [&str; 7] = ["detect", "landmarks", "track", "upload", "gpu", "readback", "frame"];
    assert_eq!(stats.as_object().unwrap().len(), 4);
    assert_eq!(stats["frames"], frames);
    assert_eq!(stats["gpu_resources_created_after_warmup"], 0);
    assert_eq!(stats["stages"].as_object().unwrap().len(), STAGES.len());
    for name in STAGES {
        let stage = &stats["stages"][name];
        assert_eq!(stage.as_object().unwrap().len(), 3, "{name}");
        if ran.contains(&name) {
            assert!((1..=frames as u64).contains(&stage["runs"].as_u64().unwrap()), "{name}");
            assert!(stage["median_ms"].as_f64().unwrap() <= stage["p95_ms"].as_f64().unwrap(), "{name}");
        } else {
            assert_eq!(stage["runs"], 0, "{name}");
            assert!(stage["median_ms"].is_null() && stage["p95_ms"].is_null(), "{name}");
        }
    }
}

#[test]
fn landmarks_of_a_picture() {
    let desk = Desk::new("landmarks-picture");
    let line = "--json out.jsonl --stats out.json --draw out.png --max-frames 5";
    desk.succeed(&format!("landmarks {PORTRAIT} {line}"));
    check_landmarks(&desk.lines("out.jsonl"), 1, 512, 512);
    let stats = desk.json("out.json");
    check_stats(&stats, 1, &["detect", "track", "frame"]);
    assert!(stats["adapter"].is_null());
    let drawn = desk.picture("out.png").into_rgba8();
    let changed = drawn.pixels().zip(portrait().pixels()).filter(|(a, b)| a != b).count();
    assert!((200..20_000).contains(&changed), "{changed} pixels drawn");

    desk.succeed(&format!("photo {PORTRAIT} out.png --landmarks photo.jsonl --stats photo.json --max-frames 5"));
    assert_eq!(desk.lines("photo.jsonl"), desk.lines("out.jsonl"));
    let stats = desk.json("photo.json");
    check_stats(&stats, 1, &["detect", "track", "upload", "gpu", "readback", "frame"]);
    assert!(!stats["adapter"].as_str().unwrap().is_empty());
}

#[test]
fn landmarks_of_a_clip() {
    let desk = Desk::new("landmarks-clip");
    desk.succeed(&format!("landmarks {CLIP} --json all.jsonl --stats all.json"));
    check_landmarks(&desk.lines("all.jsonl"), 40, 400, 300);
    check_stats(&desk.json("all.json"), 40, &["detect", "landmarks", "track", "frame"]);
    desk.succeed(&format!("landmarks {CLIP} --json some.jsonl --scale-height 150 --max-frames 3 --draw some.png"));
    check_landmarks(&desk.lines("some.jsonl"), 3, 200, 150);
    assert_eq!(desk.picture("some.png").width(), 200);
    // More frames than there are: all of them.
    desk.succeed(&format!("landmarks {CLIP} --json most.jsonl --max-frames 1000"));
    assert_eq!(desk.lines("most.jsonl"), desk.lines("all.jsonl"));
}

#[test]
fn a_clip_keeps_its_frames_times_and_sound() {
    let desk = Desk::new("clip");
    desk.ffmpeg(&format!("-i {CLIP} -f lavfi -i sine=frequency=500:duration=1.6 -c:v copy -c:a aac in.mp4"));
    desk.succeed("video in.mp4 out.mp4 --look soft --landmarks out.jsonl --stats out.json");
    assert_eq!(desk.files(), ["in.mp4", "out.json", "out.jsonl", "out.mp4"]);
    let (before, after) = (desk.probe("in.mp4", "v"), desk.probe("out.mp4", "v"));
    let stream = &after["streams"][0];
    assert_eq!(stream["codec_name"], "h264");
    assert_eq!(stream["pix_fmt"], "yuv420p");
    for field in ["width", "height", "avg_frame_rate", "nb_frames"] {
        assert_eq!(stream[field], before["streams"][0][field], "{field}");
    }
    assert_eq!(desk.times("out.mp4"), desk.times("in.mp4"));
    let sound = |name: &str| -> Vec<Value> {
        let probe = desk.probe(name, "a");
        let packets = probe["packets"].as_array().unwrap().clone();
        packets.into_iter().map(|packet| serde_json::json!([packet["pts_time"], packet["data_hash"]])).collect()
    };
    assert_eq!(sound("out.mp4"), sound("in.mp4"));
    check_landmarks(&desk.lines("out.jsonl"), 40, 400, 300);
    let stats = desk.json("out.json");
    check_stats(&stats, 40, &["detect", "landmarks", "track", "upload", "gpu", "readback", "frame"]);
    assert!(!stats["adapter"].as_str().unwrap().is_empty());

    // Cut and scaled; other containers get sound they can hold; a file that was there is replaced.
    for (name, video, audio) in [
        ("out.mp4", "h264", "aac"),
        ("out.mov", "h264", "aac"),
        ("out.mkv", "h264", "aac"),
        ("out.webm", "vp9", "opus"),
    ] {
        desk.succeed(&format!("video in.mp4 {name} --max-frames 5 --scale-height 100"));
        let (picture, sound) = (desk.probe(name, "v"), desk.probe(name, "a"));
        assert_eq!(desk.times(name).len(), 5, "{name}");
        assert_eq!(picture["streams"][0]["codec_name"], video);
        assert_eq!(sound["streams"][0]["codec_name"], audio);
        // 100 lines of 400 × 300 are 133.3 pixels wide; the nearest even number is 134.
        assert_eq!((&picture["streams"][0]["width"], &picture["streams"][0]["height"]), (&134.into(), &100.into()));
        let last = sound["packets"].as_array().unwrap().last().unwrap()["pts_time"].as_str().unwrap().to_owned();
        assert!(last.parse::<f64>().unwrap() < 0.3, "{name}: sound until {last}");
    }
}

#[test]
fn a_clip_comes_out_the_same_where_its_frames_overlap() {
    let desk = Desk::new("pipelined");
    fs::copy(CLIP, desk.path("in.mp4")).unwrap();
    let common = "--look glam --max-frames 40 --stats out.json";
    desk.succeed(&format!("video in.mp4 apart.mp4 --landmarks apart.jsonl {common}"));
    desk.succeed(&format!("video in.mp4 piped.mp4 --landmarks piped.jsonl --pipelined {common}"));
    check_stats(&desk.json("out.json"), 40, &["detect", "landmarks", "track", "upload", "gpu", "readback", "frame"]);
    assert!(desk.read("apart.jsonl") == desk.read("piped.jsonl"));
    assert!(fs::read(desk.path("apart.mp4")).unwrap() == fs::read(desk.path("piped.mp4")).unwrap());
}

#[test]
fn a_clip_of_uneven_frames_keeps_their_times() {
    let desk = Desk::new("uneven");
    // Every third frame is left out, and the picture starts half a second after the sound.
    desk.ffmpeg(&format!(
        "-itsoffset 0.5 -i {CLIP} -f lavfi -i sine=duration=2 -vf select=mod(n\\,3) -fps_mode passthrough -c:a aac in.mp4"
    ));
    desk.succeed("video in.mp4 out.mp4 --landmarks out.jsonl");
    let (before, after) = (desk.times("in.mp4"), desk.times("out.mp4"));
    assert_eq!(before.len(), after.len());
    assert!(before[0] > 0.4, "{before:?}");
    for (before, after) in before.iter().zip(&after) {
        assert!((before - after).abs() < 1e-3, "{before} s became {after} s");
    }
    assert_eq!(desk.lines("out.jsonl").len(), before.len());
}

#[test]
fn clips_of_every_shape() {
    let desk = Desk::new("shapes");
    // Turned by its container.
    desk.ffmpeg(&format!("-i {CLIP} -t 0.2 -vf transpose=2 -c:v libx264 -crf 10 flat.mp4"));
    let mut clip = fs::read(desk.path("flat.mp4")).unwrap();
    let header = clip.windows(4).position(|bytes| bytes == b"tkhd").unwrap();
    // A quarter to the right, as phones write it: the matrix of the track's header.
    let matrix: [u32; 9] = [0, 1 << 16, 0, u32::MAX << 16, 0, 0, 0, 0, 1 << 30];
    for (index, number) in matrix.into_iter().enumerate() {
        let start = header + 44 + index * 4;
        clip[start..start + 4].copy_from_slice(&number.to_be_bytes());
    }
    desk.write("turned.mp4", clip);
    desk.succeed("video turned.mp4 out.mp4 --look none --landmarks out.jsonl");
    check_landmarks(&desk.lines("out.jsonl"), 5, 400, 300);
    let stream = &desk.probe("out.mp4", "v")["streams"][0];
    assert_eq!((&stream["width"], &stream["height"]), (&400.into(), &300.into()));
    assert!(stream["side_data_list"].is_null(), "turned twice");
    // Odd sides, oblong pixels, colours as in HD.
    desk.ffmpeg(&format!(
        "-i {CLIP} -t 0.2 -vf format=yuv444p,crop=361:299,setsar=12/11 -colorspace bt709 -color_primaries bt709 odd.mkv"
    ));
    desk.succeed("video odd.mkv out.mp4 --landmarks out.jsonl");
    check_landmarks(&desk.lines("out.jsonl"), 5, 361, 299);
    let stream = &desk.probe("out.mp4", "v")["streams"][0];
    assert_eq!((&stream["width"], &stream["height"]), (&361.into(), &299.into()));
    assert_eq!(stream["sample_aspect_ratio"], "12:11");
    assert_eq!((&stream["color_space"], &stream["color_primaries"]), (&"bt709".into(), &"bt709".into()));
}

#[test]
fn colours_come_through() {
    let desk = Desk::new("colours");
    desk.ffmpeg(&format!(
        "-i {CLIP} -t 0.2 -c:v libx264 -crf 10 -colorspace bt709 -vf scale=out_color_matrix=bt709 in.mp4"
    ));
    desk.succeed("video in.mp4 out.mp4 --look none");
    for name in ["in", "out"] {
        desk.ffmpeg(&format!("-i {name}.mp4 -frames:v 1 {name}.png"));
    }
    let off = difference(&desk.picture("in.png").into_rgba8(), &desk.picture("out.png").into_rgba8());
    assert!(off < 2.0, "colours are off by {off}");
}

#[test]
fn without_ffmpeg_it_says_what_to_install() {
    let desk = Desk::new("no-ffmpeg");
    for line in [format!("video {CLIP} out.mp4"), format!("landmarks {CLIP}")] {
        let output = desk.command(&line).env("PATH", &desk.0).output().unwrap();
        desk.judge(&line, &output, 1, "apt-get install ffmpeg");
    }
    assert!(desk.files().is_empty());
}

#[cfg(unix)]
#[test]
fn stopped_it_leaves_nothing_behind() {
    let desk = Desk::new("stopped");
    desk.ffmpeg(&format!("-stream_loop 50 -i {CLIP} -c copy long.mp4"));
    desk.write("out.mp4", "mine");
    for signal in ["-INT", "-TERM"] {
        let mut command = desk.command("video long.mp4 out.mp4 --landmarks out.jsonl");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        while !desk.files().iter().any(|name| name.ends_with("out.mp4") && name.starts_with('.')) {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not start to write");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        desk.judge(signal, &output, 1, "nothing was written");
        assert_eq!(desk.files(), ["long.mp4", "out.mp4"]);
        assert_eq!(desk.read("out.mp4"), "mine");
    }
}

#[test]
fn a_host_with_its_own_device() {
    let desk = Desk::new("embed");
    desk.succeed("embed");
    let embedded = desk.picture("embedded.png").into_rgba8();
    desk.succeed(&format!("photo {PORTRAIT} photo.png"));
    let photo = desk.picture("photo.png").into_rgba8();
    // The same work by another way in.
    assert!(difference(&embedded, &photo) < 0.01);
    assert!(difference(&embedded, &portrait()) > 0.01);
    assert!(Path::new(&desk.path("embedded.png")).is_file());
}

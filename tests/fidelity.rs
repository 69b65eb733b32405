//! What was not retouched comes out as it went in, and so does all that a clip holds beside its picture.

#![allow(clippy::unwrap_used, clippy::panic)]

mod desk;

use std::process::Command;

use desk::Desk;
use serde_json::Value;

/// 40 frames, 400 × 300, 25 a second, no sound.
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/webcam.mp4");

/// A clip's planes, frame by frame, with its first stream of pictures.
struct Planes {
    stream: Value,
    data: Vec<u8>,
    /// Width, height, and bytes of a sample of each plane.
    planes: Vec<(usize, usize, usize)>,
}

impl Planes {
    fn of(desk: &Desk, name: &str) -> Self {
        let stream = desk.probe(name, "v")["streams"][0].clone();
        let own = stream["pix_fmt"].as_str().unwrap();
        let side = |name: &str| stream[name].as_u64().unwrap() as usize;
        let (width, height) = (side("width"), side("height"));
        let half = (width.div_ceil(2), height.div_ceil(2));
        let bytes = if own.contains("10") { 2 } else { 1 };
        let planes = match own.trim_end_matches("10le") {
            "yuv420p" | "yuvj420p" => vec![(width, height, bytes), (half.0, half.1, bytes), (half.0, half.1, bytes)],
            "yuva420p" => {
                vec![(width, height, 1), (half.0, half.1, 1), (half.0, half.1, 1), (width, height, 1)]
            }
            "yuv422p" => vec![(width, height, bytes), (half.0, height, bytes), (half.0, height, bytes)],
            "yuv444p" => vec![(width, height, bytes); 3],
            "bgr0" => vec![(width, height, 4)],
            "gray" => vec![(width, height, 1)],
            other => panic!("{other}"),
        };
        let mut command = Command::new("ffmpeg");
        // ffmpeg's own decoder of VP9 leaves transparency out.
        if own == "yuv420p" && stream["tags"]["alpha_mode"] == "1" {
            command.args(["-c:v", "libvpx-vp9"]);
        }
        command.args(["-v", "error", "-i", name, "-map", "0:v:0", "-f", "rawvideo", "-pix_fmt", own, "-"]);
        let data = command.current_dir(&desk.0).output().unwrap().stdout;
        Self { stream, data, planes }
    }

    fn frame_bytes(&self) -> usize {
        self.planes.iter().map(|(width, height, bytes)| width * height * bytes).sum()
    }

    /// How many samples differ within, and beyond, half a face's width of any face.
    fn differing(&self, other: &Self, landmarks: &[Value]) -> (usize, usize) {
        assert_eq!((&self.planes, self.data.len()), (&other.planes, other.data.len()));
        let (mut near, mut far) = (0, 0);
        let frames = self.data.chunks(self.frame_bytes()).zip(other.data.chunks(self.frame_bytes()));
        for ((before, after), line) in frames.zip(landmarks) {
            let boxes: Vec<[f64; 4]> = line["faces"].as_array().unwrap().iter().map(around).collect();
            let mut start = 0;
            for &(width, height, bytes) in &self.planes {
                let whole = self.planes[0];
                let (across, down) = (whole.0 as f64 / width as f64, whole.1 as f64 / height as f64);
                for index in 0..width * height {
                    let at = start + index * bytes;
                    if before[at..at + bytes] != after[at..at + bytes] {
                        let (x, y) = ((index % width) as f64 * across, (index / width) as f64 * down);
                        let inside = |&[left, top, right, bottom]: &[f64; 4]| {
                            (left..right).contains(&x) && (top..bottom).contains(&y)
                        };
                        *(if boxes.iter().any(inside) { &mut near } else { &mut far }) += 1;
                    }
                }
                start += width * height * bytes;
            }
        }
        (near, far)
    }
}

/// A face's box and half its width around it; 0.8 widths below, where the neck is.
fn around(face: &Value) -> [f64; 4] {
    let [left, top, width, height] = [0, 1, 2, 3].map(|index| face["bounds"][index].as_f64().unwrap());
    [left - width / 2.0, top - width / 2.0, left + 1.5 * width, top + height + 0.8 * width]
}

/// Ten bits, as a phone's HDR has them.
const HLG: &str = "-vf format=yuv420p10le,setparams=color_trc=arib-std-b67:color_primaries=bt2020:colorspace=bt2020nc -color_trc arib-std-b67 -color_primaries bt2020 -colorspace bt2020nc -c:v ffv1";

/// Clips of one kind of samples each: a name, and how ffmpeg makes it.
const KINDS: [(&str, &str); 8] = [
    ("420.mkv", "-pix_fmt yuv420p -c:v ffv1"),
    ("422.mkv", "-pix_fmt yuv422p -c:v ffv1"),
    ("444.mkv", "-pix_fmt yuv444p -c:v ffv1"),
    ("full.mkv", "-vf scale=out_range=pc,setparams=range=pc -color_range pc -c:v ffv1"),
    ("422-10.mkv", "-pix_fmt yuv422p10le -c:v ffv1"),
    ("hlg.mkv", HLG),
    ("rgb.mkv", "-pix_fmt bgr0 -c:v ffv1"),
    ("grey.mkv", "-pix_fmt gray -c:v ffv1"),
];

#[test]
fn what_is_not_retouched_keeps_its_samples() {
    let desk = Desk::new("samples");
    for (name, how) in KINDS {
        desk.ffmpeg(&format!("-i {CLIP} -t 0.2 {how} {name}"));
        let before = Planes::of(&desk, name);
        for look in ["none", "glam"] {
            desk.succeed(&format!("video {name} out.mkv --lossless --look {look} --landmarks out.jsonl"));
            let after = Planes::of(&desk, "out.mkv");
            assert_eq!(after.stream["codec_name"], "ffv1");
            for field in ["pix_fmt", "color_range", "color_space", "color_transfer", "color_primaries"] {
                assert_eq!(after.stream[field], before.stream[field], "{name}: {field}");
            }
            let (near, far) = before.differing(&after, &desk.lines("out.jsonl"));
            println!("{name}, {look}: {near} samples of faces changed, {far} others");
            assert_eq!(far, 0, "{name}, {look}");
            assert_eq!(near > 1000, look == "glam", "{name}, {look}: {near}");
        }
    }
}

#[test]
fn a_coded_clip_keeps_the_kind_of_its_samples() {
    let desk = Desk::new("coded");
    for (name, how) in KINDS {
        desk.ffmpeg(&format!("-i {CLIP} -t 0.2 {how} {name}"));
        let before = Planes::of(&desk, name).stream;
        for container in ["mp4", "mov", "mkv"] {
            let out = format!("out.{container}");
            desk.succeed(&format!("video {name} {out} --look none"));
            let after = desk.probe(&out, "v")["streams"][0].clone();
            let (own, is) = (before["pix_fmt"].as_str().unwrap(), after["pix_fmt"].as_str().unwrap());
            // A decoder of H.264 shows grey with chroma that is none.
            let same = is == own
                || (own, is) == ("gray", "yuvj420p")
                || is == own.replace("yuv", "yuvj")
                || (own == "bgr0" && is == "gbrp");
            assert!(same, "{name} in {container}: {own} became {is}");
            let full = |stream: &Value| stream["color_range"] == "pc";
            assert_eq!(full(&after), full(&before), "{name} in {container}");
            if name == "hlg.mkv" {
                assert_eq!(
                    (&after["color_transfer"], &after["color_primaries"]),
                    (&"arib-std-b67".into(), &"bt2020".into())
                );
            }
        }
    }
}

#[test]
fn what_an_hdr_clip_says_of_its_light_is_kept() {
    let desk = Desk::new("light");
    desk.ffmpeg(&format!(
        "-i {CLIP} -t 0.2 -pix_fmt yuv420p10le -c:v libx265 -color_trc smpte2084 -color_primaries bt2020 -colorspace bt2020nc -x265-params log-level=error:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=900,250 in.mp4"
    ));
    let light = |name: &str| -> Vec<Value> {
        let mut command = Command::new("ffprobe");
        command.args([
            "-v",
            "error",
            "-of",
            "json",
            "-show_frames",
            "-read_intervals",
            "%+#1",
            "-select_streams",
            "v:0",
        ]);
        let output = command.arg(name).current_dir(&desk.0).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let data = answer["frames"][0]["side_data_list"].as_array().unwrap().clone();
        data.into_iter().filter(|data| data["side_data_type"].as_str().unwrap().contains(" metadata")).collect()
    };
    assert_eq!(light("in.mp4").len(), 2);
    desk.succeed("video in.mp4 out.mp4 --look none");
    assert_eq!(light("out.mp4"), light("in.mp4"));
    let stream = &desk.probe("out.mp4", "v")["streams"][0];
    assert_eq!((&stream["pix_fmt"], &stream["codec_name"]), (&"yuv420p10le".into(), &"hevc".into()));
    assert_eq!((&stream["color_transfer"], &stream["color_space"]), (&"smpte2084".into(), &"bt2020nc".into()));
    let told = desk.run("video in.mp4 out.mkv --look none --lossless").stderr;
    assert!(String::from_utf8_lossy(&told).contains("its brightest light is left out"));
}

#[test]
fn nothing_becomes_darker() {
    let desk = Desk::new("darker");
    desk.ffmpeg(&format!("-i {CLIP} -t 0.2 -c:v ffv1 in.mkv"));
    desk.succeed("video in.mkv out.mp4 --look none");
    let [before, after] = ["in.mkv", "out.mp4"].map(|name| Planes::of(&desk, name));
    let mean = |planes: &Planes| planes.data.iter().map(|&v| f64::from(v)).sum::<f64>() / planes.data.len() as f64;
    let off = mean(&after) - mean(&before);
    println!("off by {off:.3}");
    assert!(off.abs() < 0.1, "{off}");
}

/// A second sound track, subtitles, chapters and a title.
#[test]
fn every_track_is_kept() {
    let desk = Desk::new("tracks");
    desk.write("one.srt", "1\n00:00:00,200 --> 00:00:00,800\nHello there\n");
    desk.write("chapters.txt", ";FFMETADATA1\ntitle=An evening\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=700\ntitle=First\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=700\nEND=1600\ntitle=Second\n");
    let inputs = format!(
        "-i {CLIP} -f lavfi -i sine=frequency=500:duration=1.6 -f lavfi -i sine=frequency=900:duration=1.6 -i one.srt -i chapters.txt"
    );
    let maps =
        "-map 0:v -map 1:a -map 2:a -map 3:s -map_metadata 4 -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu";
    for (name, how) in [("in.mp4", "-c:v copy -c:a aac -c:s mov_text"), ("in.mkv", "-c:v copy -c:a flac -c:s subrip")] {
        desk.ffmpeg(&format!("{inputs} {maps} {how} {name}"));
    }
    for (from, to, said) in [
        ("in.mp4", "out.mp4", None),
        ("in.mkv", "out.mkv", None),
        ("in.mp4", "out.mkv", Some("subrip")),
        ("in.mkv", "out.mp4", Some("alac")),
        ("in.mkv", "out.webm", Some("libopus")),
    ] {
        let line = format!("video {from} {to}");
        let output = desk.run(&line);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {told}");
        assert_eq!(told.lines().count(), usize::from(said.is_some()), "{line}: {told}");
        assert!(told.contains(said.unwrap_or_default()), "{line}: {told}");
        let sounds = desk.probe(to, "a");
        let languages: Vec<&Value> =
            sounds["streams"].as_array().unwrap().iter().map(|stream| &stream["tags"]["language"]).collect();
        let german = if to == "out.webm" || to == "out.mkv" { "ger" } else { "deu" };
        assert!(languages.len() == 2 && *languages[0] == "eng", "{line}: {languages:?}");
        assert!(*languages[1] == german || *languages[1] == "deu", "{line}: {languages:?}");
        assert_eq!(desk.probe(to, "s")["streams"].as_array().unwrap().len(), 1, "{line}");
        if said.is_none() {
            let hashes = |name: &str| -> Vec<Value> {
                let probe = desk.probe(name, "a");
                let packets = probe["packets"].as_array().unwrap().clone();
                packets.into_iter().map(|packet| packet["data_hash"].clone()).collect()
            };
            assert!(hashes(from) == hashes(to), "{line}: the sound is another");
        }
        let mut command = Command::new("ffprobe");
        command.args(["-v", "error", "-of", "json", "-show_chapters", "-show_format", to]).current_dir(&desk.0);
        let whole: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let titles: Vec<&Value> =
            whole["chapters"].as_array().unwrap().iter().map(|chapter| &chapter["tags"]["title"]).collect();
        assert_eq!(titles, ["First", "Second"], "{line}");
        assert_eq!(whole["format"]["tags"]["title"], "An evening", "{line}");
    }
}

#[test]
fn interlaced_clips_are_refused_or_made_progressive() {
    let desk = Desk::new("interlaced");
    desk.ffmpeg(&format!(
        "-i {CLIP} -t 0.4 -vf interlace,setfield=tff -c:v libx264 -flags +ildct+ilme -x264-params tff=1 in.mp4"
    ));
    assert_eq!(desk.probe("in.mp4", "v")["streams"][0]["field_order"], "tt");
    desk.fail("video in.mp4 out.mp4", 1, "--deinterlace");
    desk.succeed("video in.mp4 out.mp4 --deinterlace");
    let order = &desk.probe("out.mp4", "v")["streams"][0]["field_order"];
    assert!(order.is_null() || order == "progressive", "{order}");
    assert_eq!(desk.times("out.mp4").len(), desk.times("in.mp4").len());
}

#[test]
fn transparency_is_kept_or_said() {
    let desk = Desk::new("transparent");
    let fade = "-vf format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X/2'";
    desk.ffmpeg(&format!("-i {CLIP} -t 0.2 {fade} -c:v libvpx-vp9 -lossless 1 in.webm"));
    desk.ffmpeg(&format!("-i {CLIP} -t 0.2 {fade} -c:v ffv1 in.mkv"));
    let alpha = |name: &str| {
        let mut command = Command::new("ffmpeg");
        if desk.probe(name, "v")["streams"][0]["codec_name"] == "vp9" {
            command.args(["-c:v", "libvpx-vp9"]);
        }
        command.args(["-v", "error", "-i", name, "-vf", "alphaextract,format=gray", "-f", "rawvideo", "-"]);
        command.current_dir(&desk.0).output().unwrap().stdout
    };
    for (from, to) in [("in.webm", "out.webm"), ("in.mkv", "out.mkv"), ("in.mkv", "out.mov"), ("in.webm", "out.mkv")] {
        desk.succeed(&format!("video {from} {to} --look soft"));
        let [before, after] = [from, to].map(alpha);
        assert!(!before.is_empty() && before.len() == after.len(), "{from} to {to}");
        let off = before.iter().zip(&after).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        assert!(off as f64 / (before.len() as f64) < 1.5, "{from} to {to}: {off}");
    }
    desk.succeed("video in.mkv out.mkv --lossless --look soft");
    assert!(alpha("in.mkv") == alpha("out.mkv"));
    let output = desk.run("video in.mkv out.mp4");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("its transparency is left out"));
}

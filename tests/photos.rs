//! A photo comes out with all that its file held: depth, transparency, profile, EXIF, XMP, and how a JPEG was coded. And whole
//! folders of them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod desk;

use std::fs;

use desk::Desk;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbaImage};
use img_parts::jpeg::{Jpeg, markers};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png");
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/webcam.mp4");

fn portrait() -> DynamicImage {
    image::open(PORTRAIT).unwrap()
}

/// A profile's head for pixels of this kind, and something behind it.
fn profile(kind: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![0; 200];
    profile[16..20].copy_from_slice(kind);
    profile
}

/// EXIF of a picture that lies on its side: a date, a copyright, and a thumbnail.
fn exif() -> Vec<u8> {
    let mut exif = b"MM\0\x2A\0\0\0\x08\0\x03".to_vec();
    let directory = 10 + 3 * 12 + 4;
    let field = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    exif.extend(field(0x0112, 3, 1, [0, 6, 0, 0]));
    exif.extend(field(0x0132, 2, 20, (directory as u32).to_be_bytes()));
    exif.extend(field(0x8298, 2, 9, (directory as u32 + 20).to_be_bytes()));
    let second = directory as u32 + 29;
    exif.extend(second.to_be_bytes());
    exif.extend(b"2024:05:06 07:08:09\0A. Person");
    let picture = second + 2 + 2 * 12 + 4;
    exif.extend(b"\0\x02");
    exif.extend(field(0x0201, 4, 1, picture.to_be_bytes()));
    exif.extend(field(0x0202, 4, 1, 9_u32.to_be_bytes()));
    exif.extend([0; 4]);
    exif.extend(b"THUMBNAIL");
    exif
}

const XMP: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>kept</x:xmpmeta>";

/// A JPEG with all that.
fn jpeg(image: &DynamicImage, quality: u8, sampling: SamplingFactor) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(sampling);
    encoder.add_exif_metadata(&exif()).unwrap();
    encoder.add_app_segment(1, [b"http://ns.adobe.com/xap/1.0/\0", XMP.as_bytes()].concat()).unwrap();
    encoder.add_icc_profile(&profile(b"RGB ")).unwrap();
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image.to_rgb8().as_raw(), width, height, ColorType::Rgb).unwrap();
    file
}

/// A picture's profile, EXIF and XMP.
fn extras(desk: &Desk, name: &str) -> [Option<Vec<u8>>; 3] {
    let mut decoder = ImageReader::open(desk.path(name)).unwrap().into_decoder().unwrap();
    [decoder.icc_profile().unwrap(), decoder.exif_metadata().unwrap(), decoder.xmp_metadata().unwrap()]
}

/// Runs what shall succeed, and returns its notes.
fn told(desk: &Desk, line: &str) -> String {
    let output = desk.run(line);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {told}");
    assert!(told.lines().count() <= 1 && (told.is_empty() || told.starts_with("note: ")), "{line}: {told}");
    told
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|part| part == words)
}

#[test]
fn date_and_copyright_are_kept_and_the_thumbnail_is_not() {
    let desk = Desk::new("exif");
    desk.write("in.jpg", jpeg(&portrait().rotate270(), 90, SamplingFactor::F_1_1));
    for name in ["out.jpg", "out.png", "out.webp"] {
        assert_eq!(told(&desk, &format!("photo in.jpg {name} --look soft")), "");
        let [icc, exif, xmp] = extras(&desk, name);
        assert_eq!(icc.unwrap(), profile(b"RGB "), "{name}");
        assert_eq!(xmp.unwrap(), XMP.as_bytes(), "{name}");
        let exif = exif.unwrap();
        assert!(holds(&exif, b"2024:05:06 07:08:09") && holds(&exif, b"A. Person"), "{name}");
        assert!(!holds(&fs::read(desk.path(name)).unwrap(), b"THUMBNAIL"), "{name}: the old face is still in it");
        assert_eq!(image::metadata::Orientation::from_exif_chunk(&exif).unwrap().to_exif(), 1, "{name}");
        assert_eq!(exif[46..50], [0; 4], "{name}: the thumbnail's directory is linked");
        // Turned once, and upright.
        let out = desk.picture(name).to_rgb8();
        let off: u64 = out.iter().zip(portrait().to_rgb8().iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(off as f64 / (out.len() as f64) < 4.0, "{name}");
    }
    let notes = told(&desk, "photo in.jpg out.tif --look soft");
    assert!(notes.contains("EXIF"), "{notes}");
    assert_eq!(extras(&desk, "out.tif")[0].as_ref().unwrap(), &profile(b"RGB "));
    assert!(told(&desk, "photo in.jpg out.bmp --look soft").contains("BMP holds no profile"));
}

#[test]
fn a_jpeg_is_coded_as_it_was() {
    let desk = Desk::new("jpeg");
    let coding = |name: &str| {
        let jpeg = Jpeg::from_bytes(fs::read(desk.path(name)).unwrap().into()).unwrap();
        let segments = |marker: u8| -> Vec<u8> {
            jpeg.segments_by_marker(marker).flat_map(|segment| segment.contents().to_vec()).collect()
        };
        // The first bytes of the header are the size, and between the factors are names.
        let header = segments(markers::SOF0);
        ([7, 10, 13].map(|at| header[at]), segments(markers::DQT))
    };
    for (sampling, factors) in
        [(SamplingFactor::F_1_1, 0x11), (SamplingFactor::F_2_1, 0x21), (SamplingFactor::F_2_2, 0x22)]
    {
        desk.write("in.jpg", jpeg(&portrait(), 71, sampling));
        assert_eq!(told(&desk, "photo in.jpg out.jpg --look soft"), "");
        let (before, after) = (coding("in.jpg"), coding("out.jpg"));
        assert_eq!(before.0, [factors, 0x11, 0x11]);
        assert_eq!(before, after);
        told(&desk, "photo in.jpg fine.jpg --look soft --quality 98");
        assert_ne!(coding("fine.jpg").1, before.1);
        assert_eq!(coding("fine.jpg").0, before.0);
    }
    // Nothing to change: the same file.
    told(&desk, "photo in.jpg out.jpg --look none");
    assert!(fs::read(desk.path("in.jpg")).unwrap() == fs::read(desk.path("out.jpg")).unwrap());
}

#[test]
fn sixteen_bits_and_grey_are_kept() {
    let desk = Desk::new("deep");
    // Low bits that eight could not hold.
    let mut deep = portrait().to_rgb16();
    deep.iter_mut().enumerate().for_each(|(index, value)| *value ^= (index * 37 % 256) as u16);
    let deep = DynamicImage::from(deep);
    let with_alpha = {
        let mut image = deep.to_rgba16();
        image.pixels_mut().enumerate().for_each(|(index, pixel)| pixel.0[3] = (index % 65_536) as u16);
        DynamicImage::from(image)
    };
    let pictures = [
        deep.clone(),
        with_alpha,
        portrait().to_luma8().into(),
        DynamicImage::from(deep.to_luma16()),
        portrait().to_luma_alpha8().into(),
    ];
    for picture in pictures {
        picture.save(desk.path("in.png")).unwrap();
        assert_eq!(told(&desk, "photo in.png out.png --look none --quality 90"), "");
        assert!(desk.picture("out.png") == picture, "{:?}", picture.color());
        assert_eq!(told(&desk, "photo in.png out.png --look glam --landmarks out.jsonl"), "");
        let out = desk.picture("out.png");
        assert_eq!(out.color(), picture.color());
        assert!(out != picture, "{:?}", picture.color());
        // The corners are far from the face.
        for (x, y) in [(0, 0), (440, 0), (0, 400), (440, 400)] {
            let corner = |image: &DynamicImage| image.crop_imm(x, y, 70, 100);
            assert!(corner(&out) == corner(&picture), "{:?} at {x}, {y}", picture.color());
        }
    }
    deep.save(desk.path("in.png")).unwrap();
    assert!(told(&desk, "photo in.png out.jpg").contains("16 bits"));
    told(&desk, "photo in.png out.tif --look none");
    assert!(desk.picture("out.tif") == deep);
    told(&desk, "landmarks in.png --json out.jsonl --faces 1");
    assert_eq!(desk.lines("out.jsonl")[0]["faces"].as_array().unwrap().len(), 1);
}

#[test]
fn colour_under_transparency_is_kept() {
    let desk = Desk::new("under");
    let mut picture = portrait().to_rgba8();
    picture.pixels_mut().enumerate().for_each(|(index, pixel)| pixel.0[3] = if index % 3 == 0 { 0 } else { 200 });
    picture.save(desk.path("in.png")).unwrap();
    for name in ["out.png", "out.webp", "out.tif", "out.bmp"] {
        assert_eq!(told(&desk, &format!("photo in.png {name} --look none --quality 90")), "", "{name}");
        assert!(desk.picture(name).to_rgba8() == picture, "{name}");
    }
    assert!(told(&desk, "photo in.png out.jpg").contains("transparency"));
}

#[test]
fn a_profile_for_inks_is_not_given_to_colours() {
    let desk = Desk::new("cmyk");
    let image = portrait().to_rgb8();
    // Inks that are inverted, as the maker of most such files has them.
    let inks: Vec<u8> = image.pixels().flat_map(|pixel| [255 - pixel[0], 255 - pixel[1], 255 - pixel[2], 0]).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 95);
    encoder.add_icc_profile(&profile(b"CMYK")).unwrap();
    encoder.encode(&inks, 512, 512, ColorType::Cmyk).unwrap();
    desk.write("in.jpg", file);
    for name in ["out.jpg", "out.png"] {
        let notes = told(&desk, &format!("photo in.jpg {name} --look soft"));
        assert!(notes.contains("profile is left out"), "{notes}");
        assert_eq!(extras(&desk, name)[0], None, "{name}");
        assert_eq!(desk.picture(name).color(), image::ColorType::Rgb8);
    }
}

#[test]
fn of_an_animation_the_first_picture_is_kept_and_said() {
    let desk = Desk::new("animated");
    desk.ffmpeg(&format!("-i {CLIP} -t 0.2 -f apng in.png"));
    let notes = told(&desk, "photo in.png out.png --look soft");
    assert!(notes.contains("animated"), "{notes}");
    // A second picture behind the first that makes it HDR.
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.add_app_segment(2, b"MPF\0and so on".to_vec()).unwrap();
    encoder.encode(portrait().to_rgb8().as_raw(), 512, 512, ColorType::Rgb).unwrap();
    desk.write("in.jpg", file);
    let notes = told(&desk, "photo in.jpg out.jpg --look soft");
    assert!(notes.contains("gain map"), "{notes}");
}

#[test]
fn tiff_and_bmp_come_and_go() {
    let desk = Desk::new("tiff");
    for name in ["in.tif", "in.bmp"] {
        portrait().to_rgb8().save(desk.path(name)).unwrap();
        told(&desk, &format!("photo {name} out.png --look none"));
        assert!(desk.picture("out.png").to_rgb8() == portrait().to_rgb8(), "{name}");
        let out = name.replace("in", "out");
        told(&desk, &format!("photo {name} {out} --look glam"));
        assert!(desk.picture(&out).to_rgb8() != portrait().to_rgb8(), "{name}");
        told(&desk, &format!("landmarks {name} --json out.jsonl"));
        assert_eq!(desk.lines("out.jsonl")[0]["faces"].as_array().unwrap().len(), 1, "{name}");
    }
}

#[test]
fn all_of_a_group_are_retouched() {
    let desk = Desk::new("group");
    let head = portrait().crop_imm(120, 0, 220, 220).to_rgba8();
    let mut group = RgbaImage::new(5 * 220, 4 * 220);
    for index in 0..20 {
        image::imageops::replace(&mut group, &head, index % 5 * 220, index / 5 * 220);
    }
    group.save(desk.path("in.png")).unwrap();
    told(&desk, "photo in.png out.png --look glam --landmarks out.jsonl");
    let line = &desk.lines("out.jsonl")[0];
    let faces = line["faces"].as_array().unwrap();
    println!("{} of 20 faces", faces.len());
    assert_eq!(faces.len(), 20);
    let out = desk.picture("out.png").to_rgba8();
    for index in 0..20 {
        let cell = image::imageops::crop_imm(&out, index % 5 * 220, index / 5 * 220, 220, 220).to_image();
        let changed = cell.pixels().zip(head.pixels()).filter(|(a, b)| a != b).count();
        assert!(changed > 2_000, "face {index}: {changed} pixels");
    }
    told(&desk, "photo in.png out.png --faces 3 --landmarks out.jsonl");
    assert_eq!(desk.lines("out.jsonl")[0]["faces"].as_array().unwrap().len(), 3);
}

#[test]
fn a_folder_goes_into_a_folder() {
    let desk = Desk::new("folder");
    fs::create_dir(desk.path("in")).unwrap();
    let face = portrait().crop_imm(150, 20, 160, 160);
    for index in 0..30 {
        let name = format!("in/{index:02}.{}", ["png", "jpg", "webp"][index % 3]);
        face.to_rgb8().save(desk.path(&name)).unwrap();
        if index % 10 == 4 {
            let whole = fs::read(desk.path(&name)).unwrap();
            fs::write(desk.path(&name), &whole[..whole.len() / 2]).unwrap();
        }
    }
    desk.write("in/notes.txt", "no picture");
    let output = desk.run("photo in out --look soft");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(told.lines().count(), 3, "{told}");
    for name in ["04", "14", "24"] {
        assert_eq!(told.lines().filter(|line| line.contains(name)).count(), 1, "{told}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("27 of 30 pictures"));
    let written = || fs::read_dir(desk.path("out")).unwrap().count();
    assert_eq!(written(), 27);
    assert!(desk.picture("out/00.png") != desk.picture("in/00.png"));

    // Nothing is replaced unless asked for.
    desk.write("out/00.png", "mine");
    let output = desk.run("photo in out --look soft");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 30);
    assert_eq!(desk.read("out/00.png"), "mine");
    let output = desk.run("photo in out --look soft --force");
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 3);
    assert_ne!(fs::read(desk.path("out/00.png")).unwrap(), b"mine");
    assert_eq!(written(), 27);
}

//! How a JPEG was coded, so that it can be coded so again.

use std::io::Write;

use image::DynamicImage;
use img_parts::jpeg::{Jpeg, markers};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, EncodingError, QuantizationTableType, SamplingFactor};

/// The order in which a table's numbers stand in a file (ITU-T T.81, figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];
/// What XMP begins with in a segment, and most bytes of a segment.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const SEGMENT: usize = 65_533;
/// The quality of what was no JPEG.
const QUALITY: u8 = 95;

type Table = Box<[u16; 64]>;

/// The rounding and the sampling of a JPEG.
#[derive(Debug, Clone, Default)]
pub struct Coding {
    /// Of luma and of chroma.
    tables: Option<[Table; 2]>,
    /// How many columns and rows share their chroma.
    sampling: [u8; 2],
    /// Whether a second picture follows that makes it HDR.
    pub gain_map: bool,
}

/// What goes along with a picture.
pub struct Extras<'a> {
    pub profile: Option<&'a [u8]>,
    pub exif: Option<&'a [u8]>,
    pub xmp: Option<&'a [u8]>,
}

impl Coding {
    /// That of a JPEG of one or three colours; `None` for any other file.
    pub fn of(file: &[u8]) -> Option<Self> {
        let jpeg = Jpeg::from_bytes(file.to_vec().into()).ok()?;
        let mut tables: [Option<Table>; 4] = Default::default();
        let mut coding = Self { sampling: [1, 1], ..Self::default() };
        let mut components: Vec<[u8; 3]> = Vec::new();
        for segment in jpeg.segments() {
            let content: &[u8] = segment.contents();
            match segment.marker() {
                markers::DQT => read_tables(content, &mut tables),
                // The frame's header, of each way to code.
                markers::SOF0 | markers::SOF1 | markers::SOF2 => {
                    components = content.get(6..).unwrap_or_default().as_chunks().0.to_vec();
                }
                markers::APP2 => coding.gain_map |= content.starts_with(b"MPF\0"),
                _ => {}
            }
        }
        let table = |component: &[u8; 3]| tables.get(usize::from(component[2])).cloned().flatten();
        match *components {
            [ref luma] => coding.tables = table(luma).map(|table| [table.clone(), table]),
            [ref luma, ref cb, _] => {
                coding.tables = table(luma).zip(table(cb)).map(|(luma, chroma)| [luma, chroma]);
                let factors = |component: &[u8; 3]| [component[1] >> 4, component[1] & 15].map(|factor| factor.max(1));
                let ([across, down], [chroma_across, chroma_down]) = (factors(luma), factors(cb));
                coding.sampling = [across / chroma_across, down / chroma_down];
            }
            _ => {}
        }
        Some(coding)
    }
}

fn read_tables(mut content: &[u8], tables: &mut [Option<Table>; 4]) {
    while let Some((&head, rest)) = content.split_first() {
        let wide = head >> 4 > 0;
        let length = if wide { 128 } else { 64 };
        let Some(numbers) = rest.get(..length) else { return };
        let mut table = [1; 64];
        for (index, &place) in ZIGZAG.iter().enumerate() {
            table[place] = if wide {
                u16::from_be_bytes([numbers[2 * index], numbers[2 * index + 1]])
            } else {
                numbers[index].into()
            };
        }
        if let Some(slot) = tables.get_mut(usize::from(head & 15)) {
            *slot = Some(Box::new(table));
        }
        content = rest.get(length..).unwrap_or_default();
    }
}

/// Writes a picture of eight bits, grey or colour. With a `quality` that, and otherwise as it was coded before. Returns what there
/// was no room for.
pub fn write(
    to: impl Write,
    image: &DynamicImage,
    coding: Option<&Coding>,
    quality: Option<u8>,
    extras: &Extras<'_>,
) -> Result<Vec<String>, String> {
    let fail = |error: EncodingError| error.to_string();
    let (Ok(width), Ok(height)) = (u16::try_from(image.width()), u16::try_from(image.height())) else {
        return Err("JPEG has at most 65535 pixels a side".to_owned());
    };
    let mut encoder = Encoder::new(to, quality.unwrap_or(QUALITY));
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    if let Some(coding) = coding {
        let [across, down] = coding.sampling;
        if let Some(sampling) = SamplingFactor::from_factors(across, down) {
            encoder.set_sampling_factor(sampling);
        }
        if let (Some([luma, chroma]), None) = (&coding.tables, quality) {
            let [luma, chroma] = [luma, chroma].map(|table| QuantizationTableType::Custom(table.clone()));
            encoder.set_quantization_tables(luma, chroma);
        }
    }
    let mut lost = Vec::new();
    let mut add = |name: &str, added: Result<(), EncodingError>| {
        if added.is_err() {
            lost.push(format!("its {name} is left out: too long for JPEG"));
        }
    };
    if let Some(exif) = extras.exif {
        add("EXIF", encoder.add_exif_metadata(exif));
    }
    if let Some(xmp) = extras.xmp {
        let segment = [XMP, xmp].concat();
        let fits = if segment.len() <= SEGMENT {
            encoder.add_app_segment(1, segment)
        } else {
            Err(EncodingError::AppSegmentTooLarge(segment.len()))
        };
        add("XMP", fits);
    }
    if let Some(profile) = extras.profile {
        add("profile", encoder.add_icc_profile(profile));
    }
    let colour = if image.color().has_color() { ColorType::Rgb } else { ColorType::Luma };
    encoder.encode(image.as_bytes(), width, height, colour).map_err(fail)?;
    Ok(lost)
}

//! How a clip's samples lie in memory: ffmpeg's names for it, and the library's.

use glowup::{Colours, Matrix, PixelFormat, Range, Transfer};
use serde_json::Value;

use super::clip::text;

/// A clip's samples, as they are read, changed and written.
#[derive(Debug, Clone)]
pub struct Samples {
    /// What ffmpeg calls the clip's own format.
    pub own: String,
    /// What it calls the format that frames travel in, and the name of that in uncompressed Matroska.
    pub pipe: &'static str,
    pub code: [u8; 4],
    /// What the library calls it. A plane of alpha may follow.
    pub format: PixelFormat,
    /// Whether there is transparency.
    pub alpha: bool,
    /// What its values mean.
    pub colours: Colours,
    /// What is lost between the clip's own format and the one that frames travel in.
    pub loss: Option<String>,
}

/// The formats that frames travel in: ffmpeg's name, Matroska's name, the library's, and those of ffmpeg's that hold the same.
const PIPES: [(&str, &[u8; 4], PixelFormat, &[&str]); 14] = [
    ("yuv420p", b"I420", PixelFormat::I420, &["yuv420p", "yuvj420p", "nv12", "nv21"]),
    ("yuv422p", b"Y42B", PixelFormat::I422, &["yuv422p", "yuvj422p", "yuyv422", "uyvy422", "nv16"]),
    ("yuv444p", b"444P", PixelFormat::I444, &["yuv444p", "yuvj444p", "nv24"]),
    ("yuva420p", b"Y4\x0B\x08", PixelFormat::I420, &["yuva420p"]),
    ("yuva422p", b"Y4\x0A\x08", PixelFormat::I422, &["yuva422p"]),
    ("yuva444p", b"Y4\0\x08", PixelFormat::I444, &["yuva444p"]),
    ("yuv420p10le", b"Y3\x0B\x0A", PixelFormat::I010, &["yuv420p10le", "p010le"]),
    ("yuv422p10le", b"Y3\x0A\x0A", PixelFormat::I210, &["yuv422p10le", "p210le"]),
    ("yuv444p10le", b"Y3\0\x0A", PixelFormat::I410, &["yuv444p10le", "p410le"]),
    ("yuva444p10le", b"Y4\0\x0A", PixelFormat::I410, &["yuva444p10le"]),
    ("gray", b"Y800", PixelFormat::Gray8, &["gray"]),
    ("gray16le", b"Y1\0\x10", PixelFormat::Gray16, &["gray16le"]),
    ("rgba", b"RGBA", PixelFormat::Rgba8, &RGB),
    ("rgba64le", b"RBA@", PixelFormat::Rgba16, &["rgba64le", "rgb48le"]),
];
/// Red, green and blue of eight bits.
const RGB: [&str; 13] =
    ["rgba", "bgra", "argb", "abgr", "rgb24", "bgr24", "gbrp", "gbrap", "pal8", "bgr0", "rgb0", "0rgb", "0bgr"];
/// Formats that nothing in the table holds, and what loses least of them.
const NEAREST: [(&str, &str); 12] = [
    ("yuv411p", "yuv444p"),
    ("yuvj411p", "yuv444p"),
    ("yuv440p", "yuv444p"),
    ("yuvj440p", "yuv444p"),
    ("yuv410p", "yuv420p"),
    ("yuv420p12le", "yuv420p10le"),
    ("yuv422p12le", "yuv422p10le"),
    ("yuv444p12le", "yuv444p10le"),
    ("yuva420p10le", "yuva444p10le"),
    ("yuva422p10le", "yuva444p10le"),
    ("yuva422p12le", "yuva444p10le"),
    ("yuva444p12le", "yuva444p10le"),
];

impl Samples {
    /// Red, green, blue and alpha, whatever the clip has.
    pub fn rgba() -> Self {
        Self::of("rgba", false)
    }

    /// Those of a clip, as ffprobe describes its video.
    pub fn of_clip(video: &Value, turned: bool, height: u32) -> Self {
        let hidden = video["tags"]["alpha_mode"] == "1";
        let mut samples = Self::of(&text(video, "pix_fmt"), hidden);
        // A frame on its side: chroma that is halved across would be halved down.
        if turned && matches!(samples.format, PixelFormat::I422 | PixelFormat::I210) {
            let whole = samples.pipe.replacen("422", "444", 1);
            samples.travel(&whole);
        }
        let full = text(video, "color_range") == "pc" || samples.own.starts_with("yuvj");
        let matrix = match &*text(video, "color_space") {
            "bt709" => Matrix::Bt709,
            "bt2020nc" | "bt2020c" => Matrix::Bt2020,
            // As players guess.
            "" | "unknown" | "reserved" if height >= 720 => Matrix::Bt709,
            _ => Matrix::Bt601,
        };
        let transfer = match &*text(video, "color_transfer") {
            "arib-std-b67" => Transfer::Hlg,
            "smpte2084" => Transfer::Pq,
            _ => Transfer::Sdr,
        };
        samples.colours = Colours { matrix, range: if full { Range::Full } else { Range::Limited }, transfer };
        samples
    }

    fn of(own: &str, hidden_alpha: bool) -> Self {
        let with_alpha = ["yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya", "pal8"];
        let alpha = hidden_alpha || with_alpha.iter().any(|start| own.starts_with(start));
        let same = PIPES.iter().find(|(.., same)| same.contains(&own)).map(|(pipe, ..)| *pipe);
        let (pipe, loss) = match same {
            _ if hidden_alpha => ("yuva420p", None),
            Some(pipe) => (pipe, None),
            None => {
                let deep_rgb =
                    own.starts_with("gb") || own.starts_with("x2") || own.ends_with("64le") || own.ends_with("48be");
                let other = if own.starts_with("gray") {
                    "gray16le"
                } else if deep_rgb {
                    "rgba64le"
                } else {
                    "rgba"
                };
                let pipe = NEAREST.iter().find(|(name, _)| *name == own).map_or(other, |(_, pipe)| *pipe);
                // Deeper ones lose nothing.
                (
                    pipe,
                    (!pipe.contains("16") && !pipe.contains("64"))
                        .then(|| format!("its samples ({own}) become {pipe}")),
                )
            }
        };
        let mut samples = Self {
            own: own.to_owned(),
            pipe: "",
            code: [0; 4],
            format: PixelFormat::Rgba8,
            alpha,
            colours: Colours::default(),
            loss,
        };
        samples.travel(pipe);
        samples
    }

    fn travel(&mut self, name: &str) {
        if let Some(&(pipe, code, format, _)) = PIPES.iter().find(|(pipe, ..)| *pipe == name) {
            (self.pipe, self.code, self.format) = (pipe, *code, format);
        }
    }

    /// What to ask ffmpeg's decoder for, so that it converts nothing: its own name for full range is another one.
    pub fn asked(&self) -> &str {
        if self.own.starts_with("yuvj") && self.own.get(4..) == self.pipe.get(3..) { &self.own } else { self.pipe }
    }

    /// Whether a colour is red, green and blue.
    pub fn is_rgb(&self) -> bool {
        self.pipe.starts_with("rgba")
    }

    /// Whether values have more than eight bits.
    pub fn is_deep(&self) -> bool {
        self.pipe.ends_with("le")
    }

    /// Whether light is coded as HDR is.
    pub fn is_hdr(&self) -> bool {
        self.is_deep() && self.colours.transfer != Transfer::Sdr
    }

    /// Bytes of a frame.
    pub fn bytes(&self, width: u32, height: u32) -> usize {
        let (whole, half) = (width as usize, width.div_ceil(2) as usize);
        let (rows, halved) = (height as usize, height.div_ceil(2) as usize);
        let pixels = whole * rows;
        let colour = match self.format {
            PixelFormat::I420 | PixelFormat::I010 => pixels + 2 * half * halved,
            PixelFormat::I422 | PixelFormat::I210 => pixels + 2 * half * rows,
            PixelFormat::I444 | PixelFormat::I410 => 3 * pixels,
            PixelFormat::Gray8 | PixelFormat::Gray16 => pixels,
            _ => 4 * pixels,
        };
        let values = colour + if self.pipe.starts_with("yuva") { pixels } else { 0 };
        if self.is_deep() { 2 * values } else { values }
    }
}

//! How a clip's samples lie in memory: ffmpeg's names for it, and the library's.

use glowup::{Colours, Matrix, PixelFormat, Range};
use serde_json::Value;

use super::clip::text;

/// Most values a colour has planes for.
const DEPTHS: [(&str, &str); 3] = [("10le", "10 bits"), ("12le", "12 bits"), ("16le", "16 bits")];

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
const PIPES: [(&str, &[u8; 4], PixelFormat, &[&str]); 8] = [
    ("yuv420p", b"I420", PixelFormat::I420, &["yuv420p", "yuvj420p", "nv12", "nv21"]),
    ("yuv422p", b"Y42B", PixelFormat::I422, &["yuv422p", "yuvj422p", "yuyv422", "uyvy422", "nv16"]),
    ("yuv444p", b"444P", PixelFormat::I444, &["yuv444p", "yuvj444p", "nv24"]),
    ("yuva420p", b"Y4\x0B\x08", PixelFormat::I420, &["yuva420p"]),
    ("yuva422p", b"Y4\x0A\x08", PixelFormat::I422, &["yuva422p"]),
    ("yuva444p", b"Y4\0\x08", PixelFormat::I444, &["yuva444p"]),
    ("gray", b"Y800", PixelFormat::Gray8, &["gray"]),
    (
        "rgba",
        b"RGBA",
        PixelFormat::Rgba8,
        &["rgba", "bgra", "argb", "abgr", "rgb24", "bgr24", "gbrp", "gbrap", "pal8", "bgr0", "rgb0", "0rgb", "0bgr"],
    ),
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
        if turned && samples.format == PixelFormat::I422 {
            samples.travel(if samples.alpha { "yuva444p" } else { "yuv444p" });
        }
        let full = text(video, "color_range") == "pc" || samples.own.starts_with("yuvj");
        let matrix = match &*text(video, "color_space") {
            "bt709" => Matrix::Bt709,
            "bt2020nc" | "bt2020c" => Matrix::Bt2020,
            // As players guess.
            "" | "unknown" | "reserved" if height >= 720 => Matrix::Bt709,
            _ => Matrix::Bt601,
        };
        samples.colours = Colours { matrix, range: if full { Range::Full } else { Range::Limited } };
        samples
    }

    fn of(own: &str, hidden_alpha: bool) -> Self {
        let alpha = hidden_alpha
            || ["yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya", "pal8"].iter().any(|with| own.starts_with(with));
        let base = DEPTHS.iter().fold(own, |name, (ending, _)| name.strip_suffix(ending).unwrap_or(name));
        let base = base.strip_prefix("p0").map_or(base, |_| "yuv420p");
        let same = PIPES.iter().find(|(.., same)| same.contains(&base) && !hidden_alpha);
        let pipe = same.map_or_else(|| nearest(base, alpha), |(pipe, ..)| pipe);
        let mut samples = Self {
            own: own.to_owned(),
            pipe: "",
            code: [0; 4],
            format: PixelFormat::Rgba8,
            alpha,
            colours: Colours::default(),
            loss: None,
        };
        samples.travel(pipe);
        samples.loss = DEPTHS
            .iter()
            .find(|(ending, _)| own.ends_with(ending))
            .map(|(_, depth)| format!("its {depth} a value become 8"))
            .or_else(|| (same.is_none() && !hidden_alpha).then(|| format!("its samples ({own}) become {pipe}")));
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
        self.pipe == "rgba"
    }

    /// Bytes of a frame.
    pub fn bytes(&self, width: u32, height: u32) -> usize {
        let (whole, half) = (width as usize, width.div_ceil(2) as usize);
        let (rows, halved) = (height as usize, height.div_ceil(2) as usize);
        let pixels = whole * rows;
        let colour = match self.format {
            PixelFormat::I420 => pixels + 2 * half * halved,
            PixelFormat::I422 => pixels + 2 * half * rows,
            PixelFormat::I444 => 3 * pixels,
            PixelFormat::Gray8 => pixels,
            _ => return 4 * pixels,
        };
        colour + if self.pipe.starts_with("yuva") { pixels } else { 0 }
    }
}

/// The format that loses least of one that is not in the table.
fn nearest(own: &str, alpha: bool) -> &'static str {
    let is_coded = own.starts_with("yuv") || own.starts_with("nv");
    match alpha {
        true if own.starts_with("yuv") => "yuva420p",
        false if own.starts_with("yuv411") || own.starts_with("yuv440") || own.starts_with("yuvj4") => "yuv444p",
        false if is_coded => "yuv420p",
        _ => "rgba",
    }
}

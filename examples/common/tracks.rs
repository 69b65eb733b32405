//! What becomes of a clip's other tracks in a container: each is copied, coded anew, or left out, and what is not copied is said.

use super::clip::Track;

/// What a container does with a track.
pub enum Fate {
    Copied,
    /// Coded anew by this encoder of ffmpeg's.
    Coded(&'static str),
    LeftOut,
}

/// Codecs of sound that MP4 takes as they are.
const MP4_SOUND: [&str; 6] = ["aac", "mp3", "ac3", "eac3", "alac", "opus"];
/// Codecs of sound that WebM takes as they are.
const WEBM_SOUND: [&str; 2] = ["opus", "vorbis"];
/// Codecs of sound that lose nothing.
const WHOLE_SOUND: [&str; 3] = ["flac", "wavpack", "tta"];
/// Subtitles that are text.
const TEXT: [&str; 6] = ["subrip", "ass", "ssa", "mov_text", "webvtt", "text"];
/// Codecs of pictures that MP4 and WebM take as they are.
const MP4_PICTURE: [&str; 7] = ["h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg", "png"];
const WEBM_PICTURE: [&str; 3] = ["vp8", "vp9", "av1"];

/// What becomes of a track in a file of this extension.
pub fn fate(track: &Track, extension: &str) -> Fate {
    let codec = &*track.codec;
    let whole = codec.starts_with("pcm_") || WHOLE_SOUND.contains(&codec);
    let copied = |takes: bool| if takes { Fate::Copied } else { Fate::LeftOut };
    match (&*track.kind, extension) {
        ("subtitle", "mkv") if codec == "mov_text" => Fate::Coded("subrip"),
        ("data", _) => Fate::LeftOut,
        (_, "mkv") => Fate::Copied,
        ("audio", "webm") if WEBM_SOUND.contains(&codec) => Fate::Copied,
        ("audio", "webm") => Fate::Coded("libopus"),
        ("audio", "mov") if codec.starts_with("pcm_") => Fate::Copied,
        ("audio", _) if MP4_SOUND.contains(&codec) => Fate::Copied,
        ("audio", _) if whole => Fate::Coded("alac"),
        ("audio", _) => Fate::Coded("aac"),
        ("subtitle", "webm") if codec == "webvtt" => Fate::Copied,
        ("subtitle", "webm") if TEXT.contains(&codec) => Fate::Coded("webvtt"),
        ("subtitle", "webm") => Fate::LeftOut,
        ("subtitle", _) if codec == "mov_text" || codec == "eia_608" => Fate::Copied,
        ("subtitle", _) if TEXT.contains(&codec) => Fate::Coded("mov_text"),
        ("video", "webm") => copied(!track.cover && WEBM_PICTURE.contains(&codec)),
        ("video", _) => copied(MP4_PICTURE.contains(&codec)),
        _ => Fate::LeftOut,
    }
}

/// What to say of it; `None` where nothing is lost.
pub fn said(track: &Track, fate: &Fate) -> Option<String> {
    let kind = match &*track.kind {
        "audio" => "sound",
        "subtitle" => "subtitles",
        "video" if track.cover => "cover",
        "video" => "second picture",
        "attachment" => "attachment",
        _ => "data",
    };
    let codec = if track.codec.is_empty() { "unknown" } else { &track.codec };
    let (index, what) = (track.index, format!("{kind}, {codec}"));
    match fate {
        Fate::Copied if track.kind == "video" && !track.cover => {
            Some(format!("track {index} ({what}) is not retouched"))
        }
        Fate::Copied => None,
        // The chapters' titles in MP4; chapters are copied apart.
        Fate::LeftOut if track.codec == "bin_data" => None,
        Fate::Coded(encoder) => Some(format!("track {index} ({what}) is coded anew by {encoder}")),
        Fate::LeftOut => Some(format!("track {index} ({what}) is left out: the container does not hold it")),
    }
}

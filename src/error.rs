//! One error for the whole crate. Every variant says what went wrong, the value it was given, and what to do.

use std::time::Duration;

use crate::PixelFormat;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, each with what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame has no pixels.
    #[error("the frame is {width}×{height}: both sides must be at least 1 pixel")]
    EmptyFrame {
        /// Width that was given, in pixels.
        width: u32,
        /// Height that was given, in pixels.
        height: u32,
    },
    /// A frame's buffer ends before its last row does.
    #[error(
        "the frame's buffer holds {given} bytes, but {width}×{height} pixels at a stride of {stride} bytes need {needed}: pass the whole picture or its true size"
    )]
    ShortBuffer {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
        /// Bytes from one row to the next.
        stride: usize,
        /// Bytes that were given.
        given: usize,
        /// Bytes that the last pixel needs.
        needed: usize,
    },
    /// A row is longer than the distance between rows.
    #[error(
        "a stride of {stride} bytes is shorter than a row of {width} pixels ({needed} bytes): pass the distance in bytes between the starts of two rows"
    )]
    ShortStride {
        /// Width, in pixels.
        width: u32,
        /// Stride that was given, in bytes.
        stride: usize,
        /// Bytes of one row of pixels.
        needed: usize,
    },
    /// The frame's size in bytes is beyond what this machine can address.
    #[error(
        "a frame of {width}×{height} at a stride of {stride} bytes cannot be addressed on this machine: scale it down"
    )]
    SizeOverflow {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
        /// Bytes from one row to the next.
        stride: usize,
    },
    /// The frame's sides are longer than the graphics device can hold.
    #[error(
        "a frame of {width}×{height} is larger than this device takes ({max} pixels a side): scale it down or cut it into tiles"
    )]
    FrameTooLarge {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
        /// Longest side that the device takes, in pixels.
        max: u32,
    },
    /// Input and output frames differ in size.
    #[error("the input is {input:?} pixels and the output {output:?}: pass two frames of one size")]
    SizeMismatch {
        /// Width and height of the input, in pixels.
        input: (u32, u32),
        /// Width and height of the output, in pixels.
        output: (u32, u32),
    },
    /// Input and output frames differ in format, or in what their luma and chroma mean.
    #[error("the input is {input:?} and the output {output:?}: pass two frames of one format and the same colours")]
    FormatMismatch {
        /// Format of the input.
        input: PixelFormat,
        /// Format of the output.
        output: PixelFormat,
    },
    /// A frame was given another number of planes than its format has.
    #[error("a picture of format {format:?} has {needed} planes, not {given}: pass each plane that the format names")]
    WrongPlanes {
        /// The format that was given.
        format: PixelFormat,
        /// How many planes were given.
        given: usize,
        /// How many planes the format has.
        needed: usize,
    },
    /// An amount of a look, or another setting, is outside its range or not a number.
    #[error("{name} is {value}, but must be a number from {min} to {max}")]
    OutOfRange {
        /// Which setting.
        name: &'static str,
        /// The value that was given.
        value: f32,
        /// Smallest value accepted.
        min: f32,
        /// Largest value accepted.
        max: f32,
    },
    /// A preset of this name does not exist.
    #[error("there is no look called {name:?}: choose one of {known}")]
    UnknownLook {
        /// The name that was given.
        name: String,
        /// The names there are, separated by commas.
        known: &'static str,
    },
    /// A setting of this name does not exist.
    #[error("there is no amount called {name:?}{}", hint(*.nearest))]
    UnknownAmount {
        /// The name that was given.
        name: String,
        /// The most similar name that there is, if any is similar.
        nearest: Option<&'static str>,
    },
    /// A setting was given a value that it does not take.
    #[error("{name} is {given:?}, but must be {expected}")]
    WrongValue {
        /// Which setting.
        name: &'static str,
        /// The value that was given.
        given: String,
        /// What it takes.
        expected: String,
    },
    /// There are not as many looks as faces.
    #[error("there are {faces} faces and {looks} looks: pass one look for all, or one for each face")]
    LookCount {
        /// How many faces were given.
        faces: usize,
        /// How many looks were given.
        looks: usize,
    },
    /// A frame's timestamp lies before the previous frame's.
    #[error(
        "the frame's timestamp {given:?} lies before the previous one, {last:?}: pass times that never go back, or call `reset` when a new stream starts"
    )]
    TimeWentBack {
        /// The previous frame's timestamp.
        last: Duration,
        /// The timestamp that was given.
        given: Duration,
    },
    /// Faces that a host passed in have the wrong number of points, or points that are not finite.
    #[error(
        "face {face} cannot be used: {reason}; pass 468 or 478 finite points in pixels, in the order of MediaPipe's face mesh"
    )]
    BadLandmarks {
        /// Index of the face in the slice.
        face: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A texture that a host passed in cannot be read from or written to.
    #[error(
        "the {which} texture cannot be used ({reason}): pass a view of a 2D texture of one layer and one sample a pixel, of format Rgba8Unorm, Bgra8Unorm, either with Srgb, Rgba16Float or Rgb10a2Unorm, with the usages {usages}"
    )]
    BadTexture {
        /// Which texture: `input` or `output`.
        which: &'static str,
        /// What is wrong with it.
        reason: String,
        /// The usages that it needs.
        usages: &'static str,
    },
    /// A network's weights are not the ones this version was built for.
    #[error(
        "the weights of {network} cannot be used ({reason}): pass the file that belongs to this version of glowup, or use the weights it embeds"
    )]
    BadWeights {
        /// Which network.
        network: &'static str,
        /// What is wrong with them.
        reason: String,
    },
    /// A network failed while running.
    #[error("the network {network} failed ({reason}): this is a fault in glowup, please report it")]
    Network {
        /// Which network.
        network: &'static str,
        /// What the tensor library said.
        reason: String,
    },
    /// A network cannot look at pictures of this size.
    #[error(
        "the network {network} cannot look at {width}×{height} pixels: pass sides that are multiples of {multiple}, up to {max}"
    )]
    InputSize {
        /// Which network.
        network: &'static str,
        /// Width that was given, in pixels.
        width: usize,
        /// Height that was given, in pixels.
        height: usize,
        /// What both sides must be multiples of, in pixels.
        multiple: usize,
        /// Longest side that it takes, in pixels.
        max: usize,
    },
    /// A thread pool could not be started.
    #[error("{threads} worker threads could not be started ({reason}): ask for fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// A pipeline's thread has ended.
    #[error(
        "the pipeline has stopped, since a picture of the host's panicked while its pixels were asked for: make a new one"
    )]
    Stopped,
    /// There is no graphics adapter, not even one in software.
    #[error(
        "no graphics adapter was found ({reason}): install a Vulkan driver; on Debian or Ubuntu Linux `apt-get install mesa-vulkan-drivers` gives one that needs no GPU"
    )]
    NoAdapter {
        /// What the graphics library said.
        reason: String,
    },
    /// The adapter would not give a device.
    #[error("the graphics adapter {adapter} gave no device ({reason}): update its driver or choose another adapter")]
    NoDevice {
        /// The adapter's name.
        adapter: String,
        /// What the graphics library said.
        reason: String,
    },
    /// The graphics device went away while in use.
    #[error(
        "the graphics device was lost ({reason}): call `recover`, or `recover_on` with the new device where it is the host's"
    )]
    DeviceLost {
        /// What the graphics library said.
        reason: String,
    },
    /// The device to be made anew is the host's.
    #[error("the graphics device is the host's, who alone can make a new one: pass that to `recover_on`")]
    HostDevice,
    /// The graphics device has no memory left.
    #[error("the graphics device is out of memory: pass smaller frames or close other programs that use it")]
    OutOfMemory,
    /// The graphics device did not answer in time.
    #[error(
        "the graphics device did not finish a frame within {after:?}: it hangs or is overloaded; try again, or call `recover` for a new device"
    )]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// The graphics device refused a command.
    #[error("the graphics device refused a command ({reason}): this is a fault in glowup, please report it")]
    Gpu {
        /// What the graphics library said.
        reason: String,
    },
}

/// ": did you mean …?", where there is anything similar.
fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(": did you mean `{name}`?")).unwrap_or_default()
}

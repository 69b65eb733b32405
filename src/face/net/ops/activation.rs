//! What follows a convolution.

/// What follows a convolution, channel by channel.
#[derive(Debug, Clone, Copy)]
pub enum Activation<'a> {
    /// Nothing.
    None,
    /// Negative values become 0.
    Relu,
    /// Negative values are multiplied by their channel's slope.
    PRelu(&'a [f32]),
}

impl Activation<'_> {
    /// What negative values of a channel are multiplied by.
    pub(super) fn slope(self, channel: usize) -> f32 {
        match self {
            Self::None => 1.0,
            Self::Relu => 0.0,
            Self::PRelu(slopes) => slopes.get(channel).copied().unwrap_or(0.0),
        }
    }
}

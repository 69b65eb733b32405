//! Weights in the order in which the kernels read them.

use candle_core::{Result, bail};

use super::activation::Activation;
use super::aligned::AlignedFloats;
use super::feature_map::padded;
use super::kernels::matrix::{Matrix, panel_sizes};
use super::kernels::panel16::{PANEL, panel_length};
use super::simd::lanes::LANES;

/// A layer's weights [outputs, inputs] and bias \[outputs\].
pub(crate) type Layer<'a> = (&'a [f32], &'a [f32]);

/// A [`Matrix`] that owns its floats.
pub(super) struct PackedMatrix {
    data: AlignedFloats,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    first: usize,
    other: usize,
}

impl PackedMatrix {
    /// Packs a layer with its activation in panels: the first of `first` vectors, all others of `other`. Left-over outputs
    /// get zeros.
    pub(super) fn new(layer: Layer<'_>, activation: Activation<'_>, first: usize, other: usize) -> Result<Self> {
        let (weights, bias) = layer;
        let outputs = bias.len();
        if outputs == 0 || weights.is_empty() || !weights.len().is_multiple_of(outputs) {
            bail!("{} weights do not make a matrix of {outputs} outputs", weights.len());
        }
        if let Activation::PRelu(slopes) = activation
            && slopes.len() != outputs
        {
            bail!("{} slopes are given for {outputs} channels", slopes.len());
        }
        let inputs = weights.len() / outputs;
        let vectors = outputs.div_ceil(LANES);
        let mut data = Vec::with_capacity(vectors * LANES * (inputs + 2));
        let (mut vector, mut size) = (0, first);
        while vector < vectors {
            // Fewer vectors than a panel's may be left: each is a panel then.
            let size_here = if vector + size > vectors { 1 } else { size };
            let panel = vector * LANES..(vector + size_here) * LANES;
            data.extend(panel.clone().map(|output| bias.get(output).copied().unwrap_or(0.0)));
            data.extend(panel.clone().map(|output| activation.slope(output)));
            for input in 0..inputs {
                data.extend(panel.clone().map(|output| weights.get(output * inputs + input).copied().unwrap_or(0.0)));
            }
            vector += size_here;
            size = other;
        }
        Ok(Self { data: AlignedFloats::new(&data), inputs, outputs, first, other })
    }

    /// Packs a layer for runs of pixels.
    pub(super) fn for_pixels(layer: Layer<'_>, activation: Activation<'_>) -> Result<Self> {
        let (first, other) = panel_sizes(layer.1.len().div_ceil(LANES));
        Self::new(layer, activation, first, other)
    }

    pub(super) fn view(&self) -> Matrix<'_> {
        Matrix {
            data: self.data.floats(),
            inputs: self.inputs,
            vectors: self.outputs.div_ceil(LANES),
            first: self.first,
            other: self.other,
        }
    }
}

/// Packs a depthwise 3×3 convolution, weights [3, 3, channels] and bias \[channels\]: for each vector of channels nine vectors
/// of weights, then the bias. Left-over channels get zeros.
pub(super) fn pack_depthwise((weights, bias): Layer<'_>) -> AlignedFloats {
    let channels = bias.len();
    let mut data = Vec::with_capacity(padded(channels) * 10);
    for channel in (0..channels).step_by(LANES) {
        let lane = |data: &[f32], i: usize| if i < channels { data.get(i).copied().unwrap_or(0.0) } else { 0.0 };
        for tap in 0..9 {
            let taps = weights.get(tap * channels..).unwrap_or_default();
            data.extend((channel..channel + LANES).map(|i| lane(taps, i)));
        }
        data.extend((channel..channel + LANES).map(|i| lane(bias, i)));
    }
    AlignedFloats::new(&data)
}

/// Appends the [`PANEL`] of a layer that begins with the output `first`. Left-over outputs get zeros.
pub(super) fn push_panel(data: &mut Vec<f32>, (weights, bias): Layer<'_>, inputs: usize, first: usize) {
    let outputs = first..first + PANEL;
    data.extend(outputs.clone().map(|output| bias.get(output).copied().unwrap_or(0.0)));
    for input in 0..inputs {
        data.extend(outputs.clone().map(|output| weights.get(output * inputs + input).copied().unwrap_or(0.0)));
    }
}

/// Packs a layer in panels of [`PANEL`] outputs.
pub(super) fn pack_panels(layer: Layer<'_>, inputs: usize) -> AlignedFloats {
    let outputs = layer.1.len();
    let mut data = Vec::with_capacity(outputs.div_ceil(PANEL) * panel_length(inputs));
    for first in (0..outputs).step_by(PANEL) {
        push_panel(&mut data, layer, inputs, first);
    }
    AlignedFloats::new(&data)
}

/// Weights [outputs, inputs + 1]: each row ends with its bias.
pub(super) fn pack_rows((weights, bias): Layer<'_>, inputs: usize) -> AlignedFloats {
    let rows = weights.chunks_exact(inputs).zip(bias);
    let data: Vec<f32> = rows.flat_map(|(row, bias)| row.iter().chain([bias])).copied().collect();
    AlignedFloats::new(&data)
}

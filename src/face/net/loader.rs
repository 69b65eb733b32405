//! Layers made of a network's named weights.

use super::ops::{Activation, Block, Dense, FirstUnit, Pointwise, SimdLevel, Stem, Unit};
use super::sequence::BlockShape;
use super::weights::{ConvWeights, Weights};
use crate::Result;

/// What follows a convolution.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ActivationKind {
    None,
    Relu,
    /// The file has the slopes.
    PRelu,
}

impl ActivationKind {
    fn is_prelu(self) -> bool {
        self == Self::PRelu
    }

    fn of(self, conv: &ConvWeights) -> Activation<'_> {
        match (self, &conv.prelu) {
            (Self::None, _) => Activation::None,
            (Self::PRelu, Some(slopes)) => Activation::PRelu(slopes),
            _ => Activation::Relu,
        }
    }
}

/// Makes layers of a network's weights for one instruction set.
pub(super) struct Loader<'a> {
    weights: Weights<'a>,
    simd: SimdLevel,
}

impl<'a> Loader<'a> {
    pub(super) fn new(weights: Weights<'a>, simd: SimdLevel) -> Self {
        Self { weights, simd }
    }

    /// Checks that the network has taken all of the file's weights.
    ///
    /// # Errors
    ///
    /// As [`Weights::finish`].
    pub(super) fn finish(&self) -> Result<()> {
        self.weights.finish()
    }

    /// The first layer `stem`, from `channels` of a picture, with a kernel of side `side`.
    pub(super) fn stem(
        &self,
        (channels, outputs): (usize, usize),
        side: usize,
        activation: ActivationKind,
    ) -> Result<Stem> {
        let conv = self.weights.conv("stem", outputs, side, channels, activation.is_prelu())?;
        Stem::new(&conv.weight, &conv.bias, activation.of(&conv), side, self.simd).map_err(self.weights.error())
    }

    /// The residual block `name`.
    pub(super) fn block(
        &self,
        name: &str,
        (inputs, outputs, stride): BlockShape,
        activation: ActivationKind,
    ) -> Result<Block> {
        let block = self.weights.block(name, inputs, outputs, activation.is_prelu())?;
        let (depthwise, pointwise) = (block.depthwise.layer(), block.pointwise.layer());
        Block::new(depthwise, pointwise, activation.of(&block.pointwise), stride, self.simd)
            .map_err(self.weights.error())
    }

    /// Residual blocks called `name` with a number, from `first` on.
    pub(super) fn blocks(
        &self,
        name: &str,
        first: usize,
        shapes: &[BlockShape],
        activation: ActivationKind,
    ) -> Result<Vec<Block>> {
        let numbered = shapes.iter().zip(first..);
        numbered.map(|(&shape, number)| self.block(&format!("{name}.{number}"), shape, activation)).collect()
    }

    /// The 1×1 convolution `name`.
    pub(super) fn pointwise(
        &self,
        name: &str,
        (inputs, outputs): (usize, usize),
        activation: ActivationKind,
    ) -> Result<Pointwise> {
        let conv = self.weights.conv(name, outputs, 1, inputs, activation.is_prelu())?;
        Pointwise::new(&conv.weight, &conv.bias, activation.of(&conv), self.simd).map_err(self.weights.error())
    }

    /// The fully connected layer `name`, on a map of side `side`.
    pub(super) fn dense(&self, name: &str, side: usize, (inputs, outputs): (usize, usize)) -> Result<Dense> {
        let conv = self.weights.conv(name, outputs, side, inputs, false)?;
        Dense::new(&conv.weight, &conv.bias, self.simd).map_err(self.weights.error())
    }

    /// YuNet's unit `name`.
    pub(super) fn unit(&self, name: &str, (inputs, outputs): (usize, usize), relu: bool, pooled: bool) -> Result<Unit> {
        let pointwise = self.weights.conv(&format!("{name}.pointwise"), outputs, 1, inputs, false)?;
        let depthwise = self.weights.depthwise(&format!("{name}.depthwise"), outputs)?;
        Unit::new(pointwise.layer(), depthwise.layer(), relu, pooled, self.simd).map_err(self.weights.error())
    }

    /// YuNet's 3×3 convolution `stem` of a picture, with the unit that follows it.
    pub(super) fn first_unit(&self, (channels, outputs): (usize, usize), unit: Unit) -> Result<FirstUnit> {
        let conv = self.weights.conv("stem", outputs, 3, channels, false)?;
        FirstUnit::new(conv.layer(), unit).map_err(self.weights.error())
    }
}

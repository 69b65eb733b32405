//! BlazeFace on candle's own operations.

use candle_core::{Device, Result, Tensor};

use super::layers::{Block, Conv, run_blocks, square_picture_map};
use super::loader::Loader;
use crate::face::net::blazeface::{self, BOX, BYTES, COARSE, FINE, HEADS, NAME, STEM, open};
use crate::face::net::errors::network_error;

/// [`BlazeFace`](crate::face::net::BlazeFace) on candle's own operations.
pub struct BlazeFace {
    stem: Conv,
    fine: Vec<Block>,
    coarse: Vec<Block>,
    heads: [(Conv, Conv); 2],
}

impl BlazeFace {
    /// The network with the library's weights, on any device.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged, [`crate::Error::Network`] where the device refuses.
    pub fn new(device: &Device) -> crate::Result<Self> {
        let loader = Loader::new(open(BYTES)?, device);
        let head = |(side, inputs, anchors): (usize, usize, usize)| -> crate::Result<(Conv, Conv)> {
            Ok((
                loader.conv(&format!("head{side}.score"), (anchors, 1, inputs), false)?,
                loader.conv(&format!("head{side}.boxes"), (anchors * BOX, 1, inputs), false)?,
            ))
        };
        Ok(Self {
            stem: loader.conv("stem", (STEM.1, 5, STEM.0), false)?,
            fine: loader.blocks("blocks", 0, &FINE, false)?,
            coarse: loader.blocks("blocks", FINE.len(), &COARSE, false)?,
            heads: [head(HEADS[0])?, head(HEADS[1])?],
        })
    }

    /// A picture [128, 128, 3] of values −1..=1 → logits \[896\] and raw boxes \[896, 16\].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where the picture has another shape or lies on another device.
    pub fn forward(&self, picture: &Tensor) -> crate::Result<(Tensor, Tensor)> {
        self.run(picture).map_err(network_error(NAME))
    }

    fn run(&self, picture: &Tensor) -> Result<(Tensor, Tensor)> {
        let x = square_picture_map(picture, blazeface::BlazeFace::SIDE)?;
        let x = self.stem.activate(&self.stem.same(&x, 2)?)?;
        let fine = run_blocks(&self.fine, x)?;
        let coarse = run_blocks(&self.coarse, fine.clone())?;
        let (mut logits, mut boxes) = (Vec::new(), Vec::new());
        for ((score, place), x) in self.heads.iter().zip([fine, coarse]) {
            logits.push(score.valid(&x, 1)?.permute((0, 2, 3, 1))?.flatten_all()?);
            boxes.push(place.valid(&x, 1)?.permute((0, 2, 3, 1))?.flatten_all()?);
        }
        Ok((Tensor::cat(&logits, 0)?, Tensor::cat(&boxes, 0)?.reshape(((), BOX))?))
    }
}

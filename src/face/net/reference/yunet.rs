//! YuNet on candle's own operations.

use candle_core::{Device, Result, Tensor};

use super::layers::{Conv, picture_map};
use super::loader::Loader;
use crate::face::net::errors::network_error;
use crate::face::net::yunet::{BACKBONE, BYTES, CELL, LEVELS, NAME, NECK, Pooling, STEM, open};

/// [`YuNet`](crate::face::net::YuNet) on candle's own operations.
pub struct YuNet {
    stem: Conv,
    backbone: Vec<Unit>,
    /// From the finest level to the coarsest, as the heads.
    neck: [Unit; 3],
    heads: [Unit; 3],
}

/// A 1×1 convolution and a depthwise 3×3 one.
struct Unit(Conv, Conv);

impl Unit {
    /// What comes before ReLU.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.1.centred(&self.0.centred(x, 1)?, 1)
    }
}

impl YuNet {
    /// The network with the library's weights, on any device.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged, [`crate::Error::Network`] where the device refuses.
    pub fn new(device: &Device) -> crate::Result<Self> {
        let loader = Loader::new(open(BYTES)?, device);
        let unit = |name: &str, (inputs, outputs): (usize, usize)| -> crate::Result<Unit> {
            let pointwise = loader.conv(&format!("{name}.pointwise"), (outputs, 1, inputs), false)?;
            Ok(Unit(pointwise, loader.depthwise(&format!("{name}.depthwise"), outputs)?))
        };
        let backbone =
            BACKBONE.iter().enumerate().map(|(index, shape)| unit(&format!("blocks.{index}"), shape.channels));
        let levels = |name: &str, outputs: usize| -> crate::Result<[Unit; 3]> {
            let [fine, middle, coarse] = LEVELS.map(|(stride, _)| unit(&format!("{name}{stride}"), (NECK, outputs)));
            Ok([fine?, middle?, coarse?])
        };
        Ok(Self {
            stem: loader.conv("stem", (STEM.1, 3, STEM.0), false)?,
            backbone: backbone.collect::<crate::Result<_>>()?,
            neck: levels("neck", NECK)?,
            heads: levels("head", CELL)?,
        })
    }

    /// A picture [height, width, 3] of values 0..=255, its sides multiples of 32 → the cells of each level [rows, columns,
    /// 16], from the finest to the coarsest, as [`YuNetLevel`](crate::face::net::YuNetLevel) has them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where the picture has another shape or lies on another device.
    pub fn forward(&self, picture: &Tensor) -> crate::Result<[Tensor; 3]> {
        self.run(picture).map_err(network_error(NAME))
    }

    fn run(&self, picture: &Tensor) -> Result<[Tensor; 3]> {
        let mut x = self.stem.centred(&picture_map(picture)?, 2)?.relu()?;
        let mut maps = Vec::new();
        for (unit, shape) in self.backbone.iter().zip(&BACKBONE) {
            x = if shape.pooling == Pooling::Before { x.max_pool2d(2)? } else { x };
            x = unit.forward(&x)?.relu()?;
            x = if shape.pooling == Pooling::After { x.max_pool2d(2)? } else { x };
            maps.push(x.clone());
        }
        let level = |index: usize| &maps[LEVELS[index].1];
        let merged = |fine: &Tensor, coarse: &Tensor| -> Result<Tensor> {
            let (_, _, height, width) = fine.dims4()?;
            fine + coarse.upsample_nearest2d(height, width)?
        };
        let coarse = self.neck[2].forward(level(2))?.relu()?;
        let middle = self.neck[1].forward(&merged(level(1), &coarse)?)?.relu()?;
        let fine = self.neck[0].forward(&merged(level(0), &middle)?)?.relu()?;
        let cells =
            |index: usize, x: &Tensor| self.heads[index].forward(x)?.squeeze(0)?.permute((1, 2, 0))?.contiguous();
        Ok([cells(0, &fine)?, cells(1, &middle)?, cells(2, &coarse)?])
    }
}

//! The same networks on candle's own operations: slower by an order of magnitude on a CPU, but they run on every device
//! that candle knows, and the fused ops are tested against them.

use candle_core::{Device, Result, Tensor};

use super::{Shape, blazeface, failed, mesh, weights};

/// A convolution on candle's own operations.
struct Conv {
    weight: Tensor,
    bias: Tensor,
    prelu: Option<Tensor>,
    kernel: usize,
    groups: usize,
}

impl Conv {
    /// `shape`: outputs, side of the kernel, inputs.
    fn new(conv: &weights::Conv, shape: (usize, usize, usize), device: &Device) -> Result<Self> {
        let (outputs, kernel, inputs) = shape;
        let weight = Tensor::from_slice(&conv.weight, (outputs, kernel, kernel, inputs), device)?;
        Self::with(conv, weight.permute((0, 3, 1, 2))?.contiguous()?, kernel, 1)
    }

    fn depthwise(conv: &weights::Conv, channels: usize, device: &Device) -> Result<Self> {
        let weight = Tensor::from_slice(&conv.weight, (3, 3, channels, 1), device)?;
        Self::with(conv, weight.permute((2, 3, 0, 1))?.contiguous()?, 3, channels)
    }

    fn with(conv: &weights::Conv, weight: Tensor, kernel: usize, groups: usize) -> Result<Self> {
        let channels = |values: &Vec<f32>| Tensor::from_slice(values, (1, values.len(), 1, 1), weight.device());
        let (bias, prelu) = (channels(&conv.bias)?, conv.prelu.as_ref().map(channels).transpose()?);
        Ok(Self { weight, bias, prelu, kernel, groups })
    }

    /// Convolution and bias, with TFLite's SAME padding.
    fn same(&self, x: &Tensor, stride: usize) -> Result<Tensor> {
        let mut x = x.clone();
        for dim in [2, 3] {
            let size = x.dim(dim)?;
            let missing = ((size.div_ceil(stride) - 1) * stride + self.kernel).saturating_sub(size);
            x = x.pad_with_zeros(dim, missing / 2, missing - missing / 2)?;
        }
        self.valid(&x, stride)
    }

    /// Convolution and bias without padding.
    fn valid(&self, x: &Tensor, stride: usize) -> Result<Tensor> {
        x.conv2d(&self.weight, 0, stride, 1, self.groups)?.broadcast_add(&self.bias)
    }

    /// PReLU where there are slopes, ReLU elsewhere.
    fn activate(&self, x: &Tensor) -> Result<Tensor> {
        let positive = x.relu()?;
        match &self.prelu {
            Some(slopes) => positive - x.neg()?.relu()?.broadcast_mul(slopes)?,
            None => Ok(positive),
        }
    }
}

/// A residual block on candle's own operations.
struct Block {
    depthwise: Conv,
    pointwise: Conv,
    stride: usize,
}

impl Block {
    fn new(block: &weights::Block, (inputs, outputs, stride): Shape, device: &Device) -> Result<Self> {
        let depthwise = Conv::depthwise(&block.depthwise, inputs, device)?;
        let pointwise = Conv::new(&block.pointwise, (outputs, 1, inputs), device)?;
        Ok(Self { depthwise, pointwise, stride })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.pointwise.same(&self.depthwise.same(x, self.stride)?, 1)?;
        let residual = if self.stride == 2 { x.max_pool2d(2)? } else { x.clone() };
        let new_channels = y.dim(1)? - x.dim(1)?;
        self.pointwise.activate(&(residual.pad_with_zeros(1, 0, new_channels)? + y)?)
    }
}

fn run(blocks: &[Block], x: Tensor) -> Result<Tensor> {
    blocks.iter().try_fold(x, |x, block| block.forward(&x))
}

/// A picture [height, width, 3] as candle's convolutions want it: [1, 3, height, width].
fn planes(picture: &Tensor, side: usize) -> Result<Tensor> {
    picture.reshape((1, side, side, 3))?.permute((0, 3, 1, 2))?.contiguous()
}

/// [`super::BlazeFace`] on candle's own operations.
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
        use blazeface::{BOX, BYTES, COARSE, FINE, HEADS, NAME, STEM};
        let weights = blazeface::open(BYTES)?;
        let stem = weights.conv("stem", STEM.1, 5, STEM.0, false)?;
        let blocks = |shapes: &[Shape], first: usize| -> crate::Result<Vec<Block>> {
            let named = shapes.iter().zip(first..);
            named
                .map(|(&shape, index)| {
                    let block = weights.block(&format!("blocks.{index}"), shape.0, shape.1, false)?;
                    Block::new(&block, shape, device).map_err(failed(NAME))
                })
                .collect()
        };
        let conv = |name: String, outputs: usize, inputs: usize| {
            let conv = weights.conv(&name, outputs, 1, inputs, false)?;
            Conv::new(&conv, (outputs, 1, inputs), device).map_err(failed(NAME))
        };
        let head = |(side, inputs, anchors): (usize, usize, usize)| -> crate::Result<(Conv, Conv)> {
            Ok((
                conv(format!("head{side}.score"), anchors, inputs)?,
                conv(format!("head{side}.boxes"), anchors * BOX, inputs)?,
            ))
        };
        Ok(Self {
            stem: Conv::new(&stem, (STEM.1, 5, STEM.0), device).map_err(failed(NAME))?,
            fine: blocks(&FINE, 0)?,
            coarse: blocks(&COARSE, FINE.len())?,
            heads: [head(HEADS[0])?, head(HEADS[1])?],
        })
    }

    /// A picture [128, 128, 3] of values −1..=1 → logits \[896\] and raw boxes \[896, 16\].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where the picture has another shape or lies on another device.
    pub fn forward(&self, picture: &Tensor) -> crate::Result<(Tensor, Tensor)> {
        self.run(picture).map_err(failed(blazeface::NAME))
    }

    fn run(&self, picture: &Tensor) -> Result<(Tensor, Tensor)> {
        let x = planes(picture, super::BlazeFace::SIDE)?;
        let x = self.stem.activate(&self.stem.same(&x, 2)?)?;
        let fine = run(&self.fine, x)?;
        let coarse = run(&self.coarse, fine.clone())?;
        let (mut logits, mut boxes) = (Vec::new(), Vec::new());
        for ((score, place), x) in self.heads.iter().zip([fine, coarse]) {
            logits.push(score.valid(&x, 1)?.permute((0, 2, 3, 1))?.flatten_all()?);
            boxes.push(place.valid(&x, 1)?.permute((0, 2, 3, 1))?.flatten_all()?);
        }
        Ok((Tensor::cat(&logits, 0)?, Tensor::cat(&boxes, 0)?.reshape(((), blazeface::BOX))?))
    }
}

/// [`super::FaceMesh`] on candle's own operations.
pub struct FaceMesh {
    stem: Conv,
    trunk: Vec<Block>,
    branches: [Branch; 2],
}

struct Branch {
    blocks: Vec<Block>,
    squeeze: Conv,
    last: Block,
    head: Conv,
}

impl FaceMesh {
    /// The network with the library's weights, on any device.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged, [`crate::Error::Network`] where the device refuses.
    pub fn new(device: &Device) -> crate::Result<Self> {
        use mesh::{BYTES, BranchShape, DEEP, LAST_SIDE, NAME, POINTS, PRESENCE, SQUEEZED, STEM, TRUNK};
        let weights = mesh::open(BYTES)?;
        let conv = |name: String, outputs: usize, kernel: usize, inputs: usize, prelu: bool| {
            let conv = weights.conv(&name, outputs, kernel, inputs, prelu)?;
            Conv::new(&conv, (outputs, kernel, inputs), device).map_err(failed(NAME))
        };
        let block = |name: String, shape: Shape| {
            let block = weights.block(&name, shape.0, shape.1, true)?;
            Block::new(&block, shape, device).map_err(failed(NAME))
        };
        let branch = |BranchShape { name, blocks, outputs }: BranchShape| -> crate::Result<Branch> {
            let stride = |index: usize| if index == 0 { 2 } else { 1 };
            Ok(Branch {
                blocks: (0..blocks)
                    .map(|index| block(format!("{name}.{index}"), (DEEP, DEEP, stride(index))))
                    .collect::<crate::Result<_>>()?,
                squeeze: conv(format!("{name}.squeeze"), SQUEEZED, 1, DEEP, true)?,
                last: block(format!("{name}.{blocks}"), (SQUEEZED, SQUEEZED, 1))?,
                head: conv(format!("{name}.head"), outputs, LAST_SIDE, SQUEEZED, false)?,
            })
        };
        let trunk = TRUNK.iter().enumerate();
        Ok(Self {
            stem: conv("stem".into(), STEM.1, 3, STEM.0, true)?,
            trunk: trunk.map(|(index, &shape)| block(format!("trunk.{index}"), shape)).collect::<crate::Result<_>>()?,
            branches: [branch(POINTS)?, branch(PRESENCE)?],
        })
    }

    /// A picture [192, 192, 3] of values 0..=1 → points [468, 3] in its pixels, and the logit of a face being there \[1\].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where the picture has another shape or lies on another device.
    pub fn forward(&self, picture: &Tensor) -> crate::Result<(Tensor, Tensor)> {
        self.run(picture).map_err(failed(mesh::NAME))
    }

    fn run(&self, picture: &Tensor) -> Result<(Tensor, Tensor)> {
        let x = planes(picture, super::FaceMesh::SIDE)?;
        let x = self.stem.activate(&self.stem.same(&x, 2)?)?;
        let features = run(&self.trunk, x)?;
        let branch = |branch: &Branch| -> Result<Tensor> {
            let x = run(&branch.blocks, features.clone())?;
            let x = branch.squeeze.activate(&branch.squeeze.same(&x, 1)?)?;
            branch.head.valid(&branch.last.forward(&x)?, 1)?.flatten_all()
        };
        let [points, presence] = &self.branches;
        Ok((branch(points)?.reshape(((), 3))?, branch(presence)?))
    }
}

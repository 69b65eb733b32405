//! The same networks on candle's own operations: slower by an order of magnitude on a CPU, but they run on every device
//! that candle knows, and the fused ops are tested against them.

use candle_core::{Device, Result, Tensor};

use super::attention::{PARTS, PIECE, PIECE_BLOCKS, PartShape, piece_of};
use super::branch::{BranchShape, SQUEEZED};
use super::{MeshModel, Shape, blazeface, failed, mesh, weights, yunet};

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

    /// Convolution and bias with as many zeros on every side as the kernel reaches beyond its middle.
    fn centred(&self, x: &Tensor, stride: usize) -> Result<Tensor> {
        x.conv2d(&self.weight, self.kernel / 2, stride, 1, self.groups)?.broadcast_add(&self.bias)
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
    points: Branch,
    rest: Rest,
}

enum Rest {
    Light { presence: Branch },
    Refined { presence: Conv, parts: Vec<Part> },
}

/// A part of the face that is looked at again.
struct Part {
    shape: &'static PartShape,
    blocks: Vec<Block>,
    points: Branch,
    iris: Option<Branch>,
}

struct Branch {
    blocks: Vec<Block>,
    squeeze: Conv,
    last: Block,
    head: Conv,
}

/// Makes layers out of named weights.
struct Maker<'a> {
    weights: weights::Weights<'a>,
    device: &'a Device,
}

impl Maker<'_> {
    fn conv(&self, name: &str, shape: (usize, usize, usize), prelu: bool) -> crate::Result<Conv> {
        let (outputs, kernel, inputs) = shape;
        let conv = self.weights.conv(name, outputs, kernel, inputs, prelu)?;
        Conv::new(&conv, shape, self.device).map_err(failed(mesh::NAME))
    }

    fn block(&self, name: &str, shape: Shape) -> crate::Result<Block> {
        let block = self.weights.block(name, shape.0, shape.1, true)?;
        Block::new(&block, shape, self.device).map_err(failed(mesh::NAME))
    }

    fn blocks(&self, name: &str, shapes: &[Shape]) -> crate::Result<Vec<Block>> {
        let named = shapes.iter().enumerate();
        named.map(|(index, &shape)| self.block(&format!("{name}.{index}"), shape)).collect()
    }

    fn branch(&self, shape: &BranchShape) -> crate::Result<Branch> {
        let BranchShape { name, blocks, outputs, .. } = *shape;
        Ok(Branch {
            blocks: self.blocks(name, blocks)?,
            squeeze: self.conv(&format!("{name}.squeeze"), (SQUEEZED, 1, shape.deep()), true)?,
            last: self.block(&format!("{name}.{}", blocks.len()), (SQUEEZED, SQUEEZED, 1))?,
            head: self.conv(&format!("{name}.head"), (outputs, shape.last_side(), SQUEEZED), false)?,
        })
    }

    fn part(&self, shape: &'static PartShape) -> crate::Result<Part> {
        Ok(Part {
            shape,
            blocks: self.blocks(shape.name, &PIECE_BLOCKS)?,
            points: self.branch(&shape.points)?,
            iris: shape.iris.as_ref().map(|iris| self.branch(iris)).transpose()?,
        })
    }
}

impl Branch {
    /// What the head sees.
    fn last(&self, features: &Tensor) -> Result<Tensor> {
        let x = run(&self.blocks, features.clone())?;
        self.last.forward(&self.squeeze.activate(&self.squeeze.same(&x, 1)?)?)
    }

    fn forward(&self, features: &Tensor) -> Result<Tensor> {
        self.head.valid(&self.last(features)?, 1)?.flatten_all()
    }
}

impl Part {
    /// Cuts the piece out of the map [1, channels, side, side] by a matrix product: each of its pixels is a weighted sum of
    /// all pixels of the map.
    fn piece(matrix: &[[f32; 3]; 2], map: &Tensor) -> Result<Tensor> {
        let (_, channels, height, width) = map.dims4()?;
        let mut weights = vec![0_f32; PIECE * PIECE * height * width];
        for (index, weights) in weights.chunks_exact_mut(height * width).enumerate() {
            let at = [(index % PIECE) as f32 + 0.5, (index / PIECE) as f32 + 0.5];
            let [x, y] = matrix.map(|[a, b, c]| a * at[0] + b * at[1] + c - 0.5);
            let inside = |at: f32, size: usize| (0.0..=(size - 1) as f32).contains(&at);
            if inside(x, width) && inside(y, height) {
                for (pixel, weight) in weights.iter_mut().enumerate() {
                    let near = |at: f32, place: usize| (1.0 - (at - place as f32).abs()).max(0.0);
                    *weight = near(x, pixel % width) * near(y, pixel / width);
                }
            }
        }
        let weights = Tensor::from_vec(weights, (PIECE * PIECE, height * width), map.device())?;
        let pixels = weights.matmul(&map.reshape((channels, height * width))?.t()?.contiguous()?)?;
        pixels.t()?.contiguous()?.reshape((1, channels, PIECE, PIECE))
    }

    /// Replaces what this part knows better in `points`, three floats each.
    fn refine(&self, early: &Tensor, points: &mut [f32]) -> Result<()> {
        let matrix = piece_of(points, self.shape);
        let features = run(&self.blocks, Self::piece(&matrix, early)?)?;
        let places = self.points.forward(&features)?.to_vec1::<f32>()?;
        let iris = self.iris.as_ref().map(|iris| iris.forward(&features)?.to_vec1::<f32>()).transpose()?;
        self.shape.place(&matrix, &places, iris.as_deref(), points);
        Ok(())
    }
}

impl FaceMesh {
    /// A network with the library's weights, on any device.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged, [`crate::Error::Network`] where the device refuses.
    pub fn new(model: MeshModel, device: &Device) -> crate::Result<Self> {
        use mesh::{EARLY, LATE, POINTS, PRESENCE, STEM};
        let make = Maker { weights: model.open(model.bytes())?, device };
        let presence = format!("{}.head", PRESENCE.name);
        Ok(Self {
            stem: make.conv("stem", (STEM.1, 3, STEM.0), true)?,
            trunk: make.blocks("trunk", &[&EARLY[..], &LATE].concat())?,
            points: make.branch(&POINTS)?,
            rest: match model {
                MeshModel::Light => Rest::Light { presence: make.branch(&PRESENCE)? },
                MeshModel::Refined => Rest::Refined {
                    presence: make.conv(&presence, (PRESENCE.outputs, POINTS.last_side(), SQUEEZED), false)?,
                    parts: PARTS.iter().map(|shape| make.part(shape)).collect::<crate::Result<_>>()?,
                },
            },
        })
    }

    /// A picture [192, 192, 3] of values 0..=1 → points [468 or 478, 3] in its pixels, and the logit of a face being there
    /// \[1\].
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
        let (early, late) = self.trunk.split_at(mesh::EARLY.len().min(self.trunk.len()));
        let early = run(early, x)?;
        let features = run(late, early.clone())?;
        match &self.rest {
            Rest::Light { presence } => {
                Ok((self.points.forward(&features)?.reshape(((), 3))?, presence.forward(&features)?))
            }
            Rest::Refined { presence, parts } => {
                let last = self.points.last(&features)?;
                let mut points = self.points.head.valid(&last, 1)?.flatten_all()?.to_vec1::<f32>()?;
                points.resize(3 * MeshModel::Refined.points(), 0.0);
                parts.iter().try_for_each(|part| part.refine(&early, &mut points))?;
                let points = Tensor::from_vec(points, (MeshModel::Refined.points(), 3), picture.device())?;
                Ok((points, presence.valid(&last, 1)?.flatten_all()?))
            }
        }
    }
}

/// [`super::YuNet`] on candle's own operations.
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
        use yunet::{BACKBONE, BYTES, CELL, LEVELS, NAME, NECK, STEM};
        let weights = yunet::open(BYTES)?;
        let unit = |name: &str, inputs: usize, outputs: usize| -> crate::Result<Unit> {
            let pointwise = weights.conv(&format!("{name}.pointwise"), outputs, 1, inputs, false)?;
            let depthwise = weights.depthwise(&format!("{name}.depthwise"), outputs)?;
            let make = || {
                Ok(Unit(
                    Conv::new(&pointwise, (outputs, 1, inputs), device)?,
                    Conv::depthwise(&depthwise, outputs, device)?,
                ))
            };
            make().map_err(failed(NAME))
        };
        let stem = weights.conv("stem", STEM.1, 3, STEM.0, false)?;
        let backbone = BACKBONE.iter().enumerate().map(|(index, shape)| {
            let (inputs, outputs) = shape.channels;
            unit(&format!("blocks.{index}"), inputs, outputs)
        });
        let levels = |name: &str, outputs: usize| -> crate::Result<[Unit; 3]> {
            let [fine, middle, coarse] = LEVELS.map(|(stride, _)| unit(&format!("{name}{stride}"), NECK, outputs));
            Ok([fine?, middle?, coarse?])
        };
        Ok(Self {
            stem: Conv::new(&stem, (STEM.1, 3, STEM.0), device).map_err(failed(NAME))?,
            backbone: backbone.collect::<crate::Result<_>>()?,
            neck: levels("neck", NECK)?,
            heads: levels("head", CELL)?,
        })
    }

    /// A picture [height, width, 3] of values 0..=255, its sides multiples of 32 → the cells of each level [rows, columns, 16],
    /// from the finest to the coarsest, as [`super::YuNetLevel`] has them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where the picture has another shape or lies on another device.
    pub fn forward(&self, picture: &Tensor) -> crate::Result<[Tensor; 3]> {
        self.run(picture).map_err(failed(yunet::NAME))
    }

    fn run(&self, picture: &Tensor) -> Result<[Tensor; 3]> {
        use yunet::Halving::{After, Before};
        let mut x = picture.unsqueeze(0)?.permute((0, 3, 1, 2))?.contiguous()?;
        x = self.stem.centred(&x, 2)?.relu()?;
        let mut maps = Vec::new();
        for (unit, shape) in self.backbone.iter().zip(&yunet::BACKBONE) {
            x = if shape.halving == Before { x.max_pool2d(2)? } else { x };
            x = unit.forward(&x)?.relu()?;
            x = if shape.halving == After { x.max_pool2d(2)? } else { x };
            maps.push(x.clone());
        }
        let level = |index: usize| &maps[yunet::LEVELS[index].1];
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

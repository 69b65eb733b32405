//! The landmark networks on candle's own operations.

use candle_core::{Device, Result, Tensor};

use super::layers::{Block, Conv, run_blocks, square_picture_map};
use super::loader::Loader;
use crate::face::net::errors::network_error;
use crate::face::net::mesh::model::{MeshModel, NAME};
use crate::face::net::mesh::network;
use crate::face::net::mesh::parts::{PARTS, PartShape, ROI_BLOCKS, ROI_SIDE};
use crate::face::net::mesh::shapes::{BranchShape, EARLY, LATE, POINTS, PRESENCE, SQUEEZED, STEM};

/// [`FaceMesh`](crate::face::net::FaceMesh) on candle's own operations.
pub struct FaceMesh {
    stem: Conv,
    trunk: Vec<Block>,
    points: Branch,
    variant: Variant,
}

enum Variant {
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

impl Branch {
    fn new(loader: &Loader<'_>, shape: &BranchShape) -> crate::Result<Self> {
        let BranchShape { name, blocks, outputs, .. } = *shape;
        Ok(Self {
            blocks: loader.blocks(name, 0, blocks, true)?,
            squeeze: loader.conv(&format!("{name}.squeeze"), (SQUEEZED, 1, shape.unsqueezed()), true)?,
            last: loader.block(&format!("{name}.{}", blocks.len()), (SQUEEZED, SQUEEZED, 1), true)?,
            head: loader.conv(&format!("{name}.head"), (outputs, shape.last_side(), SQUEEZED), false)?,
        })
    }

    /// The head's input.
    fn last(&self, features: &Tensor) -> Result<Tensor> {
        let x = run_blocks(&self.blocks, features.clone())?;
        self.last.forward(&self.squeeze.activate(&self.squeeze.same(&x, 1)?)?)
    }

    fn forward(&self, features: &Tensor) -> Result<Tensor> {
        self.head.valid(&self.last(features)?, 1)?.flatten_all()
    }
}

impl Part {
    fn new(loader: &Loader<'_>, shape: &'static PartShape) -> crate::Result<Self> {
        Ok(Self {
            shape,
            blocks: loader.blocks(shape.name, 0, &ROI_BLOCKS, true)?,
            points: Branch::new(loader, &shape.points)?,
            iris: shape.iris.as_ref().map(|iris| Branch::new(loader, iris)).transpose()?,
        })
    }

    /// Resamples a region of interest of the map [1, channels, height, width] by a matrix product: each of the region's
    /// pixels is a weighted sum of all pixels of the map.
    fn resample(matrix: &[[f32; 3]; 2], map: &Tensor) -> Result<Tensor> {
        let (_, channels, height, width) = map.dims4()?;
        let mut weights = vec![0_f32; ROI_SIDE * ROI_SIDE * height * width];
        for (index, weights) in weights.chunks_exact_mut(height * width).enumerate() {
            let at = [(index % ROI_SIDE) as f32 + 0.5, (index / ROI_SIDE) as f32 + 0.5];
            let [x, y] = matrix.map(|[a, b, c]| a * at[0] + b * at[1] + c - 0.5);
            let inside = |at: f32, size: usize| (0.0..=(size - 1) as f32).contains(&at);
            if inside(x, width) && inside(y, height) {
                for (pixel, weight) in weights.iter_mut().enumerate() {
                    let near = |at: f32, place: usize| (1.0 - (at - place as f32).abs()).max(0.0);
                    *weight = near(x, pixel % width) * near(y, pixel / width);
                }
            }
        }
        let weights = Tensor::from_vec(weights, (ROI_SIDE * ROI_SIDE, height * width), map.device())?;
        let pixels = weights.matmul(&map.reshape((channels, height * width))?.t()?.contiguous()?)?;
        pixels.t()?.contiguous()?.reshape((1, channels, ROI_SIDE, ROI_SIDE))
    }

    /// Writes this part's points into `points`: x, y, z of all 478.
    fn refine(&self, early: &Tensor, points: &mut [f32]) -> Result<()> {
        let matrix = self.shape.region_of_interest(points);
        let features = run_blocks(&self.blocks, Self::resample(&matrix, early)?)?;
        let refined = self.points.forward(&features)?.to_vec1::<f32>()?;
        let iris = self.iris.as_ref().map(|iris| iris.forward(&features)?.to_vec1::<f32>()).transpose()?;
        self.shape.write_refined(&matrix, &refined, iris.as_deref(), points);
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
        let loader = Loader::new(model.open(model.bytes())?, device);
        let presence = format!("{}.head", PRESENCE.name);
        Ok(Self {
            stem: loader.conv("stem", (STEM.1, 3, STEM.0), true)?,
            trunk: loader.blocks("trunk", 0, &[&EARLY[..], &LATE].concat(), true)?,
            points: Branch::new(&loader, &POINTS)?,
            variant: match model {
                MeshModel::Light => Variant::Light { presence: Branch::new(&loader, &PRESENCE)? },
                MeshModel::Refined => Variant::Refined {
                    presence: loader.conv(&presence, (PRESENCE.outputs, POINTS.last_side(), SQUEEZED), false)?,
                    parts: PARTS.iter().map(|shape| Part::new(&loader, shape)).collect::<crate::Result<_>>()?,
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
        self.run(picture).map_err(network_error(NAME))
    }

    fn run(&self, picture: &Tensor) -> Result<(Tensor, Tensor)> {
        let x = square_picture_map(picture, network::FaceMesh::SIDE)?;
        let x = self.stem.activate(&self.stem.same(&x, 2)?)?;
        let (early, late) = self.trunk.split_at(EARLY.len().min(self.trunk.len()));
        let early = run_blocks(early, x)?;
        let features = run_blocks(late, early.clone())?;
        match &self.variant {
            Variant::Light { presence } => {
                Ok((self.points.forward(&features)?.reshape(((), 3))?, presence.forward(&features)?))
            }
            Variant::Refined { presence, parts } => {
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

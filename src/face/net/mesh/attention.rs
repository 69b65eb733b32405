//! Attention: a second look at lips and eyes. A region of interest of an early feature map around each is resampled upright,
//! goes through blocks of its own, and gives finer points for that part of the face and the irises.
//!
//! Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020.

use std::sync::Mutex;

use candle_core::{Result, Tensor};

use super::branch::{Branch, BranchBuffers};
use super::parts::{CHANNELS, PARTS, PartShape, ROI_BLOCKS, ROI_SIDE};
use crate::face::net::loader::{ActivationKind, Loader};
use crate::face::net::ops::tensor::read;
use crate::face::net::ops::{Block, Resample, feature_map};
use crate::face::net::sequence;
use crate::face::net::workers::Workers;

/// The layers for all parts.
pub(super) struct Attention {
    parts: Vec<Part>,
    /// A part runs on one thread, the parts side by side.
    single_thread: Workers,
}

struct Part {
    shape: &'static PartShape,
    blocks: Vec<Block>,
    points: Branch,
    iris: Option<Branch>,
}

pub(super) struct AttentionBuffers(Vec<PartBuffers>);

struct PartBuffers {
    /// The region of interest, resampled.
    roi: Tensor,
    blocks: Vec<Tensor>,
    points: BranchBuffers,
    iris: Option<BranchBuffers>,
    /// Where the region lies: see [`PartShape::region_of_interest`].
    matrix: [[f32; 3]; 2],
}

impl Attention {
    pub(super) fn new(loader: &Loader<'_>) -> crate::Result<Self> {
        let part = |shape: &'static PartShape| -> crate::Result<Part> {
            Ok(Part {
                shape,
                blocks: loader.blocks(shape.name, 0, &ROI_BLOCKS, ActivationKind::PRelu)?,
                points: Branch::new(loader, &shape.points)?,
                iris: shape.iris.as_ref().map(|iris| Branch::new(loader, iris)).transpose()?,
            })
        };
        Ok(Self { parts: PARTS.iter().map(part).collect::<crate::Result<_>>()?, single_thread: Workers::new(1)? })
    }

    pub(super) fn buffers() -> Result<AttentionBuffers> {
        let part = |shape: &PartShape| -> Result<PartBuffers> {
            let roi = feature_map(ROI_SIDE, ROI_SIDE, CHANNELS)?;
            Ok(PartBuffers {
                blocks: sequence::feature_maps(Some(&roi), ROI_SIDE, &ROI_BLOCKS)?,
                roi,
                points: BranchBuffers::new(&shape.points)?,
                iris: shape.iris.as_ref().map(BranchBuffers::new).transpose()?,
                matrix: [[0.0; 3]; 2],
            })
        };
        Ok(AttentionBuffers(PARTS.iter().map(part).collect::<Result<_>>()?))
    }

    /// Refines `points`: x, y, z of 478 points in pixels of the network's input, the first 468 of which are known. The points
    /// of the parts get a better x and y, the irises are written after the 468. `features`: the map that regions are cut
    /// from.
    pub(super) fn forward(
        &self,
        features: &Tensor,
        points: &mut [f32],
        buffers: &mut AttentionBuffers,
        workers: &Workers,
    ) -> Result<()> {
        for (part, buffers) in self.parts.iter().zip(&mut buffers.0) {
            buffers.matrix = part.shape.region_of_interest(points);
        }
        let failed = Mutex::new(None);
        let parts = &buffers.0;
        workers.run(self.parts.len(), &|index| {
            let outcome = match (self.parts.get(index), parts.get(index)) {
                (Some(part), Some(buffers)) => part.forward(features, buffers, &self.single_thread),
                _ => Ok(()),
            };
            if let (Err(error), Ok(mut failed)) = (outcome, failed.lock()) {
                *failed = Some(error);
            }
        });
        if let Ok(Some(error)) = failed.into_inner() {
            return Err(error);
        }
        self.parts.iter().zip(&buffers.0).try_for_each(|(part, buffers)| part.write_refined(points, buffers))
    }
}

impl Part {
    fn forward(&self, features: &Tensor, buffers: &PartBuffers, workers: &Workers) -> Result<()> {
        Resample { matrix: buffers.matrix }.forward(features, &buffers.roi)?;
        let features = sequence::run(&self.blocks, &buffers.roi, &buffers.blocks, workers)?;
        self.points.forward(features, &buffers.points, workers)?;
        match (&self.iris, &buffers.iris) {
            (Some(iris), Some(buffers)) => iris.forward(features, buffers, workers),
            _ => Ok(()),
        }
    }

    /// Writes what the last pass gave into the mesh.
    fn write_refined(&self, points: &mut [f32], buffers: &PartBuffers) -> Result<()> {
        let PartBuffers { matrix, points: output, iris, .. } = buffers;
        let mut write = |iris: Option<&[f32]>| {
            read(&output.output, |refined| self.shape.write_refined(matrix, refined, iris, points))
        };
        match iris {
            Some(iris) => read(&iris.output, |iris| write(Some(iris)))?,
            None => write(None),
        }
    }
}

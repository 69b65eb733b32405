//! Which landmark networks there are, and their weights.

use crate::Result;
use crate::face::net::weights::{Weights, WeightsFile};
use crate::face::topology;

pub(crate) const NAME: &str = "face mesh";

/// Which of the two landmark networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeshModel {
    /// 468 points, the faster one.
    Light,
    /// 478 points: lips, eyes and brows follow more closely, and irises are found.
    Refined,
}

impl MeshModel {
    /// How many points it places.
    #[must_use]
    pub fn points(self) -> usize {
        match self {
            Self::Light => topology::POINTS,
            Self::Refined => topology::POINTS_WITH_IRISES,
        }
    }

    /// The weights that the library holds.
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Light => include_bytes!("../../../../models/face_landmark.safetensors"),
            Self::Refined => include_bytes!("../../../../models/face_landmark_with_attention.safetensors"),
        }
    }

    pub(crate) fn open(self, bytes: &[u8]) -> Result<Weights<'_>> {
        let sha256 = match self {
            Self::Light => "bfe7963a2c493c7a9b039eedd4f33823143f939a44f386adaac2d51bcd2de93a",
            Self::Refined => "dba9e6637dd0e7a50bd87e2872ff085698138f2d74918f7ab888d71441c1dfd9",
        };
        Weights::open(WeightsFile { network: NAME, sha256 }, bytes)
    }
}

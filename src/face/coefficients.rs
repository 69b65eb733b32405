//! Blendshapes of the faces that a tracker finds.

use std::ops::Index;
use std::sync::Arc;

use super::Face;
use super::net::{Blendshape, Blendshapes, BlendshapesBuffers, Workers};
use super::shared::Shared;
use crate::{Error, Result};

/// A face's expression as 52 coefficients, each 0..=1, under ARKit's names: `coefficients[Blendshape::JawOpen]`.
///
/// Told by MediaPipe's network from the landmarks alone. Looked at on about 180 faces:
///
/// * The smile (`mouthSmileLeft`, `mouthSmileRight`) is right, and raised brows mostly are.
/// * `jawOpen` has the right order but is compressed: mouths wide open reach 0.35 to 0.8. For how far a mouth is open,
///   [`Expression::mouth`](super::Expression::mouth) is the better number.
/// * `eyeBlinkLeft` and `eyeBlinkRight` are about 0.75 for shut eyes, but as high for eyes that look down and for heads turned
///   by more than about 25°. [`Expression`](super::Expression) and [`Gestures`](super::Gestures) are the better base for blinks.
/// * `browDownLeft` and `browDownRight` are 0.8 and more on many faces at rest: compare with the same person's usual value.
/// * `mouthFunnel`, `eyeWideLeft` and `eyeWideRight` change much with small errors of the landmarks.
/// * `noseSneerLeft`, `noseSneerRight` and `cheekPuff` are always about 0. There is no `tongueOut`: for that see
///   [`Expression::tongue`](super::Expression::tongue).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlendshapeCoefficients([f32; 52]);

impl BlendshapeCoefficients {
    /// One coefficient, 0..=1.
    #[must_use]
    pub fn get(&self, shape: Blendshape) -> f32 {
        self[shape]
    }

    /// All of them, in the order of [`Blendshape::ALL`].
    #[must_use]
    pub fn as_array(&self) -> &[f32; 52] {
        &self.0
    }

    /// Each blendshape with its coefficient.
    pub fn iter(&self) -> impl Iterator<Item = (Blendshape, f32)> + use<'_> {
        Blendshape::ALL.into_iter().zip(self.0)
    }
}

impl From<[f32; 52]> for BlendshapeCoefficients {
    /// Coefficients of the caller's own, in the order of [`Blendshape::ALL`].
    fn from(coefficients: [f32; 52]) -> Self {
        Self(coefficients)
    }
}

impl Index<Blendshape> for BlendshapeCoefficients {
    type Output = f32;

    fn index(&self, shape: Blendshape) -> &f32 {
        &self.0[shape as usize]
    }
}

/// An object of ARKit's names.
#[cfg(feature = "serde")]
impl serde::Serialize for BlendshapeCoefficients {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(shape, value)| (shape.name(), value)))
    }
}

/// An object of ARKit's names, each of them once.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for BlendshapeCoefficients {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut named = std::collections::BTreeMap::<String, f32>::deserialize(deserializer)?;
        let mut coefficients = [0.0; 52];
        for (shape, value) in Blendshape::ALL.into_iter().zip(&mut coefficients) {
            *value = named.remove(shape.name()).ok_or_else(|| D::Error::missing_field(shape.name()))?;
        }
        match named.into_keys().next() {
            Some(name) => Err(D::Error::custom(format_args!("there is no blendshape called {name:?}"))),
            None => Ok(Self(coefficients)),
        }
    }
}

/// The network with the buffers of one session.
pub(crate) struct BlendshapesSession {
    network: Arc<Blendshapes>,
    buffers: BlendshapesBuffers,
}

impl BlendshapesSession {
    /// The embedded network is loaded by the first session of a process, and kept as long as there is one.
    pub(crate) fn new() -> Result<Self> {
        static SHARED: Shared<Blendshapes> = Shared::new();
        Self::with(&SHARED.get_or_make(Blendshapes::embedded)?)
    }

    /// Another session of the same network.
    pub(crate) fn fresh(&self) -> Result<Self> {
        Self::with(&self.network)
    }

    fn with(network: &Arc<Blendshapes>) -> Result<Self> {
        Ok(Self { network: Arc::clone(network), buffers: network.buffers()? })
    }

    /// Writes a face's coefficients into it; none where its points are no face's.
    pub(crate) fn read(&mut self, face: &mut Face, workers: &Workers) -> Result<()> {
        face.blendshapes = match self.network.forward(&face.points, &mut self.buffers, workers) {
            Ok(coefficients) => Some(BlendshapeCoefficients(coefficients)),
            Err(Error::BadLandmarks { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(())
    }
}

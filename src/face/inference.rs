//! Inference: both networks with the buffers of one session. A square of a frame goes in, detections or landmarks come out.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::appearance::{Appearance, Crop};
use super::bounds::{self, Bounds};
use super::confirm::{self, FoundFace};
use super::crop::{Border, CropSource, Region};
use super::detect::{self, Detection};
use super::net::{BlazeFace, BlazeFaceBuffers, FaceMesh, FaceMeshBuffers, MeshModel, Workers, YuNet, YuNetBuffers};
use crate::Result;

/// Below this presence a region holds no face.
const PRESENCE: f32 = 0.5;

/// The weights: immutable, shared by all trackers that were made of the same bytes.
pub(crate) struct Networks {
    detector: BlazeFace,
    verifier: YuNet,
    mesh: FaceMesh,
}

impl Networks {
    /// The embedded networks: loaded by the first tracker of a process that wants them, and kept as long as there is one.
    pub(crate) fn embedded(model: MeshModel) -> Result<Arc<Self>> {
        static SHARED: [Mutex<Weak<Networks>>; 2] = [const { Mutex::new(Weak::new()) }; 2];
        let [light, refined] = &SHARED;
        let shared = match model {
            MeshModel::Light => light,
            MeshModel::Refined => refined,
        };
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(networks) = shared.upgrade() {
            return Ok(networks);
        }
        let networks = Arc::new(Self {
            detector: BlazeFace::embedded()?,
            verifier: YuNet::embedded()?,
            mesh: FaceMesh::embedded(model)?,
        });
        *shared = Arc::downgrade(&networks);
        Ok(networks)
    }

    /// Networks of weights that the caller has loaded.
    pub(crate) fn from_safetensors(
        model: MeshModel,
        detector: &[u8],
        verifier: &[u8],
        mesh: &[u8],
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            detector: BlazeFace::from_safetensors(detector)?,
            verifier: YuNet::from_safetensors(verifier)?,
            mesh: FaceMesh::from_safetensors(model, mesh)?,
        }))
    }

    /// Makes the buffers to run these networks, on these threads.
    pub(crate) fn session(self: &Arc<Self>, workers: &Arc<Workers>) -> Result<InferenceSession> {
        Ok(InferenceSession {
            boxes: self.detector.buffers()?,
            second: self.verifier.buffers(confirm::SIDE, confirm::SIDE)?,
            points: self.mesh.buffers()?,
            networks: Arc::clone(self),
            workers: Arc::clone(workers),
        })
    }
}

/// The networks with the buffers of one session.
pub(crate) struct InferenceSession {
    networks: Arc<Networks>,
    workers: Arc<Workers>,
    boxes: BlazeFaceBuffers,
    second: YuNetBuffers,
    points: FaceMeshBuffers,
}

impl InferenceSession {
    /// Runs the detector over one square of the frame and appends what it finds to `found`, best first. Faces that the
    /// square's edge cuts are left out: another square shows them whole.
    pub(crate) fn detect(
        &mut self,
        source: &mut dyn CropSource,
        square: &Region,
        found: &mut Vec<Detection>,
    ) -> Result<()> {
        (0..Self::STEPS).try_for_each(|step| self.detect_step(step, source, square, found))
    }

    /// Says which regions of interest come next: squares to detect faces in, and regions to place landmarks in.
    pub(crate) fn prefetch(source: &mut dyn CropSource, squares: &[Region], regions: &[Region]) -> Result<()> {
        source.prefetch(squares, BlazeFace::SIDE, Border::Black)?;
        source.prefetch(regions, FaceMesh::SIDE, Border::Nearest)
    }

    /// How many steps a detection can be cut into.
    pub(crate) const STEPS: usize = BlazeFace::STEPS;

    /// One step of [`InferenceSession::detect`], counted from 0. They may be taken in successive frames of the same size; the square is
    /// seen as it is in the first one, and the last one tells what was found.
    pub(crate) fn detect_step(
        &mut self,
        step: usize,
        source: &mut dyn CropSource,
        square: &Region,
        found: &mut Vec<Detection>,
    ) -> Result<()> {
        if step == 0 {
            let mut outcome = Ok(());
            self.boxes.write_input(|input| {
                outcome = source.crop(square, BlazeFace::SIDE, Border::Black, (2.0 / 255.0, -1.0), input);
            })?;
            outcome?;
        }
        self.networks.detector.forward_step(&mut self.boxes, &self.workers, step)?;
        if step + 1 < Self::STEPS {
            return Ok(());
        }
        let first = found.len();
        self.boxes.read_outputs(|logits, values| detect::decode(logits, values, square, found))?;
        detect::merge(found, first);
        detect::drop_cut(found, first, square, source.size());
        Ok(())
    }

    /// The surest face that the second detector sees where one of `bounds` should be, in a crop in which what is turned by `roll`
    /// is upright.
    pub(crate) fn find_at(
        &mut self,
        source: &mut dyn CropSource,
        bounds: &Bounds,
        roll: f32,
        mirrored: bool,
    ) -> Result<Option<FoundFace>> {
        let region = confirm::region(bounds, roll, mirrored);
        if !region.is_sound() {
            return Ok(None);
        }
        let mut outcome = Ok(());
        self.second.write_input(|input| {
            outcome = source.crop(&region, confirm::SIDE, Border::Black, (1.0, 0.0), input);
        })?;
        outcome?;
        self.networks.verifier.forward(&mut self.second, &self.workers)?;
        self.second.read_outputs(|levels| confirm::found_at(levels, &region, bounds))
    }

    /// How sure the second detector is that a mesh lies on a face the right way; `None` where it does not: it sees no face
    /// there, its eyes, nose and mouth are elsewhere, or it is surer of a face that stands upside down on the mesh.
    pub(crate) fn confirm(
        &mut self,
        source: &mut dyn CropSource,
        points: &[[f32; 3]],
        mirrored: bool,
    ) -> Result<Option<f32>> {
        let (bounds, roll) = (Bounds::of(points), bounds::region(points, mirrored).roll);
        let Some(face) = self.find_at(source, &bounds, roll, mirrored)?.filter(|face| face.agrees(points)) else {
            return Ok(None);
        };
        // Faces upside down are seen too, with eyes and mouth mistaken for each other, but less surely.
        let turned = self.find_at(source, &bounds, roll + std::f32::consts::PI, mirrored)?;
        let is_upright = turned.is_none_or(|turned| turned.score < face.score);
        Ok(is_upright.then_some(face.score))
    }

    /// What the pixels tell of the face that [`InferenceSession::landmarks`] has looked at last.
    pub(crate) fn appearance(&self) -> Result<Appearance> {
        self.points
            .read_input(|pixels| self.points.read_outputs(|points, _| Appearance::of(&Crop::new(pixels, points))))?
    }

    /// Writes the landmarks of the face in `region`, in pixels of the frame, into `points`, and returns how sure the
    /// network is that there is one; `None` where there is none.
    pub(crate) fn landmarks(
        &mut self,
        source: &mut dyn CropSource,
        region: &Region,
        points: &mut Vec<[f32; 3]>,
    ) -> Result<Option<f32>> {
        if !region.is_sound() {
            return Ok(None);
        }
        let mut outcome = Ok(());
        self.points.write_input(|input| {
            outcome = source.crop(region, FaceMesh::SIDE, Border::Nearest, (1.0 / 255.0, 0.0), input);
        })?;
        outcome?;
        self.networks.mesh.forward(&mut self.points, &self.workers)?;
        let turned = region.turned();
        let unit = 1.0 / FaceMesh::SIDE as f32;
        self.points.read_outputs(|values, logit| {
            points.clear();
            points.extend(values.as_chunks().0.iter().map(|&[x, y, z]| {
                let [px, py] = turned.place([x * unit, y * unit]);
                [px, py, z * unit * region.side]
            }));
            let presence = 1.0 / (1.0 + (-logit).exp());
            let finite = points.as_flattened().iter().all(|value| value.is_finite());
            (finite && presence >= PRESENCE).then_some(presence)
        })
    }
}

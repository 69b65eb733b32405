//! Inference: the networks with the buffers of one session. A part of a frame goes in, detections or landmarks come out.

use std::sync::Arc;

use super::Orientation;
use super::bounds::{self, Bounds};
use super::confirm;
use super::crop::{Border, Crop, CropSource, Region};
use super::cut::Thumbnail;
use super::detect::{self, Detection};
use super::mesh_input::MeshInput;
use super::net::{
    BlazeFace, BlazeFaceBuffers, FaceMesh, FaceMeshBuffers, MeshModel, Workers, YuNet, YuNetBuffers, YuNetFace,
};
use super::parts::Appearance;
use super::search;
use super::shared::Shared;
use crate::Result;

/// Below this presence a region holds no face.
const PRESENCE: f32 = 0.5;
/// Side of the square around a detection in which the line of its eyes is looked for, in sizes of its box. Where that is not much less than
/// the whole frame, it is the whole frame: what MediaPipe's own detector is given.
const CLOSER: f32 = 2.6;
const MOST_CLOSER: f32 = 5.0;
/// Columns of a whole picture's thumbnail, and most rows of it.
const THUMBNAIL: (usize, usize) = (64, 256);

/// The weights: immutable, shared by all trackers that were made of the same bytes.
pub(crate) struct Networks {
    /// Tells the line of the eyes, in a square around a face; finds a face again that was lost a moment ago.
    blazeface: BlazeFace,
    /// Finds faces in a whole picture; tells whether something is a face, in a crop around it.
    yunet: YuNet,
    /// Places landmarks.
    mesh: FaceMesh,
}

impl Networks {
    /// The embedded networks: loaded by the first tracker of a process that wants them, and kept as long as there is one.
    pub(crate) fn embedded(model: MeshModel) -> Result<Arc<Self>> {
        static SHARED: [Shared<Networks>; 2] = [const { Shared::new() }; 2];
        let [light, refined] = &SHARED;
        let shared = match model {
            MeshModel::Light => light,
            MeshModel::Refined => refined,
        };
        shared.get_or_make(|| {
            Ok(Self { blazeface: BlazeFace::embedded()?, yunet: YuNet::embedded()?, mesh: FaceMesh::embedded(model)? })
        })
    }

    /// Networks of weights that the caller has loaded.
    pub(crate) fn from_safetensors(
        model: MeshModel,
        detector: &[u8],
        verifier: &[u8],
        mesh: &[u8],
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            blazeface: BlazeFace::from_safetensors(detector)?,
            yunet: YuNet::from_safetensors(verifier)?,
            mesh: FaceMesh::from_safetensors(model, mesh)?,
        }))
    }

    /// Makes the buffers to run these networks, on these threads.
    pub(crate) fn session(self: &Arc<Self>, workers: &Arc<Workers>) -> Result<InferenceSession> {
        Ok(InferenceSession {
            closer: self.blazeface.buffers()?,
            looks: Vec::new(),
            second: self.yunet.buffers(confirm::SIDE, confirm::SIDE)?,
            thumbnail: Vec::new(),
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
    closer: BlazeFaceBuffers,
    /// For looks at frames: one for each size of them.
    looks: Vec<YuNetBuffers>,
    second: YuNetBuffers,
    points: FaceMeshBuffers,
    thumbnail: Vec<f32>,
}

impl InferenceSession {
    /// Makes the buffers for looks of these sizes, and drops all others.
    pub(crate) fn prepare<'a>(&mut self, looks: impl IntoIterator<Item = &'a Crop>) -> Result<()> {
        self.looks.clear();
        looks.into_iter().try_for_each(|look| self.buffers(look.size).map(|_| ()))
    }

    fn buffers(&mut self, size: [usize; 2]) -> Result<&mut YuNetBuffers> {
        let fits = |buffers: &YuNetBuffers| [buffers.width(), buffers.height()] == size;
        let buffers = match self.looks.iter().position(fits) {
            Some(index) => self.looks.swap_remove(index),
            None => self.networks.yunet.buffers(size[0], size[1])?,
        };
        Ok(self.looks.push_mut(buffers))
    }

    /// How many steps a look can be cut into.
    pub(crate) const STEPS: usize = YuNet::STEPS;

    /// Looks for faces in the part of the frame that `look` is, and appends what it finds to `found`, best first.
    pub(crate) fn look(&mut self, source: &mut dyn CropSource, look: &Crop, found: &mut Vec<Detection>) -> Result<()> {
        (0..Self::STEPS).try_for_each(|step| self.look_step(step, source, look, found))
    }

    /// One step of [`InferenceSession::look`], counted from 0. They may be taken in successive frames of the same size; the frame
    /// is seen as it is in the first one, and the last one tells what was found.
    pub(crate) fn look_step(
        &mut self,
        step: usize,
        source: &mut dyn CropSource,
        look: &Crop,
        found: &mut Vec<Detection>,
    ) -> Result<()> {
        let (networks, workers) = (Arc::clone(&self.networks), Arc::clone(&self.workers));
        let buffers = self.buffers(look.size)?;
        if step == 0 {
            let mut outcome = Ok(());
            buffers.write_input(|input| outcome = source.crop(look, (1.0, 0.0), input))?;
            outcome?;
        }
        networks.yunet.forward_step(buffers, &workers, step)?;
        if step + 1 < Self::STEPS {
            return Ok(());
        }
        let first = found.len();
        buffers.read_outputs(|levels| search::decode(levels, look, found))?;
        detect::merge(found, first);
        Ok(())
    }

    /// Appends the faces in a square of the frame to `found`, best first, with the line of their eyes.
    pub(crate) fn detect(
        &mut self,
        source: &mut dyn CropSource,
        square: &Region,
        found: &mut Vec<Detection>,
    ) -> Result<()> {
        let mut outcome = Ok(());
        let crop = Crop::square(square, BlazeFace::SIDE, Border::Black);
        self.closer.write_input(|input| outcome = source.crop(&crop, (2.0 / 255.0, -1.0), input))?;
        outcome?;
        self.networks.blazeface.forward(&mut self.closer, &self.workers)?;
        let first = found.len();
        self.closer.read_outputs(|logits, values| detect::decode(logits, values, square, found))?;
        detect::merge(found, first);
        Ok(())
    }

    /// A detection as it is seen from close by, in a square that is turned by `roll`: with the line of its eyes, which a look at a
    /// whole frame only guesses. The same one where nothing is seen there. `near` is emptied and used.
    pub(crate) fn closer(
        &mut self,
        source: &mut dyn CropSource,
        detection: &Detection,
        roll: f32,
        near: &mut Vec<Detection>,
    ) -> Result<Detection> {
        near.clear();
        let size = detection.bounds.longer_side();
        let [width, height] = source.size();
        let whole =
            Region { roll, mirrored: detection.mirrored, ..Region::around(width, height, Orientation::default()) };
        let square = if MOST_CLOSER * size > whole.side {
            whole
        } else {
            Region { centre: detection.bounds.centre, side: CLOSER * size, ..whole }
        };
        if square.is_sound() {
            self.detect(source, &square, near)?;
        }
        let same = near.iter().filter(|near| near.bounds.is_same_face(&detection.bounds));
        Ok(same.max_by(|a, b| a.score.total_cmp(&b.score)).copied().unwrap_or(*detection))
    }

    /// What has to be cropped for landmarks.
    pub(crate) fn mesh_crop(region: &Region) -> Crop {
        Crop::square(region, FaceMesh::SIDE, Border::Nearest)
    }

    /// What has to be cropped for [`InferenceSession::picture`].
    pub(crate) fn picture_crop([width, height]: [u32; 2]) -> Crop {
        let (columns, most) = THUMBNAIL;
        let [across, down] = [width, height].map(|side| side.max(1) as f32);
        let rows = (columns as f32 * down / across) as usize / Thumbnail::SIDE * Thumbnail::SIDE;
        let region = Region { centre: [across / 2.0, down / 2.0], side: across, roll: 0.0, mirrored: false };
        Crop { region, size: [columns, rows.clamp(Thumbnail::SIDE, most)], border: Border::Nearest }
    }

    /// What the whole frame looks like.
    pub(crate) fn picture(&mut self, source: &mut dyn CropSource) -> Result<Thumbnail> {
        let crop = Self::picture_crop(source.size());
        self.thumbnail.resize(crop.size[0] * crop.size[1] * 3, 0.0);
        source.crop(&crop, (1.0 / 255.0, 0.0), &mut self.thumbnail)?;
        Ok(Thumbnail::of_picture(&self.thumbnail, crop.size[0]))
    }

    /// What the face looks like whose landmarks were placed last.
    pub(crate) fn face_thumbnail(&self) -> Result<Thumbnail> {
        self.mesh_input(Thumbnail::of_face)
    }

    /// The surest face that the second detector sees where one of `bounds` should be, in a crop in which what is turned by `roll`
    /// is upright.
    pub(crate) fn find_at(
        &mut self,
        source: &mut dyn CropSource,
        bounds: &Bounds,
        roll: f32,
        mirrored: bool,
    ) -> Result<Option<YuNetFace>> {
        let region = confirm::region(bounds, roll, mirrored);
        if !region.is_sound() {
            return Ok(None);
        }
        let mut outcome = Ok(());
        self.second.write_input(|input| {
            outcome = source.crop(&Crop::square(&region, confirm::SIDE, Border::Black), (1.0, 0.0), input);
        })?;
        outcome?;
        self.networks.yunet.forward(&mut self.second, &self.workers)?;
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
        self.mesh_input(Appearance::of)
    }

    fn mesh_input<R>(&self, f: impl FnOnce(&MeshInput<'_>) -> R) -> Result<R> {
        self.points.read_input(|pixels| self.points.read_outputs(|points, _| f(&MeshInput::new(pixels, points))))?
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
            outcome = source.crop(&Self::mesh_crop(region), (1.0 / 255.0, 0.0), input);
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

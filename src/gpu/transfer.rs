//! A picture in memory → the device → the picture: only the faces' rectangles are copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::Gpu;
use super::fault::Deadline;
use super::resources::ResourceFactory;
use crate::frame::Changed;
use crate::retouch::FacePlan;
use crate::retouch::region::Rect;
use crate::{Error, Frame, FrameMut, Result};

/// Pixels around a rectangle that its last pass may read.
const APRON: u32 = 3;
/// Rows in a buffer begin at multiples of this many bytes.
const ROW: u32 = wgpu::COPY_BYTES_PER_ROW_ALIGNMENT;

/// Textures as large as the frame, and the staging buffers that its rectangles are copied through. The textures serve one frame
/// after another in the order of submission; of buffers there is a pair for each frame in flight.
pub(crate) struct Targets {
    pub(crate) size: (u32, u32),
    /// Bytes of a pixel.
    pixel: u32,
    pub(crate) input: wgpu::TextureView,
    pub(crate) output: wgpu::TextureView,
    /// Staging buffers that no frame uses.
    idle: Vec<StagingBuffers>,
    /// One row of pixels, between frame and buffer.
    row: Vec<u8>,
}

/// The staging buffers of one frame.
#[derive(Default)]
struct StagingBuffers {
    /// Of our own, where wgpu would make one for each upload: with no memory left for it, wgpu gives up the whole device.
    upload: Option<wgpu::Buffer>,
    readback: Option<wgpu::Buffer>,
    /// The submission that used them last.
    submission: Option<wgpu::SubmissionIndex>,
    /// What may have changed, as it lies in the readback buffer.
    changing: Vec<Rect>,
}

/// A frame in flight: handed to the device, and not read back yet.
pub(crate) struct InFlightFrame {
    gpu: Gpu,
    staging: StagingBuffers,
    size: (u32, u32),
    pixel: u32,
    deadline: Deadline,
    /// Bytes copied to the device and back.
    bytes: u64,
}

impl Targets {
    pub(crate) fn new(factory: &ResourceFactory, size: (u32, u32)) -> Self {
        use wgpu::TextureUsages as Usage;
        let format = factory.picture();
        let texture = |label, usage| factory.texture(label, size, format, usage);
        Self {
            size,
            pixel: format.block_copy_size(None).unwrap_or(4),
            input: texture("input", Usage::TEXTURE_BINDING | Usage::COPY_DST),
            output: texture("output", Usage::STORAGE_BINDING | Usage::COPY_SRC | Usage::COPY_DST),
            idle: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Begins a frame: staging buffers with room for the faces' rectangles, and for `tail` bytes behind what is read back.
    pub(crate) fn begin(
        &mut self,
        gpu: &Gpu,
        factory: &ResourceFactory,
        faces: &[FacePlan],
        tail: u64,
        deadline: Deadline,
    ) -> InFlightFrame {
        use wgpu::BufferUsages as Usage;
        let mut staging = self.idle.pop().unwrap_or_default();
        let (size, pixel) = (self.size, self.pixel);
        let most = bytes(Rect { x: 0, y: 0, width: size.0, height: size.1 }, pixel);
        let make = |label, slot: &mut Option<wgpu::Buffer>, needed: u64, usage| {
            if slot.as_ref().is_none_or(|buffer| buffer.size() < needed) {
                // The old one goes first. Room to grow, or a face that comes nearer would need a new buffer each frame; no
                // more than the frame.
                *slot = None;
                *slot = Some(factory.buffer(label, needed.max((needed * 2).min(most + tail)), usage));
            }
        };
        let uploaded = faces.iter().map(|face| bytes(apron(face.reading(), size), pixel)).sum();
        make("upload", &mut staging.upload, uploaded, Usage::COPY_SRC | Usage::MAP_WRITE);
        // A device cannot map a buffer of nothing.
        let read = faces.iter().map(|face| bytes(face.changing(), pixel)).sum::<u64>().max(u64::from(ROW));
        make("readback", &mut staging.readback, read + tail, Usage::COPY_DST | Usage::MAP_READ);
        staging.changing.clear();
        staging.changing.extend(faces.iter().map(FacePlan::changing));
        InFlightFrame { gpu: gpu.clone(), staging, size, pixel, deadline, bytes: 0 }
    }

    /// Copies the faces' rectangles of a frame into the upload buffer, once the device is done with it.
    pub(crate) fn upload(
        &mut self,
        in_flight: &mut InFlightFrame,
        frame: &Frame<'_>,
        faces: &[FacePlan],
    ) -> Result<()> {
        let Some(buffer) = &in_flight.staging.upload else { return Ok(()) };
        map(&in_flight.gpu, buffer, wgpu::MapMode::Write, in_flight.staging.submission.take(), in_flight.deadline)?;
        let refused = |error: wgpu::MapRangeError| Error::Gpu { reason: error.to_string() };
        let mut view = buffer.slice(..).get_mapped_range_mut().map_err(refused)?;
        let mut offset = 0;
        for face in faces {
            let rect = apron(face.reading(), self.size);
            let length = (rect.width * self.pixel) as usize;
            self.row.resize(length, 0);
            for y in rect.y..rect.y + rect.height {
                if offset + length <= view.len() {
                    frame.read_rgba(rect.x, y, &mut self.row);
                    view.slice(offset..offset + length).copy_from_slice(&self.row);
                }
                offset += pitch(rect, self.pixel) as usize;
            }
            in_flight.bytes += u64::from(rect.height) * length as u64;
        }
        drop(view);
        buffer.unmap();
        Ok(())
    }

    /// Records the copy of the faces' rectangles from the upload buffer into the input texture, and into the output texture
    /// too: the last pass writes only what changes.
    pub(crate) fn record_upload(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        in_flight: &InFlightFrame,
        faces: &[FacePlan],
    ) {
        let Some(buffer) = &in_flight.staging.upload else { return };
        let mut offset = 0;
        for face in faces {
            let rect = apron(face.reading(), self.size);
            let own = part(buffer, offset, rect, self.pixel);
            encoder.copy_buffer_to_texture(own, place(&self.input, rect), extent(rect));
            encoder.copy_buffer_to_texture(own, place(&self.output, rect), extent(rect));
            offset += bytes(rect, self.pixel);
        }
    }

    /// Records the copy of what may have changed from the output texture into the readback buffer.
    pub(crate) fn record_readback(&self, encoder: &mut wgpu::CommandEncoder, in_flight: &InFlightFrame) {
        let Some(buffer) = in_flight.readback() else { return };
        let mut offset = 0;
        for &rect in in_flight.staging.changing.iter().filter(|rect| rect.width > 0) {
            let own = part(buffer, offset, rect, self.pixel);
            encoder.copy_texture_to_buffer(place(&self.output, rect), own, extent(rect));
            offset += bytes(rect, self.pixel);
        }
    }

    /// Takes a finished frame's staging buffers back for another frame.
    pub(crate) fn recycle(&mut self, in_flight: InFlightFrame) {
        if (in_flight.size, in_flight.pixel) == (self.size, self.pixel) {
            self.idle.push(in_flight.staging);
        }
    }
}

impl InFlightFrame {
    /// What is read back, with a tail for whoever asked for one.
    pub(crate) fn readback(&self) -> Option<&wgpu::Buffer> {
        self.staging.readback.as_ref()
    }

    /// Whether it was handed to this device.
    pub(crate) fn is_on(&self, gpu: &Gpu) -> bool {
        self.gpu.device() == gpu.device()
    }

    /// Bytes copied so far, to the device and back.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When it must be finished.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// It does something that the device has not done yet, which may take longer.
    pub(crate) fn allow_first_use(&mut self) {
        self.deadline = self.deadline.of_first_use();
    }

    /// Notes the submission that it is part of.
    pub(crate) fn set_submission(&mut self, submission: wgpu::SubmissionIndex) {
        self.staging.submission = Some(submission);
    }

    /// Waits until the device has finished it and the readback buffer can be read.
    pub(crate) fn wait(&self) -> Result<()> {
        let Some(buffer) = self.readback() else { return Ok(()) };
        let (gpu, submission) = (&self.gpu, self.staging.submission.clone());
        gpu.guarded(|| map(gpu, buffer, wgpu::MapMode::Read, submission, self.deadline))
    }

    /// Copies what may have changed into the caller's picture, lets `tail` see all that was read back, and gives the buffer
    /// back to the device.
    pub(crate) fn read(&mut self, frame: &mut FrameMut<'_>, tail: impl FnOnce(&[u8])) -> Result<()> {
        let Some(buffer) = self.staging.readback.as_ref() else { return Ok(()) };
        let mapped = buffer.slice(..).get_mapped_range().map_err(|error| Error::Gpu { reason: error.to_string() });
        if let Ok(data) = &mapped {
            let mut rest: &[u8] = data;
            let places = &self.staging.changing;
            for (index, &rect) in places.iter().enumerate() {
                let (own, later) = rest.split_at(rest.len().min(bytes(rect, self.pixel) as usize));
                rest = later;
                let place = [rect.x, rect.y, rect.width, rect.height];
                let earlier = places.get(..index).unwrap_or_default();
                let overlaps = earlier.iter().any(|earlier| earlier.meets(&rect));
                let changed = Changed { place, pixels: own, pitch: pitch(rect, self.pixel) as usize, overlaps };
                frame.write_rgba(&changed, |x, y| {
                    let pixel = Rect { x, y, width: 1, height: 1 };
                    earlier.iter().any(|rect| rect.meets(&pixel))
                });
                self.bytes += u64::from(rect.height) * u64::from(rect.width * self.pixel);
            }
            tail(data);
        }
        let outcome = mapped.map(drop);
        // Whatever is wrong with the device by now, this picture is whole; the next call will hear of it.
        let _ = self.gpu.guarded(|| {
            buffer.unmap();
            Ok(())
        });
        outcome
    }
}

/// Maps a buffer, once a submission is finished, or everything is.
pub(crate) fn map(
    gpu: &Gpu,
    buffer: &wgpu::Buffer,
    mode: wgpu::MapMode,
    submission: Option<wgpu::SubmissionIndex>,
    deadline: Deadline,
) -> Result<()> {
    const PENDING: u8 = 0;
    const MAPPED: u8 = 1;
    const REFUSED: u8 = 2;
    let state = Arc::new(AtomicU8::new(PENDING));
    let answer = Arc::clone(&state);
    buffer.slice(..).map_async(mode, move |result| {
        answer.store(if result.is_ok() { MAPPED } else { REFUSED }, Ordering::Release);
    });
    if state.load(Ordering::Acquire) == PENDING {
        gpu.wait(submission, deadline)?;
    }
    // The work is done; the callback may still be running, on another thread that polls the same device.
    loop {
        match state.load(Ordering::Acquire) {
            MAPPED => return Ok(()),
            PENDING => gpu.wait(None, deadline)?,
            _ => return Err(Error::DeviceLost { reason: "its memory could not be reached".to_owned() }),
        }
    }
}

/// A rectangle and the pixels around it that its last pass may read.
fn apron(rect: Rect, (width, height): (u32, u32)) -> Rect {
    let (x, y) = (rect.x.saturating_sub(APRON), rect.y.saturating_sub(APRON));
    Rect {
        x,
        y,
        width: (rect.x + rect.width + APRON).min(width) - x,
        height: (rect.y + rect.height + APRON).min(height) - y,
    }
}

fn place(view: &wgpu::TextureView, rect: Rect) -> wgpu::TexelCopyTextureInfo<'_> {
    wgpu::TexelCopyTextureInfo {
        texture: view.texture(),
        mip_level: 0,
        origin: wgpu::Origin3d { x: rect.x, y: rect.y, z: 0 },
        aspect: wgpu::TextureAspect::All,
    }
}

fn part(buffer: &wgpu::Buffer, offset: u64, rect: Rect, pixel: u32) -> wgpu::TexelCopyBufferInfo<'_> {
    let layout = wgpu::TexelCopyBufferLayout { offset, bytes_per_row: Some(pitch(rect, pixel)), rows_per_image: None };
    wgpu::TexelCopyBufferInfo { buffer, layout }
}

fn extent(rect: Rect) -> wgpu::Extent3d {
    wgpu::Extent3d { width: rect.width, height: rect.height, depth_or_array_layers: 1 }
}

/// Bytes from one row of a rectangle to the next in a buffer.
fn pitch(rect: Rect, pixel: u32) -> u32 {
    (rect.width * pixel).next_multiple_of(ROW)
}

/// Bytes of a rectangle in a buffer.
fn bytes(rect: Rect, pixel: u32) -> u64 {
    u64::from(pitch(rect, pixel)) * u64::from(rect.height)
}

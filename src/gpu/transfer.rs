//! A picture in memory → the device → the picture: only the faces' rectangles travel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::Gpu;
use super::fault::Limit;
use crate::retouch::FacePlan;
use crate::retouch::region::Rect;
use crate::{Error, Frame, FrameMut, Result};

/// Pixels around a rectangle that its last pass may read.
const APRON: u32 = 3;
/// Rows in a readback buffer begin at multiples of this many bytes.
const ROW: u32 = wgpu::COPY_BYTES_PER_ROW_ALIGNMENT;
const PIXEL: u32 = 4;

const PENDING: u8 = 0;
const MAPPED: u8 = 1;
const FAILED: u8 = 2;

/// Textures as large as the frame, and a buffer that its rectangles come back in.
pub(crate) struct Targets {
    pub(crate) size: (u32, u32),
    pub(crate) input: wgpu::TextureView,
    pub(crate) output: wgpu::TextureView,
    readback: Option<wgpu::Buffer>,
    state: Arc<AtomicU8>,
}

/// How many GPU objects [`Targets::new`] creates: two textures and their views.
pub(crate) const TARGET_OBJECTS: u64 = 4;

impl Targets {
    pub(crate) fn new(device: &wgpu::Device, size: (u32, u32)) -> Self {
        let texture = |label, usage| {
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some(label),
                size: wgpu::Extent3d { width: size.0, height: size.1, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba8Unorm,
                usage,
                view_formats: &[],
            });
            texture.create_view(&wgpu::TextureViewDescriptor::default())
        };
        use wgpu::TextureUsages as Usage;
        Self {
            size,
            input: texture("input", Usage::TEXTURE_BINDING | Usage::COPY_DST),
            output: texture("output", Usage::STORAGE_BINDING | Usage::COPY_SRC),
            readback: None,
            state: Arc::default(),
        }
    }

    /// Uploads the faces' rectangles of a frame. Returns the bytes that travelled.
    pub(crate) fn upload(&self, queue: &wgpu::Queue, frame: &Frame<'_>, faces: &[FacePlan]) -> u64 {
        let mut bytes = 0;
        for face in faces {
            let x = face.rect.x.saturating_sub(APRON);
            let y = face.rect.y.saturating_sub(APRON);
            let width = (face.rect.x + face.rect.width + APRON).min(frame.width()) - x;
            let height = (face.rect.y + face.rect.height + APRON).min(frame.height()) - y;
            let start = y as usize * frame.stride() + x as usize * PIXEL as usize;
            let Some(data) = frame.data().get(start..) else { continue };
            // Strides beyond 4 GiB cannot be told to the device; such rows go one by one.
            let rows = u32::try_from(frame.stride()).map_or(1, |_| height);
            for (first, count) in (0..height).step_by(rows as usize).map(|row| (row, rows.min(height - row))) {
                let offset = first as usize * frame.stride();
                let Some(data) = data.get(offset..) else { continue };
                queue.write_texture(
                    wgpu::TexelCopyTextureInfo {
                        texture: self.input.texture(),
                        mip_level: 0,
                        origin: wgpu::Origin3d { x, y: y + first, z: 0 },
                        aspect: wgpu::TextureAspect::All,
                    },
                    data,
                    wgpu::TexelCopyBufferLayout {
                        offset: 0,
                        bytes_per_row: u32::try_from(frame.stride()).ok(),
                        rows_per_image: None,
                    },
                    wgpu::Extent3d { width, height: count, depth_or_array_layers: 1 },
                );
            }
            bytes += u64::from(width) * u64::from(height) * u64::from(PIXEL);
        }
        bytes
    }

    /// Makes room for the faces' finished rectangles in the readback buffer. Returns how many GPU objects that created.
    pub(crate) fn reserve(&mut self, device: &wgpu::Device, faces: &[FacePlan]) -> u64 {
        let needed: u64 = faces.iter().map(|face| bytes(face.rect)).sum();
        if self.readback.as_ref().is_some_and(|buffer| buffer.size() >= needed) {
            return 0;
        }
        // Room to grow, or a face that comes nearer would need a new buffer each frame; no more than the frame.
        let most = bytes(Rect { x: 0, y: 0, width: self.size.0, height: self.size.1 });
        self.readback = None;
        self.readback = Some(device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: needed.max((needed * 2).min(most)),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        }));
        1
    }

    /// Records the copies of the faces' finished rectangles into the readback buffer.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, faces: &[FacePlan]) {
        let Some(buffer) = &self.readback else { return };
        let mut offset = 0;
        for face in faces {
            encoder.copy_texture_to_buffer(
                wgpu::TexelCopyTextureInfo {
                    texture: self.output.texture(),
                    mip_level: 0,
                    origin: wgpu::Origin3d { x: face.rect.x, y: face.rect.y, z: 0 },
                    aspect: wgpu::TextureAspect::All,
                },
                wgpu::TexelCopyBufferInfo {
                    buffer,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset,
                        bytes_per_row: Some(pitch(face.rect)),
                        rows_per_image: None,
                    },
                },
                wgpu::Extent3d { width: face.rect.width, height: face.rect.height, depth_or_array_layers: 1 },
            );
            offset += bytes(face.rect);
        }
    }

    /// Waits until the device has finished a submission and the readback buffer can be read.
    pub(crate) fn wait(&mut self, gpu: &Gpu, submission: wgpu::SubmissionIndex, limit: Limit) -> Result<()> {
        // Taken out until it is known to be usable again: after a time-out the device may still write to it.
        let Some(buffer) = self.readback.take() else { return Ok(()) };
        self.state = Arc::new(AtomicU8::new(PENDING));
        let state = Arc::clone(&self.state);
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            state.store(if result.is_ok() { MAPPED } else { FAILED }, Ordering::Release);
        });
        gpu.wait(Some(submission), limit)?;
        // The work is done; the answer may yet be on its way, by another thread that polls the same device.
        loop {
            match self.state.load(Ordering::Acquire) {
                MAPPED => break,
                PENDING => gpu.wait(None, limit)?,
                _ => return Err(Error::DeviceLost { reason: "its memory could not be read".to_owned() }),
            }
        }
        self.readback = Some(buffer);
        Ok(())
    }

    /// Copies the finished rectangles into the caller's picture and gives the buffer back to the device.
    pub(crate) fn read(&self, gpu: &Gpu, frame: &mut FrameMut<'_>, faces: &[FacePlan]) -> Result<u64> {
        let Some(buffer) = &self.readback else { return Ok(0) };
        let mapped = buffer.slice(..).get_mapped_range().map_err(|error| Error::Gpu { reason: error.to_string() });
        let mut travelled = 0;
        if let Ok(data) = &mapped {
            let mut rest: &[u8] = data;
            for face in faces {
                let rect = face.rect;
                let (own, later) = rest.split_at(rest.len().min(bytes(rect) as usize));
                rest = later;
                let (from, length) = ((rect.x * PIXEL) as usize, (rect.width * PIXEL) as usize);
                for (y, row) in (rect.y..rect.y + rect.height).zip(own.chunks_exact(pitch(rect) as usize)) {
                    if let (Some(to), Some(row)) = (frame.row_mut(y).get_mut(from..from + length), row.get(..length)) {
                        to.copy_from_slice(row);
                    }
                }
                travelled += u64::from(rect.height) * length as u64;
            }
        }
        let outcome = mapped.map(drop);
        // Whatever is wrong with the device by now, this picture is whole; the next call will hear of it.
        let _ = gpu.guarded(|| {
            buffer.unmap();
            Ok(())
        });
        outcome.map(|()| travelled)
    }
}

/// Bytes from one row of a rectangle to the next in the readback buffer.
fn pitch(rect: Rect) -> u32 {
    (rect.width * PIXEL).next_multiple_of(ROW)
}

/// Bytes of a rectangle in the readback buffer.
fn bytes(rect: Rect) -> u64 {
    u64::from(pitch(rect)) * u64::from(rect.height)
}

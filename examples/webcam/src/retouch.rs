//! A picture in, textures out, on the device that also draws the window: what was retouched stays on it until it is on the
//! screen. It is copied back only for snapshots, recordings and virtual cameras.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use glowup::gpu::Renderer;
use glowup::wgpu::{self, TextureUsages as Usage};
use glowup::{Face, FaceTracker, Frame, Gpu, Look, TrackerOptions};

use crate::common::Failure;
use crate::source::Picture;

/// How long a device may take for one picture before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at whether a device has finished. Sleeping in between instead of waiting inside of the device leaves
/// the window free to draw.
const GLANCE: Duration = Duration::from_micros(300);

/// A picture before and after, and where its skin is, on the device. Whoever holds it keeps it from being written to.
pub struct Stage {
    /// Never given twice.
    pub id: u64,
    pub size: [u32; 2],
    pub before: wgpu::TextureView,
    pub after: wgpu::TextureView,
    /// Written to only where somebody wants to see it; as [`Renderer::render_skin`] has it.
    pub skin: wgpu::TextureView,
}

/// What one picture cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    pub detect: Option<Duration>,
    pub landmarks: Option<Duration>,
    pub track: Duration,
    /// Handing the picture to the device.
    pub upload: Duration,
    /// From submission until the device has finished.
    pub gpu: Duration,
    /// Copying the result back, where somebody wants it.
    pub readback: Option<Duration>,
    /// All of the above.
    pub frame: Duration,
}

pub struct Retoucher {
    gpu: Gpu,
    tracker: FaceTracker,
    renderer: Renderer,
    /// Shows where skin is; made once somebody asks.
    shower: Option<Renderer>,
    stages: Vec<Arc<Stage>>,
    made: u64,
    readback: Option<wgpu::Buffer>,
}

impl Retoucher {
    pub fn new(gpu: &Gpu) -> Result<Self, Failure> {
        Ok(Self {
            gpu: gpu.clone(),
            tracker: FaceTracker::new(TrackerOptions::default())?,
            renderer: Renderer::new(gpu)?,
            shower: None,
            stages: Vec::new(),
            made: 0,
            readback: None,
        })
    }

    /// The next picture is of another stream.
    pub fn reset(&mut self) {
        self.tracker.reset();
        self.renderer.reset();
        self.shower.iter_mut().for_each(Renderer::reset);
    }

    pub fn faces(&self) -> &[Face] {
        self.tracker.faces()
    }

    /// Retouches a picture, and copies the result to `back` where that is given; where `skin` says so, its skin is shown
    /// too. What could not be done to it is said in the last place; the picture is then shown as it is.
    pub fn retouch(
        &mut self,
        picture: &Picture,
        time: Duration,
        look: &Look,
        skin: bool,
        back: Option<&mut Picture>,
    ) -> Result<(Arc<Stage>, Times, Option<String>), Failure> {
        let start = Instant::now();
        let most = self.gpu.max_side();
        if picture.width.max(picture.height) > most {
            let (width, height) = (picture.width, picture.height);
            return Err(format!("its pictures ({width}×{height}) are larger than the graphics device takes").into());
        }
        let frame = Frame::rgba8(&picture.pixels, picture.width, picture.height)?;
        let mut fault = self.tracker.track(&frame, time).err().map(|error| error.to_string());
        let faces = if fault.is_none() { self.tracker.faces() } else { &[] };
        let tracked = Instant::now();

        let stage = free_stage(&mut self.stages, &mut self.made, self.gpu.device(), [picture.width, picture.height]);
        let queue = self.gpu.queue();
        let (before, after) = (stage.before.texture(), stage.after.texture());
        let rows =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(picture.width * 4), rows_per_image: None };
        queue.write_texture(before.as_image_copy(), frame.data(), rows, before.size());
        let uploaded = Instant::now();

        let label = wgpu::CommandEncoderDescriptor { label: Some("retouch") };
        let mut encoder = self.gpu.device().create_command_encoder(&label);
        if let Err(error) = self.renderer.render(&mut encoder, &stage.before, &stage.after, faces, look) {
            encoder.copy_texture_to_texture(before.as_image_copy(), after.as_image_copy(), before.size());
            fault.get_or_insert(error.to_string());
        }
        if skin {
            let shower = match &mut self.shower {
                Some(shower) => shower,
                none => none.insert(Renderer::new(&self.gpu)?),
            };
            if let Err(error) = shower.render_skin(&mut encoder, &stage.before, &stage.skin, faces, look) {
                encoder.copy_texture_to_texture(
                    before.as_image_copy(),
                    stage.skin.texture().as_image_copy(),
                    before.size(),
                );
                fault.get_or_insert(error.to_string());
            }
        }
        let buffer = back.is_some().then(|| copy_out(&mut self.readback, self.gpu.device(), &mut encoder, after));
        queue.submit([encoder.finish()]);
        finish(&self.gpu)?;
        let finished = Instant::now();
        if let (Some(back), Some(buffer)) = (back, &buffer) {
            read(&self.gpu, buffer, picture.width, picture.height, back)?;
        }
        let found = self.tracker.times();
        let times = Times {
            detect: found.detect,
            landmarks: found.landmarks,
            track: tracked - start,
            upload: uploaded - tracked,
            gpu: finished - uploaded,
            readback: buffer.map(|_| finished.elapsed()),
            frame: start.elapsed(),
        };
        Ok((stage, times, fault))
    }
}

/// Textures of that size which nobody looks at.
fn free_stage(stages: &mut Vec<Arc<Stage>>, made: &mut u64, device: &wgpu::Device, size: [u32; 2]) -> Arc<Stage> {
    stages.retain(|stage| stage.size == size);
    if let Some(free) = stages.iter().find(|stage| Arc::strong_count(stage) == 1) {
        return Arc::clone(free);
    }
    let texture = |label, usage| {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: usage | Usage::TEXTURE_BINDING | Usage::COPY_SRC | Usage::COPY_DST,
            view_formats: &[],
        });
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    };
    *made += 1;
    let written = |label| texture(label, Usage::STORAGE_BINDING);
    let (before, after, skin) = (texture("before", Usage::empty()), written("after"), written("skin"));
    let stage = Arc::new(Stage { id: *made, size, before, after, skin });
    stages.push(Arc::clone(&stage));
    stage
}

fn pitch(width: u32) -> u32 {
    (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}

fn copy_out(
    kept: &mut Option<wgpu::Buffer>,
    device: &wgpu::Device,
    encoder: &mut wgpu::CommandEncoder,
    from: &wgpu::Texture,
) -> wgpu::Buffer {
    let (width, height) = (from.width(), from.height());
    let bytes = u64::from(pitch(width)) * u64::from(height);
    let buffer = kept.take().filter(|buffer| buffer.size() == bytes).unwrap_or_else(|| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: bytes,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        })
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(pitch(width)), rows_per_image: None };
    encoder.copy_texture_to_buffer(
        from.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
        from.size(),
    );
    *kept = Some(buffer.clone());
    buffer
}

fn read(gpu: &Gpu, buffer: &wgpu::Buffer, width: u32, height: u32, to: &mut Picture) -> Result<(), Failure> {
    let done = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&done);
    buffer.slice(..).map_async(wgpu::MapMode::Read, move |_| theirs.store(true, Ordering::Release));
    until(gpu, &done)?;
    {
        let rows = buffer.slice(..).get_mapped_range()?;
        (to.width, to.height) = (width, height);
        to.pixels.clear();
        for row in rows.chunks_exact(pitch(width) as usize) {
            to.pixels.extend_from_slice(&row[..width as usize * 4]);
        }
    }
    buffer.unmap();
    Ok(())
}

/// Waits until the device has finished what was submitted so far.
fn finish(gpu: &Gpu) -> Result<(), Failure> {
    let done = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&done);
    gpu.queue().on_submitted_work_done(move || theirs.store(true, Ordering::Release));
    until(gpu, &done)
}

fn until(gpu: &Gpu, done: &AtomicBool) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        gpu.device().poll(wgpu::PollType::Poll)?;
        if done.load(Ordering::Acquire) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err("the graphics device does not answer".into());
        }
        std::thread::sleep(GLANCE);
    }
}

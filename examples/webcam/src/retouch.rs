//! A picture in, textures out, on the device that also draws the window: what was retouched stays on it until it is on the
//! screen. It is copied back only for snapshots, recordings and virtual cameras.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use glowup::gpu::Renderer;
use glowup::wgpu::{self, TextureUsages as Usage};
use glowup::{Face, FaceTracker, Frame, Gpu, Look, TrackerOptions};

use crate::common::Failure;
use crate::previews::Previews;
use crate::source::Picture;

/// How long a device may take for one picture before it counts as lost: a software device compiles what it does for the first
/// time.
const DEVICE_TIMEOUT: Duration = Duration::from_secs(8);
/// Between two looks at whether a device has finished. Sleeping in between instead of waiting inside of the device leaves
/// the window free to draw.
const POLL_INTERVAL: Duration = Duration::from_micros(300);

/// A picture before and after, and where its skin is, on the device. Whoever holds it keeps it from being written to.
pub struct FrameTextures {
    /// Never given twice.
    pub id: u64,
    pub size: [u32; 2],
    pub before: wgpu::TextureView,
    pub after: wgpu::TextureView,
    skin: Mutex<Option<wgpu::TextureView>>,
}

impl FrameTextures {
    /// Where the skin is, as [`Renderer::render_skin`] shows it. Exists only while somebody looks at it.
    pub fn skin(&self) -> Option<wgpu::TextureView> {
        self.skin.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_skin(&self, skin: Option<wgpu::TextureView>) {
        *self.skin.lock().unwrap_or_else(PoisonError::into_inner) = skin;
    }
}

/// Where a picture's faces come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// They are followed from the stream's last picture to this one, which is so far from the stream's start.
    Stream(Duration),
    /// They are looked for: a picture on its own.
    Still,
    /// They are where they were: the last still again.
    Unchanged,
}

/// What is to be made of a picture.
pub struct Output<'a> {
    pub look: &'a Look,
    /// Show its skin too.
    pub skin: bool,
    /// Copy the result there.
    pub copy: Option<&'a mut Picture>,
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
    /// Exists, as the skin's textures do, only while somebody looks at the skin.
    skin_renderer: Option<Renderer>,
    /// The faces of a still.
    still: Option<Vec<Face>>,
    textures: Vec<Arc<FrameTextures>>,
    made: u64,
    readback: Option<wgpu::Buffer>,
}

impl Retoucher {
    pub fn new(gpu: &Gpu) -> Result<Self, Failure> {
        Ok(Self {
            gpu: gpu.clone(),
            tracker: FaceTracker::new(TrackerOptions::default())?,
            renderer: Renderer::new(gpu)?,
            skin_renderer: None,
            still: None,
            textures: Vec::new(),
            made: 0,
            readback: None,
        })
    }

    /// What makes small pictures of the faces in every look.
    pub fn previews(&self) -> Result<Previews, Failure> {
        Previews::new(&self.gpu)
    }

    /// The next picture is of another stream.
    pub fn reset(&mut self) {
        self.tracker.reset();
        self.reset_renderers();
    }

    fn reset_renderers(&mut self) {
        self.renderer.reset();
        self.skin_renderer.iter_mut().for_each(Renderer::reset);
    }

    /// The faces of the last picture that are in it, not only remembered.
    pub fn faces(&self) -> impl Iterator<Item = &Face> {
        let faces = self.still.as_deref().unwrap_or_else(|| self.tracker.faces());
        faces.iter().filter(|face| face.score > 0.0)
    }

    /// Finds or follows a picture's faces. Says what could not be done.
    fn track(&mut self, frame: &Frame<'_>, tracking: Tracking) -> Option<glowup::Error> {
        match tracking {
            Tracking::Stream(time) => {
                self.still = None;
                self.tracker.track(frame, time).err()
            }
            Tracking::Still => {
                let (faces, fault) = match self.tracker.detect(frame) {
                    Ok(faces) => (faces, None),
                    Err(error) => (Vec::new(), Some(error)),
                };
                self.still = Some(faces);
                fault
            }
            Tracking::Unchanged => None,
        }
    }

    /// Retouches a picture. What could not be done to it is said in the last place; the picture is then shown as it is.
    pub fn retouch(
        &mut self,
        picture: &Picture,
        tracking: Tracking,
        output: Output<'_>,
    ) -> Result<(Arc<FrameTextures>, Times, Option<String>), Failure> {
        let Output { look, skin, copy } = output;
        let start = Instant::now();
        let most = self.gpu.max_side();
        if picture.width.max(picture.height) > most {
            let (width, height) = (picture.width, picture.height);
            return Err(format!("its pictures ({width}×{height}) are larger than the graphics device takes").into());
        }
        let frame = Frame::rgba8(&picture.pixels, picture.width, picture.height)?;
        let failed = self.track(&frame, tracking);
        let mut fault = failed.map(|error| error.to_string());
        if !matches!(tracking, Tracking::Stream(_)) {
            // What a picture on its own looks like does not depend on what was shown before.
            self.reset_renderers();
        }
        let tracked = Instant::now();

        if !skin {
            self.skin_renderer = None;
        } else if self.skin_renderer.is_none() {
            self.skin_renderer = Some(Renderer::new(&self.gpu)?);
        }
        let textures = self.free_textures([picture.width, picture.height], skin);
        let faces = match &self.still {
            Some(faces) => faces,
            None if fault.is_none() => self.tracker.faces(),
            None => &[],
        };
        let queue = self.gpu.queue();
        let (before, after) = (textures.before.texture(), textures.after.texture());
        let rows =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(picture.width * 4), rows_per_image: None };
        queue.write_texture(before.as_image_copy(), frame.data(), rows, before.size());
        let uploaded = Instant::now();

        let label = wgpu::CommandEncoderDescriptor { label: Some("retouch") };
        let mut encoder = self.gpu.device().create_command_encoder(&label);
        let time = if let Tracking::Stream(time) = tracking { Some(time) } else { None };
        self.renderer.set_time(time);
        self.skin_renderer.iter_mut().for_each(|renderer| renderer.set_time(time));
        if let Err(error) = self.renderer.render(&mut encoder, &textures.before, &textures.after, faces, look) {
            encoder.copy_texture_to_texture(before.as_image_copy(), after.as_image_copy(), before.size());
            fault.get_or_insert(error.to_string());
        }
        if let (Some(renderer), Some(skin)) = (&mut self.skin_renderer, textures.skin())
            && let Err(error) = renderer.render_skin(&mut encoder, &textures.before, &skin, faces, look)
        {
            encoder.copy_texture_to_texture(before.as_image_copy(), skin.texture().as_image_copy(), before.size());
            fault.get_or_insert(error.to_string());
        }
        let buffer = copy.is_some().then(|| copy_out(&mut self.readback, self.gpu.device(), &mut encoder, after));
        queue.submit([encoder.finish()]);
        finish(&self.gpu)?;
        let finished = Instant::now();
        if let (Some(copy), Some(buffer)) = (copy, &buffer) {
            read(&self.gpu, buffer, picture.width, picture.height, copy)?;
        }
        let found = self.tracker.times();
        let (detect, landmarks) = match tracking {
            Tracking::Stream(_) => (found.detect, found.landmarks),
            Tracking::Still => (Some(tracked - start), None),
            Tracking::Unchanged => (None, None),
        };
        let times = Times {
            detect,
            landmarks,
            track: tracked - start,
            upload: uploaded - tracked,
            gpu: finished - uploaded,
            readback: buffer.map(|_| finished.elapsed()),
            frame: start.elapsed(),
        };
        Ok((textures, times, fault))
    }

    /// Textures of that size that nobody looks at, with one for the skin where that is wanted.
    fn free_textures(&mut self, size: [u32; 2], skin: bool) -> Arc<FrameTextures> {
        self.textures.retain(|textures| textures.size == size);
        let free = self.textures.iter().find(|textures| Arc::strong_count(textures) == 1).cloned();
        let textures = free.unwrap_or_else(|| {
            self.made += 1;
            let textures = Arc::new(FrameTextures {
                id: self.made,
                size,
                before: texture(&self.gpu, size, "before", Usage::empty()),
                after: texture(&self.gpu, size, "after", Usage::STORAGE_BINDING),
                skin: Mutex::default(),
            });
            self.textures.push(Arc::clone(&textures));
            textures
        });
        if !skin {
            self.textures.iter().for_each(|textures| textures.set_skin(None));
        } else if textures.skin().is_none() {
            textures.set_skin(Some(texture(&self.gpu, size, "skin", Usage::STORAGE_BINDING)));
        }
        textures
    }
}

fn texture(gpu: &Gpu, [width, height]: [u32; 2], label: &str, usage: Usage) -> wgpu::TextureView {
    let texture = gpu.device().create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: usage | Usage::TEXTURE_BINDING | Usage::COPY_SRC | Usage::COPY_DST,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
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
        if start.elapsed() > DEVICE_TIMEOUT {
            return Err("the graphics device does not answer".into());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

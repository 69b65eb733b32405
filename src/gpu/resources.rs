//! Makes the objects on the device that stay from frame to frame, and counts them: once a session is warm, the count stands.

use std::sync::atomic::{AtomicU64, Ordering};

/// Makes and counts textures, views, buffers, samplers, pipelines, layouts, modules, query sets and bind groups.
#[derive(Debug)]
pub(crate) struct ResourceFactory {
    device: wgpu::Device,
    /// The format that pictures are written in.
    picture: wgpu::TextureFormat,
    created: AtomicU64,
    /// Every shader that was compiled.
    #[cfg(test)]
    pub(super) shaders: std::sync::Mutex<Vec<super::pass::Shader>>,
}

impl ResourceFactory {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        Self {
            device: device.clone(),
            picture: wgpu::TextureFormat::Rgba8Unorm,
            created: AtomicU64::new(0),
            #[cfg(test)]
            shaders: Default::default(),
        }
    }

    /// The same for passes that write pictures in another format: `Rgba16Float`, where values have more than eight bits.
    pub(crate) fn writing(mut self, picture: wgpu::TextureFormat) -> Self {
        self.picture = picture;
        self
    }

    /// The format that pictures are written in.
    pub(crate) fn picture(&self) -> wgpu::TextureFormat {
        self.picture
    }

    /// The device, for whoever makes an object of a kind that is not here; to be [counted](Self::count).
    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// So many objects were made elsewhere.
    pub(crate) fn count(&self, objects: u64) {
        self.created.fetch_add(objects, Ordering::Relaxed);
    }

    /// Objects made so far.
    pub(crate) fn created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    pub(crate) fn buffer(&self, label: &'static str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.count(1);
        let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        self.device.create_buffer(&descriptor)
    }

    /// A texture of `width` × `height` texels, as a view of all of it.
    pub(crate) fn texture(
        &self,
        label: &'static str,
        (width, height): (u32, u32),
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> wgpu::TextureView {
        self.texture_of(label, [width, height, 1], format, usage, wgpu::TextureViewDimension::D2)
    }

    /// A texture of three dimensions that can be sampled, as a view of all of it.
    pub(crate) fn volume(
        &self,
        label: &'static str,
        size: [u32; 3],
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> wgpu::TextureView {
        let usage = usage | wgpu::TextureUsages::TEXTURE_BINDING;
        self.texture_of(label, size, format, usage, wgpu::TextureViewDimension::D3)
    }

    /// A square texture with `count` layers that can be sampled, as a view of all of it.
    pub(crate) fn layers(
        &self,
        label: &'static str,
        side: u32,
        count: u32,
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> wgpu::TextureView {
        let usage = usage | wgpu::TextureUsages::TEXTURE_BINDING;
        self.texture_of(label, [side, side, count], format, usage, wgpu::TextureViewDimension::D2Array)
    }

    fn texture_of(
        &self,
        label: &'static str,
        [width, height, depth_or_array_layers]: [u32; 3],
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
        view: wgpu::TextureViewDimension,
    ) -> wgpu::TextureView {
        self.count(2);
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d { width, height, depth_or_array_layers },
            mip_level_count: 1,
            sample_count: 1,
            dimension: view.compatible_texture_dimension(),
            format,
            usage,
            view_formats: &[],
        });
        texture.create_view(&wgpu::TextureViewDescriptor { dimension: Some(view), ..Default::default() })
    }

    /// A sampler that interpolates bilinearly.
    pub(crate) fn linear_sampler(&self) -> wgpu::Sampler {
        self.count(1);
        self.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("linear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        })
    }
}

/// Writes one layer of a texture with square layers.
pub(crate) fn write_layer(queue: &wgpu::Queue, view: &wgpu::TextureView, layer: u32, side: u32, bytes: &[u8]) {
    write_part(queue, view, layer, [side; 2], bytes);
}

/// Writes the upper left part of a layer of a texture.
pub(crate) fn write_part(queue: &wgpu::Queue, view: &wgpu::TextureView, layer: u32, size: [u32; 2], bytes: &[u8]) {
    write(queue, view, wgpu::Origin3d { x: 0, y: 0, z: layer }, size, bytes);
}

/// Writes some whole rows of a texture.
pub(crate) fn write_rows(queue: &wgpu::Queue, view: &wgpu::TextureView, first: u32, size: [u32; 2], bytes: &[u8]) {
    write(queue, view, wgpu::Origin3d { x: 0, y: first, z: 0 }, size, bytes);
}

/// Writes a rectangle of one layer of a texture; `bytes` has its rows without a gap.
fn write(
    queue: &wgpu::Queue,
    view: &wgpu::TextureView,
    origin: wgpu::Origin3d,
    [width, height]: [u32; 2],
    bytes: &[u8],
) {
    let (texture, aspect) = (view.texture(), wgpu::TextureAspect::All);
    let row = bytes.len() as u32 / height.max(1);
    queue.write_texture(
        wgpu::TexelCopyTextureInfo { texture, mip_level: 0, origin, aspect },
        bytes,
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None },
        wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
    );
}

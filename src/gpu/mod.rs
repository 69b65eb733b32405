//! Frame + plan → frame, on a graphics device of ours or of the caller's.

use crate::{Error, Face, FrameMut, Look, Result};

/// Which device a [`Gpu`] shall pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuOptions {
    /// Which of several adapters is preferred.
    pub power_preference: wgpu::PowerPreference,
    /// Whether an adapter in software will do where there is no other.
    pub allow_software: bool,
    /// Which graphics interfaces are tried.
    pub backends: wgpu::Backends,
}

impl Default for GpuOptions {
    fn default() -> Self {
        Self {
            power_preference: wgpu::PowerPreference::HighPerformance,
            allow_software: true,
            backends: wgpu::Backends::PRIMARY,
        }
    }
}

/// A graphics device, ours or the caller's.
#[derive(Debug, Clone)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Gpu {
    /// A device of its own.
    pub fn new(_options: GpuOptions) -> Result<Self> {
        Err(Error::NoAdapter { reason: String::new() })
    }

    /// The host's device. No handler, limit or feature of it is touched.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self { device, queue }
    }

    /// The adapter's name and kind.
    pub fn adapter(&self) -> &str {
        ""
    }
}

/// Retouches faces in textures or in memory.
pub struct Renderer {
    gpu: Gpu,
}

impl Renderer {
    /// Compiles the shaders.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        Ok(Self { gpu: gpu.clone() })
    }

    /// Records the retouch of `faces` into the host's `encoder` and submits nothing.
    pub fn render(
        &mut self,
        _encoder: &mut wgpu::CommandEncoder,
        _input: &wgpu::TextureView,
        _output: &wgpu::TextureView,
        _faces: &[Face],
        _look: &Look,
    ) -> Result<()> {
        let _ = (&self.gpu.device, &self.gpu.queue);
        Ok(())
    }

    /// Retouches `faces` in a picture in memory.
    pub fn retouch(&mut self, _frame: &mut FrameMut<'_>, _faces: &[Face], _look: &Look) -> Result<()> {
        Ok(())
    }
}

//! Frame + plan → frame, on a graphics device of ours or of the caller's.

mod bind_groups;
mod copy;
mod crop;
mod draw;
mod fault;
mod host;
mod pass;
#[cfg(test)]
mod reference;
mod renderer;
mod resources;
#[cfg(test)]
mod robustness;
#[cfg(test)]
mod shaders;
mod stages;
mod stats;
mod timer;
mod tone;
mod transfer;
mod views;
mod windows;

use std::sync::Arc;

use crate::{Error, Result};
use fault::Own;

pub(crate) use crop::GpuCropper;
pub(crate) use host::{check_input, is_hdr};
pub(crate) use renderer::PendingFrame;
pub use renderer::Renderer;
pub use stats::RenderStats;
pub use timer::PassTimes;

/// Which device a [`Gpu`] shall pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuOptions {
    /// Which of several adapters is preferred.
    pub power_preference: wgpu::PowerPreference,
    /// Whether an adapter in software will do where there is no other.
    pub allow_software: bool,
    /// Which graphics interfaces are tried.
    pub backends: wgpu::Backends,
    /// Whether each pass shall be timed on the device, where the adapter can; false by default: it costs a little.
    pub timestamps: bool,
}

impl Default for GpuOptions {
    fn default() -> Self {
        Self {
            power_preference: wgpu::PowerPreference::HighPerformance,
            allow_software: true,
            backends: wgpu::Backends::PRIMARY,
            timestamps: false,
        }
    }
}

/// A graphics device, ours or the caller's. Cheap to clone; all clones are the same device.
#[derive(Debug, Clone)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: Arc<str>,
    software: bool,
    timed: bool,
    /// Where the device is ours.
    own: Option<Arc<Own>>,
}

impl Gpu {
    /// A device of our own.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`] where none fits `options`, [`Error::NoDevice`] where the adapter gives none.
    pub fn new(options: GpuOptions) -> Result<Self> {
        pollster::block_on(Self::new_async(options))
    }

    /// As [`Gpu::new`], without blocking.
    ///
    /// # Errors
    ///
    /// As [`Gpu::new`].
    pub async fn new_async(options: GpuOptions) -> Result<Self> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: options.backends,
            flags: wgpu::InstanceFlags::empty(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: options.power_preference,
                ..Default::default()
            })
            .await
            .map_err(|error| Error::NoAdapter { reason: error.to_string() })?;
        let info = adapter.get_info();
        let software = info.device_type == wgpu::DeviceType::Cpu;
        if software && !options.allow_software {
            return Err(Error::NoAdapter { reason: format!("only {}, which is software, is there", info.name) });
        }
        let timed = options.timestamps && adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("glowup"),
                // Sides and buffers as long as the adapter takes them.
                required_limits: wgpu::Limits {
                    max_buffer_size: adapter.limits().max_buffer_size,
                    ..wgpu::Limits::default().using_resolution(adapter.limits())
                },
                required_features: if timed { wgpu::Features::TIMESTAMP_QUERY } else { wgpu::Features::empty() },
                ..Default::default()
            })
            .await
            .map_err(|error| Error::NoDevice { adapter: info.name.clone(), reason: error.to_string() })?;
        let own = Some(Own::new(options, &device, &queue));
        Ok(Self { device, queue, adapter: describe(&info).into(), software, timed, own })
    }

    /// Another device in place of this one, made with the same options: what there is to do once it is lost or hangs.
    /// Whatever was made on the old one stays there, so a new [`Renderer`] is needed too.
    /// [`Beautifier::recover`](crate::Beautifier::recover) does both.
    ///
    /// # Errors
    ///
    /// As [`Gpu::new`], and [`Error::HostDevice`] where the device is the host's.
    pub fn renew(&self) -> Result<Self> {
        Self::new(self.own.as_ref().ok_or(Error::HostDevice)?.options)
    }

    /// The host's device. No handler, limit or feature of it is touched; where it is waited for, callbacks of the host's
    /// finished work run too, as in any [`wgpu::Device::poll`]. It must have been made with at least
    /// [`wgpu::Limits::default`].
    #[must_use]
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let info = device.adapter_info();
        let software = info.device_type == wgpu::DeviceType::Cpu;
        Self { device, queue, adapter: describe(&info).into(), software, timed: false, own: None }
    }

    /// The same device; renderers that are made on it from now on time each of their passes by timestamp queries
    /// ([`RenderStats::passes`]), if the device was made with [`wgpu::Features::TIMESTAMP_QUERY`]. On a device of our own,
    /// [`GpuOptions::timestamps`] does both.
    #[must_use]
    pub fn with_timestamps(mut self) -> Self {
        self.timed = self.device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        self
    }

    /// Whether renderers time their passes.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.timed
    }

    /// The adapter's name, kind and interface, for people to read.
    #[must_use]
    pub fn adapter(&self) -> &str {
        &self.adapter
    }

    /// Whether the adapter computes on the processor.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.software
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// The device's queue.
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// Longest side of a frame, in pixels.
    #[must_use]
    pub fn max_side(&self) -> u32 {
        self.device.limits().max_texture_dimension_2d
    }
}

fn describe(info: &wgpu::AdapterInfo) -> String {
    let kind = match info.device_type {
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Other => "unknown kind",
    };
    format!("{} ({kind}, {:?})", info.name, info.backend)
}

//! Frame + plan → frame, on a graphics device of ours or of the caller's.

mod grids;
mod pass;
mod renderer;
mod transfer;
#[cfg(test)]
mod twins;
mod uniforms;

use std::sync::{Arc, Mutex, PoisonError};

use crate::{Error, Result};

pub use renderer::{RenderStats, Renderer};

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

/// A graphics device, ours or the caller's. Cheap to clone; all clones are the same device.
#[derive(Debug, Clone)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: String,
    software: bool,
    /// What a device of our own reported outside any call; always empty for a borrowed one.
    fault: Arc<Mutex<Option<Error>>>,
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
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("glowup"),
                required_limits: wgpu::Limits::default().using_resolution(adapter.limits()),
                ..Default::default()
            })
            .await
            .map_err(|error| Error::NoDevice { adapter: info.name.clone(), reason: error.to_string() })?;
        let fault = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| note(&slot, translate(&error))));
        let slot = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, message| {
            note(&slot, Error::DeviceLost { reason: format!("{reason:?}: {message}") });
        });
        Ok(Self { device, queue, adapter: describe(&info), software, fault })
    }

    /// The host's device. No handler, limit or feature of it is touched. It must have been made with at least
    /// [`wgpu::Limits::default`].
    #[must_use]
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let info = device.adapter_info();
        let software = info.device_type == wgpu::DeviceType::Cpu;
        Self { device, queue, adapter: describe(&info), software, fault: Arc::default() }
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

    /// Fails where the device reported a fault since the last call.
    fn check(&self) -> Result<()> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match &*fault {
            None => Ok(()),
            // A lost device stays lost; anything else is reported once.
            Some(lost @ Error::DeviceLost { .. }) => Err(lost.clone()),
            Some(_) => fault.take().map_or(Ok(()), Err),
        }
    }

    /// Runs `work`, catching whatever the device reports meanwhile, on this thread.
    fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let result = work();
        let reported = [
            pollster::block_on(validation.pop()),
            pollster::block_on(internal.pop()),
            pollster::block_on(memory.pop()),
        ];
        // Out of memory explains the others, so it goes first.
        if let Some(error) = reported.iter().rev().flatten().next() {
            return Err(translate(error));
        }
        let value = result?;
        self.check()?;
        Ok(value)
    }
}

fn note(slot: &Mutex<Option<Error>>, error: Error) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if !matches!(*slot, Some(Error::DeviceLost { .. })) {
        *slot = Some(error);
    }
}

fn translate(error: &wgpu::Error) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory,
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            Error::Gpu { reason: description.clone() }
        }
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

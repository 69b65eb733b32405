//! What can go wrong on a device, and how this crate hears of it: error scopes for what a call does, callbacks for what a
//! device of our own does between calls, and a probe for whether it is still there. A host's device keeps its callbacks:
//! there is one slot of each, and filling it would take the host's away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::resources::ResourceFactory;
use super::{Gpu, GpuOptions};
use crate::{Error, Result};

/// What belongs to a device of our own.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) options: GpuOptions,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// What the device reported outside any call.
    fault: Arc<Mutex<Option<Error>>>,
    /// Whether its last frame did not end in time.
    hangs: AtomicBool,
}

impl Own {
    /// Listens to a device.
    pub(super) fn new(options: GpuOptions, device: &wgpu::Device, queue: &wgpu::Queue) -> Arc<Self> {
        let fault = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| note(&slot, translate(&error))));
        let slot = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, message| {
            note(&slot, Error::DeviceLost { reason: format!("{reason:?}: {message}") });
        });
        let (device, queue) = (device.clone(), queue.clone());
        Arc::new(Self { options, device, queue, fault, hangs: AtomicBool::new(false) })
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
}

impl Drop for Own {
    /// wgpu waits for all of a queue's work when it is dropped, for ever if need be. Where that work hangs, a thread of its
    /// own waits, and nobody else.
    fn drop(&mut self) {
        if *self.hangs.get_mut() {
            let (device, queue) = (self.device.clone(), self.queue.clone());
            // Where no thread is to be had, this one waits after all.
            let _ = std::thread::Builder::new().name("glowup-retire".to_owned()).spawn(move || {
                let _ = poll(&device, wgpu::PollType::wait_indefinitely());
                drop(queue);
            });
        }
    }
}

/// Longest that a frame may take on the device.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The same where it does something for the first time: software devices compile a pass at its first use.
const FIRST_TIMEOUT: Duration = Duration::from_secs(15);

/// When a frame must be through, whatever it waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    pub(super) fn from_now() -> Self {
        Self { start: Instant::now(), limit: TIMEOUT }
    }

    /// The same for a frame that does something for the first time.
    pub(super) fn of_first_use(self) -> Self {
        Self { limit: FIRST_TIMEOUT, ..self }
    }

    /// How long there still is.
    fn left(self) -> Result<Duration> {
        self.limit.checked_sub(self.start.elapsed()).ok_or_else(|| self.missed())
    }

    fn missed(self) -> Error {
        Error::Timeout { after: self.limit }
    }
}

/// Lets a device's finished work run its callbacks. wgpu 30 panics where a driver says in the middle of a wait that the
/// device is lost; here that is an error like any other.
fn poll(device: &wgpu::Device, until: wgpu::PollType) -> Result<()> {
    caught(|| device.poll(until))?.map(drop).map_err(|error| match error {
        wgpu::PollError::Timeout => Error::Timeout { after: TIMEOUT },
        other => Error::Gpu { reason: other.to_string() },
    })
}

fn caught<T>(wait: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(wait)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Error::DeviceLost { reason: text.unwrap_or_else(|| "it failed while it was waited for".to_owned()) }
    })
}

impl Gpu {
    /// Fails where a device of our own reported a fault since the last call.
    pub(super) fn check(&self) -> Result<()> {
        self.own.as_ref().map_or(Ok(()), |own| own.check())
    }

    /// Runs `work`, catching whatever the device reports meanwhile, on this thread.
    pub(super) fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
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
        // A lost device explains everything else, and out of memory whatever is left.
        self.check()?;
        if let Err(Error::DeviceLost { .. }) = result {
            return result;
        }
        if let Some(error) = reported.iter().rev().flatten().next() {
            return Err(translate(error));
        }
        result
    }

    /// Waits until the device has finished a submission, or everything that was submitted, but not beyond a deadline.
    pub(super) fn wait(&self, submission_index: Option<wgpu::SubmissionIndex>, deadline: Deadline) -> Result<()> {
        let outcome = deadline
            .left()
            .and_then(|left| poll(&self.device, wgpu::PollType::Wait { submission_index, timeout: Some(left) }))
            .map_err(|error| if matches!(error, Error::Timeout { .. }) { deadline.missed() } else { error });
        if let Some(own) = &self.own {
            own.hangs.store(matches!(outcome, Err(Error::Timeout { .. })), Ordering::Relaxed);
        }
        outcome
    }
}

/// Tells whether a device is still there, by a buffer that nothing else uses. A lost device goes on taking every command and
/// does none; only mapping a buffer tells.
pub(super) struct DeviceProbe {
    device: wgpu::Device,
    buffer: Mutex<wgpu::Buffer>,
}

/// What a probe maps.
const PROBE: wgpu::BufferDescriptor<'_> = wgpu::BufferDescriptor {
    label: Some("probe"),
    size: wgpu::COPY_BUFFER_ALIGNMENT,
    usage: wgpu::BufferUsages::COPY_DST.union(wgpu::BufferUsages::MAP_READ),
    mapped_at_creation: false,
};

impl DeviceProbe {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        let device = factory.device().clone();
        factory.count(1);
        Self { buffer: Mutex::new(device.create_buffer(&PROBE)), device }
    }

    /// Fails where the device is lost. To be called inside [`Gpu::guarded`].
    pub(super) fn check(&self) -> Result<()> {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if is_refused(&buffer) {
            // Perhaps it was this buffer alone: where another thread waits for the same device, it may just have been mapped.
            *buffer = self.device.create_buffer(&PROBE);
            if is_refused(&buffer) {
                return Err(Error::DeviceLost { reason: "it takes no more work".to_owned() });
            }
        }
        Ok(())
    }
}

/// Whether a buffer cannot be mapped at all. It is not mapped afterwards.
fn is_refused(buffer: &wgpu::Buffer) -> bool {
    let refused = Arc::new(AtomicBool::new(false));
    let answer = Arc::clone(&refused);
    buffer.map_async(wgpu::MapMode::Read, .., move |outcome| answer.store(outcome.is_err(), Ordering::Release));
    // A refusal comes at once, consent only later; it is not waited for.
    let refused = refused.load(Ordering::Acquire);
    if !refused {
        buffer.unmap();
    }
    refused
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_wait_is_a_lost_device() {
        assert_eq!(caught(|| 7), Ok(7));
        let lost = |reason: &str| Err(Error::DeviceLost { reason: reason.to_owned() });
        assert_eq!(caught(|| panic!("Parent device is lost")), lost("Parent device is lost"));
        assert_eq!(caught(|| panic!("Error in {}", "Device::poll")), lost("Error in Device::poll"));
    }

    #[test]
    fn a_fault_is_told_once_and_a_loss_for_ever() {
        let slot = Mutex::new(None);
        note(&slot, Error::OutOfMemory);
        let lost = Error::DeviceLost { reason: "gone".to_owned() };
        note(&slot, lost.clone());
        note(&slot, Error::OutOfMemory);
        assert_eq!(slot.into_inner().unwrap(), Some(lost));
    }
}

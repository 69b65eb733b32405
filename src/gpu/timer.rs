//! How long each pass takes on the device, by timestamp queries where it has them.

use std::time::Duration;

use super::resources::ResourceFactory;

/// Most passes that are timed.
pub(crate) const MAX_PASSES: usize = 32;
/// Two timestamps a pass: its begin and its end.
const STAMPS: u32 = 2 * MAX_PASSES as u32;
/// Bytes of all timestamps, as they are copied.
pub(crate) const STAMP_BYTES: u64 = STAMPS as u64 * wgpu::QUERY_SIZE as u64;

/// What each pass of a frame took on the device; zero for a pass that had nothing to do. `shaders/` has a file for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassTimes {
    names: [&'static str; MAX_PASSES],
    times: [Duration; MAX_PASSES],
}

impl PassTimes {
    /// Name and time of each pass, in the order that they are recorded.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Duration)> + '_ {
        self.names.iter().zip(&self.times).filter(|(name, _)| !name.is_empty()).map(|(name, time)| (*name, *time))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PassTimes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// The timestamps of one frame.
pub(crate) struct Timer {
    names: [&'static str; MAX_PASSES],
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    /// Nanoseconds of one tick.
    period: f32,
}

impl Timer {
    /// For passes of these names, on a device that has [`wgpu::Features::TIMESTAMP_QUERY`].
    pub(crate) fn new(
        factory: &ResourceFactory,
        queue: &wgpu::Queue,
        passes: impl Iterator<Item = &'static str>,
    ) -> Self {
        let mut names = [""; MAX_PASSES];
        names.iter_mut().zip(passes).for_each(|(slot, name)| *slot = name);
        factory.count(1);
        Self {
            names,
            queries: factory.device().create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("passes"),
                ty: wgpu::QueryType::Timestamp,
                count: STAMPS,
            }),
            resolved: factory.buffer(
                "passes",
                STAMP_BYTES,
                wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            ),
            period: queue.get_timestamp_period(),
        }
    }

    /// Where a frame's first pass that has anything to do notes its begin and its end, or its second, and so on from 0.
    pub(crate) fn writes(&self, turn: u32) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(2 * turn),
            end_of_pass_write_index: Some(2 * turn + 1),
        }
    }

    /// Records the copy of the timestamps to the end of a buffer. `ran` has a bit for each pass that had anything to do.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, ran: u32, to: &wgpu::Buffer) {
        if ran != 0 {
            encoder.resolve_query_set(&self.queries, 0..2 * ran.count_ones(), &self.resolved, 0);
            encoder.copy_buffer_to_buffer(&self.resolved, 0, to, to.size() - STAMP_BYTES, STAMP_BYTES);
        }
    }

    /// What [`Timer::record`] has left at the end of a buffer.
    pub(crate) fn read(&self, ran: u32, buffer: &[u8]) -> PassTimes {
        let mut times = [Duration::ZERO; MAX_PASSES];
        let stamps = buffer.get(buffer.len().saturating_sub(STAMP_BYTES as usize)..).unwrap_or_default();
        let passes = times.iter_mut().enumerate().filter(|(index, _)| ran & (1 << index) != 0);
        for ((_, time), pass) in passes.zip(stamps.as_chunks::<16>().0) {
            let &[a, b, c, d, e, f, g, h, rest @ ..] = pass;
            let (begin, end) = (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(rest));
            *time = Duration::from_nanos((end.saturating_sub(begin) as f64 * f64::from(self.period)) as u64);
        }
        PassTimes { names: self.names, times }
    }
}

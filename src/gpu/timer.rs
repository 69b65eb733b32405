//! How long each pass takes on the device, by timestamp queries where it has them.

use std::time::Duration;

/// How many passes there are.
pub(crate) const PASSES: usize = 8;
/// Two timestamps a pass: its begin and its end.
const STAMPS: u32 = 2 * PASSES as u32;
/// Bytes of all timestamps, as they are copied.
pub(crate) const STAMP_BYTES: u64 = STAMPS as u64 * wgpu::QUERY_SIZE as u64;

/// What each pass of a frame took on the device; zero for a pass that had nothing to do. `shaders/` has a file for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PassTimes {
    /// Pixels that move where no skin is.
    pub bare: Duration,
    /// The frame's pixels into cells.
    pub cells: Duration,
    /// What each person's skin looks like.
    pub skin: Duration,
    /// Means and variances of the skin.
    pub moments: Duration,
    /// The guided filter's coefficients.
    pub gate: Duration,
    /// What is to be added to each cell.
    pub correct: Duration,
    /// Skin that keeps its place, corrected.
    pub still: Duration,
    /// Skin that moves, corrected.
    pub moved: Duration,
}

/// The timestamps of one frame.
pub(crate) struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    /// Nanoseconds of one tick.
    period: f32,
}

/// How many GPU objects [`Timer::new`] creates.
pub(crate) const TIMER_OBJECTS: u64 = 2;

impl Timer {
    /// For a device that has [`wgpu::Features::TIMESTAMP_QUERY`].
    pub(crate) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("passes"),
                ty: wgpu::QueryType::Timestamp,
                count: STAMPS,
            }),
            resolved: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("passes"),
                size: STAMP_BYTES,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
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

    /// Records the way of the timestamps to the end of a buffer. `ran` has a bit for each pass that had anything to do.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, ran: u32, to: &wgpu::Buffer) {
        if ran != 0 {
            encoder.resolve_query_set(&self.queries, 0..2 * ran.count_ones(), &self.resolved, 0);
            encoder.copy_buffer_to_buffer(&self.resolved, 0, to, to.size() - STAMP_BYTES, STAMP_BYTES);
        }
    }

    /// What [`Timer::record`] has left at the end of a buffer.
    pub(crate) fn read(&self, ran: u32, buffer: &[u8]) -> PassTimes {
        let mut times = [Duration::ZERO; PASSES];
        let stamps = buffer.get(buffer.len().saturating_sub(STAMP_BYTES as usize)..).unwrap_or_default();
        let passes = times.iter_mut().enumerate().filter(|(index, _)| ran & (1 << index) != 0);
        for ((_, time), pass) in passes.zip(stamps.as_chunks::<16>().0) {
            let &[a, b, c, d, e, f, g, h, rest @ ..] = pass;
            let (begin, end) = (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(rest));
            *time = Duration::from_nanos((end.saturating_sub(begin) as f64 * f64::from(self.period)) as u64);
        }
        let [bare, cells, skin, moments, gate, correct, still, moved] = times;
        PassTimes { bare, cells, skin, moments, gate, correct, still, moved }
    }
}

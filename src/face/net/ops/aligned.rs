//! Floats in memory that starts at a cache line.

/// Floats that start at a cache line, with zeros to the end of the last line.
pub(super) struct AlignedFloats(Vec<CacheLine>);

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct CacheLine([f32; 16]);

impl AlignedFloats {
    pub(super) fn new(data: &[f32]) -> Self {
        let mut lines = vec![CacheLine([0.0; 16]); data.len().div_ceil(16)];
        for (line, chunk) in lines.iter_mut().zip(data.chunks(16)) {
            for (to, from) in line.0.iter_mut().zip(chunk) {
                *to = *from;
            }
        }
        Self(lines)
    }

    pub(super) fn floats(&self) -> &[f32] {
        // SAFETY: a `CacheLine` is 16 floats without padding.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * 16) }
    }
}

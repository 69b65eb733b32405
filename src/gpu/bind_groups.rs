//! What is bound for a pair of textures, kept from frame to frame.

/// How many pairs of textures a host may alternate between before bind groups are made anew.
const CAPACITY: usize = 8;
/// After how many other frames a pair of textures is let go: bind groups keep a host's textures alive.
pub(crate) const MAX_IDLE: u32 = 60;

/// A texture to read the frame from and one to write it to.
pub(crate) type Pair<'a> = (&'a wgpu::TextureView, &'a wgpu::TextureView);

/// Bind groups by the pair of textures that they are for.
pub(crate) struct BindGroupCache<T>(Vec<Entry<T>>);

struct Entry<T> {
    input: wgpu::TextureView,
    output: wgpu::TextureView,
    bound: T,
    /// Frames since it was used.
    idle: u32,
}

impl<T> BindGroupCache<T> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Another frame comes, in these textures: what has not been used for long is let go.
    pub(crate) fn age(&mut self, (input, output): Pair<'_>) {
        for entry in &mut self.0 {
            let used = entry.input == *input && entry.output == *output;
            entry.idle = if used { 0 } else { entry.idle + 1 };
        }
        self.0.retain(|entry| entry.idle <= MAX_IDLE);
    }

    /// What is bound for these textures.
    pub(crate) fn get(&self, (input, output): Pair<'_>) -> Option<&T> {
        self.0.iter().find(|entry| entry.input == *input && entry.output == *output).map(|entry| &entry.bound)
    }

    /// Keeps what was bound for these textures.
    pub(crate) fn insert(&mut self, (input, output): Pair<'_>, bound: T) {
        if self.0.len() >= CAPACITY {
            self.0.remove(0);
        }
        self.0.push(Entry { input: input.clone(), output: output.clone(), bound, idle: 0 });
    }

    /// Lets go of a texture that is used no more.
    pub(crate) fn release(&mut self, texture: &wgpu::TextureView) {
        self.0.retain(|entry| entry.input != *texture && entry.output != *texture);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

//! What is bound for a pair of textures, kept from frame to frame.

/// How many pairs of textures a host may alternate between before bindings are made anew.
const MOST: usize = 8;
/// After how many other frames a pair of textures is let go: bindings keep a host's textures alive.
const IDLE: u32 = 60;

/// A texture to read the frame from and one to write it to.
pub(crate) type Pair<'a> = (&'a wgpu::TextureView, &'a wgpu::TextureView);

/// Bindings by the textures that they are for.
pub(crate) struct Pairs<T>(Vec<Bound<T>>);

struct Bound<T> {
    input: wgpu::TextureView,
    output: wgpu::TextureView,
    bindings: T,
    /// Frames since it was used.
    idle: u32,
}

impl<T> Pairs<T> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Another frame comes, in these textures: what has not been used for long is let go.
    pub(crate) fn age(&mut self, (input, output): Pair<'_>) {
        for bound in &mut self.0 {
            let used = bound.input == *input && bound.output == *output;
            bound.idle = if used { 0 } else { bound.idle + 1 };
        }
        self.0.retain(|bound| bound.idle <= IDLE);
    }

    /// What is bound for these textures.
    pub(crate) fn get(&self, (input, output): Pair<'_>) -> Option<&T> {
        self.0.iter().find(|bound| bound.input == *input && bound.output == *output).map(|bound| &bound.bindings)
    }

    /// Keeps what was bound for these textures.
    pub(crate) fn insert(&mut self, (input, output): Pair<'_>, bindings: T) {
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Bound { input: input.clone(), output: output.clone(), bindings, idle: 0 });
    }

    /// Lets go of a texture that is read from no more.
    pub(crate) fn release(&mut self, input: &wgpu::TextureView) {
        self.0.retain(|bound| bound.input != *input);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

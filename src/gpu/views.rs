//! Views of a host's textures, one for each texture: a host may make its own anew for every frame, or in another format.

use super::resources::ResourceFactory;

/// Most textures that a view is kept of.
const CAPACITY: usize = 16;

/// Views of whole textures in their own formats, kept from frame to frame.
pub(crate) struct Views {
    list: Vec<Entry>,
    /// After how many other frames a texture is let go: a view keeps it alive.
    max_idle: u32,
}

struct Entry {
    view: wgpu::TextureView,
    /// Frames since it was used.
    idle: u32,
}

impl Views {
    pub(crate) fn new(max_idle: u32) -> Self {
        Self { list: Vec::new(), max_idle }
    }

    /// Another frame comes: what has not been used for long is let go.
    pub(crate) fn age(&mut self) {
        self.list.iter_mut().for_each(|entry| entry.idle += 1);
        self.list.retain(|entry| entry.idle <= self.max_idle);
    }

    /// The view of a texture, where there is one.
    pub(crate) fn get(&self, texture: &wgpu::Texture) -> Option<&wgpu::TextureView> {
        self.list.iter().map(|entry| &entry.view).find(|view| view.texture() == texture)
    }

    /// The view of a texture: the last one, or a new one.
    pub(crate) fn of(&mut self, factory: &ResourceFactory, texture: &wgpu::Texture) -> wgpu::TextureView {
        if let Some(entry) = self.list.iter_mut().find(|entry| entry.view.texture() == texture) {
            entry.idle = 0;
            return entry.view.clone();
        }
        factory.count(1);
        let view = texture.create_view(&wgpu::TextureViewDescriptor { mip_level_count: Some(1), ..Default::default() });
        if self.list.len() >= CAPACITY {
            self.list.remove(0);
        }
        self.list.push(Entry { view: view.clone(), idle: 0 });
        view
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }
}

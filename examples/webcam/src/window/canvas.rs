//! Paints the pictures. The window's own shader does much for each pixel (tints, dithers, blends), which on a processor
//! takes longer than the retouch; a picture needs one sample.

use std::sync::{Arc, Weak};

use eframe::egui::{self, Rect};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState};
use glowup::wgpu;

use crate::retouch::FrameTextures;

const SHADER: &str = include_str!("canvas.wgsl");

pub struct Canvas {
    device: wgpu::Device,
    opaque: wgpu::RenderPipeline,
    blended: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    known: Vec<(Weak<FrameTextures>, Bindings)>,
}

/// Bindings of a frame's textures.
#[derive(Clone)]
struct Bindings {
    before: wgpu::BindGroup,
    after: wgpu::BindGroup,
}

/// Which of a frame's textures.
#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    Before,
    After,
    /// Over whatever was painted there.
    Skin,
}

impl Canvas {
    pub fn new(screen: &RenderState) -> Self {
        let device = screen.device.clone();
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("canvas"),
            source: wgpu::ShaderSource::Wgsl(SHADER.into()),
        });
        let format = screen.target_format;
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("canvas"),
            entries: &[
                wgpu::BindGroupLayoutEntry {
                    binding: 0,
                    visibility: wgpu::ShaderStages::FRAGMENT,
                    ty: wgpu::BindingType::Texture {
                        sample_type: wgpu::TextureSampleType::Float { filterable: true },
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                    count: None,
                },
                wgpu::BindGroupLayoutEntry {
                    binding: 1,
                    visibility: wgpu::ShaderStages::FRAGMENT,
                    ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                    count: None,
                },
            ],
        });
        let bound = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("canvas"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = |entry, blend| {
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some("canvas"),
                layout: Some(&bound),
                vertex: wgpu::VertexState {
                    module: &module,
                    entry_point: Some("corner"),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    buffers: &[],
                },
                primitive: wgpu::PrimitiveState {
                    topology: wgpu::PrimitiveTopology::TriangleStrip,
                    ..wgpu::PrimitiveState::default()
                },
                depth_stencil: None,
                multisample: wgpu::MultisampleState::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &module,
                    entry_point: Some(entry),
                    compilation_options: wgpu::PipelineCompilationOptions::default(),
                    targets: &[Some(wgpu::ColorTargetState { blend, ..format.into() })],
                }),
                multiview_mask: None,
                cache: None,
            })
        };
        let (opaque, blended) = if format.is_srgb() { ("linear", "skin_linear") } else { ("encoded", "skin_encoded") };
        let opaque = pipeline(opaque, None);
        let blended = pipeline(blended, Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING));
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("canvas"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        Self { device, opaque, blended, layout, sampler, known: Vec::new() }
    }

    /// Paints one of a frame's textures over `place`, as far as it lies in the painter's clip rectangle. Where there is no
    /// such texture nothing is painted.
    pub fn paint(
        &mut self,
        painter: &egui::Painter,
        place: Rect,
        textures: &Arc<FrameTextures>,
        side: Side,
        mirror: bool,
    ) {
        let (pipeline, bindings) = match side {
            Side::Before => (self.opaque.clone(), Some(self.bindings(textures).before)),
            Side::After => (self.opaque.clone(), Some(self.bindings(textures).after)),
            // Bound anew each time: kept, it would outlive those who look at it.
            Side::Skin => (self.blended.clone(), textures.skin().map(|skin| self.bind(&skin))),
        };
        if let Some(bindings) = bindings {
            let picture = Painted { pipeline, bindings, mirror };
            painter.add(Callback::new_paint_callback(place, picture));
        }
    }

    fn bindings(&mut self, textures: &Arc<FrameTextures>) -> Bindings {
        let same = |known: &Weak<FrameTextures>| known.upgrade().is_some_and(|known| known.id == textures.id);
        if let Some((_, bindings)) = self.known.iter().find(|(known, _)| same(known)) {
            return bindings.clone();
        }
        self.known.retain(|(known, _)| known.strong_count() > 0);
        let bindings = Bindings { before: self.bind(&textures.before), after: self.bind(&textures.after) };
        self.known.push((Arc::downgrade(textures), bindings.clone()));
        bindings
    }

    fn bind(&self, view: &wgpu::TextureView) -> wgpu::BindGroup {
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("canvas"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(view) },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&self.sampler) },
            ],
        })
    }
}

struct Painted {
    pipeline: wgpu::RenderPipeline,
    bindings: wgpu::BindGroup,
    mirror: bool,
}

impl CallbackTrait for Painted {
    fn paint(&self, _: egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, _: &CallbackResources) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.draw(if self.mirror { 4..8 } else { 0..4 }, 0..1);
    }
}

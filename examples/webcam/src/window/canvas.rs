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
    veil: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    /// Bindings of a stage's textures: before, after, skin.
    known: Vec<(Weak<FrameTextures>, [wgpu::BindGroup; 3])>,
}

/// Which of a stage's textures.
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
        let (opaque, veil) = if format.is_srgb() { ("linear", "veil_linear") } else { ("encoded", "veil_encoded") };
        let opaque = pipeline(opaque, None);
        let veil = pipeline(veil, Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING));
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("canvas"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        Self { device, opaque, veil, layout, sampler, known: Vec::new() }
    }

    /// Paints one of a stage's textures over `place`, as far as it lies in the painter's clip rectangle.
    pub fn paint(&mut self, painter: &egui::Painter, place: Rect, stage: &Arc<FrameTextures>, side: Side, mirror: bool) {
        let [before, after, skin] = self.bindings(stage);
        let (pipeline, bindings) = match side {
            Side::Before => (&self.opaque, before),
            Side::After => (&self.opaque, after),
            Side::Skin => (&self.veil, skin),
        };
        let picture = Painted { pipeline: pipeline.clone(), bindings, mirror };
        painter.add(Callback::new_paint_callback(place, picture));
    }

    fn bindings(&mut self, stage: &Arc<FrameTextures>) -> [wgpu::BindGroup; 3] {
        let same = |known: &Weak<FrameTextures>| known.upgrade().is_some_and(|known| known.id == stage.id);
        if let Some((_, bindings)) = self.known.iter().find(|(known, _)| same(known)) {
            return bindings.clone();
        }
        self.known.retain(|(known, _)| known.strong_count() > 0);
        let bindings = [&stage.before, &stage.after, &stage.skin].map(|view| {
            self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("canvas"),
                layout: &self.layout,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(view) },
                    wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&self.sampler) },
                ],
            })
        });
        self.known.push((Arc::downgrade(stage), bindings.clone()));
        bindings
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

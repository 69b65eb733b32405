//! Paints the pictures. The window's own shader does much for each pixel (tints, dithers, blends), which on a processor
//! takes longer than the retouch; a picture needs one sample.

use std::sync::{Arc, Weak};

use eframe::egui::{self, Rect};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState};
use glowup::wgpu;

use crate::retouch::Stage;

const SHADER: &str = include_str!("canvas.wgsl");

pub struct Canvas {
    device: wgpu::Device,
    pipeline: wgpu::RenderPipeline,
    sampler: wgpu::Sampler,
    /// Bindings of a pair of textures: before, after.
    known: Vec<(Weak<Stage>, [wgpu::BindGroup; 2])>,
}

/// Which of a pair.
#[derive(Clone, Copy)]
pub enum Side {
    Before,
    After,
}

impl Canvas {
    pub fn new(screen: &RenderState) -> Self {
        let device = screen.device.clone();
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("canvas"),
            source: wgpu::ShaderSource::Wgsl(SHADER.into()),
        });
        let format = screen.target_format;
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("canvas"),
            layout: None,
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
                entry_point: Some(if format.is_srgb() { "linear" } else { "encoded" }),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(format.into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("canvas"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        Self { device, pipeline, sampler, known: Vec::new() }
    }

    /// Paints one of a pair over `place`, as far as it lies in the painter's clip rectangle.
    pub fn paint(&mut self, painter: &egui::Painter, place: Rect, stage: &Arc<Stage>, side: Side, mirror: bool) {
        let [before, after] = self.bindings(stage);
        let picture = Painted {
            pipeline: self.pipeline.clone(),
            bindings: match side {
                Side::Before => before,
                Side::After => after,
            },
            mirror,
        };
        painter.add(Callback::new_paint_callback(place, picture));
    }

    fn bindings(&mut self, stage: &Arc<Stage>) -> [wgpu::BindGroup; 2] {
        let same = |known: &Weak<Stage>| known.upgrade().is_some_and(|known| known.id == stage.id);
        if let Some((_, bindings)) = self.known.iter().find(|(known, _)| same(known)) {
            return bindings.clone();
        }
        self.known.retain(|(known, _)| known.strong_count() > 0);
        let layout = self.pipeline.get_bind_group_layout(0);
        let bindings = [&stage.before, &stage.after].map(|view| {
            self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("canvas"),
                layout: &layout,
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

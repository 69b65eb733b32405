//! Draws a finished frame into a texture that shaders cannot write to.

use wgpu::{BindingType, TextureFormat, TextureSampleType, TextureViewDimension};

use super::pass::{Shader, shader};
use super::resources::ResourceFactory;

pub(super) const DRAW: Shader = shader!("draw");

/// One triangle over a whole texture, for each format that was drawn into.
pub(crate) struct Drawing {
    layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    module: wgpu::ShaderModule,
    pipelines: Vec<(TextureFormat, wgpu::RenderPipeline)>,
    /// The frame that is bound.
    bound: Option<(wgpu::TextureView, wgpu::BindGroup)>,
}

impl Drawing {
    pub(crate) fn new(factory: &ResourceFactory) -> Self {
        let (device, label) = (factory.device(), Some(DRAW.name));
        factory.count(3);
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label,
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::FRAGMENT,
                ty: BindingType::Texture {
                    sample_type: TextureSampleType::Float { filterable: false },
                    view_dimension: TextureViewDimension::D2,
                    multisampled: false,
                },
                count: None,
            }],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(DRAW.source.into()),
        });
        Self { layout, pipeline_layout, module, pipelines: Vec::new(), bound: None }
    }

    /// Makes ready to draw `picture` into a texture of this format.
    pub(crate) fn prepare(&mut self, factory: &ResourceFactory, picture: &wgpu::TextureView, format: TextureFormat) {
        if self.bound.as_ref().is_none_or(|(bound, _)| bound != picture) {
            factory.count(1);
            let resource = wgpu::BindingResource::TextureView(picture);
            let group = factory.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(DRAW.name),
                layout: &self.layout,
                entries: &[wgpu::BindGroupEntry { binding: 0, resource }],
            });
            self.bound = Some((picture.clone(), group));
        }
        if !self.pipelines.iter().any(|(known, _)| *known == format) {
            factory.count(1);
            self.pipelines.push((format, self.pipeline(factory.device(), format)));
        }
    }

    fn pipeline(&self, device: &wgpu::Device, format: TextureFormat) -> wgpu::RenderPipeline {
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(DRAW.name),
            layout: Some(&self.pipeline_layout),
            vertex: wgpu::VertexState {
                module: &self.module,
                entry_point: Some("corner"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &self.module,
                entry_point: Some(if format.is_srgb() { "decoded" } else { "plain" }),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(format.into())],
            }),
            multiview_mask: None,
            cache: None,
        })
    }

    /// Records the drawing of what was prepared last into a texture of the format that it was prepared for.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, into: &wgpu::TextureView) {
        let format = into.texture().format();
        let pipeline = self.pipelines.iter().find(|(known, _)| *known == format);
        let (Some((_, pipeline)), Some((_, bound))) = (pipeline, &self.bound) else { return };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some(DRAW.name),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: into,
                depth_slice: None,
                resolve_target: None,
                // Every pixel is drawn.
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, bound, &[]);
        pass.draw(0..3, 0..1);
    }
}

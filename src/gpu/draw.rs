//! Draws a finished frame into a texture, which need not be one that shaders can write to.

use wgpu::{BindingType, TextureFormat, TextureSampleType, TextureViewDimension};

use super::bind_groups::{BindGroupCache, Pair};
use super::pass::{Shader, shader};
use super::resources::ResourceFactory;

/// The frame as it is; a shader that is drawn with reads textures alone, bound from 0 on.
pub(super) const DRAW: Shader = shader!("corner", "draw");

/// One triangle over a whole texture, for each format that was drawn into.
pub(crate) struct Drawing {
    shader: Shader,
    layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    module: wgpu::ShaderModule,
    pipelines: Vec<(TextureFormat, wgpu::RenderPipeline)>,
    bound: BindGroupCache<wgpu::BindGroup>,
}

impl Drawing {
    /// Compiles a shader that reads so many textures.
    pub(crate) fn new(factory: &ResourceFactory, shader: Shader, textures: u32) -> Self {
        let (device, label) = (factory.device(), Some(shader.name));
        factory.count(3);
        let texture = |binding| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty: BindingType::Texture {
                sample_type: TextureSampleType::Float { filterable: false },
                view_dimension: TextureViewDimension::D2,
                multisampled: false,
            },
            count: None,
        };
        let entries: Vec<_> = (0..textures).map(texture).collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(shader.source.into()),
        });
        Self { shader, layout, pipeline_layout, module, pipelines: Vec::new(), bound: BindGroupCache::new() }
    }

    /// Makes ready to draw what is made of `textures` into one of this format. All of them are told by `pair`, two of them.
    pub(crate) fn prepare(
        &mut self,
        factory: &ResourceFactory,
        pair: Pair<'_>,
        textures: &[&wgpu::TextureView],
        format: TextureFormat,
    ) {
        self.bound.age(pair);
        if self.bound.get(pair).is_none() {
            factory.count(1);
            let entry =
                |(binding, view)| wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::TextureView(view) };
            let entries: Vec<_> = (0..).zip(textures.iter().copied()).map(entry).collect();
            let group = factory.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(self.shader.name),
                layout: &self.layout,
                entries: &entries,
            });
            self.bound.insert(pair, group);
        }
        if !self.pipelines.iter().any(|(known, _)| *known == format) {
            factory.count(1);
            self.pipelines.push((format, self.pipeline(factory.device(), format)));
        }
    }

    /// Lets go of a texture that is used no more.
    pub(crate) fn release(&mut self, texture: &wgpu::TextureView) {
        self.bound.release(texture);
    }

    fn pipeline(&self, device: &wgpu::Device, format: TextureFormat) -> wgpu::RenderPipeline {
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(self.shader.name),
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

    /// Records the drawing of what was prepared into a texture of the format that it was prepared for.
    pub(crate) fn record(&self, encoder: &mut wgpu::CommandEncoder, pair: Pair<'_>, into: &wgpu::TextureView) {
        let format = into.texture().format();
        let pipeline = self.pipelines.iter().find(|(known, _)| *known == format);
        let (Some((_, pipeline)), Some(bound)) = (pipeline, self.bound.get(pair)) else { return };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some(self.shader.name),
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

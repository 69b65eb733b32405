//! One compute pass: the only place that knows layouts, pipelines and how things are bound.

use std::borrow::Cow;

use wgpu::{
    BindingResource, BindingType, StorageTextureAccess, TextureFormat, TextureSampleType, TextureViewDimension,
};

use super::resources::ResourceFactory;

/// A shader's name and its whole source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shader {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

impl Shader {
    /// Its source where pictures are written in this format; the files say `rgba8unorm`.
    pub(crate) fn writing(&self, picture: TextureFormat) -> Cow<'static, str> {
        const WRITTEN: [&str; 2] = ["texture_storage_2d<rgba8unorm, write>", "texture_storage_2d<rgba16float, write>"];
        match picture {
            TextureFormat::Rgba16Float => self.source.replace(WRITTEN[0], WRITTEN[1]).into(),
            _ => self.source.into(),
        }
    }
}

/// A shader out of files of `shaders/`, joined in this order behind `common.wgsl`; the last one is the pass itself and gives the
/// name.
macro_rules! shader {
    ($($part:literal),+) => {
        $crate::gpu::pass::Shader {
            name: $crate::gpu::pass::last(&[$($part),+]),
            source: concat!(
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/common.wgsl")),
                $(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $part, ".wgsl"))),+
            ),
        }
    };
}
pub(crate) use shader;

/// The last of some names.
pub(crate) const fn last(names: &[&'static str]) -> &'static str {
    match names {
        [.., last] => last,
        [] => "",
    }
}

/// What a pass binds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Slot {
    /// A uniform buffer.
    Uniform,
    /// A sampler that filters.
    Sampler,
    /// A storage buffer, to read and to change.
    Storage,
    /// A texture to sample.
    Texture,
    /// A texture of floats that are not interpolated, or of whole numbers.
    Table(TextureSampleType),
    /// A texture with a layer a face, to sample; `filters` says whether bilinearly.
    Layers { filters: bool },
    /// A texture of three dimensions, to sample bilinearly in each.
    Volume,
    /// The same, to write.
    OutputVolume(TextureFormat),
    /// A texture to write.
    Output(TextureFormat),
    /// A texture with a layer a face, to write.
    OutputLayers(TextureFormat),
}

impl Slot {
    /// The same where pictures are written in another format than `Rgba8Unorm`.
    fn writing(self, picture: TextureFormat) -> Self {
        match self {
            Self::Output(TextureFormat::Rgba8Unorm) => Self::Output(picture),
            other => other,
        }
    }

    fn binding_type(self) -> BindingType {
        let texture = |filters, view_dimension| BindingType::Texture {
            sample_type: TextureSampleType::Float { filterable: filters },
            view_dimension,
            multisampled: false,
        };
        let output = |format, view_dimension| BindingType::StorageTexture {
            access: StorageTextureAccess::WriteOnly,
            format,
            view_dimension,
        };
        match self {
            Self::Uniform => BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            Self::Sampler => BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
            Self::Storage => BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: false },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            Self::Table(sample_type) => {
                BindingType::Texture { sample_type, view_dimension: TextureViewDimension::D2, multisampled: false }
            }
            Self::Texture => texture(true, TextureViewDimension::D2),
            Self::Layers { filters } => texture(filters, TextureViewDimension::D2Array),
            Self::Volume => texture(true, TextureViewDimension::D3),
            Self::OutputVolume(format) => output(format, TextureViewDimension::D3),
            Self::Output(format) => output(format, TextureViewDimension::D2),
            Self::OutputLayers(format) => output(format, TextureViewDimension::D2Array),
        }
    }
}

/// A compiled pass. Immutable; a frame's data is bound to it apart.
pub(crate) struct Pass {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    /// The binding numbers of its slots.
    numbers: Vec<u32>,
}

impl Pass {
    /// Compiles a shader's entry point `main`, whose bindings are those of `slots`, numbered from 0.
    pub(crate) fn new(factory: &ResourceFactory, shader: Shader, slots: &[Slot]) -> Self {
        let numbered: Vec<_> = (0..).zip(slots.iter().copied()).collect();
        Self::numbered(factory, shader, &numbered)
    }

    /// As [`Pass::new`], with binding numbers of their own: what is joined of several files need not use all of them.
    pub(crate) fn numbered(factory: &ResourceFactory, shader: Shader, slots: &[(u32, Slot)]) -> Self {
        let (device, label) = (factory.device(), Some(shader.name));
        #[cfg(test)]
        factory.shaders.lock().unwrap().push(shader);
        // A module, two layouts, a pipeline.
        factory.count(4);
        let entries: Vec<_> = slots
            .iter()
            .map(|&(binding, slot)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: slot.writing(factory.picture()).binding_type(),
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(shader.writing(factory.picture())),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        Self { pipeline, layout, numbers: slots.iter().map(|(number, _)| *number).collect() }
    }

    /// Binds `resources`, in the order of the pass's slots.
    pub(crate) fn bind(&self, factory: &ResourceFactory, resources: &[BindingResource<'_>]) -> wgpu::BindGroup {
        factory.count(1);
        let entries: Vec<_> = self
            .numbers
            .iter()
            .zip(resources)
            .map(|(&binding, resource)| wgpu::BindGroupEntry { binding, resource: resource.clone() })
            .collect();
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &self.layout, entries: &entries };
        factory.device().create_bind_group(&descriptor)
    }

    /// Records one dispatch of `groups` workgroups.
    pub(crate) fn dispatch(&self, recorder: &mut wgpu::ComputePass<'_>, bound: &wgpu::BindGroup, groups: [u32; 3]) {
        recorder.set_pipeline(&self.pipeline);
        recorder.set_bind_group(0, bound, &[]);
        recorder.dispatch_workgroups(groups[0], groups[1], groups[2]);
    }
}

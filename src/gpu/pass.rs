//! One compute pass: the only place that knows layouts, pipelines and how things are bound.

use wgpu::{
    BindingResource, BindingType, StorageTextureAccess, TextureFormat, TextureSampleType, TextureViewDimension,
};

/// Joined in front of every shader.
const COMMON: &str = include_str!("../../shaders/common.wgsl");

/// How many GPU objects [`Pass::new`] creates: a module, two layouts, a pipeline.
pub(crate) const PASS_OBJECTS: u64 = 4;

/// What a pass binds, in the order of its binding numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Slot {
    /// The frame's uniforms.
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
    /// A texture to write.
    Output(TextureFormat),
    /// A texture with a layer a face, to write.
    OutputLayers(TextureFormat),
}

impl Slot {
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
            Self::Output(format) => output(format, TextureViewDimension::D2),
            Self::OutputLayers(format) => output(format, TextureViewDimension::D2Array),
        }
    }
}

/// A compiled pass. Immutable; a frame's data is bound to it apart.
pub(crate) struct Pass {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Pass {
    /// Compiles the entry point `main` of `shader` (behind the common part). Its bindings are those of `slots`, numbered from
    /// 0.
    pub(crate) fn new(device: &wgpu::Device, label: &'static str, shader: &str, slots: &[Slot]) -> Self {
        let [pass] = Self::new_each(device, label, shader, ["main"], slots);
        pass
    }

    /// As [`Pass::new`], for several entry points; whatever is bound to one of them fits the others.
    pub(crate) fn new_each<const N: usize>(
        device: &wgpu::Device,
        label: &'static str,
        shader: &str,
        points: [&'static str; N],
        slots: &[Slot],
    ) -> [Self; N] {
        let entries: Vec<_> = (0..)
            .zip(slots)
            .map(|(binding, slot)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: slot.binding_type(),
                count: None,
            })
            .collect();
        let layout =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(label),
            source: wgpu::ShaderSource::Wgsl(format!("{COMMON}{shader}").into()),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        points.map(|entry| Self {
            pipeline: device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(label),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            }),
            layout: layout.clone(),
        })
    }

    /// Binds `resources`, in the order of the pass's slots.
    pub(crate) fn bind(&self, device: &wgpu::Device, resources: &[BindingResource<'_>]) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(resources)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource: resource.clone() })
            .collect();
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &self.layout, entries: &entries })
    }

    /// Records one dispatch of `groups` workgroups.
    pub(crate) fn dispatch(&self, recorder: &mut wgpu::ComputePass<'_>, bound: &wgpu::BindGroup, groups: [u32; 3]) {
        recorder.set_pipeline(&self.pipeline);
        recorder.set_bind_group(0, bound, &[]);
        recorder.dispatch_workgroups(groups[0], groups[1], groups[2]);
    }
}

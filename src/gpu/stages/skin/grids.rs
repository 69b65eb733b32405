//! The skin's passes, the textures and buffers between them, and what is bound of them.

use wgpu::BindingResource::{self, Sampler, TextureView};
use wgpu::TextureFormat::{Rgba8Unorm, Rgba16Float, Rgba32Float};
use wgpu::{BufferUsages, TextureSampleType, TextureUsages};

use super::SkinOutput;
use super::uniform::{BLOCK, SkinUniform};
use crate::gpu::pass::{Pass, Shader, Slot, shader};
use crate::gpu::resources::ResourceFactory;
use crate::retouch::MAX_FACES;
use crate::retouch::skin::{MAX_CELLS, mask, prior};

pub(super) const CELLS: Shader = shader!("skin/common", "skin/cells");
const FIRST: Shader = shader!("skin/common", "skin/blocks", "skin/first");
pub(super) const LEARN: Shader = shader!("skin/common", "skin/colours", "skin/learn");
const LIKELIHOOD: Shader = shader!("skin/common", "skin/colours", "skin/blocks", "skin/likelihood");
const REGRESS: Shader = shader!("skin/common", "skin/regress");
const FIELD: Shader = shader!("skin/common", "skin/field");
const HALVE: Shader = shader!("skin/common", "skin/halve");
const SURROUND: Shader = shader!("skin/common", "skin/surround");
const GATE: Shader = shader!("skin/common", "skin/details", "skin/gate");
const CORRECT: Shader = shader!("skin/common", "skin/details", "skin/bare", "skin/correct");
const MADE_UP: Shader = shader!("skin/common", "skin/details", "skin/makeup", "skin/correct");

/// Bins of brightness, red and blue: `SKIN_BINS` in shaders/skin/colours.wgsl.
const BINS: [u32; 3] = [9, 20, 20];
/// Bytes of `SkinColours` in shaders/skin/learn.wgsl.
pub(super) const COLOURS_BYTES: u64 = 16 + 8 * (BINS[0] * BINS[1] * BINS[2]) as u64;

pub(super) struct Passes {
    pub(super) cells: Pass,
    pub(super) first: Pass,
    pub(super) learn: Pass,
    pub(super) likelihood: Pass,
    pub(super) regress: Pass,
    pub(super) field: Pass,
    pub(super) halve: Pass,
    pub(super) surround: Pass,
    pub(super) gate: Pass,
    pub(super) correct: Pass,
    /// The same with make-up on the skin.
    pub(super) made_up: Pass,
}

impl Passes {
    pub(super) fn new(factory: &ResourceFactory) -> Self {
        use Slot::{Output, OutputLayers, OutputVolume, Sampler, Storage, Uniform, Volume};
        let layers = Slot::Layers { filters: true };
        let means = Slot::Table(TextureSampleType::Float { filterable: false });
        let out = OutputLayers(Rgba16Float);
        let pass = |shader, slots: &[Slot]| Pass::new(factory, shader, slots);
        Self {
            cells: pass(CELLS, &[Uniform, Slot::Texture, Sampler, out]),
            first: pass(FIRST, &[Uniform, layers, layers, layers, Sampler, out, out, out, out]),
            learn: pass(
                LEARN,
                &[Uniform, layers, layers, layers, Storage, Output(Rgba32Float), OutputVolume(Rgba16Float)],
            ),
            likelihood: pass(
                LIKELIHOOD,
                &[Uniform, layers, layers, layers, Sampler, means, Volume, layers, out, out, out],
            ),
            regress: pass(REGRESS, &[Uniform, layers, layers, layers, means, out]),
            field: pass(FIELD, &[Uniform, layers, layers, layers, means, out, out]),
            halve: pass(HALVE, &[Uniform, layers, out]),
            surround: pass(SURROUND, &[Uniform, layers, out]),
            gate: pass(GATE, &[Uniform, layers, layers, layers, layers, layers, Sampler, means, layers, out]),
            correct: pass(CORRECT, &[Uniform, layers, layers, layers, layers, means, out, out]),
            made_up: pass(MADE_UP, &[Uniform, layers, layers, layers, layers, means, out, out, layers, Sampler]),
        }
    }
}

/// For a number of faces. The size does not depend on the frame's.
pub(super) struct Grids {
    pub(super) capacity: u32,
    pub(super) output: SkinOutput,
    /// The same as the output's faces, but only those of which nothing is known yet.
    pub(super) learning: wgpu::Buffer,
    pub(super) cells: wgpu::TextureView,
    pub(super) mask: wgpu::TextureView,
    pub(super) prior: wgpu::TextureView,
    /// What the last pass reads besides: slopes, skins, changes, means.
    corrected: [wgpu::TextureView; 4],
    pub(super) bound: GridBindings,
}

/// Bindings that only depend on the grids.
pub(super) struct GridBindings {
    turns: [TurnBindings; 2],
    pub(super) field: wgpu::BindGroup,
    pub(super) halve: wgpu::BindGroup,
    pub(super) surround: wgpu::BindGroup,
    pub(super) gate: wgpu::BindGroup,
    pub(super) correct: wgpu::BindGroup,
}

/// Bindings by which of two textures the likelihoods are written to; the other has those of the step before.
pub(super) struct TurnBindings {
    /// For faces of which nothing is known yet.
    pub(super) first: wgpu::BindGroup,
    pub(super) learning: LikelihoodBindings,
    /// For all faces.
    pub(super) known: LikelihoodBindings,
    pub(super) regress: wgpu::BindGroup,
}

pub(super) struct LikelihoodBindings {
    pub(super) learn: wgpu::BindGroup,
    pub(super) likelihood: wgpu::BindGroup,
}

impl GridBindings {
    pub(super) fn by_turn(&self, turn: usize) -> &TurnBindings {
        let [first, second] = &self.turns;
        if turn == 0 { first } else { second }
    }
}

impl Grids {
    /// For `capacity` faces.
    pub(super) fn new(factory: &ResourceFactory, passes: &Passes, linear: &wgpu::Sampler, capacity: u32) -> Self {
        let (written, copied) = (TextureUsages::STORAGE_BINDING, TextureUsages::COPY_DST);
        let blocks = MAX_CELLS / BLOCK;
        let layers = |label, side, count| factory.layers(label, side, count, Rgba16Float, written);
        let uniform = |label| {
            let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
            factory.buffer(label, (size_of::<SkinUniform>() * MAX_FACES) as u64, usage)
        };
        let (faces, learning) = (uniform("skin"), uniform("skin to learn"));
        let colours = factory.buffer("colours", COLOURS_BYTES * u64::from(capacity), BufferUsages::STORAGE);
        let sampled = written | TextureUsages::TEXTURE_BINDING;
        let means = factory.texture("means", (capacity, 1), Rgba32Float, sampled);
        let ratios = factory.volume("ratios", [BINS[2], BINS[1], BINS[0] * capacity], Rgba16Float, written);
        let mask = factory.layers("mask", mask::SIDE as u32, capacity, Rgba8Unorm, copied);
        let prior = factory.layers("prior", prior::SIDE as u32, capacity, Rgba8Unorm, copied);
        let cells = layers("cells", MAX_CELLS, capacity);
        let [seen, places, raw, slopes, skins, changes] =
            ["blocks", "places", "raw slopes", "slopes", "skins", "changes"]
                .map(|label| layers(label, blocks, capacity));
        let likelihoods = ["likelihoods", "likelihoods, in turn"].map(|label| layers(label, blocks, capacity));
        let halved = layers("halved", blocks / 2, capacity);
        let surround = layers("surround", blocks / 4, capacity * 3);
        let [corrections, details] = ["corrections", "details"].map(|label| layers(label, MAX_CELLS, capacity));

        let linear = Sampler(linear);
        let bind = |pass: &Pass, faces: &wgpu::Buffer, rest: &[BindingResource<'_>]| {
            let resources: Vec<_> = [faces.as_entire_binding()].into_iter().chain(rest.iter().cloned()).collect();
            pass.bind(factory, &resources)
        };
        let likelihood = |faces: &wgpu::Buffer, from: &wgpu::TextureView, to: &wgpu::TextureView| LikelihoodBindings {
            learn: bind(
                &passes.learn,
                faces,
                &[
                    TextureView(&seen),
                    TextureView(to),
                    TextureView(&places),
                    colours.as_entire_binding(),
                    TextureView(&means),
                    TextureView(&ratios),
                ],
            ),
            likelihood: bind(
                &passes.likelihood,
                faces,
                &[
                    TextureView(&cells),
                    TextureView(&mask),
                    TextureView(&prior),
                    linear.clone(),
                    TextureView(&means),
                    TextureView(&ratios),
                    TextureView(from),
                    TextureView(&seen),
                    TextureView(&places),
                    TextureView(to),
                ],
            ),
        };
        let [first, second] = &likelihoods;
        let turns = [(second, first), (first, second)].map(|(from, to)| TurnBindings {
            first: bind(
                &passes.first,
                &learning,
                &[
                    TextureView(&cells),
                    TextureView(&mask),
                    TextureView(&prior),
                    linear.clone(),
                    TextureView(&seen),
                    TextureView(&places),
                    TextureView(to),
                    TextureView(from),
                ],
            ),
            learning: likelihood(&learning, from, to),
            known: likelihood(&faces, from, to),
            regress: bind(
                &passes.regress,
                &faces,
                &[TextureView(&seen), TextureView(&places), TextureView(to), TextureView(&means), TextureView(&raw)],
            ),
        });
        let bound = GridBindings {
            turns,
            field: bind(
                &passes.field,
                &faces,
                &[
                    TextureView(&cells),
                    TextureView(&places),
                    TextureView(&raw),
                    TextureView(&means),
                    TextureView(&slopes),
                    TextureView(&skins),
                ],
            ),
            halve: bind(&passes.halve, &faces, &[TextureView(&skins), TextureView(&halved)]),
            surround: bind(&passes.surround, &faces, &[TextureView(&halved), TextureView(&surround)]),
            gate: bind(
                &passes.gate,
                &faces,
                &[
                    TextureView(&cells),
                    TextureView(&skins),
                    TextureView(&halved),
                    TextureView(&surround),
                    TextureView(&mask),
                    linear.clone(),
                    TextureView(&means),
                    TextureView(&places),
                    TextureView(&changes),
                ],
            ),
            correct: bind(
                &passes.correct,
                &faces,
                &[
                    TextureView(&cells),
                    TextureView(&slopes),
                    TextureView(&skins),
                    TextureView(&changes),
                    TextureView(&means),
                    TextureView(&corrections),
                    TextureView(&details),
                ],
            ),
        };
        let output = SkinOutput { faces, corrections, details };
        let corrected = [slopes, skins, changes, means];
        Self { capacity, output, learning, cells, mask, prior, corrected, bound }
    }

    /// Binds the last pass with make-up.
    pub(super) fn bind_made_up(
        &self,
        factory: &ResourceFactory,
        passes: &Passes,
        makeup: &wgpu::TextureView,
        linear: &wgpu::Sampler,
    ) -> wgpu::BindGroup {
        let [slopes, skins, changes, means] = self.corrected.each_ref().map(TextureView);
        let output = &self.output;
        let (corrections, details) = (TextureView(&output.corrections), TextureView(&output.details));
        let faces = output.faces.as_entire_binding();
        let cells = TextureView(&self.cells);
        passes.made_up.bind(
            factory,
            &[faces, cells, slopes, skins, changes, means, corrections, details, TextureView(makeup), Sampler(linear)],
        )
    }
}

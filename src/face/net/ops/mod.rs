//! The networks' layers as candle ops of our own: bias, residual and activation are part of the convolution, weights
//! are packed once, and results go into tensors that exist already, so that a forward pass allocates nothing.
//!
//! A feature map is a tensor of shape [height + 2, width + 2, channels rounded up to a multiple of 8] with zeros in its
//! border and in its left-over channels; [`feature_map`] makes one. Ops write the inside only and keep it so.

mod inplace;
mod kernels;
mod lanes;
pub(super) mod mixer;
mod mixer_kernels;
mod resample;
mod tiles;
mod unit;
mod unit_kernels;

use std::cell::Cell;
use std::ops::Range;

use candle_core::{CpuStorage, DType, Device, InplaceOp1, InplaceOp2, Layout, Result, Tensor, bail};

use super::workers::Workers;
use kernels::{DENSE_VECTORS, Map, Matrix, PATCH, SCRATCH, SEGMENTS, blocks};
use lanes::LANES;
pub use resample::Resample;
pub use unit::{FirstUnit, Unit, plain_map};

/// Most channels that a layer may have.
const MAX_CHANNELS: usize = SCRATCH / 8;

/// How many parts a layer is cut into for each thread: enough that a late thread costs little, few enough that claiming
/// them does.
const PARTS_PER_THREAD: usize = 4;

/// Which instructions the kernels use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flavour(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Flavour {
    /// Plain Rust, which runs on any machine.
    pub const PLAIN: Self = Self(Kind::Plain);

    /// The fastest that this machine has: AVX2 with fused multiply-add, NEON, or plain Rust.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::PLAIN)
    }

    /// All that this machine has, the slowest first.
    #[must_use]
    pub fn available() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            return &[Self(Kind::Plain), Self(Kind::Avx2)];
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            return &[Self(Kind::Plain), Self(Kind::Neon)];
        }
        &[Self(Kind::Plain)]
    }
}

/// Compiles a kernel for each instruction set and makes the function that chooses between them.
macro_rules! flavours {
    ($name:ident, $op:ty, $kernel:ident) => {
        /// # Safety
        ///
        /// As the kernel. (Of the instructions, [`Flavour`] makes sure.)
        unsafe fn $name(flavour: Flavour, op: &$op, range: Range<usize>) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2(op: &$op, range: Range<usize>) {
                // SAFETY: this function has the instructions; the rest the caller promises.
                unsafe { $kernel::<lanes::Avx2>(op, range) }
            }
            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            unsafe fn neon(op: &$op, range: Range<usize>) {
                // SAFETY: as above.
                unsafe { $kernel::<lanes::Neon>(op, range) }
            }
            // SAFETY: a flavour other than plain exists only where the machine was found to have it.
            unsafe {
                match flavour.0 {
                    Kind::Plain => $kernel::<lanes::Plain>(op, range),
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx2 => avx2(op, range),
                    #[cfg(target_arch = "aarch64")]
                    Kind::Neon => neon(op, range),
                }
            }
        }
    };
}

use kernels::{block, dense, plain_pointwise, stem};
flavours!(run_block, kernels::Block<'_>, block);
flavours!(run_pointwise, kernels::Pointwise<'_>, plain_pointwise);
flavours!(run_stem, kernels::Stem<'_>, stem);
flavours!(run_dense, kernels::Dense<'_>, dense);
use mixer_kernels::{expand, head, reduce, start};
flavours!(run_start, mixer_kernels::Start<'_>, start);
flavours!(run_head, mixer_kernels::Head<'_>, head);
use unit_kernels::unit as unit_parts;
flavours!(run_expand, mixer_kernels::Expand<'_>, expand);
flavours!(run_reduce, mixer_kernels::Reduce<'_>, reduce);
flavours!(run_unit, unit_kernels::Unit<'_>, unit_parts);

/// Cuts `0..total` into parts and runs them on the workers.
fn share(workers: &Workers, total: usize, run: impl Fn(Range<usize>) + Sync) {
    let threads = workers.threads();
    if threads == 1 {
        return run(0..total);
    }
    let parts = (threads * PARTS_PER_THREAD).min(total);
    workers.run(parts, &|part| run(part * total / parts..(part + 1) * total / parts));
}

/// `n` rounded up to whole vectors.
fn padded(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// A tensor of zeros on the CPU for `height`×`width` pixels of `channels` channels, with its border: shape
/// [height + 2, width + 2, channels rounded up to a multiple of 8], its memory aligned to cache lines.
///
/// # Errors
///
/// candle's, where the tensor cannot be made.
pub fn feature_map(height: usize, width: usize, channels: usize) -> Result<Tensor> {
    aligned_zeros(&[height + 2, width + 2, padded(channels)])
}

/// A tensor of zeros on the CPU that starts at a cache line.
pub(super) fn aligned_zeros(shape: &[usize]) -> Result<Tensor> {
    const LINE: usize = 64 / size_of::<f32>();
    let count = shape.iter().product::<usize>();
    let tensor = Tensor::zeros(count + LINE, DType::F32, &Device::Cpu)?;
    let skip = Cell::new(0);
    read(&tensor, |data| skip.set(data.as_ptr().align_offset(64).min(LINE)))?;
    tensor.narrow(0, skip.get(), count)?.reshape(shape)
}

/// The floats of a contiguous tensor in memory.
fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (CpuStorage::F32(data), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("a contiguous tensor of f32 is needed")
    };
    match data.get(start..end) {
        Some(data) => Ok(data),
        None => bail!("the tensor is larger than its storage"),
    }
}

/// As [`floats`], to write.
fn floats_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let (CpuStorage::F32(data), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("a contiguous tensor of f32 is needed")
    };
    match data.get_mut(start..end) {
        Some(data) => Ok(data),
        None => bail!("the tensor is larger than its storage"),
    }
}

struct Access<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32])> InplaceOp1 for Access<F> {
    fn name(&self) -> &'static str {
        "access"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let data = floats_mut(storage, layout)?;
        if let Some(f) = self.0.take() {
            f(data);
        }
        Ok(())
    }
}

/// Lets `f` write a contiguous tensor's floats where they lie.
pub(super) fn write(tensor: &Tensor, f: impl FnOnce(&mut [f32])) -> Result<()> {
    tensor.inplace_op1(&Access(Cell::new(Some(f))))
}

/// Lets `f` read a contiguous tensor's floats where they lie.
pub(super) fn read<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(storage) => Ok(f(floats(storage, layout)?)),
        _ => bail!("a tensor on the CPU is needed"),
    }
}

/// Floats in memory that starts at a cache line.
struct Aligned(Vec<Line>);

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

impl Aligned {
    fn new(data: &[f32]) -> Self {
        let mut lines = vec![Line([0.0; 16]); data.len().div_ceil(16)];
        for (line, chunk) in lines.iter_mut().zip(data.chunks(16)) {
            for (to, from) in line.0.iter_mut().zip(chunk) {
                *to = *from;
            }
        }
        Self(lines)
    }

    fn floats(&self) -> &[f32] {
        // SAFETY: a `Line` is 16 floats without padding.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * 16) }
    }
}

/// A packed matrix that owns its floats.
struct PackedMatrix {
    data: Aligned,
    inputs: usize,
    outputs: usize,
    first: usize,
    other: usize,
}

impl PackedMatrix {
    /// Packs `weights` [outputs, inputs] with `bias` [outputs] and slopes [outputs] in blocks of `first`, then `other`
    /// vectors. Left-over channels get zeros.
    fn new(weights: &[f32], bias: &[f32], slopes: Activation<'_>, first: usize, other: usize) -> Result<Self> {
        let outputs = bias.len();
        if outputs == 0 || weights.is_empty() || !weights.len().is_multiple_of(outputs) {
            bail!("{} weights do not make a matrix of {outputs} outputs", weights.len());
        }
        if let Activation::PRelu(slopes) = slopes
            && slopes.len() != outputs
        {
            bail!("{} slopes are given for {outputs} channels", slopes.len());
        }
        let inputs = weights.len() / outputs;
        let vectors = outputs.div_ceil(LANES);
        let at = |data: &[f32], i: usize| data.get(i).copied().unwrap_or(0.0);
        let slope = |channel: usize| match slopes {
            Activation::None => 1.0,
            Activation::Relu => 0.0,
            Activation::PRelu(slopes) => at(slopes, channel),
        };
        let mut data = Vec::with_capacity(vectors * LANES * (inputs + 2));
        let (mut vector, mut size) = (0, first);
        while vector < vectors {
            // What is left may be less than a block: single vectors then.
            let size_here = if vector + size > vectors { 1 } else { size };
            let channels = vector * LANES..(vector + size_here) * LANES;
            data.extend(channels.clone().map(|channel| at(bias, channel)));
            data.extend(channels.clone().map(slope));
            for input in 0..inputs {
                let weight = |channel| if channel < outputs { at(weights, channel * inputs + input) } else { 0.0 };
                data.extend(channels.clone().map(weight));
            }
            vector += size_here;
            size = other;
        }
        Ok(Self { data: Aligned::new(&data), inputs, outputs, first, other })
    }

    /// Packed for maps: see [`blocks`].
    fn for_maps(weights: &[f32], bias: &[f32], slopes: Activation<'_>) -> Result<Self> {
        let (first, other) = blocks(bias.len().div_ceil(LANES));
        Self::new(weights, bias, slopes, first, other)
    }

    fn view(&self) -> Matrix<'_> {
        Matrix {
            data: self.data.floats(),
            inputs: self.inputs,
            vectors: self.outputs.div_ceil(LANES),
            first: self.first,
            other: self.other,
        }
    }
}

/// What follows a convolution.
#[derive(Debug, Clone, Copy)]
pub enum Activation<'a> {
    /// Nothing.
    None,
    /// Negative values become 0.
    Relu,
    /// Negative values are multiplied by their channel's slope.
    PRelu(&'a [f32]),
}

/// The map that a bordered tensor of shape [height + 2, width + 2, padded channels] holds.
fn bordered(data: *mut f32, layout: &Layout, channels: usize) -> Result<Map> {
    let &[height, width, pixel] = layout.dims() else {
        bail!("a feature map has 3 dimensions, not {:?}", layout.dims())
    };
    if height < 3 || width < 3 || pixel != padded(channels) {
        bail!("a feature map of {channels} channels cannot have the shape {:?}", layout.dims());
    }
    let row = width * pixel;
    // The first interior pixel: one row and one pixel on.
    Ok(Map { data: data.wrapping_add(row + pixel), row, pixel, height: height - 2, width: width - 2 })
}

/// A pointer to a source's floats. Kernels only read through it.
fn source(storage: &CpuStorage, layout: &Layout) -> Result<*mut f32> {
    Ok(floats(storage, layout)?.as_ptr().cast_mut())
}

/// A residual block, the one building stone of both networks: depthwise 3×3 convolution with bias, 1×1 convolution with
/// bias, plus the input (at stride 2 the largest of each 2×2 pixels; new channels get 0), then the activation. Padding is
/// TFLite's SAME.
pub struct Block {
    depthwise: Aligned,
    pointwise: PackedMatrix,
    inputs: usize,
    stride: usize,
    flavour: Flavour,
}

impl Block {
    /// `depthwise`: [3, 3, inputs]; `pointwise`: [outputs, inputs]; `stride` 1 or 2.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other, channels become fewer, or there are more than 512.
    pub fn new(
        depthwise: (&[f32], &[f32]),
        pointwise: (&[f32], &[f32]),
        activation: Activation<'_>,
        stride: usize,
        flavour: Flavour,
    ) -> Result<Self> {
        let (weights, bias) = depthwise;
        let (inputs, outputs) = (bias.len(), pointwise.1.len());
        if !(1..=2).contains(&stride) {
            bail!("a block's stride is 1 or 2, not {stride}");
        }
        if inputs == 0 || inputs > outputs || outputs > MAX_CHANNELS || weights.len() != 9 * inputs {
            bail!("a block cannot have {inputs} inputs, {outputs} outputs and {} depthwise weights", weights.len());
        }
        let matrix = PackedMatrix::for_maps(pointwise.0, pointwise.1, activation)?;
        if matrix.inputs != inputs {
            bail!("the 1×1 convolution has {} inputs, the depthwise one {inputs} outputs", matrix.inputs);
        }
        let mut packed = Vec::with_capacity(padded(inputs) * 10);
        for channel in (0..inputs).step_by(LANES) {
            let lane = |data: &[f32], i: usize| if i < inputs { data.get(i).copied().unwrap_or(0.0) } else { 0.0 };
            for tap in 0..9 {
                let taps = weights.get(tap * inputs..).unwrap_or_default();
                packed.extend((channel..channel + LANES).map(|i| lane(taps, i)));
            }
            packed.extend((channel..channel + LANES).map(|i| lane(bias, i)));
        }
        Ok(Self { depthwise: Aligned::new(&packed), pointwise: matrix, inputs, stride, flavour })
    }

    /// Multiply-adds for each output pixel.
    #[must_use]
    pub fn cost(&self) -> usize {
        self.inputs * (9 + self.pointwise.outputs)
    }

    /// Runs the block: feature map `from` → feature map `to`, of half the size (rounded up) at stride 2.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit the block.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: self, workers })
    }
}

/// An op with the threads it runs on.
struct Run<'a, T> {
    op: &'a T,
    workers: &'a Workers,
}

impl InplaceOp2 for Run<'_, Block> {
    fn name(&self) -> &'static str {
        "residual-block"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let from = bordered(source(from, layout)?, layout, op.inputs)?;
        let to = bordered(floats_mut(to, to_layout)?.as_mut_ptr(), to_layout, op.pointwise.outputs)?;
        if (to.height, to.width) != (from.height.div_ceil(op.stride), from.width.div_ceil(op.stride)) {
            bail!("a block of stride {} cannot turn {:?} into {:?}", op.stride, layout.dims(), to_layout.dims());
        }
        let depthwise = op.depthwise.floats();
        let kernel = kernels::Block { depthwise, pointwise: op.pointwise.view(), stride: op.stride, from, to };
        share(self.workers, to.height, |rows| {
            // SAFETY: maps and weights were just compared; parts are disjoint rows of `to`; `from` is only read.
            unsafe { run_block(op.flavour, &kernel, rows) }
        });
        Ok(())
    }
}

/// A plain 1×1 convolution with bias and activation.
pub struct Pointwise {
    matrix: PackedMatrix,
    flavour: Flavour,
}

impl Pointwise {
    /// `weights`: \[outputs, inputs\]; `bias`: \[outputs\].
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(weights: &[f32], bias: &[f32], activation: Activation<'_>, flavour: Flavour) -> Result<Self> {
        Ok(Self { matrix: PackedMatrix::for_maps(weights, bias, activation)?, flavour })
    }

    /// Runs it on a feature map. `to` is a feature map of the same size, or a tensor [pixels, padded outputs] without
    /// border.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: self, workers })
    }
}

impl InplaceOp2 for Run<'_, Pointwise> {
    fn name(&self) -> &'static str {
        "pointwise"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let from = bordered(source(from, layout)?, layout, op.matrix.inputs)?;
        let data = floats_mut(to, to_layout)?.as_mut_ptr();
        let pixel = padded(op.matrix.outputs);
        let to = match *to_layout.dims() {
            [pixels, channels] if pixels == from.height * from.width && channels == pixel => {
                Map { data, row: from.width * pixel, pixel, height: from.height, width: from.width }
            }
            _ => bordered(data, to_layout, op.matrix.outputs)?,
        };
        if (to.height, to.width) != (from.height, from.width) {
            bail!("a 1×1 convolution cannot turn {:?} into {:?}", layout.dims(), to_layout.dims());
        }
        let kernel = kernels::Pointwise { matrix: op.matrix.view(), from, to };
        share(self.workers, to.height, |rows| {
            // SAFETY: as for the block.
            unsafe { run_pointwise(op.flavour, &kernel, rows) }
        });
        Ok(())
    }
}

/// The first layer: a dense k×k convolution of a picture at stride 2, with bias and activation. Padding is TFLite's SAME.
pub struct Stem {
    matrix: PackedMatrix,
    kernel: usize,
    channels: usize,
    flavour: Flavour,
}

impl Stem {
    /// `weights`: [outputs, kernel, kernel, channels], `kernel` at most 5 and `channels` at most 8.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(
        weights: &[f32],
        bias: &[f32],
        activation: Activation<'_>,
        kernel: usize,
        flavour: Flavour,
    ) -> Result<Self> {
        let matrix = PackedMatrix::for_maps(weights, bias, activation)?;
        let area = kernel.saturating_mul(kernel).max(1);
        let channels = matrix.inputs / area;
        if !(1..=SEGMENTS).contains(&kernel)
            || matrix.inputs > PATCH
            || channels == 0
            || channels * area != matrix.inputs
        {
            bail!("{} weights a channel do not make a {kernel}×{kernel} kernel of a picture", matrix.inputs);
        }
        Ok(Self { matrix, kernel, channels, flavour })
    }

    /// Runs it: a picture [height, width, channels] without border → a feature map of half the size, rounded up.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: self, workers })
    }
}

impl InplaceOp2 for Run<'_, Stem> {
    fn name(&self) -> &'static str {
        "stem"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let data = source(from, layout)?;
        let to = bordered(floats_mut(to, to_layout)?.as_mut_ptr(), to_layout, op.matrix.outputs)?;
        let from = match *layout.dims() {
            [height, width, channels] if height > 0 && width > 0 && channels == op.channels => {
                Map { data, row: width * channels, pixel: channels, height, width }
            }
            _ => bail!("a picture of {} channels cannot have the shape {:?}", op.channels, layout.dims()),
        };
        if (to.height, to.width) != (from.height.div_ceil(2), from.width.div_ceil(2)) {
            bail!("a stem cannot turn {:?} into {:?}", layout.dims(), to_layout.dims());
        }
        let kernel = kernels::Stem { matrix: op.matrix.view(), kernel: op.kernel, from, to };
        share(self.workers, to.height, |rows| {
            // SAFETY: as for the block.
            unsafe { run_stem(op.flavour, &kernel, rows) }
        });
        Ok(())
    }
}

/// A convolution whose kernel is as large as its input: each output sees all pixels.
pub struct Dense {
    matrix: PackedMatrix,
    flavour: Flavour,
}

impl Dense {
    /// `weights`: \[outputs, height, width, channels\], `channels` a multiple of 8; `bias`: \[outputs\].
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(weights: &[f32], bias: &[f32], flavour: Flavour) -> Result<Self> {
        let matrix = PackedMatrix::new(weights, bias, Activation::None, DENSE_VECTORS, DENSE_VECTORS)?;
        Ok(Self { matrix, flavour })
    }

    /// Runs it: a feature map of at most 5 rows → a tensor of as many floats as there are outputs, rounded up to a multiple
    /// of 8.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: self, workers })
    }
}

impl InplaceOp2 for Run<'_, Dense> {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let channels = layout.dims().last().copied().unwrap_or(0);
        let from = bordered(source(from, layout)?, layout, channels)?;
        let to = floats_mut(to, to_layout)?;
        if from.height > SEGMENTS || from.height * from.width * from.pixel != op.matrix.inputs {
            bail!("a layer of {} inputs cannot take {:?}", op.matrix.inputs, layout.dims());
        }
        if to.len() != padded(op.matrix.outputs) {
            bail!("a layer of {} outputs cannot fill {} floats", op.matrix.outputs, to.len());
        }
        let matrix = op.matrix.view();
        let kernel = kernels::Dense { matrix, from, to: to.as_mut_ptr() };
        share(self.workers, matrix.vectors.div_ceil(DENSE_VECTORS), |range| {
            // SAFETY: sizes were just compared; parts are disjoint blocks of `to`.
            unsafe { run_dense(op.flavour, &kernel, range) }
        });
        Ok(())
    }
}

/// Copies the first `columns` of each row of a matrix [rows, n] into a tensor of rows × columns floats.
pub(super) struct Columns(pub(super) usize);

impl Columns {
    pub(super) fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        inplace::run2(to, from, self)
    }
}

impl InplaceOp2 for Columns {
    fn name(&self) -> &'static str {
        "columns"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let &[_, width] = layout.dims() else { bail!("a matrix is needed, not {:?}", layout.dims()) };
        let (from, to) = (floats(from, layout)?, floats_mut(to, to_layout)?);
        if self.0 == 0 || width < self.0 || from.len() / width * self.0 != to.len() {
            bail!("{} columns of {:?} do not fill {} floats", self.0, layout.dims(), to.len());
        }
        for (to, from) in to.chunks_exact_mut(self.0).zip(from.chunks_exact(width)) {
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
        Ok(())
    }
}

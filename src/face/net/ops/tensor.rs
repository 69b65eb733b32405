//! candle's tensors as floats in memory.

use std::cell::Cell;

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Result, Storage, Tensor, bail};

/// A tensor of zeros on the CPU that starts at a cache line.
pub(crate) fn aligned_zeros(shape: &[usize]) -> Result<Tensor> {
    const LINE: usize = 64 / size_of::<f32>();
    let count = shape.iter().product::<usize>();
    let tensor = Tensor::zeros(count + LINE, DType::F32, &Device::Cpu)?;
    let skip = read(&tensor, |data| data.as_ptr().align_offset(64).min(LINE))?;
    tensor.narrow(0, skip, count)?.reshape(shape)
}

/// The floats of a contiguous tensor.
pub(super) fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (CpuStorage::F32(data), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("a contiguous tensor of f32 is needed")
    };
    match data.get(start..end) {
        Some(data) => Ok(data),
        None => bail!("the tensor is larger than its storage"),
    }
}

/// As [`floats`], to write.
pub(super) fn floats_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let (CpuStorage::F32(data), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
        bail!("a contiguous tensor of f32 is needed")
    };
    match data.get_mut(start..end) {
        Some(data) => Ok(data),
        None => bail!("the tensor is larger than its storage"),
    }
}

/// A pointer to the floats of a kernel's input. Kernels take one type of pointer for inputs and outputs, but only read
/// through this one.
pub(super) fn input_pointer(storage: &CpuStorage, layout: &Layout) -> Result<*mut f32> {
    Ok(floats(storage, layout)?.as_ptr().cast_mut())
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
pub(crate) fn write(tensor: &Tensor, f: impl FnOnce(&mut [f32])) -> Result<()> {
    tensor.inplace_op1(&Access(Cell::new(Some(f))))
}

/// Lets `f` read a contiguous tensor's floats where they lie.
pub(crate) fn read<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(f(floats(storage, layout)?)),
        _ => bail!("a tensor on the CPU is needed"),
    }
}

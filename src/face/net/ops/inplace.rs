//! Running an op that reads some tensors and writes another.

use candle_core::{InplaceOp2, InplaceOp3, Result, Tensor, bail};

/// Runs an op that reads `from` and writes `to`.
///
/// # Errors
///
/// The op's own; where both tensors share their memory, whose lock candle would wait for twice.
pub(super) fn run2(to: &Tensor, from: &Tensor, op: &impl InplaceOp2) -> Result<()> {
    refuse_shared(to, from)?;
    to.inplace_op2(from, op)
}

/// As [`run2`], for an op that reads two tensors.
pub(super) fn run3(to: &Tensor, first: &Tensor, second: &Tensor, op: &impl InplaceOp3) -> Result<()> {
    refuse_shared(to, first)?;
    refuse_shared(to, second)?;
    to.inplace_op3(first, second, op)
}

fn refuse_shared(to: &Tensor, from: &Tensor) -> Result<()> {
    // Either lock is given back before the other is asked for.
    let address = |tensor: &Tensor| std::ptr::from_ref(&*tensor.storage_and_layout().0).addr();
    if address(to) == address(from) {
        bail!("an op cannot write the tensor that it reads");
    }
    Ok(())
}

//! A network's weights: a safetensors file whose hash, names, shapes and numbers are checked before layers are made of them.

use std::cell::Cell;

use half::f16;
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use super::errors::bad_weights;
use crate::{Error, Result};

/// Which file a network's weights are.
#[derive(Clone, Copy)]
pub(super) struct WeightsFile {
    /// The network's name, for errors.
    pub(super) network: &'static str,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) sha256: &'static str,
}

/// The weights of an opened file.
pub(crate) struct Weights<'a> {
    /// The network's name, for errors.
    network: &'static str,
    tensors: SafeTensors<'a>,
    /// How many tensors were taken.
    taken: Cell<usize>,
}

/// A convolution's weights, as they lie in the file.
pub(super) struct ConvWeights {
    /// [outputs, height, width, inputs]; [height, width, channels] where it is depthwise.
    pub(super) weight: Vec<f32>,
    /// [outputs]
    pub(super) bias: Vec<f32>,
    /// PReLU's slopes, [outputs], where the file has some.
    pub(super) prelu: Option<Vec<f32>>,
}

/// A residual block's weights.
pub(super) struct BlockWeights {
    pub(super) depthwise: ConvWeights,
    pub(super) pointwise: ConvWeights,
}

impl ConvWeights {
    /// Weights and bias.
    pub(super) fn layer(&self) -> (&[f32], &[f32]) {
        (&self.weight, &self.bias)
    }
}

impl<'a> Weights<'a> {
    /// Opens a file, if it has the right hash.
    pub(super) fn open(file: WeightsFile, bytes: &'a [u8]) -> Result<Self> {
        let actual = hex(&Sha256::digest(bytes));
        if actual != file.sha256 {
            let reason = format!("their SHA-256 is {actual}, not {}", file.sha256);
            return Err(Error::BadWeights { network: file.network, reason });
        }
        Self::parse(file.network, bytes)
    }

    /// Opens a file of any hash.
    fn parse(network: &'static str, bytes: &'a [u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| Error::BadWeights { network, reason: format!("not a safetensors file: {error}") })?;
        Ok(Self { network, tensors, taken: Cell::new(0) })
    }

    /// The network's name, for errors.
    pub(super) fn network(&self) -> &'static str {
        self.network
    }

    fn bad(&self, reason: String) -> Error {
        Error::BadWeights { network: self.network, reason }
    }

    /// One tensor, of 16-bit or 32-bit floats.
    pub(super) fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let tensor = self.tensors.tensor(name).map_err(|_| self.bad(format!("there is no tensor {name}")))?;
        if tensor.shape() != shape {
            return Err(self.bad(format!("{name} has the shape {:?}, not {shape:?}", tensor.shape())));
        }
        let data = tensor.data();
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F16 => data.as_chunks::<2>().0.iter().map(|&two| f16::from_le_bytes(two).to_f32()).collect(),
            Dtype::F32 => data.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect(),
            other => return Err(self.bad(format!("{name} holds {other:?}, not floats of 16 or 32 bits"))),
        };
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(self.bad(format!("number {index} of {name} is not finite")));
        }
        self.taken.set(self.taken.get() + 1);
        Ok(values)
    }

    /// A dense k×k convolution.
    pub(super) fn conv(
        &self,
        name: &str,
        outputs: usize,
        kernel: usize,
        inputs: usize,
        prelu: bool,
    ) -> Result<ConvWeights> {
        Ok(ConvWeights {
            weight: self.take(&format!("{name}.weight"), &[outputs, kernel, kernel, inputs])?,
            bias: self.take(&format!("{name}.bias"), &[outputs])?,
            prelu: if prelu { Some(self.take(&format!("{name}.prelu"), &[outputs])?) } else { None },
        })
    }

    /// A depthwise 3×3 convolution.
    pub(super) fn depthwise(&self, name: &str, channels: usize) -> Result<ConvWeights> {
        Ok(ConvWeights {
            weight: self.take(&format!("{name}.weight"), &[3, 3, channels])?,
            bias: self.take(&format!("{name}.bias"), &[channels])?,
            prelu: None,
        })
    }

    /// A residual block.
    pub(super) fn block(&self, name: &str, inputs: usize, outputs: usize, prelu: bool) -> Result<BlockWeights> {
        let depthwise = self.depthwise(&format!("{name}.depthwise"), inputs)?;
        let mut pointwise = self.conv(&format!("{name}.pointwise"), outputs, 1, inputs, false)?;
        if prelu {
            pointwise.prelu = Some(self.take(&format!("{name}.prelu"), &[outputs])?);
        }
        Ok(BlockWeights { depthwise, pointwise })
    }

    /// Turns what fails while layers are made of these weights into the crate's error.
    pub(super) fn error(&self) -> impl Fn(candle_core::Error) -> Error + use<> {
        bad_weights(self.network)
    }

    /// Checks that every tensor was taken: a file with more in it belongs to another network.
    pub(super) fn finish(&self) -> Result<()> {
        match (self.taken.get(), self.tensors.len()) {
            (taken, all) if taken == all => Ok(()),
            (taken, all) => Err(self.bad(format!("there are {all} tensors, not {taken}"))),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('?');
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    /// A tensor of a file: name, type, shape, bytes.
    type Entry = (&'static str, Dtype, Vec<usize>, Vec<u8>);

    /// A file with one convolution `c` of 2 outputs and 3 inputs, and what `change` makes of its tensors.
    fn file(change: impl Fn(&mut Vec<Entry>)) -> Vec<u8> {
        let ones = |count: usize| f16::ONE.to_le_bytes().repeat(count);
        let mut tensors =
            vec![("c.weight", Dtype::F16, vec![2, 1, 1, 3], ones(6)), ("c.bias", Dtype::F16, vec![2], ones(2))];
        change(&mut tensors);
        let views = tensors
            .iter()
            .map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
        safetensors::serialize(views, None).unwrap()
    }

    fn load(bytes: &[u8]) -> Result<ConvWeights> {
        let weights = Weights::parse("test", bytes)?;
        let conv = weights.conv("c", 2, 1, 3, false)?;
        weights.finish()?;
        Ok(conv)
    }

    fn reason(bytes: &[u8]) -> String {
        match load(bytes).err() {
            Some(Error::BadWeights { network: "test", reason }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_file_loads() {
        let conv = load(&file(|_| ())).unwrap();
        assert_eq!(conv.weight, [1.0; 6]);
        assert_eq!(conv.bias, [1.0; 2]);
    }

    #[test]
    fn floats_of_either_size_are_read() {
        let wide = |tensors: &mut Vec<Entry>| {
            tensors[1].1 = Dtype::F32;
            tensors[1].3 = [0.1_f32, -3e-9].iter().flat_map(|x| x.to_le_bytes()).collect();
        };
        assert_eq!(load(&file(wide)).unwrap().bias, [0.1, -3e-9]);
    }

    #[test]
    fn each_fault_is_named() {
        assert!(reason(b"").contains("not a safetensors file"));
        assert!(reason(&file(|tensors| tensors.truncate(1))).contains("no tensor c."));
        assert!(reason(&file(|tensors| tensors[0].2 = vec![2, 3])).contains("shape [2, 3], not [2, 1, 1, 3]"));
        assert!(reason(&file(|tensors| tensors[1].1 = Dtype::I16)).contains("not floats of 16 or 32 bits"));
        let extra = |tensors: &mut Vec<Entry>| tensors.push(("d", Dtype::F16, vec![0], Vec::new()));
        assert!(reason(&file(extra)).contains("3 tensors, not 2"));
        for bad in [f16::NAN, f16::INFINITY, f16::NEG_INFINITY] {
            let faulty = file(|tensors| tensors[0].3[4..6].copy_from_slice(&bad.to_le_bytes()));
            assert!(reason(&faulty).contains("number 2 of c.weight is not finite"));
        }
    }

    #[test]
    fn digits_are_hexadecimal() {
        assert_eq!(hex(&[0x00, 0x9f, 0xa1]), "009fa1");
    }
}

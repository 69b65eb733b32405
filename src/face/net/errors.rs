//! candle's errors as the crate's.

use crate::Error;

/// For what fails while a network runs.
pub(super) fn network_error(network: &'static str) -> impl Fn(candle_core::Error) -> Error {
    move |error| Error::Network { network, reason: error.to_string() }
}

/// For what fails while a network's layers are made of its weights.
pub(super) fn bad_weights(network: &'static str) -> impl Fn(candle_core::Error) -> Error {
    move |error| Error::BadWeights { network, reason: error.to_string() }
}

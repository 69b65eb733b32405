//! What holds for any input, tried on many by chance.

#![allow(clippy::unwrap_used)]

use proptest::prelude::ProptestConfig;

mod input;
mod layers;

/// So many cases; one that fails is printed, in its smallest form, and not kept in a file.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

//! What all sessions of a process share.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::Result;

/// Made by the first that asks for it, and kept as long as somebody has it.
pub(crate) struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// What there is, or else what `make` makes. Others who ask wait meanwhile.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = shared.upgrade() {
            return Ok(value);
        }
        let value = Arc::new(make()?);
        *shared = Arc::downgrade(&value);
        Ok(value)
    }
}

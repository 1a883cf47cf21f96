//! Clients that are made when they are first needed.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, LazyLock},
};

type Make<C> = Box<dyn FnOnce() -> C + Send>;

/// A client that is made by its first use, and by that only: to make one of the SDK's takes a good
/// part of what a whole start may take, and most requests need none but the table's. Clones share it.
pub struct Lazily<C>(Arc<LazyLock<C, Make<C>>>);

impl<C> Lazily<C> {
    /// A client that will be made so.
    pub fn new(make: impl FnOnce() -> C + Send + 'static) -> Lazily<C> {
        Lazily(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<C: Send + 'static> From<C> for Lazily<C> {
    fn from(made: C) -> Lazily<C> {
        Lazily::new(move || made)
    }
}

impl<C> Deref for Lazily<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C> Clone for Lazily<C> {
    fn clone(&self) -> Lazily<C> {
        Lazily(Arc::clone(&self.0))
    }
}

impl<C: fmt::Debug> fmt::Debug for Lazily<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_client_is_made_once_when_it_is_first_used() {
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let client = Lazily::new(move || counted.fetch_add(1, Ordering::SeqCst) + 1);
        let clone = client.clone();
        assert_eq!(made.load(Ordering::SeqCst), 0);
        assert_eq!((*client, *clone), (1, 1));
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }
}

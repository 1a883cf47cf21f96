//! The table is the template's, the wire counts exactly, and each fault does what it says.

// `cfg(test)` is how Clippy sees that the functions around the tests are tests too.
#[cfg(test)]
mod table;
#[cfg(test)]
mod template;
#[cfg(test)]
mod wire;

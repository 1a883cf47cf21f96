//! The local stack: its stand-ins and its control surface, asked as the shop and people ask them.

// `cfg(test)` is how Clippy sees that the functions around the tests are tests too.
#[cfg(test)]
mod aws;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod chapa;
#[cfg(test)]
mod control;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod sam;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod shop;

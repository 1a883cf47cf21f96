//! Files of products over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails as they do"
)]

mod importing;

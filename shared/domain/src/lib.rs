//! The pure rules of the shop: no AWS, no HTTP, no clock, no randomness.

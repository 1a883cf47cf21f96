//! Every ten minutes: cancels orders nobody paid.

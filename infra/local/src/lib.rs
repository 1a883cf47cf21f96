//! The whole shop in one process, for development.

//! Files of products over HTTP.

mod importing;

//! Black-box tests over HTTP against the local shop.

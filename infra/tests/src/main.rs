//! The local shop as a process of its own, built together with the tests that call it over HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    local::main()
}

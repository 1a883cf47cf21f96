//! `cargo local`: the whole shop on this machine.

fn main() -> std::process::ExitCode {
    local::main()
}

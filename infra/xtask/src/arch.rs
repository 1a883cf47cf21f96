//! The processors that functions are built for.

use clap::ValueEnum;

/// A processor that Lambda offers.
#[derive(Clone, Copy, ValueEnum)]
pub enum Arch {
    /// Graviton: what template.yaml deploys by default. Needs `rustup target add aarch64-unknown-linux-gnu`.
    #[value(name = "arm64")]
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86_64")]
    X86,
}

impl Arch {
    /// What Rust calls it.
    pub fn triple(self) -> &'static str {
        match self {
            Arch::Arm64 => "aarch64-unknown-linux-gnu",
            Arch::X86 => "x86_64-unknown-linux-gnu",
        }
    }
}

//! What can be said on the command line.

use std::{net::Ipv4Addr, path::PathBuf};

use clap::Parser;

/// The whole shop in one process: the API, its table, queues, mail and payment gateway.
#[derive(Debug, Clone, Parser)]
#[command(name = "merkato", bin_name = "cargo local --", version)]
pub struct Flags {
    /// Port on 127.0.0.1; 0 picks a free one and prints it. With --backends-only it is 4000, since
    /// `sam local start-api` takes 3000.
    #[arg(
        long,
        default_value_t = 3000,
        default_value_if("backends_only", "true", "4000"),
        value_name = "PORT"
    )]
    pub port: u16,

    /// Directory for the shop's data, created if it is missing.
    #[arg(long, default_value = ".local", value_name = "DIR")]
    pub data: PathBuf,

    /// Keep everything in memory: nothing is read from or written to the data directory.
    #[arg(long, conflicts_with = "fresh")]
    pub memory: bool,

    /// Fill the shop with a demonstration catalogue, unless it has one.
    #[arg(long, conflicts_with = "backends_only")]
    pub demo: bool,

    /// Only the stand-ins for AWS and Chapa and the control pages, for `sam local start-api`.
    ///
    /// The AWS stand-ins listen on the port above --port and DynamoDB on the one above that.
    #[arg(long)]
    pub backends_only: bool,

    /// With --backends-only, listen on this private address as well, so that containers come in.
    ///
    /// Docker on Linux needs its bridge here, mostly 172.17.0.1; Docker Desktop needs nothing.
    #[arg(long, value_name = "ADDRESS", requires = "backends_only")]
    pub also_on: Option<Ipv4Addr>,

    /// Begin anew: remove the shop's own files from the data directory first.
    #[arg(long)]
    pub fresh: bool,
}

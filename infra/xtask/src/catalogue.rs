//! Brings a catalogue into a shop and out of it again, as a file in the layout of Shopify's export.
//!
//! The file goes in pieces that the shop answers within seconds. A product that is in the shop as
//! the file says is left alone, so whatever breaks off is carried on by the same command.

mod pieces;

use std::{
    fs,
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use ureq::{
    Agent, Body,
    http::{Response, header},
};

use crate::report;
use pieces::{Piece, cut};

/// How often a piece is sent that was not answered, or with 429 or 5xx.
const MAX_TRIES: u32 = 6;
/// How many products that were not taken are told one by one.
const MAX_TOLD: usize = 50;

/// A shop, and the key of somebody who works there.
#[derive(clap::Args)]
pub struct Shop {
    /// The shop's address, such as http://127.0.0.1:3000.
    #[arg(long)]
    url: String,
    /// The key that a login of staff answered.
    #[arg(long, env = "MERKATO_KEY", hide_env_values = true)]
    key: String,
}

#[derive(clap::Args)]
pub struct ImportFlags {
    /// The file: CSV, as Shopify exports products.
    file: PathBuf,
    #[command(flatten)]
    shop: Shop,
    /// Only says what would happen.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
pub struct ExportFlags {
    /// Where to write the file.
    file: PathBuf,
    #[command(flatten)]
    shop: Shop,
}

/// What became of the file so far.
#[derive(Default)]
struct Sum {
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
    categories: Vec<String>,
    problems: Vec<String>,
}

/// Imports a file. `false` if some of its products were not taken.
pub fn import(flags: &ImportFlags) -> Result<bool> {
    let file = fs::read(&flags.file).with_context(|| format!("{}", flags.file.display()))?;
    let pieces = cut(&file)?;
    let products = pieces.iter().map(|piece| piece.products).sum();
    let agent = agent();
    let bar = ProgressBar::new(products).with_style(style());
    let mut sum = Sum::default();
    let started = Instant::now();
    for piece in &pieces {
        send_piece(&agent, flags, piece, &mut sum, &bar)?;
        bar.inc(piece.products);
    }
    bar.finish_and_clear();
    sum.tell(flags.dry_run, started.elapsed());
    Ok(sum.refused == 0)
}

/// Exports the whole catalogue.
pub fn export(flags: &ExportFlags) -> Result<bool> {
    let agent = agent();
    let bar = ProgressBar::new_spinner();
    let mut next = Some(format!("{}/api/products/export/", base(&flags.shop)));
    let mut file = Vec::new();
    let mut pages = 0;
    while let Some(url) = next {
        let mut answer = with_patience(&bar, || get(&agent, &flags.shop, &url))?;
        next = next_link(&answer);
        let page = answer.body_mut().read_to_vec()?;
        pages += 1;
        let rows = if pages == 1 {
            0
        } else {
            pieces::header_length(&page)
        };
        file.extend_from_slice(page.get(rows..).unwrap_or_default());
        bar.set_message(format!(
            "{pages} pages, {}",
            report::megabytes(file.len() as u64)
        ));
        bar.tick();
    }
    bar.finish_and_clear();
    fs::write(&flags.file, &file).with_context(|| format!("{}", flags.file.display()))?;
    report::line(&format!(
        "{}: {}",
        flags.file.display(),
        report::megabytes(file.len() as u64)
    ));
    Ok(true)
}

fn send_piece(
    agent: &Agent,
    flags: &ImportFlags,
    piece: &Piece,
    sum: &mut Sum,
    bar: &ProgressBar,
) -> Result<()> {
    let mut from_line = 0;
    loop {
        let url = format!(
            "{}/api/products/import/?dry_run={}&from_line={from_line}",
            base(&flags.shop),
            flags.dry_run
        );
        let mut answer = with_patience(bar, || {
            agent
                .post(&url)
                .header(header::AUTHORIZATION, format!("Bearer {}", flags.shop.key))
                .content_type("text/csv; charset=utf-8")
                .send(&piece.file)
        })?;
        let text = answer.body_mut().read_to_string()?;
        let told: Value = serde_json::from_str(&text).unwrap_or_default();
        ensure!(
            answer.status() == 200,
            "the shop refused the file with {}: {text}",
            answer.status()
        );
        // What is wrong before the line to go on from is told each time again.
        sum.add(&told, piece, from_line == 0);
        match told["next_line"].as_u64() {
            Some(line) if line > from_line => from_line = line,
            Some(_) => bail!("the shop does not get on with the file"),
            None => return Ok(()),
        }
    }
}

fn get(agent: &Agent, shop: &Shop, url: &str) -> Result<Response<Body>, ureq::Error> {
    let key = format!("Bearer {}", shop.key);
    agent.get(url).header(header::AUTHORIZATION, key).call()
}

/// Sends until there is an answer that trying again would not change.
fn with_patience(
    bar: &ProgressBar,
    mut send: impl FnMut() -> Result<Response<Body>, ureq::Error>,
) -> Result<Response<Body>> {
    let mut pause = Duration::from_secs(1);
    for attempt in 1..=MAX_TRIES {
        let trouble = match send() {
            Ok(answer) if answer.status() == 429 || answer.status().is_server_error() => {
                anyhow!("the shop answered {}", answer.status())
            }
            Ok(answer) => return Ok(answer),
            Err(error) => error.into(),
        };
        if attempt == MAX_TRIES {
            return Err(trouble.context("gave up; the same command goes on where this one ended"));
        }
        bar.set_message(format!("{trouble:#}, trying again"));
        sleep(pause);
        pause *= 2;
    }
    bail!("never tried")
}

/// The address of the next page, as the `Link` header says.
fn next_link(answer: &Response<Body>) -> Option<String> {
    let links = answer.headers().get(header::LINK)?.to_str().ok()?;
    let next = links
        .split(',')
        .find(|link| link.contains("rel=\"next\""))?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    Some(address.to_owned())
}

fn base(shop: &Shop) -> &str {
    shop.url.trim_end_matches('/')
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {pos}/{len} products, {eta} left {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Sum {
    fn add(&mut self, told: &Value, piece: &Piece, with_unread: bool) {
        let count = |name: &str| told[name].as_u64().unwrap_or_default();
        self.created += count("created");
        self.updated += count("updated");
        self.unchanged += count("unchanged");
        let problems = told["problems"].as_array().cloned().unwrap_or_default();
        if with_unread {
            self.refused += count("refused");
        }
        for problem in problems.iter().filter(|_| with_unread) {
            let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
            self.problems.push(format!(
                "line {}: {}: {}: {}",
                piece.line_in_file(problem["line"].as_u64().unwrap_or_default()),
                text("handle"),
                text("column"),
                text("message")
            ));
        }
        let categories = told["categories_created"].as_array().cloned();
        for name in categories.unwrap_or_default() {
            self.categories.extend(name.as_str().map(str::to_owned));
        }
    }

    fn tell(&mut self, is_dry: bool, took: Duration) {
        for problem in self.problems.iter().take(MAX_TOLD) {
            report::line(problem);
        }
        if let Some(more) = self
            .problems
            .len()
            .checked_sub(MAX_TOLD)
            .filter(|more| *more > 0)
        {
            report::line(&format!("… and {more} more"));
        }
        self.categories.sort_unstable();
        self.categories.dedup();
        let would = if is_dry { "would be " } else { "" };
        report::line(&format!(
            "{} products {would}created, {} {would}updated, {} unchanged, {} refused; \
             {} categories {would}created; {}",
            self.created,
            self.updated,
            self.unchanged,
            self.refused,
            self.categories.len(),
            report::spoken(took)
        ));
    }
}

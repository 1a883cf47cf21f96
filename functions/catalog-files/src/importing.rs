//! `POST /api/products/import/`: a file of products, made or brought up to date one by one.
//!
//! Each product is written whole or not at all, by its handle, and one that is as the file says
//! already is left alone. So an import that broke off is carried on by sending the same file again.

use std::{collections::HashMap, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
};
use domain::product::Product;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use store::{CreateProductError, EditProductError, ProductRefusal, StoreError};
use tokio::time::Instant;
use web::{Error, Result, Shop, body::unsupported, identity::Staff};

use crate::{
    columns::{CATEGORY, Column, HANDLE, SKU},
    goods::{Goods, Problem, Shelf},
    matching::{self, Making},
    reading,
    shelving::Shelves,
};

/// The most bytes of a file. Lambda takes 6 MB with what stands around it.
pub(crate) const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;
/// How long an import goes on before it says where it stopped: API Gateway waits 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many products are looked up at once.
const BATCH: usize = 100;
/// How many categories are seen to side by side.
const SIDE_BY_SIDE: usize = 8;
/// The most problems that an answer lists.
const MAX_PROBLEMS: usize = 1_000;
/// How often an id is drawn anew that turns out to be in use.
const MAX_DRAWS: usize = 5;

/// What is to be done with the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Options {
    /// Whether only to say what would happen.
    dry_run: bool,
    /// The line of a product to begin with, as an earlier answer said.
    from_line: u64,
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    dry_run: bool,
    /// Products that were made, changed, found to be so already, and not taken.
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    /// Categories that were made for them, by name.
    categories_created: Vec<String>,
    /// Why products were not taken, at most a thousand.
    problems: Vec<Problem>,
    /// Where to go on, if the time was not enough for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_line: Option<u64>,
}

/// What became of one product.
enum Outcome {
    Created,
    Updated,
    Unchanged,
    Refused(Problem),
}

pub(crate) async fn import(
    State(shop): State<Shop>,
    _: Staff,
    query: std::result::Result<Query<Options>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    file: Bytes,
) -> Result<Json<Report>> {
    let Query(options) = query.map_err(|_| {
        let text = "dry_run is true or false, and from_line a line's number.";
        Error::detail(StatusCode::BAD_REQUEST, text)
    })?;
    require_csv(&headers)?;
    let found = reading::read(&file).map_err(|error| Error::field("file", error.to_string()))?;
    let mut report = Report {
        dry_run: options.dry_run,
        ..Report::default()
    };
    let mut wanted = Vec::new();
    for goods in found {
        match goods {
            Ok(goods) if goods.line >= options.from_line => wanted.push(goods),
            Ok(_) => {}
            Err(problems) => report.refuse(problems),
        }
    }
    let shelves = Shelves::arrange(&shop, &wanted, options.dry_run).await?;
    report.categories_created = shelves.created();
    let started = Instant::now();
    for batch in wanted.chunks(BATCH) {
        if started.elapsed() > PATIENCE {
            report.next_line = batch.first().map(|goods| goods.line);
            break;
        }
        import_batch(&shop, batch, &shelves, &mut report).await?;
    }
    Ok(Json(report))
}

fn require_csv(headers: &HeaderMap) -> Result<()> {
    let sent = headers.get(header::CONTENT_TYPE);
    let sent = sent
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media = sent.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("text/csv") {
        return Ok(());
    }
    Err(unsupported(sent))
}

async fn import_batch(
    shop: &Shop,
    batch: &[Goods],
    shelves: &Shelves,
    report: &mut Report,
) -> Result<()> {
    let slugs: Vec<&str> = batch.iter().map(|goods| goods.slug.as_str()).collect();
    let known = shop.store.find_products_by_slug(&slugs).await?;
    let mut by_shelf: Vec<(&Shelf, Vec<&Goods>)> = Vec::new();
    for goods in batch {
        match by_shelf
            .iter_mut()
            .find(|(shelf, _)| *shelf == &goods.shelf)
        {
            Some((_, others)) => others.push(goods),
            None => by_shelf.push((&goods.shelf, vec![goods])),
        }
    }
    let mut imports = Vec::with_capacity(by_shelf.len());
    for (_, goods) in by_shelf {
        imports.push(Box::pin(import_shelf(
            shop,
            goods,
            &known,
            shelves,
            report.dry_run,
        )));
    }
    let outcomes: Vec<Vec<Outcome>> = stream::iter(imports)
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await?;
    for outcome in outcomes.into_iter().flatten() {
        match outcome {
            Outcome::Created => report.created += 1,
            Outcome::Updated => report.updated += 1,
            Outcome::Unchanged => report.unchanged += 1,
            Outcome::Refused(problem) => report.refuse(vec![problem]),
        }
    }
    Ok(())
}

/// Products of one category, one after the other. Each is written on condition that the category is
/// there, and DynamoDB refuses one of two transactions that ask for the same item at the same time.
async fn import_shelf(
    shop: &Shop,
    goods: Vec<&Goods>,
    known: &HashMap<String, Product>,
    shelves: &Shelves,
    is_dry: bool,
) -> std::result::Result<Vec<Outcome>, StoreError> {
    let mut outcomes = Vec::with_capacity(goods.len());
    for goods in goods {
        let known = known.get(&goods.slug);
        outcomes.push(import_one(shop, goods, known, shelves, is_dry).await?);
    }
    Ok(outcomes)
}

async fn import_one(
    shop: &Shop,
    goods: &Goods,
    known: Option<&Product>,
    shelves: &Shelves,
    is_dry: bool,
) -> std::result::Result<Outcome, StoreError> {
    let Some(category) = shelves.of(&goods.shelf) else {
        return Ok(refused(goods, CATEGORY, "There is no such category."));
    };
    let draw = || shop.entropy.id();
    let making = Making {
        category,
        now: shop.clock.now(),
        draw: &draw,
    };
    let Some(product) = known else {
        return if is_dry {
            Ok(Outcome::Created)
        } else {
            create(shop, goods, &making).await
        };
    };
    let mut compared = store::StockedProduct {
        product: product.clone(),
        stock: Vec::new(),
    };
    if !matching::change(goods, &mut compared, &making) {
        return Ok(Outcome::Unchanged);
    }
    if is_dry {
        return Ok(Outcome::Updated);
    }
    let version = || shop.entropy.version();
    let edited = shop.store.edit_product(product.id, version, |stocked| {
        matching::change(goods, stocked, &making);
        Ok::<(), std::convert::Infallible>(())
    });
    match edited.await {
        Ok(_) => Ok(Outcome::Updated),
        Err(EditProductError::Missing) => {
            Ok(refused(goods, HANDLE, "The product was deleted meanwhile."))
        }
        Err(EditProductError::Rejected(reasons)) => Ok(rejected(goods, &reasons)),
        Err(EditProductError::Refused(never)) => match never {},
        Err(EditProductError::Store(fault)) => Err(fault),
    }
}

async fn create(
    shop: &Shop,
    goods: &Goods,
    making: &Making<'_>,
) -> std::result::Result<Outcome, StoreError> {
    for _ in 0..MAX_DRAWS {
        let stocked = matching::create(goods, shop.entropy.version(), making);
        match shop.store.create_product(&stocked).await {
            Ok(()) => return Ok(Outcome::Created),
            Err(CreateProductError::IdTaken) => {}
            Err(CreateProductError::Refused(reasons)) => return Ok(rejected(goods, &reasons)),
            Err(CreateProductError::Store(fault)) => return Err(fault),
        }
    }
    Err(StoreError::Unavailable(
        "every id drawn for a product was in use".to_owned(),
    ))
}

fn rejected(goods: &Goods, reasons: &[ProductRefusal]) -> Outcome {
    let column = match reasons.first() {
        Some(ProductRefusal::SkuTaken(_)) => SKU,
        Some(ProductRefusal::CategoryMissing) => CATEGORY,
        _ => HANDLE,
    };
    let messages: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    refused(goods, column, messages.join(" "))
}

fn refused(goods: &Goods, column: Column, message: impl Into<String>) -> Outcome {
    Outcome::Refused(Problem {
        line: goods.line,
        handle: Some(goods.slug.clone()),
        column: column.0,
        message: message.into(),
    })
}

impl Report {
    /// One product that was not taken, with all that is wrong with it.
    fn refuse(&mut self, problems: Vec<Problem>) {
        self.refused += 1;
        let room = MAX_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(problems.into_iter().take(room));
    }
}

//! Whatever is done to products, and whatever the table does meanwhile, their claims, their places in
//! categories and their stock stay exactly theirs.

use std::{collections::BTreeMap, convert::Infallible};

use domain::{
    CategoryId, ProductId, VariantId,
    product::{Product, Variant},
    stock::{Location, StockLevel},
};
use emulator::{Fault, FaultKind, Service};
use proptest::prelude::*;
use store::StockedProduct;

use crate::{
    product_edits::{assert_in_step, edited},
    samples::{Bench, NOW},
};

/// Few names for many products, so that they meet.
const NAMES: u8 = 4;

/// What is done next, to the product of this place if there is one.
#[derive(Debug, Clone)]
enum Step {
    Make {
        slug: u8,
        sku: u8,
    },
    Rename {
        at: usize,
        slug: u8,
        sku: Option<u8>,
    },
    Move {
        at: usize,
    },
    Watch {
        at: usize,
        threshold: Option<u32>,
    },
    Vary {
        at: usize,
        skus: Vec<Option<u8>>,
    },
    Order {
        at: usize,
    },
    Delete {
        at: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let name = || 0..NAMES;
    let at = || 0..4_usize;
    let skus = prop::collection::vec(prop::option::of(name()), 1..4);
    prop_oneof![
        3 => (name(), name()).prop_map(|(slug, sku)| Step::Make { slug, sku }),
        3 => (at(), name(), prop::option::of(name()))
            .prop_map(|(at, slug, sku)| Step::Rename { at, slug, sku }),
        1 => at().prop_map(|at| Step::Move { at }),
        1 => (at(), prop::option::of(0..12_u32))
            .prop_map(|(at, threshold)| Step::Watch { at, threshold }),
        4 => (at(), skus).prop_map(|(at, skus)| Step::Vary { at, skus }),
        1 => at().prop_map(|at| Step::Order { at }),
        1 => at().prop_map(|at| Step::Delete { at }),
    ]
}

/// What the table does meanwhile: the SDK tries three times, so three failures are one that is told.
pub fn fault() -> impl Strategy<Value = Option<Fault>> {
    let kind = prop_oneof![
        Just(FaultKind::LostAnswer),
        Just(FaultKind::Conflict),
        Just(FaultKind::Refused),
        Just(FaultKind::Throttled),
    ];
    let fault = (1..=4_u32, kind, 1..=4_u32).prop_map(|(nth, kind, times)| Fault {
        service: Service::Dynamodb,
        nth,
        kind,
        times,
    });
    prop::option::of(fault)
}

fn sku(number: u8) -> String {
    format!("SKU-{number}")
}

/// Gives a product the variants with these SKUs, keeping the first one it has.
fn vary(bench: &Bench, stocked: &mut StockedProduct, skus: &[Option<u8>]) {
    let product = stocked.product.id;
    stocked.product.variants.truncate(1);
    for (place, number) in skus.iter().enumerate() {
        let id = VariantId(bench.id());
        stocked.product.variants.push(Variant {
            id,
            sku: number.map(sku),
            options: BTreeMap::from([("size".to_owned(), place.to_string())]),
            price: None,
            is_active: true,
        });
        let level = StockLevel::new(product, id, Location::main(), 5, NOW);
        stocked.stock.push(level);
    }
}

/// Does one thing. Whether it succeeds is not the question here.
async fn act(
    bench: &Bench,
    categories: [CategoryId; 2],
    products: &mut Vec<ProductId>,
    step: &Step,
) {
    let known = |at: usize| products.get(at).copied();
    match step {
        Step::Make { slug, sku: number } => {
            let mut new = bench.product(categories[0], &format!("slug-{slug}"), 5);
            new.product.sku = Some(sku(*number));
            new.product.variants[0].sku = Some(sku(*number));
            products.push(new.product.id);
            let _ = bench.store.create_product(&new).await;
        }
        Step::Rename {
            at,
            slug,
            sku: number,
        } => {
            let Some(id) = known(*at) else { return };
            let _ = edited(bench, id, |stocked| {
                stocked.product.slug = format!("slug-{slug}");
                stocked.product.sku = number.map(sku);
            })
            .await;
        }
        Step::Move { at } => {
            let Some(id) = known(*at) else { return };
            let _ = edited(bench, id, |stocked| {
                let product = &mut stocked.product;
                let place = categories
                    .iter()
                    .position(|known| *known == product.category);
                product.category = categories[1 - place.unwrap_or(0)];
            })
            .await;
        }
        Step::Watch { at, threshold } => {
            let Some(id) = known(*at) else { return };
            let _ = edited(bench, id, |stocked| {
                stocked.product.low_stock_threshold = *threshold;
            })
            .await;
        }
        Step::Vary { at, skus } => {
            let Some(id) = known(*at) else { return };
            let _ = edited(bench, id, |stocked| vary(bench, stocked, skus)).await;
        }
        Step::Order { at } => {
            let Some(id) = known(*at) else { return };
            let Ok(Some(stocked)) = bench.store.find_product(id).await else {
                return;
            };
            if stocked.available_of(stocked.product.variants[0].id) == 0 {
                return;
            }
            bench.wire.clear_faults();
            let shopper = format!("{}@example.com", bench.id());
            bench.placed(&shopper, &[stocked], 1).await;
            bench.store.refresh_shown_stock(id).await.unwrap();
        }
        Step::Delete { at } => {
            let Some(id) = known(*at) else { return };
            let admit = |_: &StockedProduct| Ok::<(), Infallible>(());
            let _ = bench.store.delete_product(id, admit).await;
        }
    }
}

/// That what a product says of its own stock was so when it was last brought up to date.
async fn assert_shown(bench: &Bench, products: &[ProductId]) {
    for id in products {
        bench.store.refresh_shown_stock(*id).await.unwrap();
        let found = bench.store.find_fresh_product(*id).await.unwrap();
        let Some(StockedProduct { product, stock }) = found else {
            continue;
        };
        let Product {
            shown_stock,
            variants,
            ..
        } = product;
        let levels = stock.iter().map(|level| level.revision).sum::<u64>();
        assert_eq!(shown_stock.revision, levels + shown_stock.retired);
        for variant in &variants {
            let units = stock.iter().filter(|level| level.variant == variant.id);
            let units = units.map(|level| level.available).sum::<u32>();
            assert_eq!(shown_stock.available_of(variant.id), units);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn claims_places_and_stock_are_those_of_the_products(
        steps in prop::collection::vec((step(), fault()), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::open().await;
            let mut categories = [CategoryId(bench.id()); 2];
            for (place, slug) in ["one", "two"].iter().enumerate() {
                let category = bench.category(slug, None);
                bench.store.create_category(&category).await.unwrap();
                categories[place] = category.id;
            }
            let mut products = Vec::new();
            for (step, fault) in &steps {
                if let Some(fault) = fault {
                    bench.wire.inject(*fault).unwrap();
                }
                act(&bench, categories, &mut products, step).await;
                bench.wire.clear_faults();
                assert_in_step(&bench).await;
            }
            assert_shown(&bench, &products).await;
        });
    }
}

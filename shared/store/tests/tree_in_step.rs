//! Whatever is done to categories, and whatever the table does meanwhile, the tree has no cycle and no
//! gap, slugs are claimed by those that bear them, and products stand in categories that are there.

use domain::{CategoryId, ProductId, category::Category};
use proptest::prelude::*;

use crate::{
    categories::{assert_whole, changed, deleted},
    in_step::fault,
    product_edits::assert_in_step,
    samples::{Bench, NOW},
};

/// Few names for many categories, so that they meet.
const NAMES: u8 = 5;

/// What is done next, to the category of this place if there is one.
#[derive(Debug, Clone)]
enum Step {
    Make {
        slug: u8,
        parent: Option<usize>,
    },
    Change {
        at: usize,
        slug: u8,
        parent: Option<usize>,
    },
    Fill {
        at: usize,
    },
    Clear {
        at: usize,
        to: usize,
    },
    Delete {
        at: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..6_usize;
    prop_oneof![
        4 => (0..NAMES, prop::option::of(at())).prop_map(|(slug, parent)| Step::Make { slug, parent }),
        4 => (at(), 0..NAMES, prop::option::of(at()))
            .prop_map(|(at, slug, parent)| Step::Change { at, slug, parent }),
        1 => at().prop_map(|at| Step::Fill { at }),
        1 => (at(), at()).prop_map(|(at, to)| Step::Clear { at, to }),
        3 => at().prop_map(|at| Step::Delete { at }),
    ]
}

/// Does one thing. Whether it succeeds is not the question here.
async fn act(bench: &Bench, categories: &mut Vec<CategoryId>, products: &mut u32, step: &Step) {
    let known = |at: usize| categories.get(at).copied();
    match step {
        Step::Make { slug, parent } => {
            let parent = parent.and_then(known);
            let new = bench.category(&format!("slug-{slug}"), parent);
            let _ = bench.store.create_category(&new).await;
            categories.push(new.id);
        }
        Step::Change { at, slug, parent } => {
            let Some(id) = known(*at) else { return };
            let parent = parent.and_then(known);
            let change = |after: &mut Category| {
                after.slug = format!("slug-{slug}");
                after.parent = parent;
            };
            let _ = changed(bench, id, change).await;
        }
        Step::Fill { at } => {
            let Some(id) = known(*at) else { return };
            *products += 1;
            let product = bench.product(id, &format!("product-{products}"), 1);
            let _ = bench.store.create_product(&product).await;
        }
        Step::Clear { at, to } => {
            let (Some(from), Some(to)) = (known(*at), known(*to)) else {
                return;
            };
            let Ok(found) = bench.store.shelved_products(from, 100).await else {
                return;
            };
            let found: Vec<ProductId> = found;
            let version = || bench.version();
            let moving = bench.store.move_products(&found, from, to, NOW, version);
            let _ = moving.await;
        }
        Step::Delete { at } => {
            let Some(id) = known(*at) else { return };
            let _ = deleted(bench, id).await;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_stays_whole_and_its_slugs_its_own(
        steps in prop::collection::vec((step(), fault()), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::open().await;
            let (mut categories, mut products) = (Vec::new(), 0);
            for (step, fault) in steps {
                if let Some(fault) = fault {
                    bench.wire.inject(fault).unwrap();
                }
                act(&bench, &mut categories, &mut products, &step).await;
                bench.wire.clear_faults();
                assert_whole(&bench).await;
                assert_in_step(&bench).await;
            }
        });
    }
}

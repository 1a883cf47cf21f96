//! What staff see of stock: levels page by page, products that run low, units that are promised, and
//! whether a place holds any.

use domain::{
    Id, ProductId, Timestamp, VariantId,
    ledger::on_hand,
    order::{Due, Order},
    product::Product,
    stock::{Location, StockLevel},
};
use futures::future::try_join_all;

use crate::{
    Page, PageRequest, ProductFilter, StockedProduct, Store, StoreError,
    carts::sort_key,
    item,
    keys::{DUE_SHARDS, Index, Key, LOW_STOCK_PK, due_pk, place_pk, product_sk},
    read::{Consistency, Range, Run},
};

/// How many levels a page of products may bring along before it is cut short.
const MAX_LEVELS: usize = 500;
/// How many levels of a place are looked at in one request: pages of [`RUN_LENGTH`].
const MAX_RUNS: usize = 50;
/// How many holds of one shard that end in the same second are listed.
const MAX_IN_A_SECOND: usize = 1_000;
/// How many levels of a place one query gives.
const RUN_LENGTH: usize = 100;

impl Store {
    /// A page of all products, shown or hidden, with their stock levels as they are. Query gsi1
    /// `CATALOG` and `CATALOG#HIDDEN`, then BatchGetItem of `PRODUCT#id / STOCK#…`. The page is cut
    /// short where its products have very many levels.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_stock(&self, page: PageRequest) -> Result<Page<StockedProduct>, StoreError> {
        let filter = ProductFilter {
            with_inactive: true,
            ..ProductFilter::default()
        };
        let page = self.list_products(&filter, page).await?;
        self.with_levels(page.items, page.next).await
    }

    /// A page of the products that run low, newest first, with their stock levels. Query `LOW_STOCK`,
    /// then BatchGetItem of the products and of `PRODUCT#id / STOCK#…`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_low_stock(
        &self,
        page: PageRequest,
    ) -> Result<Page<StockedProduct>, StoreError> {
        let run = Run {
            index: None,
            pk: LOW_STOCK_PK.to_owned(),
            range: page
                .after
                .map_or(Range::All, |id| Range::Below(product_sk(ProductId(id)))),
            newest_first: true,
            limit: page.limit,
            consistency: Consistency::Eventual,
            description: "products that run low",
        };
        let (entries, more) = self.run(run).await?;
        let ids: Vec<ProductId> = entries
            .iter()
            .filter_map(|entry| sort_key(entry).strip_prefix("PRODUCT#")?.parse().ok())
            .filter_map(|number: u64| ProductId::try_from(number).ok())
            .collect();
        let next = ids.last().filter(|_| more).map(|id| id.0);
        let mut products = self.find_products(&ids).await?;
        products.sort_by_key(|product| std::cmp::Reverse(product.id));
        self.with_levels(products, next).await
    }

    /// Products with the levels that their copies of the stock name.
    async fn with_levels(
        &self,
        mut products: Vec<Product>,
        mut next: Option<Id>,
    ) -> Result<Page<StockedProduct>, StoreError> {
        let mut keys: Vec<Key> = Vec::new();
        for place in 0..products.len() {
            let of_this = level_keys(&products[place]);
            if place > 0 && keys.len() + of_this.len() > MAX_LEVELS {
                products.truncate(place);
                next = products.last().map(|product| product.id.0);
                break;
            }
            keys.extend(of_this.into_iter().map(|(_, key)| key));
        }
        let levels = self.levels(&keys).await?;
        Ok(Page {
            items: share_out(products, levels),
            next,
        })
    }

    /// Orders whose units are promised now, the first to lose them first, from those that lose them
    /// at `from` on; and the time from which to go on. Query gsi2 `DUE#HOLD#shard`, all shards side
    /// by side. A page ends with a whole second: it may be short, or hold more than `limit` where
    /// that many orders end in one second.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_holds(
        &self,
        from: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Order>, Option<Timestamp>), StoreError> {
        let (orders, bound) = self.holds(from.padded(), "~".to_owned(), limit).await?;
        let ends_at = |order: &Order| order.hold.expires_at;
        let beyond = orders.get(limit).map(ends_at);
        let Some(next) = [bound, beyond].into_iter().flatten().min() else {
            return Ok((orders, None));
        };
        let first = orders.first().map_or(from, ends_at);
        if first < next {
            let whole = orders.into_iter().filter(|order| ends_at(order) < next);
            return Ok((whole.collect(), Some(next)));
        }
        // The first second alone fills the page: all of it is the page.
        let (from, to) = (first.padded(), format!("{}#~", first.padded()));
        let (orders, _) = self.holds(from, to, MAX_IN_A_SECOND).await?;
        Ok((orders, Some(first.plus_secs(1))))
    }

    /// Orders in a stretch of the index, in order of their end, at most `limit` of each shard; and up
    /// to where all are among them, if that is not the stretch's end: behind the last order of a
    /// shard that has more there may be others of the same second.
    async fn holds(
        &self,
        from: String,
        to: String,
        limit: usize,
    ) -> Result<(Vec<Order>, Option<Timestamp>), StoreError> {
        let shards = (0..DUE_SHARDS).map(|shard| {
            self.run(Run {
                index: Some(Index::Gsi2),
                pk: due_pk(Due::HoldEnds, shard),
                range: Range::Between(from.clone(), to.clone()),
                newest_first: false,
                limit,
                consistency: Consistency::Eventual,
                description: "promised units",
            })
        });
        let mut orders: Vec<Order> = Vec::new();
        let mut bound: Option<Timestamp> = None;
        for (items, more) in try_join_all(shards).await? {
            let found: Result<Vec<Order>, _> = items.into_iter().map(item::parse).collect();
            let found = found?;
            if let Some(last) = found.last().filter(|_| more) {
                let last = last.hold.expires_at;
                bound = Some(bound.map_or(last, |known| known.min(last)));
            }
            orders.extend(found);
        }
        orders.sort_by_key(|order| (order.hold.expires_at, order.id));
        Ok((orders, bound))
    }

    /// Whether a place holds units, promised or not. Query `LOCATION#code`, fresh, then BatchGetItem
    /// of `PRODUCT#id / STOCK#…`, fresh, page by page. `None` if there are too many levels to tell.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_holds_units(&self, place: &Location) -> Result<Option<bool>, StoreError> {
        let mut after: Option<String> = None;
        for _ in 0..MAX_RUNS {
            let run = Run {
                index: None,
                pk: place_pk(place),
                range: after.take().map_or(Range::All, |sk| {
                    Range::Between(format!("{sk}!"), "~".to_owned())
                }),
                newest_first: false,
                limit: RUN_LENGTH,
                consistency: Consistency::Fresh,
                description: "levels at a place",
            };
            let (entries, more) = self.run(run).await?;
            let keys: Vec<Key> = entries
                .iter()
                .filter_map(|entry| Key::of_level_at_place(&sort_key(entry), place))
                .collect();
            for found in self.get_all(&keys, Consistency::Fresh).await? {
                if on_hand(&item::parse(found)?) > 0 {
                    return Ok(Some(true));
                }
            }
            if !more {
                return Ok(Some(false));
            }
            after = entries.last().map(|entry| sort_key(entry).to_string());
        }
        Ok(None)
    }

    /// Products with the stock of these variants of them as it can be bought now, in no order; missing
    /// ones are left out. No variant means the only one there is. BatchGetItem of
    /// `PRODUCT#id / PRODUCT`, fresh, then of `PRODUCT#id / STOCK#…`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_stock_of(
        &self,
        wanted: &[(ProductId, Option<VariantId>)],
    ) -> Result<Vec<StockedProduct>, StoreError> {
        let ids: Vec<ProductId> = wanted.iter().map(|(id, _)| *id).collect();
        let products = self.find_products(&ids).await?;
        let is_wanted = |product: &Product, variant: VariantId| {
            let sole = product.sole_variant().map(|variant| variant.id);
            let mut wanted = wanted.iter().filter(|(id, _)| *id == product.id);
            wanted.any(|(_, named)| named.or(sole) == Some(variant))
        };
        let keys: Vec<Key> = products
            .iter()
            .flat_map(|product| {
                let levels = level_keys(product).into_iter();
                levels.filter(|(variant, _)| is_wanted(product, *variant))
            })
            .map(|(_, key)| key)
            .collect();
        let levels = self.levels(&keys).await?;
        Ok(share_out(products, levels))
    }

    /// Stock levels by their keys, those of one variant side by side.
    async fn levels(&self, keys: &[Key]) -> Result<Vec<StockLevel>, StoreError> {
        let found = self.get_all(keys, Consistency::Eventual).await?;
        let levels: Result<Vec<StockLevel>, _> = found.into_iter().map(item::parse).collect();
        let mut levels = levels?;
        levels.sort_by(|one, other| {
            (one.variant, &one.location).cmp(&(other.variant, &other.location))
        });
        Ok(levels)
    }
}

/// The keys of a product's levels with their variants, as its copy names them. One that was stored
/// before there were copies has its levels at the main place.
fn level_keys(product: &Product) -> Vec<(VariantId, Key)> {
    let (id, shown) = (product.id, &product.shown_stock);
    if shown.revision == 0 && shown.levels.is_empty() {
        let variants = product.variants.iter().map(|variant| variant.id);
        return variants
            .map(|variant| (variant, Key::stock(id, variant, &Location::main())))
            .collect();
    }
    let levels = shown.levels.iter();
    levels
        .map(|level| {
            (
                level.variant,
                Key::stock(id, level.variant, &level.location),
            )
        })
        .collect()
}

/// Each product with those of the levels that are its own.
fn share_out(products: Vec<Product>, mut levels: Vec<StockLevel>) -> Vec<StockedProduct> {
    let products = products.into_iter();
    products
        .map(|product| {
            let own = levels.extract_if(.., |level| level.product == product.id);
            let stock = own.collect();
            StockedProduct { product, stock }
        })
        .collect()
}

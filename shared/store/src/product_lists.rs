//! Lists of products, newest first: the one place that knows how they are found.

use domain::{CategoryId, Id, ProductId, product::Product};
use futures::future::try_join_all;

use crate::{
    Page, PageRequest, Store, StoreError,
    item::{self, Item},
    keys::{Index, catalog_pk, category_pk, product_sk},
    read::{Consistency, Range, Run},
};

/// How many stretches of the index one filtered list request reads before it hands on to the next.
const MAX_RUNS: usize = 5;
/// How many products a stretch has where the filter drops some of them.
const RUN_LENGTH: usize = 100;
/// How many categories are read side by side, each in its own partition of the index. Where more are
/// wanted they hold much of what the shop has, and the whole catalogue is read through instead.
const MAX_MERGED: usize = 24;

/// Which products a list shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductFilter {
    /// Only those of these categories.
    pub categories: Option<Vec<CategoryId>>,
    /// Only those that the shop shows off.
    pub featured: bool,
    /// Only those of which something can be bought, as far as lists know.
    pub in_stock: bool,
    /// Only those whose name contains each of these words, whatever the case and their order.
    pub search: Option<String>,
    /// Also those that customers do not see.
    pub with_inactive: bool,
}

impl ProductFilter {
    fn admits(&self, product: &Product) -> bool {
        let sells = |variant: &domain::product::Variant| {
            (self.with_inactive || variant.is_active)
                && product.shown_stock.available_of(variant.id) > 0
        };
        let is_in = |wanted: &Vec<CategoryId>| wanted.contains(&product.category);
        let is_called = |wanted: &String| {
            let (name, wanted) = (product.name.to_lowercase(), wanted.to_lowercase());
            wanted.split_whitespace().all(|word| name.contains(word))
        };
        (self.with_inactive || product.is_active)
            && (!self.featured || product.is_featured)
            && (!self.in_stock || product.variants.iter().any(sells))
            && self.categories.as_ref().is_none_or(is_in)
            && self.search.as_ref().is_none_or(is_called)
    }

    /// Where in which index the wanted products are.
    fn partitions(&self) -> (Index, Vec<String>) {
        let shown = [true, false].into_iter();
        let shown = shown.take(if self.with_inactive { 2 } else { 1 });
        match &self.categories {
            Some(categories) if categories.len() <= MAX_MERGED => {
                let partitions = shown.flat_map(|is_active| {
                    let pk = move |id: &CategoryId| category_pk(*id, is_active);
                    categories.iter().map(pk)
                });
                (Index::Gsi2, partitions.collect())
            }
            _ => {
                let partitions = shown.map(|is_active| catalog_pk(is_active).to_owned());
                (Index::Gsi1, partitions.collect())
            }
        }
    }

    /// How many products of each partition to read for a page of so many.
    fn stretch_length(&self, limit: usize) -> usize {
        let (index, partitions) = self.partitions();
        let is_found_by_key = self.categories.is_none() || index == Index::Gsi2;
        if is_found_by_key && !self.featured && !self.in_stock && self.search.is_none() {
            limit
        } else {
            limit.max(RUN_LENGTH / partitions.len().max(1))
        }
    }
}

impl Store {
    /// A page of the catalogue, newest first; of the stock only the copy that each product bears.
    /// Query gsi1 `CATALOG`, or gsi2 `CATEGORY#id` for each of the wanted categories, side by side;
    /// with those that customers do not see also `CATALOG#HIDDEN` or `CATEGORY#id#HIDDEN`. What the
    /// filter still drops is read within a bound of five stretches, so a page may be short without
    /// being the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_products(
        &self,
        filter: &ProductFilter,
        page: PageRequest,
    ) -> Result<Page<Product>, StoreError> {
        let length = filter.stretch_length(page.limit);
        let mut items = Vec::new();
        let mut after = page.after;
        for _ in 0..MAX_RUNS {
            let (run, more) = self.run_of_products(filter, after, length).await?;
            let last_read = run.last().map(|product| product.id.0);
            for product in run {
                after = Some(product.id.0);
                if filter.admits(&product) {
                    items.push(product);
                }
                if items.len() == page.limit {
                    break;
                }
            }
            if items.len() == page.limit {
                let next = (more || after != last_read).then_some(after).flatten();
                return Ok(Page { items, next });
            }
            if !more {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: after })
    }

    /// A stretch of the list, newest first, and whether there is more behind it.
    async fn run_of_products(
        &self,
        filter: &ProductFilter,
        after: Option<Id>,
        length: usize,
    ) -> Result<(Vec<Product>, bool), StoreError> {
        let (index, partitions) = filter.partitions();
        let stretches = partitions.into_iter().map(|pk| {
            self.run(Run {
                index: Some(index),
                pk,
                range: after.map_or(Range::All, |id| Range::Below(product_sk(ProductId(id)))),
                newest_first: true,
                limit: length,
                consistency: Consistency::Eventual,
                description: "products",
            })
        });
        let stretches = try_join_all(stretches).await?;
        let (mut items, more) = merge_stretches(index, stretches);
        let more = more || items.len() > length;
        items.truncate(length);
        let products: Result<_, _> = items.into_iter().map(item::parse).collect();
        Ok((products?, more))
    }
}

/// Stretches of several partitions as one, newest first and without gaps. Where a stretch was cut
/// off, by its length or by the megabyte that DynamoDB gives at a time, nobody knows what follows in
/// it: so whatever the others have beyond that point is left for the next stretch.
fn merge_stretches(index: Index, stretches: Vec<(Vec<Item>, bool)>) -> (Vec<Item>, bool) {
    let name = format!("{}sk", index.name());
    let place = |item: &Item| {
        let place = item.get(&name).and_then(|value| value.as_s().ok());
        place.cloned().unwrap_or_default()
    };
    let cut_off = stretches.iter().filter(|(_, more)| *more);
    let end = cut_off
        .filter_map(|(items, _)| items.last().map(place))
        .max();
    let more = stretches.iter().any(|(_, more)| *more);
    let items = stretches.into_iter().flat_map(|(items, _)| items);
    let mut items: Vec<Item> = items
        .filter(|item| end.as_ref().is_none_or(|end| place(item) >= *end))
        .collect();
    items.sort_by_cached_key(|item| std::cmp::Reverse(place(item)));
    (items, more)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn stretch(numbers: &[u16]) -> Vec<Item> {
        let place = |number: &u16| product_sk(ProductId(Id::compose(0, *number)));
        let item = |number| {
            let place = AttributeValue::S(place(number));
            Item::from([("gsi1sk".to_owned(), place)])
        };
        numbers.iter().map(item).collect()
    }

    #[test]
    fn merged_stretches_end_where_the_shortest_of_them_was_cut_off() {
        let cut = (stretch(&[9, 7]), true);
        let whole = (stretch(&[8, 6, 5]), false);
        let (items, more) = merge_stretches(Index::Gsi1, vec![cut.clone(), whole.clone()]);
        assert!(more);
        assert_eq!(
            items,
            stretch(&[9, 8, 7]),
            "6 may stand behind something unread"
        );
        let shorter = (stretch(&[10, 8]), true);
        let (items, _) = merge_stretches(Index::Gsi1, vec![cut, whole, shorter]);
        assert_eq!(items, stretch(&[10, 9, 8, 8]));
        let (items, more) = merge_stretches(
            Index::Gsi1,
            vec![(stretch(&[8]), false), (stretch(&[9]), false)],
        );
        assert!(!more);
        assert_eq!(items, stretch(&[9, 8]));
        assert_eq!(merge_stretches(Index::Gsi2, Vec::new()), (vec![], false));
    }
}

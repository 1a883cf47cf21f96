//! Products as everybody reads them: the catalogue newest first, and one product's page.

use axum::{
    Json,
    extract::State,
    http::header::ETAG,
    response::{IntoResponse, Response},
};
use domain::{ProductId, stock::ShownStock};
use store::{Page, ProductFilter, StockedProduct};
use web::{
    error::{Error, Result},
    identity::Reader,
    paging::Paging,
    request::{PathId, etag},
    shop::Shop,
};

use crate::{product_wire::ProductWire, shelves::Shelves};

/// `GET /api/products/`: newest first. Filters: `category` (a slug; with all that stand under it,
/// unless `category_exact`), `featured`, `in_stock`, `search` (words of the name).
pub(crate) async fn list(
    State(shop): State<Shop>,
    reader: Reader,
    paging: Paging,
) -> Result<Response> {
    let is_on = |name| paging.filter(name).is_some_and(means_yes);
    let mut filter = ProductFilter {
        categories: None,
        featured: is_on("featured"),
        in_stock: is_on("in_stock"),
        search: wanted(&paging, "search").map(str::to_owned),
        with_inactive: reader.is_staff(),
    };
    let (shelves, page) = match wanted(&paging, "category") {
        None => {
            let (tree, page) = tokio::try_join!(
                Box::pin(shop.store.category_tree()),
                Box::pin(shop.store.list_products(&filter, paging.request())),
            )?;
            (Shelves::seen_by(&reader, tree), page)
        }
        Some(slug) => {
            let shelves = Shelves::seen_by(&reader, shop.store.category_tree().await?);
            let shown = shelves.shown();
            let found = shown.find_by_slug(slug).map(|found| found.id);
            let found = found.map_or_else(Vec::new, |id| {
                if is_on("category_exact") {
                    vec![id]
                } else {
                    shown.with_descendants(id)
                }
            });
            filter.categories = Some(found);
            let page = shop.store.list_products(&filter, paging.request()).await?;
            (shelves, page)
        }
    };
    let products = page.items.iter();
    let wires = products
        .map(|product| ProductWire::of(product, &product.shown_stock, &shelves, reader.is_staff()));
    Ok(paging.answer(Page {
        items: wires.collect(),
        next: page.next,
    }))
}

/// `GET /api/products/{id}/`. The product with its stock and the categories are read side by side.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    reader: Reader,
    id: PathId,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let (found, tree) = tokio::try_join!(
        Box::pin(shop.store.find_product(id)),
        Box::pin(shop.store.category_tree()),
    )?;
    let stocked = visible(found, &reader)?;
    let shelves = Shelves::seen_by(&reader, tree);
    let tag = [(ETAG, etag(stocked.product.version))];
    // The copy lags behind: who looks at one product sees what its levels say.
    let shown = ShownStock::of(&stocked.stock, 0);
    let wire = ProductWire::of(&stocked.product, &shown, &shelves, reader.is_staff());
    Ok((tag, Json(wire)).into_response())
}

/// A product that was found, if this reader may see it: customers see what is active.
///
/// # Errors
/// 404, whether it is hidden or not there.
pub(crate) fn visible(found: Option<StockedProduct>, reader: &Reader) -> Result<StockedProduct> {
    found
        .filter(|stocked| stocked.product.is_active || reader.is_staff())
        .ok_or_else(|| Error::not_found("Product"))
}

/// A filter that was sent and says something: in the original a blank one filters nothing.
fn wanted<'a>(paging: &'a Paging, name: &str) -> Option<&'a str> {
    paging.filter(name).filter(|value| !value.is_empty())
}

/// Whether a switch in a query is on. The original took `featured=false` for a yes.
fn means_yes(value: &str) -> bool {
    let no = ["", "0", "f", "false", "n", "no", "off"];
    !no.contains(&value.trim().to_ascii_lowercase().as_str())
}

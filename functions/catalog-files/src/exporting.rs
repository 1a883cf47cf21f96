//! `GET /api/products/export/`: the catalogue as a file, page by page.
//!
//! A page is a file of its own with a header; the `Link` leads to the next one. Units are those that
//! lists show.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use store::ProductFilter;
use web::{Error, Result, Shop, identity::Staff, paging::Paging};

use crate::writing::{Exported, write};

pub(crate) async fn export(State(shop): State<Shop>, _: Staff, paging: Paging) -> Result<Response> {
    let paging = paging.largest();
    let everything = ProductFilter {
        with_inactive: true,
        ..ProductFilter::default()
    };
    let (tree, page) = tokio::try_join!(
        Box::pin(shop.store.category_tree()),
        Box::pin(shop.store.list_products(&everything, paging.request())),
    )?;
    let exported: Vec<Exported<'_>> = page
        .items
        .iter()
        .map(|product| Exported {
            product,
            category: tree
                .find(product.category)
                .map(|category| (category.name.as_str(), category.slug.as_str())),
        })
        .collect();
    let file = write(&exported).map_err(Error::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"products.csv\""),
        ),
    ];
    Ok(paging.link((headers, file).into_response(), page.next))
}

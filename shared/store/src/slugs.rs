//! Products by their slugs, many at once: what a file names them by.

use std::collections::HashMap;

use domain::{ProductId, product::Product};

use crate::{Store, StoreError, claims::ProductClaim, item, keys::Key, read::Consistency};

impl Store {
    /// The products that have these slugs, by slug; nobody's slugs are left out. BatchGetItem
    /// `SLUG#PRODUCT#slug / CLAIM`, then `PRODUCT#id / PRODUCT`, both fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_products_by_slug(
        &self,
        slugs: &[&str],
    ) -> Result<HashMap<String, Product>, StoreError> {
        let mut slugs = slugs.to_vec();
        slugs.sort_unstable();
        slugs.dedup();
        let keys: Vec<Key> = slugs.into_iter().map(Key::product_slug_claim).collect();
        let claims = self.get_all(&keys, Consistency::Fresh).await?;
        let claims: Result<Vec<ProductClaim>, _> = claims.into_iter().map(item::parse).collect();
        let ids: Vec<ProductId> = claims?.into_iter().map(|claim| claim.product).collect();
        let products = self.find_products(&ids).await?;
        let by_slug = products.into_iter();
        Ok(by_slug
            .map(|product| (product.slug.clone(), product))
            .collect())
    }
}

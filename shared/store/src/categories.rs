//! Categories: all of them in one partition, read as one tree.

use domain::category::{Category, CategoryTree, MAX_CATEGORIES};

use crate::{
    Store, StoreError,
    carts::sort_key,
    claims::CategoryClaim,
    item,
    keys::{CATEGORIES_PK, Key},
    read::{Consistency, Range, Run},
    transaction::{CommitError, Transaction},
};

/// How many megabytes of categories one request reads: DynamoDB gives one at a time.
const MAX_RUNS: usize = 8;

/// Why a category was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateCategoryError {
    /// The id is in use: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// Another category has this slug.
    #[error("category with this slug already exists.")]
    SlugTaken,
    /// The parent is gone.
    #[error("the parent does not exist")]
    ParentMissing,
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, PartialEq)]
enum Refused {
    Id,
    Slug,
    Parent,
}

impl Store {
    /// All categories, active or not. Query `CATEGORIES`, eventually consistent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn category_tree(&self) -> Result<CategoryTree, StoreError> {
        self.read_category_tree(Consistency::Eventual).await
    }

    /// All categories, those included that were made a moment ago. Query `CATEGORIES`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fresh_category_tree(&self) -> Result<CategoryTree, StoreError> {
        self.read_category_tree(Consistency::Fresh).await
    }

    async fn read_category_tree(
        &self,
        consistency: Consistency,
    ) -> Result<CategoryTree, StoreError> {
        let mut categories: Vec<Category> = Vec::new();
        let mut range = Range::All;
        for _ in 0..MAX_RUNS {
            let run = Run {
                index: None,
                pk: CATEGORIES_PK.to_owned(),
                range,
                newest_first: true,
                limit: MAX_CATEGORIES,
                consistency,
                description: "category tree",
            };
            let (items, more) = self.run(run).await?;
            let oldest = items.last().map(sort_key);
            for found in items {
                categories.push(item::parse(found)?);
            }
            match oldest {
                Some(oldest) if more && categories.len() < MAX_CATEGORIES => {
                    range = Range::Below(oldest);
                }
                _ => return Ok(CategoryTree::grow(categories)),
            }
        }
        // Half a tree would show products without their category: better none.
        Err(StoreError::Corrupt(
            "the categories are larger than a request may read".into(),
        ))
    }

    /// Makes a category: the item and the claim of its slug in one transaction, on condition that
    /// the parent exists.
    ///
    /// # Errors
    /// [`CreateCategoryError`]; nothing is written then.
    pub async fn create_category(&self, category: &Category) -> Result<(), CreateCategoryError> {
        let mut transaction = Transaction::new();
        let item = item::compose(&Key::category(category.id), [], category)?;
        transaction.put_new(&self.table, item, Refused::Id)?;
        let claim = CategoryClaim {
            category: category.id,
        };
        let item = item::compose(&Key::category_slug_claim(&category.slug), [], &claim)?;
        transaction.put_new(&self.table, item, Refused::Slug)?;
        if let Some(parent) = category.parent {
            transaction.require(&self.table, &Key::category(parent), Refused::Parent)?;
        }
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Store(fault) => CreateCategoryError::Store(fault),
            CommitError::Refused(refusals) => {
                let refused = |what| refusals.iter().any(|refusal| refusal.meaning == what);
                if refused(Refused::Parent) {
                    CreateCategoryError::ParentMissing
                } else if refused(Refused::Slug) {
                    CreateCategoryError::SlugTaken
                } else {
                    CreateCategoryError::IdTaken
                }
            }
        })
    }
}

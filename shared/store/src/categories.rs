//! Categories: all of them in one partition, read as one tree.

use domain::category::{Category, CategoryTree};

use crate::{
    Store, StoreError,
    claims::CategoryClaim,
    item,
    keys::{CATEGORIES_PK, Key},
    read::{Consistency, Range, Run},
    transaction::{CommitError, Transaction},
};

/// How many categories a shop has at most: the tree is read whole, in pages of a megabyte.
const MAX_CATEGORIES: usize = 1_000;

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
        let run = Run {
            index: None,
            pk: CATEGORIES_PK.to_owned(),
            range: Range::All,
            newest_first: false,
            limit: MAX_CATEGORIES,
            consistency: Consistency::Eventual,
            description: "category tree",
        };
        let (items, _) = self.run(run).await?;
        let categories: Result<Vec<Category>, _> = items.into_iter().map(item::parse).collect();
        Ok(CategoryTree::grow(categories?))
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

//! Categories: all of them in one partition, read as one tree, and changed as one.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Version,
    category::{Category, CategoryRefusal, CategoryTree, CategoryWrite, MAX_CATEGORIES, TreeEdit},
};
use serde::{Deserialize, Serialize};

use crate::{
    EditError, Store, StoreError,
    carts::sort_key,
    claims::CategoryClaim,
    edit::MAX_TRIES,
    item,
    keys::{CATEGORIES_PK, Key, TREE_SK},
    read::{Consistency, Range, Run},
    transaction::{CommitError, Condition, Transaction, pause},
};

/// How many megabytes of categories one request reads: DynamoDB gives one at a time.
const MAX_RUNS: usize = 8;

/// Why a category was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateCategoryError {
    /// The id is in use: draw another.
    #[error("the id is taken")]
    IdTaken,
    /// All that is against it; never empty.
    #[error("refused: {0:?}")]
    Refused(Vec<CategoryRefusal>),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What tells one shape of the tree from the next.
#[derive(Debug, Serialize, Deserialize)]
struct TreeVersion {
    version: Version,
}

/// What a failed condition means.
#[derive(Debug, Clone)]
enum Refused {
    /// The tree or a category is no longer what was read.
    Changed,
    /// The slug is in use.
    Slug(String),
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
        let mut version: Option<TreeVersion> = None;
        let mut range = Range::All;
        for _ in 0..MAX_RUNS {
            let run = Run {
                index: None,
                pk: CATEGORIES_PK.to_owned(),
                range,
                // The version comes first: a shape that changes while the rest is read has another
                // one by then, and no edit passes that was decided on what was read.
                newest_first: true,
                limit: MAX_CATEGORIES + 1,
                consistency,
                description: "category tree",
            };
            let (items, more) = self.run(run).await?;
            let oldest = items.last().map(sort_key);
            for found in items {
                if sort_key(&found) == TREE_SK {
                    version = Some(item::parse(found)?);
                } else {
                    categories.push(item::parse(found)?);
                }
            }
            match oldest {
                Some(oldest) if more && categories.len() < MAX_CATEGORIES => {
                    range = Range::Below(oldest);
                }
                _ => {
                    let version = version.map(|tree| tree.version);
                    return Ok(CategoryTree::grow(categories).read_at(version, []));
                }
            }
        }
        // Half a tree would show products without their category: better none.
        Err(StoreError::Corrupt(
            "the categories are larger than a request may read".into(),
        ))
    }

    /// Changes the tree. Query `CATEGORIES`, fresh; then one transaction: the categories on their
    /// versions, the claims of their slugs, and, where the shape changes, `CATEGORIES / TREE` on the
    /// version that was read. Again from the start when somebody else was faster: `decide` may run
    /// several times, and what it returns the last time is the result.
    ///
    /// # Errors
    /// [`EditError`]; nothing is written then.
    pub async fn edit_categories<R, E>(
        &self,
        mut decide: impl FnMut(&CategoryTree) -> Result<(TreeEdit, R), E>,
    ) -> Result<R, EditError<E>> {
        let mut claimed: Vec<String> = Vec::new();
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let tree = self.fresh_category_tree().await?;
            let read = tree.version();
            let tree = tree.read_at(read, claimed.iter().cloned());
            let (edit, result) = decide(&tree).map_err(EditError::Refused)?;
            match self.commit_tree_edit(read, &edit).await? {
                None => return Ok(result),
                // Somebody took the slug after the tree was read: the next round is to know.
                Some(slugs) => claimed.extend(slugs),
            }
        }
        Err(StoreError::Contention(TREE_SK.to_owned()).into())
    }

    /// Makes a category: see [`Store::edit_categories`].
    ///
    /// # Errors
    /// [`CreateCategoryError`]; nothing is written then.
    pub async fn create_category(&self, category: &Category) -> Result<(), CreateCategoryError> {
        let created = self.edit_categories(|tree| {
            if tree.find(category.id).is_some() {
                return Err(CreateCategoryError::IdTaken);
            }
            let edit = tree.create(category.clone());
            Ok((edit.map_err(CreateCategoryError::Refused)?, ()))
        });
        created.await.map_err(|error| match error {
            EditError::Refused(refusal) => refusal,
            EditError::Store(fault) => fault.into(),
        })
    }

    /// Writes an edit of the tree; if it no longer fits, the slugs that were in use.
    async fn commit_tree_edit(
        &self,
        read: Option<Version>,
        edit: &TreeEdit,
    ) -> Result<Option<Vec<String>>, StoreError> {
        match self.tree_transaction(read, edit)?.commit(self).await {
            Ok(()) => Ok(None),
            Err(CommitError::Store(fault)) => Err(fault),
            Err(CommitError::Refused(refusals)) => {
                let slugs = refusals.into_iter().filter_map(|refusal| {
                    let Refused::Slug(slug) = refusal.meaning else {
                        return None;
                    };
                    Some(slug)
                });
                Ok(Some(slugs.collect()))
            }
        }
    }

    fn tree_transaction(
        &self,
        read: Option<Version>,
        edit: &TreeEdit,
    ) -> Result<Transaction<Refused>, StoreError> {
        let table = &self.table;
        let mut transaction = Transaction::new();
        for CategoryWrite { before, after } in &edit.writes {
            match (before, after) {
                (_, Some(after)) => {
                    let item = item::compose(&Key::category(after.id), [], after)?;
                    let from = before.as_ref().map(|before| before.version);
                    transaction.replace(table, item, from, Refused::Changed)?;
                }
                (Some(gone), None) => {
                    let key = Key::category(gone.id);
                    transaction.delete(table, &key, gone.version, Refused::Changed)?;
                }
                (None, None) => {}
            }
            let slug = |of: &Option<Category>| of.as_ref().map(|category| category.slug.clone());
            if slug(before) == slug(after) {
                continue;
            }
            if let Some(after) = after {
                let claim = CategoryClaim { category: after.id };
                let item = item::compose(&Key::category_slug_claim(&after.slug), [], &claim)?;
                transaction.put_new(table, item, Refused::Slug(after.slug.clone()))?;
            }
            if let Some(before) = before {
                let id = AttributeValue::N(before.id.to_string());
                let ours = Condition::new("category = :id", [(":id", id)]);
                let key = Key::category_slug_claim(&before.slug);
                transaction.delete_if(table, &key, &ours, Refused::Changed)?;
            }
        }
        for (id, version) in &edit.relies_on {
            let unchanged = Condition::version(*version);
            transaction.require_if(table, &Key::category(*id), &unchanged, Refused::Changed)?;
        }
        if edit.reshapes {
            let version = TreeVersion {
                version: edit.version,
            };
            let item = item::compose(&Key::category_tree(), [], &version)?;
            transaction.replace(table, item, read, Refused::Changed)?;
        }
        Ok(transaction)
    }
}

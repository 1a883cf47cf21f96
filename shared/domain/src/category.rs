//! Categories and the tree they form.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{CategoryId, Timestamp, Version};

/// How deep a category may stand: the root is 1.
pub const MAX_DEPTH: usize = 10;
/// How many categories a shop has at most: the tree is always read whole.
pub const MAX_CATEGORIES: usize = 1_000;

/// A category of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Category {
    /// Which category.
    pub id: CategoryId,
    /// The category it stands under; `None` for a root.
    pub parent: Option<CategoryId>,
    /// Its name.
    pub name: String,
    /// Its unique name in URLs.
    pub slug: String,
    /// What it holds.
    pub description: String,
    /// Whether customers see it.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Drawn anew at every write.
    pub version: Version,
}

/// All categories of the shop, to be walked from any of them downwards.
///
/// Only what hangs on a root is in the tree of roots, and a walk goes at most [`MAX_DEPTH`] deep,
/// so that not even a broken table can make it go round for ever.
#[derive(Debug, Clone, Default)]
pub struct CategoryTree {
    by_id: HashMap<CategoryId, Category>,
    children: HashMap<Option<CategoryId>, Vec<CategoryId>>,
}

/// Why a category cannot stand where it is meant to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// There is no such parent.
    #[error("the parent does not exist")]
    UnknownParent,
    /// The parent stands at [`MAX_DEPTH`] already.
    #[error("A category stands at most {MAX_DEPTH} levels deep.")]
    TooDeep,
    /// The shop has [`MAX_CATEGORIES`] already.
    #[error("A shop has at most {MAX_CATEGORIES} categories.")]
    Full,
}

/// A category with everything under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch<'tree> {
    /// The category itself.
    pub category: &'tree Category,
    /// How far below the category that was asked for, which has 0.
    pub depth: usize,
    /// What stands under it, by name.
    pub subcategories: Vec<Branch<'tree>>,
}

impl CategoryTree {
    /// Grows the tree. Customers are to be given only what they may see: filter before.
    pub fn grow(categories: impl IntoIterator<Item = Category>) -> CategoryTree {
        let mut tree = CategoryTree::default();
        for category in categories {
            tree.children
                .entry(category.parent)
                .or_default()
                .push(category.id);
            tree.by_id.insert(category.id, category);
        }
        let by_id = &tree.by_id;
        for siblings in tree.children.values_mut() {
            siblings.sort_by_key(|id| by_id.get(id).map(|category| (&category.name, category.id)));
        }
        tree
    }

    /// The tree without inactive categories and what stands under them: what customers see.
    #[must_use]
    pub fn visible(&self) -> CategoryTree {
        let shown: Vec<Category> = self
            .by_id
            .values()
            .filter(|category| self.path(category.id).iter().all(|step| step.is_active))
            .cloned()
            .collect();
        CategoryTree::grow(shown)
    }

    /// One category.
    pub fn find(&self, id: CategoryId) -> Option<&Category> {
        self.by_id.get(&id)
    }

    /// The category of this slug.
    pub fn find_by_slug(&self, slug: &str) -> Option<&Category> {
        self.by_id.values().find(|category| category.slug == slug)
    }

    /// The roots with all under them, by name.
    pub fn roots(&self) -> Vec<Branch<'_>> {
        self.branches_under(None, 0)
    }

    /// A category with all under it, itself at depth 0.
    pub fn branch(&self, id: CategoryId) -> Option<Branch<'_>> {
        let category = self.by_id.get(&id)?;
        Some(Branch {
            category,
            depth: 0,
            subcategories: self.branches_under(Some(id), 1),
        })
    }

    /// Whether a new category may stand under this parent, or as a root.
    ///
    /// # Errors
    /// Says what is in the way.
    pub fn admit_under(&self, parent: Option<CategoryId>) -> Result<(), PlaceError> {
        if let Some(parent) = parent {
            match self.path(parent).len() {
                0 => return Err(PlaceError::UnknownParent),
                MAX_DEPTH.. => return Err(PlaceError::TooDeep),
                _ => {}
            }
        }
        if self.by_id.len() >= MAX_CATEGORIES {
            return Err(PlaceError::Full);
        }
        Ok(())
    }

    /// The way from a category up to its root, itself first.
    pub fn path(&self, id: CategoryId) -> Vec<&Category> {
        let mut path = Vec::new();
        let mut next = self.by_id.get(&id);
        while let Some(category) = next {
            if path.len() == MAX_DEPTH {
                break;
            }
            path.push(category);
            next = category.parent.and_then(|parent| self.by_id.get(&parent));
        }
        path
    }

    fn branches_under(&self, parent: Option<CategoryId>, depth: usize) -> Vec<Branch<'_>> {
        if depth >= MAX_DEPTH {
            return Vec::new();
        }
        let ids = self
            .children
            .get(&parent)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter()
            .filter_map(|id| self.by_id.get(id))
            .map(|category| Branch {
                category,
                depth,
                subcategories: self.branches_under(Some(category.id), depth + 1),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;

    fn id(number: u16) -> CategoryId {
        CategoryId(Id::compose(0, number))
    }

    fn category(number: u16, parent: Option<u16>, name: &str, is_active: bool) -> Category {
        Category {
            id: id(number),
            parent: parent.map(id),
            name: name.into(),
            slug: name.to_lowercase(),
            description: String::new(),
            is_active,
            created_at: Timestamp(0),
            version: Version(Id::compose(0, 0)),
        }
    }

    #[test]
    fn depth_counts_from_what_was_asked_for() {
        let tree = CategoryTree::grow([
            category(1, None, "Electronics", true),
            category(2, Some(1), "Phones", true),
            category(3, Some(2), "Android", true),
            category(4, Some(1), "Audio", true),
        ]);
        let roots = tree.roots();
        let names: Vec<_> = roots[0]
            .subcategories
            .iter()
            .map(|b| b.category.name.as_str())
            .collect();
        assert_eq!(names, ["Audio", "Phones"]);
        assert_eq!(tree.branch(id(2)).unwrap().subcategories[0].depth, 1);
    }

    #[test]
    fn what_stands_under_an_inactive_category_is_hidden_with_it() {
        let tree = CategoryTree::grow([
            category(1, None, "Secret", false),
            category(2, Some(1), "Below", true),
            category(3, None, "Open", true),
        ])
        .visible();
        assert!(tree.find(id(2)).is_none());
        assert_eq!(tree.roots().len(), 1);
    }

    #[test]
    fn a_tree_has_a_greatest_depth_and_number() {
        let chain = |depth: u16| {
            (1..=depth).map(|n| category(n, n.checked_sub(1).filter(|n| *n > 0), "C", true))
        };
        let tree = CategoryTree::grow(chain(10));
        assert_eq!(tree.admit_under(Some(id(9))), Ok(()));
        assert_eq!(tree.admit_under(Some(id(10))), Err(PlaceError::TooDeep));
        assert_eq!(
            tree.admit_under(Some(id(11))),
            Err(PlaceError::UnknownParent)
        );
        assert_eq!(tree.admit_under(None), Ok(()));
        let full = CategoryTree::grow((1..=1_000).map(|n| category(n, None, "C", true)));
        assert_eq!(full.admit_under(None), Err(PlaceError::Full));
    }

    #[test]
    fn a_cycle_in_the_table_does_not_go_round_for_ever() {
        let tree = CategoryTree::grow([
            category(1, Some(2), "A", true),
            category(2, Some(1), "B", true),
        ]);
        assert!(tree.roots().is_empty());
        assert!(tree.branch(id(1)).is_some());
        assert_eq!(tree.path(id(1)).len(), MAX_DEPTH);
    }
}

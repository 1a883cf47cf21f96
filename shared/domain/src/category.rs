//! Categories and the tree they form.

mod edit;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

pub use edit::{CategoryRefusal, CategoryWrite, TreeEdit};

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
    /// Of the tree's shape: drawn anew whenever a category is made, moved or deleted. None for the
    /// tree of a shop in which none of that has happened yet.
    version: Option<Version>,
    /// Slugs that are in use though no category here bears them.
    claimed: HashSet<String>,
    by_id: HashMap<CategoryId, Category>,
    children: HashMap<Option<CategoryId>, Vec<CategoryId>>,
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

    /// The tree at a version of its shape, and with slugs that are known to be in use although the
    /// category that bears them was not read.
    #[must_use]
    pub fn read_at(
        mut self,
        version: Option<Version>,
        claimed: impl IntoIterator<Item = String>,
    ) -> CategoryTree {
        self.version = version;
        self.claimed.extend(claimed);
        self
    }

    /// The version of its shape.
    pub fn version(&self) -> Option<Version> {
        self.version
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

    /// Whether a slug is in use.
    pub fn knows_slug(&self, slug: &str) -> bool {
        self.claimed.contains(slug) || self.find_by_slug(slug).is_some()
    }

    /// How many categories there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// A category and all that stand under it, itself first; empty if it is not there.
    pub fn with_descendants(&self, id: CategoryId) -> Vec<CategoryId> {
        let mut found: Vec<CategoryId> = self.find(id).map(|root| root.id).into_iter().collect();
        let mut level = found.clone();
        for _ in 1..MAX_DEPTH {
            level = level
                .iter()
                .flat_map(|id| self.children_of(Some(*id)))
                .copied()
                .collect();
            found.extend(&level);
        }
        found
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

    fn children_of(&self, parent: Option<CategoryId>) -> &[CategoryId] {
        let children = self.children.get(&parent);
        children.map(Vec::as_slice).unwrap_or_default()
    }

    /// How many levels a category and all under it fill.
    fn height(&self, id: CategoryId) -> usize {
        fn of(tree: &CategoryTree, id: CategoryId, room: usize) -> usize {
            let children = tree.children_of(Some(id)).iter();
            match room {
                0 => 0,
                _ => {
                    1 + children
                        .map(|child| of(tree, *child, room - 1))
                        .max()
                        .unwrap_or_default()
                }
            }
        }
        of(self, id, MAX_DEPTH)
    }

    fn branches_under(&self, parent: Option<CategoryId>, depth: usize) -> Vec<Branch<'_>> {
        if depth >= MAX_DEPTH {
            return Vec::new();
        }
        self.children_of(parent)
            .iter()
            .filter_map(|id| self.by_id.get(id))
            .map(|category| Branch {
                category,
                depth,
                subcategories: self.branches_under(Some(category.id), depth + 1),
            })
            .collect()
    }
}

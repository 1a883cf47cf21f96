//! What may be done to the tree, and what has to be written for it.

use super::{Category, CategoryTree, MAX_CATEGORIES, MAX_DEPTH};
use crate::{CategoryId, Version, slug};

/// How many subcategories one edit makes roots: they are written in one transaction of at most a
/// hundred operations.
const MAX_PROMOTED: usize = 90;
/// How many bytes of them: a transaction holds 4 MB.
const MAX_PROMOTED_BYTES: usize = 3_000_000;
/// How many bytes all categories may have together: each request reads them all, a megabyte at a time
/// and eight times at most.
const MAX_BYTES: usize = 5_000_000;
/// What an item has besides its texts, generously.
const BYTES_BESIDES_TEXT: usize = 1_000;

/// Why a category cannot be as it is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CategoryRefusal {
    /// Another category has this slug.
    #[error("category with this slug already exists.")]
    SlugTaken,
    /// There is no such parent.
    #[error("The parent does not exist.")]
    UnknownParent,
    /// The parent is the category itself or stands under it.
    #[error("A category cannot stand under itself.")]
    UnderItself,
    /// It, or what stands under it, would stand deeper than [`MAX_DEPTH`].
    #[error("A category stands at most {MAX_DEPTH} levels deep.")]
    TooDeep,
    /// The shop has [`MAX_CATEGORIES`] already.
    #[error("A shop has at most {MAX_CATEGORIES} categories.")]
    Full,
    /// All categories together are longer than what is read of them at once.
    #[error("The descriptions of all categories hold at most 5 MB together.")]
    TooLong,
}

/// A change of the tree, to be written as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeEdit {
    /// The shape's version afterwards.
    pub version: Version,
    /// Whether it changes which categories there are or where they stand. Then it counts only if
    /// the tree is still at the version that was read. Otherwise each category's own version will
    /// do.
    pub reshapes: bool,
    /// The categories that change.
    pub writes: Vec<CategoryWrite>,
    /// Categories that have to be there, at these versions: the way from a new place up to its
    /// root. A query gives no snapshot, so the tree's version alone does not prove how they stand.
    pub relies_on: Vec<(CategoryId, Version)>,
}

/// One category before and after: none before is a new one, none after a deleted one.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryWrite {
    /// As it was read.
    pub before: Option<Category>,
    /// As it is to be.
    pub after: Option<Category>,
}

impl TreeEdit {
    /// Whether a category is gone afterwards.
    pub fn deletes(&self, id: CategoryId) -> bool {
        self.writes.iter().any(|write| {
            write.after.is_none() && write.before.as_ref().is_some_and(|was| was.id == id)
        })
    }
}

impl CategoryTree {
    /// A slug for a category that was given none, made from its name and not in use. What is left of
    /// a name without letters is its id.
    pub fn free_slug(&self, name: &str, id: CategoryId) -> String {
        let unique = id.0.crockford();
        let made = match slug::make(name) {
            made if made.is_empty() => slug::make(&format!("category-{unique}")),
            made => made,
        };
        let free = slug::alternatives(&made, &unique).find(|slug| !self.knows_slug(slug));
        free.unwrap_or(made)
    }

    /// Adds a category. Its version becomes the shape's as well.
    ///
    /// # Errors
    /// All that is against it.
    pub fn create(&self, category: Category) -> Result<TreeEdit, Vec<CategoryRefusal>> {
        let mut refusals = Vec::new();
        if self.knows_slug(&category.slug) {
            refusals.push(CategoryRefusal::SlugTaken);
        }
        refusals.extend(self.refuse_place(None, category.parent));
        // A rule about the shop as a whole, told when nothing else is wrong.
        if refusals.is_empty() && self.len() >= MAX_CATEGORIES {
            refusals.push(CategoryRefusal::Full);
        }
        refusals.extend(self.refuse_length(None, &category));
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(TreeEdit {
            version: category.version,
            reshapes: true,
            relies_on: self.way_up(category.parent),
            writes: vec![CategoryWrite {
                before: None,
                after: Some(category),
            }],
        })
    }

    /// Puts a category in the place of the one with its id, which `before` is. Its version becomes
    /// the shape's where it moves.
    ///
    /// # Errors
    /// All that is against it.
    pub fn change(
        &self,
        before: &Category,
        after: Category,
    ) -> Result<TreeEdit, Vec<CategoryRefusal>> {
        let mut refusals = Vec::new();
        if after.slug != before.slug && self.knows_slug(&after.slug) {
            refusals.push(CategoryRefusal::SlugTaken);
        }
        let moves = after.parent != before.parent;
        if moves {
            refusals.extend(self.refuse_place(Some(before.id), after.parent));
        }
        refusals.extend(self.refuse_length(Some(before), &after));
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let parent = after.parent.filter(|_| moves);
        Ok(TreeEdit {
            version: after.version,
            reshapes: moves,
            relies_on: self.way_up(parent),
            writes: vec![CategoryWrite {
                before: Some(before.clone()),
                after: Some(after),
            }],
        })
    }

    /// Deletes a category, whose subcategories become roots with all that stands under them. Where
    /// there are more of them than one edit can take, it takes some, and the category stays for the
    /// next: see [`TreeEdit::deletes`].
    pub fn delete(&self, category: &Category, version: Version) -> TreeEdit {
        let mut room = MAX_PROMOTED_BYTES;
        let children = self.children_of(Some(category.id));
        let fitting = children.iter().filter_map(|id| self.find(*id));
        let promoted = fitting.take(MAX_PROMOTED).map_while(|child| {
            room = room.checked_sub(bytes(child))?;
            Some(CategoryWrite {
                before: Some(child.clone()),
                after: Some(Category {
                    parent: None,
                    version,
                    ..child.clone()
                }),
            })
        });
        let mut writes: Vec<CategoryWrite> = promoted.collect();
        let mut relies_on = Vec::new();
        if writes.len() == children.len() {
            writes.push(CategoryWrite {
                before: Some(category.clone()),
                after: None,
            });
        } else {
            relies_on.push((category.id, category.version));
        }
        TreeEdit {
            version,
            reshapes: true,
            writes,
            relies_on,
        }
    }

    /// The tree once an edit is written.
    #[must_use]
    pub fn after(&self, edit: &TreeEdit) -> CategoryTree {
        let mut by_id = self.by_id.clone();
        for CategoryWrite { before, after } in &edit.writes {
            if let Some(before) = before {
                by_id.remove(&before.id);
            }
            if let Some(after) = after {
                by_id.insert(after.id, after.clone());
            }
        }
        let version = if edit.reshapes {
            Some(edit.version)
        } else {
            self.version
        };
        CategoryTree::grow(by_id.into_values()).read_at(version, self.claimed.iter().cloned())
    }

    /// What speaks against a category, new or `moved`, under this parent.
    fn refuse_place(
        &self,
        moved: Option<CategoryId>,
        parent: Option<CategoryId>,
    ) -> Option<CategoryRefusal> {
        let path = self.path(parent?);
        let height = moved.map_or(1, |moved| self.height(moved));
        if path.is_empty() {
            Some(CategoryRefusal::UnknownParent)
        } else if path.iter().any(|step| Some(step.id) == moved) {
            Some(CategoryRefusal::UnderItself)
        } else if path.len() + height > MAX_DEPTH {
            Some(CategoryRefusal::TooDeep)
        } else {
            None
        }
    }

    /// Whether the tree would grow too long by this. What makes it shorter is always welcome.
    fn refuse_length(
        &self,
        before: Option<&Category>,
        after: &Category,
    ) -> Option<CategoryRefusal> {
        let grows_by = bytes(after).saturating_sub(before.map_or(0, bytes));
        let length: usize = self.by_id.values().map(bytes).sum();
        (grows_by > 0 && length + grows_by > MAX_BYTES).then_some(CategoryRefusal::TooLong)
    }

    fn way_up(&self, from: Option<CategoryId>) -> Vec<(CategoryId, Version)> {
        let path = from.map(|from| self.path(from)).unwrap_or_default();
        path.iter().map(|step| (step.id, step.version)).collect()
    }
}

/// How long the item of a category is, rather too much than too little.
fn bytes(category: &Category) -> usize {
    category.name.len() + category.description.len() + BYTES_BESIDES_TEXT
}

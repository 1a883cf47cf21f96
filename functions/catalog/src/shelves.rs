//! The category tree as one reader sees it, and how a category looks on the wire.

use domain::{
    CategoryId,
    category::{Branch, Category, CategoryTree},
};
use serde::Serialize;
use web::identity::Reader;

/// A category with all that stands under it.
#[derive(Debug, Serialize)]
pub(crate) struct CategoryWire<'tree> {
    id: CategoryId,
    parent_category: Option<CategoryId>,
    name: &'tree str,
    slug: &'tree str,
    /// Counts from the category that was asked for.
    depth: usize,
    description: &'tree str,
    is_active: bool,
    created_at: String,
    subcategories: Vec<CategoryWire<'tree>>,
}

/// All categories, and which of them the reader may see.
pub(crate) struct Shelves {
    all: CategoryTree,
    visible: Option<CategoryTree>,
}

impl Shelves {
    /// Staff see everything, others what is active up to its root.
    pub(crate) fn seen_by(reader: &Reader, all: CategoryTree) -> Shelves {
        let visible = (!reader.is_staff()).then(|| all.visible());
        Shelves { all, visible }
    }

    /// Everything, for those who work here.
    pub(crate) fn seen_by_staff(all: CategoryTree) -> Shelves {
        Shelves { all, visible: None }
    }

    /// What the reader may see.
    pub(crate) fn shown(&self) -> &CategoryTree {
        self.visible.as_ref().unwrap_or(&self.all)
    }

    /// The category of a product. A product that is shown keeps its category even where that is
    /// hidden, though nothing under it: the field was never null in the original, and hiding the
    /// product as well is done by the product's own switch.
    pub(crate) fn category_of_product(&self, id: CategoryId) -> Option<CategoryWire<'_>> {
        let shown = self.shown().branch(id);
        let branch = shown.or_else(|| self.all.find(id).map(bare));
        branch.as_ref().map(CategoryWire::of)
    }
}

impl<'tree> CategoryWire<'tree> {
    pub(crate) fn of(branch: &Branch<'tree>) -> CategoryWire<'tree> {
        let category = branch.category;
        CategoryWire {
            id: category.id,
            parent_category: category.parent,
            name: &category.name,
            slug: &category.slug,
            depth: branch.depth,
            description: &category.description,
            is_active: category.is_active,
            created_at: category.created_at.to_string(),
            subcategories: branch.subcategories.iter().map(CategoryWire::of).collect(),
        }
    }
}

/// A category with nothing under it.
pub(crate) fn bare(category: &Category) -> Branch<'_> {
    Branch {
        category,
        depth: 0,
        subcategories: Vec::new(),
    }
}

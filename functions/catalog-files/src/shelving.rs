//! The categories that a file names, found in the tree or made.

use std::collections::HashMap;

use domain::{
    CategoryId,
    category::{Category, CategoryRefusal},
    slug,
};
use store::EditError;
use web::{Error, Result, Shop};

use crate::goods::{Goods, Shelf};

/// Where products go of which the file says nothing.
const UNNAMED: &str = "Uncategorized";

/// The category of each shelf that a file names.
pub(crate) struct Shelves {
    found: HashMap<Shelf, CategoryId>,
    created: Vec<String>,
}

impl Shelves {
    /// Finds the categories of these products, and makes as roots those that only have a name. A dry
    /// run makes none, and says which it would make.
    ///
    /// # Errors
    /// 400 when the shop has as many categories as it may have.
    pub(crate) async fn arrange(shop: &Shop, goods: &[Goods], is_dry: bool) -> Result<Shelves> {
        let tree = shop.store.fresh_category_tree().await?;
        let roots = tree.roots();
        let mut shelves = Shelves {
            found: HashMap::new(),
            created: Vec::new(),
        };
        for wanted in goods.iter().map(|goods| &goods.shelf) {
            if shelves.found.contains_key(wanted) {
                continue;
            }
            let name = match wanted {
                Shelf {
                    slug: None,
                    name: None,
                } => Some(UNNAMED),
                Shelf { name, .. } => name.as_deref(),
            };
            let known = match &wanted.slug {
                Some(slug) => tree.find_by_slug(slug),
                // Of categories with one name, the root is the one that a file means.
                None => {
                    let root = roots
                        .iter()
                        .find(|root| Some(root.category.name.as_str()) == name);
                    root.map(|root| root.category)
                        .or_else(|| tree.find_by_slug(&slug::make(name?)))
                }
            };
            let id = match (known, name) {
                (Some(known), _) => known.id,
                // A slug that nobody has, and no name for it, is for the products to tell.
                (None, None) => continue,
                (None, Some(name)) => {
                    shelves.created.push(name.to_owned());
                    let slug = wanted.slug.clone().unwrap_or_else(|| slug::make(name));
                    if is_dry {
                        CategoryId(shop.entropy.id())
                    } else {
                        create(shop, name, &slug).await?
                    }
                }
            };
            shelves.found.insert(wanted.clone(), id);
        }
        Ok(shelves)
    }

    /// The category of a shelf; nothing for a slug that no category has.
    pub(crate) fn of(&self, shelf: &Shelf) -> Option<CategoryId> {
        self.found.get(shelf).copied()
    }

    /// The names of those that were made.
    pub(crate) fn created(&self) -> Vec<String> {
        self.created.clone()
    }
}

/// Why no category was made.
enum NotMade {
    /// Somebody else made it meanwhile.
    Found(CategoryId),
    /// All that is against it.
    Refused(Vec<CategoryRefusal>),
}

/// Makes a root of this name, unless somebody else does at the same time.
async fn create(shop: &Shop, name: &str, slug: &str) -> Result<CategoryId> {
    let id = CategoryId(shop.entropy.id());
    let unique = format!("category-{id}");
    // A name without a sound has no slug of its own.
    let slug = if slug.is_empty() {
        unique.as_str()
    } else {
        slug
    };
    let made = shop.store.edit_categories(|tree| {
        if let Some(found) = tree.find_by_slug(slug) {
            return Err(NotMade::Found(found.id));
        }
        let free = slug::alternatives(slug, &unique).find(|slug| !tree.knows_slug(slug));
        let category = Category {
            id,
            parent: None,
            name: name.to_owned(),
            slug: free.unwrap_or_default(),
            description: String::new(),
            is_active: true,
            created_at: shop.clock.now(),
            version: shop.entropy.version(),
        };
        let edit = tree.create(category).map_err(NotMade::Refused)?;
        Ok((edit, id))
    });
    match made.await {
        Ok(id) | Err(EditError::Refused(NotMade::Found(id))) => Ok(id),
        Err(EditError::Refused(NotMade::Refused(refusals))) => {
            let texts = refusals.iter().map(ToString::to_string);
            Err(Error::field("file", texts.collect::<Vec<_>>().join(" ")))
        }
        Err(EditError::Store(fault)) => Err(fault.into()),
    }
}

//! Categories: the tree as a list of its roots, one branch of it, and a new category.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use domain::{
    CategoryId,
    category::{Category, CategoryTree, PlaceError},
};
use store::{CreateCategoryError, Page};
use web::{
    body::Payload,
    error::{Error, FieldErrors, NON_FIELD_ERRORS, Result},
    fields::{Fields, Kind, boolean, key, slug, text, unknown_key},
    identity::{Reader, Staff},
    paging::Paging,
    request::{PathId, etag},
    shop::Shop,
};

use crate::{
    MAX_DRAWS,
    shelves::{CategoryWire, Shelves, bare},
};

const SLUG_TAKEN: &str = "category with this slug already exists.";

/// `GET /api/categories/`: the roots by name, each with all that stands under it.
pub(crate) async fn list(
    State(shop): State<Shop>,
    reader: Reader,
    paging: Paging,
) -> Result<Response> {
    let shelves = Shelves::seen_by(&reader, shop.store.category_tree().await?);
    let roots = shelves.shown().roots();
    let page = Page::cut(roots, paging.request(), |branch| branch.category.id.0);
    Ok(paging.answer(page.map(|branch| CategoryWire::of(&branch))))
}

/// `GET /api/categories/{id}/`: any category, with all that stands under it.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    reader: Reader,
    id: PathId,
) -> Result<Response> {
    let id = id.of("Category", CategoryId)?;
    let shelves = Shelves::seen_by(&reader, shop.store.category_tree().await?);
    let branch = shelves
        .shown()
        .branch(id)
        .ok_or_else(|| Error::not_found("Category"))?;
    let tag = [(ETAG, etag(branch.category.version))];
    Ok((tag, Json(CategoryWire::of(&branch))).into_response())
}

/// `POST /api/categories/`.
pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    payload: Payload,
) -> Result<Response> {
    let wanted = NewCategory::read(payload)?;
    wanted.check(&shop.store.fresh_category_tree().await?)?;
    for _ in 0..MAX_DRAWS {
        let category = wanted.category(&shop);
        match shop.store.create_category(&category).await {
            Ok(()) => {
                let tag = [(ETAG, etag(category.version))];
                let wire = CategoryWire::of(&bare(&category));
                return Ok((StatusCode::CREATED, tag, Json(wire)).into_response());
            }
            Err(CreateCategoryError::IdTaken) => {}
            Err(CreateCategoryError::SlugTaken) => return Err(Error::field("slug", SLUG_TAKEN)),
            Err(CreateCategoryError::ParentMissing) => {
                return Err(Error::field(PARENT, wanted.unknown_parent()));
            }
            Err(CreateCategoryError::Store(fault)) => return Err(fault.into()),
        }
    }
    Err(Error::unavailable(
        "every id drawn for a category was in use",
    ))
}

const PARENT: &str = "parent_category";

/// A category as staff describe it.
struct NewCategory {
    parent: Option<CategoryId>,
    name: String,
    slug: String,
    description: String,
    is_active: bool,
}

impl NewCategory {
    fn read(payload: Payload) -> Result<NewCategory> {
        let mut fields = Fields::of(payload)?;
        let wanted = NewCategory {
            parent: fields
                .optional(PARENT, key(CategoryId).nullable())
                .flatten(),
            name: fields.required("name", text().max(255)),
            slug: fields.required("slug", slug()),
            description: fields
                .optional("description", text().blankable())
                .unwrap_or_default(),
            is_active: fields.optional("is_active", boolean()).unwrap_or(true),
        };
        fields.finish()?;
        Ok(wanted)
    }

    /// Everything that the tree has against it at once. What changes until the category is written,
    /// the transaction tells.
    fn check(&self, tree: &CategoryTree) -> Result<()> {
        let mut errors = FieldErrors::default();
        if tree.find_by_slug(&self.slug).is_some() {
            errors.add("slug", SLUG_TAKEN);
        }
        match tree.admit_under(self.parent) {
            Ok(()) => {}
            Err(PlaceError::UnknownParent) => errors.add(PARENT, self.unknown_parent()),
            Err(PlaceError::TooDeep) => errors.add(PARENT, PlaceError::TooDeep.to_string()),
            // A rule about the shop as a whole, told when nothing else is wrong.
            Err(PlaceError::Full) if errors.is_empty() => {
                errors.add(NON_FIELD_ERRORS, PlaceError::Full.to_string());
            }
            Err(PlaceError::Full) => {}
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Error::fields(&errors))
        }
    }

    fn category(&self, shop: &Shop) -> Category {
        Category {
            id: CategoryId(shop.entropy.id()),
            parent: self.parent,
            name: self.name.clone(),
            slug: self.slug.clone(),
            description: self.description.clone(),
            is_active: self.is_active,
            created_at: shop.clock.now(),
            version: shop.entropy.version(),
        }
    }

    fn unknown_parent(&self) -> String {
        unknown_key(self.parent.map_or_else(String::new, |id| id.to_string()))
    }
}

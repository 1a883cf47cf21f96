//! Categories: the tree as a list of its roots, one branch of it, and what staff do to it.

use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use domain::{
    CategoryId,
    category::{Category, CategoryRefusal, CategoryTree},
};
use serde_json::{Map, Value};
use store::{DeleteCategoryError, MoveProductsError, Page};
use web::{
    body::Payload,
    error::{Error, FieldErrors, NON_FIELD_ERRORS, Result},
    fields::{Fields, Kind, boolean, key, slug, text, unknown_key},
    identity::{Reader, Staff},
    paging::Paging,
    request::{IfMatch, PathId, etag},
    shop::Shop,
};

use crate::shelves::{CategoryWire, Shelves};

const PARENT: &str = "parent_category";
const HEIR: &str = "reassign_to";

/// How many products one request moves to another category.
const MAX_MOVED: usize = 500;
/// How many of them are looked up at a time.
const MOVED_AT_ONCE: usize = 100;

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
    branch(shelves.shown(), id)
}

/// `POST /api/categories/`. Without a slug it gets one made from its name.
pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    payload: Payload,
) -> Result<Response> {
    let wanted = CategoryFields::read(Fields::of(payload)?)?;
    let create = |tree: &CategoryTree| {
        let mut category = wanted.applied_to(blank(&shop));
        if wanted.slug.is_none() {
            category.slug = tree.free_slug(&category.name, category.id);
        }
        let (id, parent) = (category.id, category.parent);
        let edit = tree.create(category);
        let edit = edit.map_err(|reasons| refusal(&reasons, parent))?;
        Ok::<_, Error>((edit.clone(), (tree.after(&edit), id)))
    };
    let (tree, id) = shop.store.edit_categories(create).await?;
    Ok((StatusCode::CREATED, branch(&tree, id)?).into_response())
}

/// `PUT /api/categories/{id}/`.
pub(crate) async fn replace(
    shop: State<Shop>,
    who: Staff,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let wanted = CategoryFields::read(Fields::of(payload)?);
    edit(shop, who, id, based_on, wanted).await
}

/// `PATCH /api/categories/{id}/`.
pub(crate) async fn change(
    shop: State<Shop>,
    who: Staff,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let wanted = CategoryFields::read(Fields::partial(payload)?);
    edit(shop, who, id, based_on, wanted).await
}

async fn edit(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    based_on: IfMatch,
    wanted: Result<CategoryFields>,
) -> Result<Response> {
    let id = id.of("Category", CategoryId)?;
    let wanted = match wanted {
        Ok(wanted) => wanted,
        // Whether the category is there comes before what is wrong with the edit.
        Err(refusal) => {
            find(&shop.store.fresh_category_tree().await?, id)?;
            return Err(refusal);
        }
    };
    let change = |tree: &CategoryTree| {
        let before = find(tree, id)?;
        based_on.admit(before.version)?;
        let after = wanted.applied_to(Category {
            version: shop.entropy.version(),
            ..before.clone()
        });
        let parent = after.parent;
        let edit = tree.change(before, after);
        let edit = edit.map_err(|reasons| refusal(&reasons, parent))?;
        Ok::<_, Error>((edit.clone(), tree.after(&edit)))
    };
    let tree = shop.store.edit_categories(change).await?;
    branch(&tree, id)
}

/// `DELETE /api/categories/{id}/`: what stands under it becomes roots. Products that stand in it are
/// in the way, unless `reassign_to` names another category for them.
pub(crate) async fn remove(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    based_on: IfMatch,
    Query(query): Query<Map<String, Value>>,
) -> Result<StatusCode> {
    let id = id.of("Category", CategoryId)?;
    let heir = read_heir(query);
    if !matches!(heir, Ok(None)) {
        let tree = shop.store.fresh_category_tree().await?;
        based_on.admit(find(&tree, id)?.version)?;
        let heir = heir?.unwrap_or(id);
        if heir == id {
            let message = "Products cannot be moved to the category that is deleted.";
            return Err(Error::field(HEIR, message));
        }
        if tree.find(heir).is_none() {
            return Err(Error::field(HEIR, unknown_key(heir)));
        }
        make_room(&shop, id, heir).await?;
    }
    let deleted = shop.store.delete_category(
        id,
        || shop.entropy.version(),
        |category| based_on.admit(category.version),
    );
    match deleted.await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(DeleteCategoryError::Missing) => Err(Error::not_found("Category")),
        Err(DeleteCategoryError::Refused(refusal)) => Err(refusal),
        Err(DeleteCategoryError::InUse) => Err(Error::detail(
            StatusCode::CONFLICT,
            "Products stand in this category. Move them to another one first, \
             or name it here: ?reassign_to=",
        )),
        Err(DeleteCategoryError::Store(fault)) => Err(fault.into()),
    }
}

/// Moves the products of a category that is to go, as many as one request may.
async fn make_room(shop: &Shop, from: CategoryId, to: CategoryId) -> Result<()> {
    let mut moved = 0;
    for _ in 0..MAX_MOVED / MOVED_AT_ONCE {
        let products = shop.store.shelved_products(from, MOVED_AT_ONCE).await?;
        if products.is_empty() {
            return Ok(());
        }
        let version = || shop.entropy.version();
        let now = shop.clock.now();
        let moving = shop.store.move_products(&products, from, to, now, version);
        moved += moving.await.map_err(|error| match error {
            MoveProductsError::CategoryMissing => Error::field(HEIR, unknown_key(to)),
            MoveProductsError::Store(fault) => fault.into(),
        })?;
    }
    if shop.store.shelved_products(from, 1).await?.is_empty() {
        return Ok(());
    }
    let detail = format!("{moved} products were moved, and there are more: ask again.");
    Err(Error::detail(StatusCode::CONFLICT, detail))
}

fn read_heir(query: Map<String, Value>) -> Result<Option<CategoryId>> {
    let mut fields = Fields::of(Payload {
        value: Value::Object(query),
        is_form: true,
    })?;
    let heir = fields.optional(HEIR, key(CategoryId));
    fields.finish()?;
    Ok(heir)
}

fn find(tree: &CategoryTree, id: CategoryId) -> Result<&Category> {
    tree.find(id).ok_or_else(|| Error::not_found("Category"))
}

/// A category with all that stands under it, and its `ETag`.
fn branch(tree: &CategoryTree, id: CategoryId) -> Result<Response> {
    let branch = tree.branch(id);
    let branch = branch.ok_or_else(|| Error::not_found("Category"))?;
    let tag = [(ETAG, etag(branch.category.version))];
    Ok((tag, Json(CategoryWire::of(&branch))).into_response())
}

/// What a new category is made of.
fn blank(shop: &Shop) -> Category {
    Category {
        id: CategoryId(shop.entropy.id()),
        parent: None,
        name: String::new(),
        slug: String::new(),
        description: String::new(),
        is_active: true,
        created_at: shop.clock.now(),
        version: shop.entropy.version(),
    }
}

/// Everything that the tree has against a category, by the field that is to be changed.
fn refusal(reasons: &[CategoryRefusal], parent: Option<CategoryId>) -> Error {
    let mut errors = FieldErrors::default();
    for reason in reasons {
        match reason {
            CategoryRefusal::SlugTaken => errors.add("slug", reason.to_string()),
            CategoryRefusal::UnknownParent => {
                let parent = parent.map_or_else(String::new, |id| id.to_string());
                errors.add(PARENT, unknown_key(parent));
            }
            CategoryRefusal::UnderItself | CategoryRefusal::TooDeep => {
                errors.add(PARENT, reason.to_string());
            }
            CategoryRefusal::TooLong => errors.add("description", reason.to_string()),
            CategoryRefusal::Full => errors.add(NON_FIELD_ERRORS, reason.to_string()),
        }
    }
    Error::fields(&errors)
}

/// A category as staff describe it: what is absent stays as it is.
struct CategoryFields {
    parent: Option<Option<CategoryId>>,
    name: Option<String>,
    slug: Option<String>,
    description: Option<String>,
    is_active: Option<bool>,
}

impl CategoryFields {
    fn read(mut fields: Fields) -> Result<CategoryFields> {
        let wanted = CategoryFields {
            parent: fields.optional(PARENT, key(CategoryId).nullable()),
            name: fields.expected("name", text().max(255)),
            slug: fields.optional("slug", slug()),
            description: fields.optional("description", text().blankable()),
            is_active: fields.optional("is_active", boolean()),
        };
        fields.finish()?;
        Ok(wanted)
    }

    fn applied_to(&self, category: Category) -> Category {
        Category {
            parent: self.parent.unwrap_or(category.parent),
            name: self.name.clone().unwrap_or(category.name),
            slug: self.slug.clone().unwrap_or(category.slug),
            description: self.description.clone().unwrap_or(category.description),
            is_active: self.is_active.unwrap_or(category.is_active),
            ..category
        }
    }
}

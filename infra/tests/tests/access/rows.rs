//! One row for each route: whom it is for, and a request that succeeds.
//!
//! `{name}` in a path, a query or a body stands for a fact of the scene: always `{email}` and
//! `{password}` of the account that the request is about, `{new_email}`, `{new_password}`,
//! `{new_slug}` and `{setup_token}`; besides them what [`Given`] brings.

use axum::http::Method;
use serde_json::{Value, json};
use web::routes::Route;

use super::{
    callers::Caller,
    expected::Access::{
        self, Anybody, Catalogue, Customer, Open, Own, OwnOrStaff, OwnVerified, Staff, Superuser,
        Verified,
    },
};

/// What there has to be for a request to succeed. It belongs to the caller, or to somebody else where
/// the access is about one owner and the caller is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Nothing but the account.
    Nothing,
    /// `{key}`: proves the address of an account of which nobody has done so yet.
    EmailKey,
    /// `{uid}` and `{token}` of a link to choose a new password.
    ResetLink,
    /// `{id}` of another login.
    Session,
    /// `{id}` of somebody with an account and nothing to do with this.
    Person,
    /// `{id}` of an address in the book.
    Address,
    /// `{id}` of a category.
    Category,
    /// The same, of one in which nothing stands.
    SpareCategory,
    /// `{id}` of a product, `{category}` it stands in.
    Product,
    /// The same, of a product that nothing else is about.
    SpareProduct,
    /// `{id}` of a product that comes in two sizes, `{variant}` of one of them.
    Variant,
    /// `{code}` of a place that holds stock, `{id}` of a product that may be brought there.
    Place,
    /// `{id}` of a product, `{image}` of its only image.
    Image,
    /// `{id}` of a product, `{image}` that a file has been uploaded for.
    Upload,
    /// `{id}` of a line in the cart, `{product}` it is of; an address as well.
    Line,
    /// `{id}` of an order.
    Order,
    /// `{tx_ref}` of a payment that has begun.
    Payment,
}

/// What is asked, and what comes of it.
#[derive(Debug)]
pub struct Row {
    pub route: Route,
    pub access: Access,
    /// The status for those who may.
    pub success: u16,
    pub given: Given,
    pub query: &'static str,
    /// A text goes as a file, anything else as JSON.
    pub body: Option<Value>,
    /// Whether the body goes under Chapa's signature.
    pub is_signed: bool,
    /// Whether it succeeds only once in a shop.
    pub is_once_for_ever: bool,
    /// Callers who are answered otherwise than their access says, with the status.
    pub exceptions: Vec<(Caller, u16)>,
}

impl Row {
    fn with(mut self, given: Given) -> Row {
        self.given = given;
        self
    }

    fn asking(mut self, query: &'static str) -> Row {
        self.query = query;
        self
    }

    fn sending(mut self, body: Value) -> Row {
        self.body = Some(body);
        self
    }

    fn signed(mut self) -> Row {
        self.is_signed = true;
        self
    }

    fn once_for_ever(mut self) -> Row {
        self.is_once_for_ever = true;
        self
    }

    fn except(mut self, caller: Caller, status: u16) -> Row {
        self.exceptions.push((caller, status));
        self
    }
}

fn get(path: &'static str, access: Access, success: u16) -> Row {
    row(Method::GET, path, access, success)
}

fn post(path: &'static str, access: Access, success: u16) -> Row {
    row(Method::POST, path, access, success)
}

fn put(path: &'static str, access: Access, success: u16) -> Row {
    row(Method::PUT, path, access, success)
}

fn patch(path: &'static str, access: Access, success: u16) -> Row {
    row(Method::PATCH, path, access, success)
}

fn delete(path: &'static str, access: Access, success: u16) -> Row {
    row(Method::DELETE, path, access, success)
}

fn row(method: Method, path: &'static str, access: Access, success: u16) -> Row {
    Row {
        route: Route { method, path },
        access,
        success,
        given: Given::Nothing,
        query: "",
        body: None,
        is_signed: false,
        is_once_for_ever: false,
        exceptions: Vec::new(),
    }
}

/// All of them.
pub fn all() -> Vec<Row> {
    let groups = [
        auth(),
        accounts(),
        catalog(),
        images(),
        catalog_files(),
        inventory(),
        cart(),
        orders(),
        payments(),
    ];
    groups.into_iter().flatten().collect()
}

fn auth() -> Vec<Row> {
    const USER: &str = "/api/auth/user";
    const RESET_PAGE: &str = "/password-reset/confirm/{uid}/{token}";
    let name = json!({ "first_name": "Derartu" });
    let registration = json!({
        "email": "{new_email}", "password1": "{new_password}", "password2": "{new_password}",
    });
    let change = json!({
        "old_password": "{password}",
        "new_password1": "{new_password}", "new_password2": "{new_password}",
    });
    let choice = json!({ "new_password1": "{new_password}", "new_password2": "{new_password}" });
    let reset = json!({
        "uid": "{uid}", "token": "{token}",
        "new_password1": "{new_password}", "new_password2": "{new_password}",
    });
    let admin = json!({
        "setup_token": "{setup_token}", "email": "{new_email}",
        "password": "{new_password}", "password_confirm": "{new_password}",
    });
    vec![
        post("/api/auth/registration", Anybody, 201).sending(registration),
        post("/api/auth/registration/verify-email", Anybody, 200)
            .with(Given::EmailKey)
            .sending(json!({ "key": "{key}" })),
        post("/api/auth/registration/resend-email", Anybody, 200)
            .sending(json!({ "email": "{email}" })),
        post("/api/auth/login", Anybody, 200)
            .sending(json!({ "email": "{email}", "password": "{password}" })),
        post("/api/auth/logout", Anybody, 200),
        get(USER, Customer, 200),
        put(USER, Customer, 200).sending(name.clone()),
        patch(USER, Customer, 200).sending(name),
        // The shop is not to be left without a superuser.
        delete(USER, Customer, 204)
            .sending(json!({ "password": "{password}" }))
            .except(Caller::Superuser, 409),
        get("/api/auth/sessions", Customer, 200),
        delete("/api/auth/sessions/{id}", Own, 204).with(Given::Session),
        post("/api/auth/password/change", Customer, 200).sending(change),
        post("/api/auth/password/reset", Anybody, 200).sending(json!({ "email": "{email}" })),
        post("/api/auth/password/reset/confirm", Anybody, 200)
            .with(Given::ResetLink)
            .sending(reset),
        post("/api/auth/init-admin", Anybody, 201)
            .sending(admin)
            .once_for_ever()
            // Where there is one, the shop has been initialized.
            .except(Caller::Superuser, 403),
        get("/auth/confirm-email/{key}", Open, 200).with(Given::EmailKey),
        post("/auth/confirm-email/{key}", Open, 200).with(Given::EmailKey),
        get(RESET_PAGE, Open, 200).with(Given::ResetLink),
        post(RESET_PAGE, Open, 200)
            .with(Given::ResetLink)
            .sending(choice),
    ]
}

fn accounts() -> Vec<Row> {
    const LIST: &str = "/api/accounts/addresses";
    const ONE: &str = "/api/accounts/addresses/{id}";
    let address = json!({
        "address_line_1": "Bole Road 1", "city": "Addis Ababa", "region": "AA", "country": "ET",
    });
    vec![
        get("/api/accounts/csrf", Anybody, 200),
        get(LIST, Verified, 200),
        post(LIST, Verified, 201).sending(address.clone()),
        get(ONE, OwnVerified, 200).with(Given::Address),
        put(ONE, OwnVerified, 200)
            .with(Given::Address)
            .sending(address),
        patch(ONE, OwnVerified, 200)
            .with(Given::Address)
            .sending(json!({ "city": "Adama" })),
        delete(ONE, OwnVerified, 204).with(Given::Address),
        get("/api/accounts/export", Customer, 200),
        get("/api/accounts/users", Superuser, 200),
        get("/api/accounts/users/{id}", Superuser, 200).with(Given::Person),
        patch("/api/accounts/users/{id}", Superuser, 200)
            .with(Given::Person)
            .sending(json!({ "is_staff": true })),
        get("/api/accounts/audit", Superuser, 200),
    ]
}

fn images() -> Vec<Row> {
    const LIST: &str = "/api/products/{id}/images";
    const ONE: &str = "/api/products/{id}/images/{image}";
    vec![
        get(LIST, Catalogue, 200).with(Given::Product),
        post(LIST, Staff, 201)
            .with(Given::SpareProduct)
            .sending(json!({ "image_url": "https://images.example/front.png" })),
        put("/api/products/{id}/images/order", Staff, 200)
            .with(Given::Image)
            .sending(json!({ "images": ["{image}"] })),
        post("/api/products/{id}/images/upload", Staff, 201)
            .with(Given::Product)
            .sending(json!({ "content_type": "image/png" })),
        get(ONE, Catalogue, 200).with(Given::Image),
        patch(ONE, Staff, 200)
            .with(Given::Image)
            .sending(json!({ "alt_text": "The front" })),
        delete(ONE, Staff, 204).with(Given::Image),
        post("/api/products/{id}/images/{image}/confirm", Staff, 200).with(Given::Upload),
    ]
}

fn catalog() -> Vec<Row> {
    const VARIANTS: &str = "/api/products/{id}/variants";
    const VARIANT: &str = "/api/products/{id}/variants/{variant}";
    let product = json!({
        "category_id": "{id}", "name": "Pixel 9", "slug": "{new_slug}", "price": "999.00",
    });
    vec![
        get("/api/categories", Catalogue, 200),
        post("/api/categories", Staff, 201)
            .sending(json!({ "name": "Phones", "slug": "{new_slug}" })),
        get("/api/categories/{id}", Catalogue, 200).with(Given::Category),
        put("/api/categories/{id}", Staff, 200)
            .with(Given::Category)
            .sending(json!({ "name": "Teas" })),
        patch("/api/categories/{id}", Staff, 200)
            .with(Given::Category)
            .sending(json!({ "description": "From Jimma" })),
        delete("/api/categories/{id}", Staff, 204).with(Given::SpareCategory),
        get("/api/products", Catalogue, 200),
        post("/api/products", Staff, 201)
            .with(Given::Category)
            .sending(product),
        get("/api/products/{id}", Catalogue, 200).with(Given::Product),
        put("/api/products/{id}", Staff, 200)
            .with(Given::Product)
            .sending(json!({
                "category_id": "{category}", "name": "Tea", "slug": "{new_slug}", "price": "9.00",
            })),
        patch("/api/products/{id}", Staff, 200)
            .with(Given::Product)
            .sending(json!({ "name": "Tea" })),
        delete("/api/products/{id}", Staff, 204).with(Given::SpareProduct),
        get(VARIANTS, Catalogue, 200).with(Given::Product),
        post(VARIANTS, Staff, 201)
            .with(Given::Variant)
            .sending(json!({ "options": { "size": "L" } })),
        get(VARIANT, Catalogue, 200).with(Given::Variant),
        patch(VARIANT, Staff, 200)
            .with(Given::Variant)
            .sending(json!({ "price": "12.00" })),
        delete(VARIANT, Staff, 204).with(Given::Variant),
    ]
}

fn catalog_files() -> Vec<Row> {
    vec![
        post("/api/products/import", Staff, 200).sending("Handle,Title,Variant Price\n".into()),
        get("/api/products/export", Staff, 200),
    ]
}

fn inventory() -> Vec<Row> {
    const PLACES: &str = "/api/inventory/locations";
    const PLACE: &str = "/api/inventory/locations/{code}";
    vec![
        get("/api/inventory", Staff, 200),
        get(PLACES, Staff, 200),
        post(PLACES, Staff, 201).sending(json!({ "code": "{new_slug}" })),
        get(PLACE, Staff, 200).with(Given::Place),
        patch(PLACE, Staff, 200)
            .with(Given::Place)
            .sending(json!({ "name": "Bole" })),
        delete(PLACE, Staff, 204).with(Given::Place),
        get("/api/inventory/movements", Staff, 200),
        get("/api/inventory/reservations", Staff, 200),
        post("/api/inventory/check_stock", Catalogue, 200).sending(json!({ "items": [] })),
        post("/api/inventory/{id}/adjust", Staff, 200)
            .with(Given::Place)
            .sending(json!({ "delta": 1, "reason": "found" })),
        post("/api/inventory/{id}/transfer", Staff, 200)
            .with(Given::Place)
            .sending(json!({ "from": "main", "to": "{code}", "quantity": 1 })),
    ]
}

fn cart() -> Vec<Row> {
    const LIST: &str = "/api/cart/items";
    const ONE: &str = "/api/cart/items/{id}";
    vec![
        get("/api/cart/my_cart", Customer, 200),
        get(LIST, Customer, 200),
        post(LIST, Customer, 201)
            .with(Given::Product)
            .sending(json!({ "product": "{id}" })),
        get(ONE, Own, 200).with(Given::Line),
        put(ONE, Own, 200)
            .with(Given::Line)
            .sending(json!({ "product": "{product}", "quantity": 2 })),
        patch(ONE, Own, 200)
            .with(Given::Line)
            .sending(json!({ "quantity": 2 })),
        delete(ONE, Own, 204).with(Given::Line),
    ]
}

fn orders() -> Vec<Row> {
    vec![
        get("/api/orders", Verified, 200),
        post("/api/orders", Verified, 201).with(Given::Line),
        get("/api/orders/{id}", OwnOrStaff, 200).with(Given::Order),
    ]
}

fn payments() -> Vec<Row> {
    // Which order is meant stands in the body, so another's is a bad field and no missing page.
    let initiate = post("/api/payments/initiate", OwnVerified, 200)
        .with(Given::Order)
        .sending(json!({ "order_id": "{id}", "return_url": "https://front.example/paid" }))
        .except(Caller::Stranger, 400)
        .except(Caller::Staff, 400)
        .except(Caller::Superuser, 400);
    vec![
        initiate,
        get("/api/payments/verify", OwnOrStaff, 200)
            .with(Given::Payment)
            .asking("tx_ref={tx_ref}"),
        get("/api/payments/webhook", Open, 200)
            .with(Given::Payment)
            .asking("trx_ref={tx_ref}"),
        post("/api/payments/webhook", Open, 200)
            .with(Given::Payment)
            .sending(json!({ "tx_ref": "{tx_ref}" }))
            .signed(),
    ]
}

//! A shop, and in it for each request its caller, what it is about, and the request itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use actors::{Actor, Answer, Stage};
use anyhow::{Context, Result, bail, ensure};
use axum::{Router, body::Body};
use domain::{
    CategoryId, Money, SessionId,
    category::Category,
    product::Product,
    stock::Location,
    user::{Origin, User},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use web::tokens::{SessionClaims, uid};

use super::{
    FUNCTIONS,
    callers::Caller,
    pictures,
    rows::{Given, Row},
};

const PASSWORD: &str = "Rome-1960-barefoot";
const NEW_PASSWORD: &str = "Sydney-2000-winner";
const WEBHOOK_SECRET: &str = "whsec_test_0123456789";
const SETUP_TOKEN: &str = "admin-setup-token-for-tests";

/// What placeholders stand for.
type Facts = BTreeMap<&'static str, Value>;

/// How shops are opened.
pub struct Scenes {
    /// Where the stand-in for Chapa answers.
    pub gateway: String,
    /// The hash of everybody's password.
    pub password_hash: Arc<str>,
    pub is_catalogue_public: bool,
}

/// A shop in which requests are made.
pub struct Scene<'a> {
    scenes: &'a Scenes,
    stage: Stage,
    /// Those that were called for.
    routers: Mutex<BTreeMap<&'static str, Router>>,
    /// What everybody buys.
    tea: Product,
    /// How much has been made that must differ from what there was.
    made: AtomicU32,
}

/// The hash of everybody's password, made once, since that is what takes time.
pub async fn password_hash() -> Result<String> {
    let scenes = Scenes {
        gateway: "http://127.0.0.1:1".to_owned(),
        password_hash: "!".into(),
        is_catalogue_public: true,
    };
    let scene = scenes.open().await?;
    let email = "abebe@example.com";
    let body = json!({ "email": email, "password1": PASSWORD, "password2": PASSWORD });
    let visitor = scene.stage.anonymous(&scene.router("auth")?);
    let answer = visitor.post("/api/auth/registration/", &body).await;
    ensure!(answer.status == 201, "{}", answer.text());
    let user = scene.stage.shop.store.find_user_by_email(email).await?;
    Ok(user.context("who has just registered")?.password_hash)
}

impl Scenes {
    pub async fn open(&self) -> Result<Scene<'_>> {
        let is_public = if self.is_catalogue_public {
            "true"
        } else {
            "false"
        };
        let stage = Stage::open_with(move |name| match name {
            "PUBLIC_CATALOG" => Some(is_public),
            "CHAPA_WEBHOOK_SECRET" => Some(WEBHOOK_SECRET),
            "ADMIN_SETUP_TOKEN" => Some(SETUP_TOKEN),
            _ => None,
        })
        .await?;
        let tea = stage
            .goods("tea", Money::from_santim(100), None, 99)
            .await?;
        Ok(Scene {
            scenes: self,
            routers: Mutex::default(),
            tea,
            stage,
            made: AtomicU32::new(0),
        })
    }
}

impl Scene<'_> {
    /// Makes everything that the request needs, then the request.
    pub async fn ask(&self, row: &Row, caller: Caller) -> Result<Answer> {
        let mut functions = FUNCTIONS.iter();
        let function = functions.find(|(_, table)| table.contains(&row.route));
        let (function, _) = function.context("a function with this route")?;
        let account = self.account(caller).await?;
        let facts = if row.access.is_about_one_owner() && caller.is_another() {
            let owner = self.account(Caller::Customer).await?;
            self.prepare(row.given, &owner).await?
        } else {
            self.prepare(row.given, &account).await?
        };
        let account = account.at(&self.router(function)?);
        let mut actor = self.turn(account, caller).await?;
        let path = filled(row.route.path, &facts);
        let query = match row.query {
            "" => String::new(),
            query => format!("?{}", filled(query, &facts)),
        };
        let (media, body) = match row.body.as_ref().map(|body| fill(body, &facts)) {
            None => (None, None),
            Some(Value::String(file)) => (Some("text/csv"), Some(file)),
            Some(json) => (Some("application/json"), Some(json.to_string())),
        };
        if row.is_signed {
            let signature = sign(body.as_deref().unwrap_or_default())?;
            actor = actor.saying("x-chapa-signature", &signature);
        }
        let body = body.map_or_else(Body::empty, Body::from);
        let path = format!("{path}/{query}");
        Ok(actor
            .send(row.route.method.clone(), &path, media, body)
            .await)
    }

    /// A function's router on this stage.
    fn router(&self, function: &'static str) -> Result<Router> {
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(router) = routers.get(function) {
            return Ok(router.clone());
        }
        let router = self.build(function)?;
        routers.insert(function, router.clone());
        Ok(router)
    }

    fn build(&self, function: &str) -> Result<Router> {
        let (shop, clients) = (&self.stage.shop, &self.stage.clients);
        Ok(match function {
            "auth" => auth::router(auth::State::new(
                &self.stage.config()?,
                clients,
                shop.clock.clone(),
            )),
            "accounts" => accounts::router(shop.clone()),
            "catalog" => catalog::router(catalog::State::new(
                &self.stage.config()?,
                clients,
                shop.clock.clone(),
            )),
            "catalog-files" => catalog_files::router(shop.clone()),
            "inventory" => inventory::router(shop.clone()),
            "cart" => cart::router(shop.clone()),
            "orders" => orders::router(shop.clone()),
            "payments" => {
                let mut config: payments::Config = self.stage.config()?;
                config.chapa.base_url.clone_from(&self.scenes.gateway);
                let state = payments::State::new(&config, clients, shop.clock.clone())?;
                payments::router(state)
            }
            other => bail!("{other} has no router here"),
        })
    }

    /// Somebody of this kind with everything in order: logged in by cookie, address proved. What is
    /// wrong with them comes with [`Scene::turn`], since it would keep them from owning anything.
    async fn account(&self, caller: Caller) -> Result<Actor> {
        let now = self.stage.shop.clock.now();
        let password_hash = self.scenes.password_hash.to_string();
        if caller == Caller::Superuser {
            let account = self.stage.superuser(&Router::new()).await?;
            let choose = |user: &mut User| user.password_hash.clone_from(&password_hash);
            self.edit(&account, choose).await?;
            return Ok(account);
        }
        let describe = |user: &mut User| {
            user.password_hash.clone_from(&password_hash);
            user.email_verified_at = Some(now);
            user.is_staff = caller == Caller::Staff;
        };
        self.stage.somebody(&Router::new(), describe).await
    }

    /// Makes of somebody in order the caller that they are to be.
    async fn turn(&self, account: Actor, caller: Caller) -> Result<Actor> {
        let (now, tokens) = (self.stage.shop.clock.now(), &self.stage.shop.tokens);
        Ok(match caller {
            Caller::Customer | Caller::Stranger | Caller::Staff | Caller::Superuser => account,
            Caller::Anonymous => {
                for cookie in ["sessionid", "csrftoken"] {
                    account.lose(cookie);
                }
                account
            }
            Caller::Unverified => {
                let doubt = |user: &mut User| user.email_verified_at = None;
                self.edit(&account, doubt).await?;
                account
            }
            Caller::Expired => {
                let expire = |user: &mut User| user.sessions[0].expires_at = now;
                self.edit(&account, expire).await?;
                let user = account.user();
                let token = tokens.session(SessionClaims {
                    user: user.id,
                    session: user.sessions[0].id,
                    issued_at: user.sessions[0].created_at,
                    expires_at: now,
                })?;
                account.keep("sessionid", &token);
                account
            }
            Caller::LoggedOut => {
                self.edit(&account, |user| user.sessions.clear()).await?;
                account
            }
            Caller::Bearer => account.as_bearer(),
            Caller::DeadBearer => {
                self.edit(&account, |user| user.sessions.clear()).await?;
                account.as_bearer()
            }
            Caller::NoCsrf => account.saying("x-csrftoken", ""),
            Caller::ForeignCsrf => {
                let other = self.account(Caller::Customer).await?;
                let foreign = other.cookie("csrftoken").context("a CSRF token")?;
                account.keep("csrftoken", &foreign);
                account
            }
        })
    }

    async fn edit(&self, account: &Actor, change: impl Fn(&mut User)) -> Result<()> {
        let (store, entropy) = (&self.stage.shop.store, &self.stage.shop.entropy);
        let edited = store
            .edit_user(
                account.user().id,
                || entropy.version(),
                |user| {
                    change(user);
                    anyhow::Ok(())
                },
            )
            .await;
        let edited = edited.map_err(|error| anyhow::anyhow!("{error:?}"))?;
        edited.context("an account")
    }

    /// Makes what has to be there, as the owner's, and names it.
    async fn prepare(&self, given: Given, owner: &Actor) -> Result<Facts> {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        let mut facts = Facts::from([
            ("email", json!(owner.user().email)),
            ("password", json!(PASSWORD)),
            ("new_email", json!(format!("new-{made}@example.com"))),
            ("new_slug", json!(format!("new-{made}"))),
            ("new_password", json!(NEW_PASSWORD)),
            ("setup_token", json!(SETUP_TOKEN)),
        ]);
        let (stage, now) = (&self.stage, self.stage.shop.clock.now());
        match given {
            Given::Nothing => {}
            Given::EmailKey => {
                let newcomer = stage.customer(&Router::new()).await?;
                let user = newcomer.user();
                let key = stage.shop.tokens.email_key(user.id, &user.email, now)?;
                facts.insert("key", json!(key));
            }
            Given::ResetLink => {
                let found = stage.shop.store.find_user(owner.user().id).await?;
                let user = found.context("an account")?;
                facts.insert("uid", json!(uid(user.id)));
                let token = stage.shop.tokens.reset_token(&user, now);
                facts.insert("token", json!(token));
            }
            Given::Session => {
                let session = SessionId(stage.shop.entropy.id());
                let open = |user: &mut User| {
                    user.open_session(session, Origin::default(), now);
                };
                self.edit(owner, open).await?;
                facts.insert("id", json!(session));
            }
            Given::Person => {
                let person = stage.verified(&Router::new()).await?;
                facts.insert("id", json!(person.user().id));
            }
            Given::Address => {
                facts.insert("id", json!(stage.add_address(owner).await?));
            }
            Given::Category => {
                facts.insert("id", json!(self.tea.category));
            }
            Given::SpareCategory => {
                let spare = Category {
                    id: CategoryId(stage.shop.entropy.id()),
                    parent: None,
                    name: "Spare".to_owned(),
                    slug: format!("spare-{}", stage.shop.entropy.version()),
                    description: String::new(),
                    is_active: true,
                    created_at: now,
                    version: stage.shop.entropy.version(),
                };
                stage.shop.store.create_category(&spare).await?;
                facts.insert("id", json!(spare.id));
            }
            Given::Product => {
                facts.insert("id", json!(self.tea.id));
                facts.insert("category", json!(self.tea.category));
            }
            Given::SpareProduct => {
                let spare = stage.goods("Spare", Money::from_santim(900), None, 1);
                let spare = spare.await?;
                facts.insert("id", json!(spare.id));
                facts.insert("category", json!(spare.category));
            }
            Given::Variant => {
                let sizes = stage.sizes("Sizes", Money::from_santim(900), 1).await?;
                facts.insert("id", json!(sizes.id));
                facts.insert("variant", json!(sizes.variants[1].id));
            }
            Given::Place => {
                let bole = Location::parse("bole").context("a place")?;
                // It may be there already: callers who may not remove it leave it.
                let edited = stage.shop.store.edit_locations(
                    || stage.shop.entropy.version(),
                    |places| match places.find(&bole) {
                        Some(_) => Ok(()),
                        None => places.add(bole.clone(), "Bole".to_owned()),
                    },
                );
                edited.await?;
                facts.insert("code", json!(bole));
                facts.insert("id", json!(self.tea.id));
            }
            Given::Image => {
                let (product, image) = pictures::pictured(stage).await?;
                facts.insert("id", json!(product));
                facts.insert("image", json!(image));
            }
            Given::Upload => {
                let upload = pictures::upload(stage).await?;
                facts.insert("id", json!(upload.product));
                facts.insert("image", json!(upload.image));
            }
            Given::Line => {
                stage.add_address(owner).await?;
                stage.fill_cart(owner, &[&self.tea], 1).await?;
                facts.insert("id", json!(self.tea.variants[0].id));
                facts.insert("product", json!(self.tea.id));
            }
            Given::Order => {
                facts.insert("id", self.order(owner).await?);
            }
            Given::Payment => {
                let body = json!({
                    "order_id": self.order(owner).await?, "return_url": "https://front.example/",
                });
                let payer = owner.at(&self.router("payments")?);
                let begun = payer.post("/api/payments/initiate/", &body).await;
                ensure!(begun.status == 200, "{}", begun.text());
                facts.insert("tx_ref", begun.json()["tx_ref"].clone());
            }
        }
        Ok(facts)
    }

    /// Orders something and gives the order's id.
    async fn order(&self, owner: &Actor) -> Result<Value> {
        self.stage.add_address(owner).await?;
        self.stage.fill_cart(owner, &[&self.tea], 1).await?;
        let buyer = owner.at(&self.router("orders")?);
        let placed = buyer.post("/api/orders/", &json!({})).await;
        ensure!(placed.status == 201, "{}", placed.text());
        Ok(placed.json()["id"].clone())
    }
}

/// A text with its placeholders filled.
fn filled(text: &str, facts: &Facts) -> String {
    facts.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("{{{name}}}"), &value)
    })
}

/// A body with its placeholders filled; one that is a whole text keeps the type of what it stands
/// for.
fn fill(body: &Value, facts: &Facts) -> Value {
    match body {
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.clone(), fill(value, facts)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(|item| fill(item, facts)).collect(),
        Value::String(text) => {
            let name = text
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            let fact = name.and_then(|name| facts.get(name));
            fact.cloned().unwrap_or_else(|| body.clone())
        }
        other => other.clone(),
    }
}

fn sign(body: &str) -> Result<String> {
    let mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes())?;
    let bytes = mac.chain_update(body).finalize().into_bytes();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

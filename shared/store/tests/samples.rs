//! Things to store: a shop with one category, products, people, carts and orders.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{
    AddressId, AuditEntryId, CategoryId, EventId, Id, Money, OrderId, ProductId, Timestamp, UserId,
    VariantId, Version,
    address::{Address, AddressBook},
    cart::Cart,
    category::Category,
    event::{Event, EventKind},
    json::Json,
    location::Locations,
    order::{self, Change, Checkout, Order, Supply},
    payment::{Mode, Payment, PaymentStatus, TxRef},
    product::{Price, Product, Variant},
    staff::{Act, AuditEntry, Rights, Roster},
    stock::{Location, ShownStock, StockLevel},
    throttle::PASSWORDS,
    user::{Profile, User},
};
use emulator::{Table, Wire};
use store::{Attempts, RosterChange, StockedProduct, Store};

/// 2026-11-23T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_435_200);

/// A store over a table of its own.
pub struct Bench {
    pub store: Store,
    pub wire: Wire,
    pub table: Table,
    drawn: AtomicU64,
}

impl Bench {
    pub async fn open() -> Bench {
        let table = Table::memory().await.unwrap();
        let wire = Wire::new();
        let store = Store::new(table.client_over(&wire), table.name());
        Bench {
            store,
            wire,
            table,
            drawn: AtomicU64::new(1),
        }
    }

    /// The next id, in the order of the calls.
    pub fn id(&self) -> Id {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        Id::compose(1_795_435_200_000 + number, 0)
    }

    pub fn version(&self) -> Version {
        Version(self.id())
    }

    pub fn event(&self, kind: EventKind) -> Event {
        Event {
            id: EventId::compose(self.id(), 7),
            occurred_at: NOW,
            kind,
        }
    }

    pub fn events(&self, kinds: &[EventKind]) -> Vec<Event> {
        kinds.iter().map(|kind| self.event(kind.clone())).collect()
    }

    pub fn user(&self, email: &str) -> User {
        User {
            id: UserId(self.id()),
            email: email.into(),
            first_name: "Abebe".into(),
            last_name: "Bikila".into(),
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g".into(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            email_verified_at: Some(NOW),
            profile: Profile::default(),
            sessions: Vec::new(),
            devices: Vec::new(),
            created_at: NOW,
            version: self.version(),
        }
    }

    /// The log's entry about the first admin.
    pub fn initialized(&self, admin: &User) -> AuditEntry {
        AuditEntry {
            id: AuditEntryId(self.id()),
            at: NOW,
            actor: admin.id,
            subject: admin.id,
            acts: vec![Act::AdminInitialized],
        }
    }

    /// Makes somebody staff: what is to be written for it.
    pub fn granting(&self, mut roster: Roster, user: &mut User) -> RosterChange {
        let from = roster.version;
        let wanted = Rights {
            is_staff: Some(true),
            ..Rights::default()
        };
        let acts = roster.change(user, wanted).unwrap();
        user.version = self.version();
        roster.version = Some(self.version());
        let entry = AuditEntry {
            id: AuditEntryId(self.id()),
            at: NOW,
            actor: roster.staff()[0],
            subject: user.id,
            acts,
        };
        RosterChange {
            from,
            roster,
            entry,
        }
    }

    /// Logins at an address.
    pub fn attempts(&self, email: &str) -> Attempts {
        Attempts {
            what: "LOGIN",
            who: format!("digest of {email}"),
            limit: PASSWORDS,
        }
    }

    pub async fn registered(&self, email: &str) -> User {
        let user = self.user(email);
        let event = self.event(EventKind::UserRegistered { user: user.id });
        self.store.create_user(&user, &event).await.unwrap();
        user
    }

    pub fn category(&self, slug: &str, parent: Option<CategoryId>) -> Category {
        Category {
            id: CategoryId(self.id()),
            parent,
            name: slug.into(),
            slug: slug.into(),
            description: String::new(),
            is_active: true,
            created_at: NOW,
            version: self.version(),
        }
    }

    pub fn product(&self, category: CategoryId, slug: &str, units: u32) -> StockedProduct {
        let id = ProductId(self.id());
        let price =
            Price::new(Money::from_santim(25_000), Some(Money::from_santim(19_999))).unwrap();
        let sku = Some(format!("SKU-{slug}"));
        let variant = Product::default_variant(id, sku.clone());
        let level = self.level(id, &variant, units);
        let product = Product {
            id,
            category,
            name: format!("Product {slug}"),
            slug: slug.into(),
            description: "A thing that people buy, described in a sentence or two.".into(),
            sku,
            price,
            currency: "ETB".into(),
            specifications: Json(serde_json::json!({ "weight": 1.5, "colours": ["red"] })),
            weight_grams: None,
            low_stock_threshold: None,
            is_featured: false,
            is_active: true,
            options: Vec::new(),
            variants: vec![variant],
            images: Vec::new(),
            shown_stock: ShownStock::default(),
            created_at: NOW,
            updated_at: NOW,
            version: self.version(),
        };
        StockedProduct::new(product, vec![level])
    }

    /// A product that comes in two ways.
    pub fn shirt(&self, category: CategoryId, units: u32) -> StockedProduct {
        let mut stocked = self.product(category, "shirt", 0);
        stocked.product.variants.clear();
        stocked.stock.clear();
        for colour in ["red", "blue"] {
            let variant = Variant {
                id: VariantId(self.id()),
                sku: Some(format!("SHIRT-{colour}")),
                options: BTreeMap::from([("colour".to_owned(), colour.to_owned())]),
                price: None,
                is_active: true,
            };
            stocked
                .stock
                .push(self.level(stocked.product.id, &variant, units));
            stocked.product.variants.push(variant);
        }
        StockedProduct::new(stocked.product, stocked.stock)
    }

    fn level(&self, product: ProductId, variant: &Variant, available: u32) -> StockLevel {
        StockLevel::new(product, variant.id, Location::main(), available, NOW)
    }

    /// A shop with so many products of so many units each.
    pub async fn stocked(&self, products: usize, units: u32) -> Vec<StockedProduct> {
        let category = self.category("things", None);
        self.store.create_category(&category).await.unwrap();
        let mut stocked = Vec::new();
        for number in 0..products {
            let product = self.product(category.id, &format!("thing-{number}"), units);
            self.store.create_product(&product).await.unwrap();
            stocked.push(product);
        }
        stocked
    }

    pub fn address(&self) -> Address {
        Address {
            id: AddressId(self.id()),
            address_line_1: "Bole Road 1".into(),
            address_line_2: None,
            city: "Addis Ababa".into(),
            region: "AA".into(),
            postal_code: None,
            country: "ET".into(),
            location_pin: None,
        }
    }

    /// Somebody with an address and so many of each of these in the cart.
    pub async fn shopper(&self, email: &str, products: &[StockedProduct], each: u32) -> Shopper {
        let user = self.registered(email).await;
        let address = self.address();
        self.store
            .edit_addresses(
                user.id,
                || self.version(),
                |book: &mut AddressBook| book.add(address.clone(), true),
            )
            .await
            .unwrap();
        let (cart, ()) = self
            .store
            .edit_cart(
                user.id,
                NOW,
                || self.version(),
                |cart| {
                    for stocked in products {
                        let variant = &stocked.product.variants[0];
                        cart.add(stocked.product.id, variant.id, each, 999, NOW)
                            .map(|_| ())?;
                    }
                    Ok::<(), domain::cart::CartError>(())
                },
            )
            .await
            .unwrap();
        Shopper {
            user,
            address,
            cart,
        }
    }

    /// The checkout of a shopper's cart, not yet written.
    pub fn checkout(&self, shopper: &Shopper, products: &[StockedProduct]) -> Change {
        let mut supply = Supply::new(Locations::default());
        for stocked in products {
            supply.note(&stocked.product);
        }
        let products: Vec<Product> = products
            .iter()
            .map(|stocked| stocked.product.clone())
            .collect();
        order::place(&Checkout {
            id: OrderId(self.id()),
            version: self.version(),
            customer: &shopper.user,
            cart: &shopper.cart,
            products: &products,
            supply: &supply,
            address: &shopper.address,
            now: NOW,
        })
        .unwrap()
    }

    /// Writes a checkout.
    pub async fn place(
        &self,
        shopper: &Shopper,
        change: &Change,
    ) -> Result<(), store::PlaceOrderError> {
        let mut emptied = shopper.cart.clone();
        emptied.clear(NOW);
        emptied.version = Some(self.version());
        let read = shopper.cart.version.unwrap();
        let events = self.events(&change.events);
        self.store
            .place_order(change, read, &emptied, &events)
            .await
    }

    /// An order that was placed.
    pub async fn placed(&self, email: &str, products: &[StockedProduct], each: u32) -> Order {
        let shopper = self.shopper(email, products, each).await;
        let change = self.checkout(&shopper, products);
        self.place(&shopper, &change).await.unwrap();
        change.order
    }

    pub fn payment(&self, order: &Order, tx_ref: TxRef) -> Payment {
        Payment {
            tx_ref,
            id: self.id(),
            order: order.id,
            owner: order.owner,
            amount: order.total,
            currency: order.currency.clone(),
            mode: Mode::Test,
            status: PaymentStatus::Pending,
            checkout_url: None,
            gateway_reference: None,
            refund_due: None,
            created_at: NOW,
            updated_at: NOW,
            next_check: Some(NOW.plus_secs(60)),
            version: self.version(),
        }
    }

    /// Units of a product: available and reserved.
    pub async fn units(&self, stocked: &StockedProduct) -> (u32, u32) {
        let found = self
            .store
            .find_product(stocked.product.id)
            .await
            .unwrap()
            .unwrap();
        (found.stock[0].available, found.stock[0].reserved)
    }
}

/// Somebody about to check out.
pub struct Shopper {
    pub user: User,
    pub address: Address,
    pub cart: Cart,
}

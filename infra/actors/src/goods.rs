//! Something to sell on the stage, and customers about to buy it.

use std::{collections::BTreeMap, convert::Infallible};

use anyhow::Result;
use axum::Router;
use domain::{
    AddressId, CategoryId, Money, ProductId, VariantId,
    address::{Address, AddressError},
    cart::CartError,
    category::Category,
    location::LocationsError,
    product::{Price, Product, ProductOption},
    stock::{Location, ShownStock, StockLevel},
};
use store::StockedProduct;
use web::Shop;

use crate::{Actor, Stage};

impl Stage {
    /// A product that comes one way, in a category of its own.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn goods(
        &self,
        name: &str,
        list: Money,
        discounted: Option<Money>,
        units: u32,
    ) -> Result<Product> {
        let price = Price::new(list, discounted)?;
        self.goods_at(name, price, &[(Location::main(), units)])
            .await
    }

    /// A product that comes one way, in a category of its own, of which there are so many units at
    /// each of these places. The places are added to the end of the shop's list.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn goods_at(
        &self,
        name: &str,
        price: Price,
        units: &[(Location, u32)],
    ) -> Result<Product> {
        let (now, entropy) = (self.shop.clock.now(), &self.shop.entropy);
        let category = Category {
            id: CategoryId(entropy.id()),
            parent: None,
            name: format!("Shelf of {name}"),
            slug: format!("shelf-{}", entropy.version()),
            description: String::new(),
            is_active: true,
            created_at: now,
            version: entropy.version(),
        };
        self.shop.store.create_category(&category).await?;
        let id = ProductId(entropy.id());
        let product = Product {
            id,
            category: category.id,
            name: name.to_owned(),
            slug: format!("goods-{}", entropy.version()),
            description: String::new(),
            sku: None,
            price,
            currency: "ETB".to_owned(),
            specifications: domain::json::Json::default(),
            weight_grams: None,
            low_stock_threshold: None,
            is_featured: false,
            is_active: true,
            options: Vec::new(),
            variants: vec![Product::default_variant(id, None)],
            images: Vec::new(),
            shown_stock: ShownStock::default(),
            created_at: now,
            updated_at: now,
            version: entropy.version(),
        };
        let mut stock = Vec::new();
        for (place, units) in units {
            self.open_place(place).await?;
            stock.push(StockLevel::new(id, id.into(), place.clone(), *units, now));
        }
        let stocked = StockedProduct::new(product, stock);
        self.shop.store.create_product(&stocked).await?;
        Ok(stocked.product)
    }

    /// Adds a place to the end of the shop's list, if it is not there.
    async fn open_place(&self, place: &Location) -> Result<()> {
        if place.is_main() {
            return Ok(());
        }
        let entropy = &self.shop.entropy;
        self.shop
            .store
            .edit_locations(
                || entropy.version(),
                |locations| match locations.add(place.clone(), place.to_string()) {
                    Ok(()) | Err(LocationsError::CodeTaken) => Ok(()),
                    Err(refused) => Err(refused),
                },
            )
            .await?;
        Ok(())
    }

    /// A product in the sizes S and M, so many units of each, that may come in L as well.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn sizes(&self, name: &str, price: Money, units: u32) -> Result<Product> {
        let Shop {
            store,
            entropy,
            clock,
            ..
        } = &self.shop;
        let id = self.goods(name, price, None, units).await?.id;
        let medium = VariantId(entropy.id());
        let edit = |stocked: &mut StockedProduct| {
            let product = &mut stocked.product;
            product.options = vec![ProductOption {
                name: "size".to_owned(),
                values: ["S", "M", "L"].map(str::to_owned).to_vec(),
            }];
            let mut other = Product::default_variant(id, None);
            other.id = medium;
            product.variants.push(other);
            for (variant, size) in product.variants.iter_mut().zip(["S", "M"]) {
                let choice = ("size".to_owned(), size.to_owned());
                variant.options = BTreeMap::from([choice]);
            }
            let level = StockLevel::new(id, medium, Location::main(), units, clock.now());
            stocked.stock.push(level);
            Ok::<(), Infallible>(())
        };
        let edited = store.edit_product(id, || entropy.version(), edit).await;
        Ok(edited?.0.product)
    }

    /// A verified customer with a default address and so many of each of these in the cart.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn shopper(
        &self,
        router: &Router,
        goods: &[&Product],
        quantity: u32,
    ) -> Result<Actor> {
        let actor = self.verified(router).await?;
        self.add_address(&actor).await?;
        self.fill_cart(&actor, goods, quantity).await?;
        Ok(actor)
    }

    /// Adds an address to somebody's book and gives its id.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn add_address(&self, actor: &Actor) -> Result<AddressId> {
        let (entropy, store) = (&self.shop.entropy, &self.shop.store);
        let address = Address {
            id: AddressId(entropy.id()),
            address_line_1: "Bole Road 1".to_owned(),
            address_line_2: Some("House 7".to_owned()),
            city: "Addis Ababa".to_owned(),
            region: "AA".to_owned(),
            postal_code: Some("1000".to_owned()),
            country: "ET".to_owned(),
            location_pin: None,
        };
        let id = address.id;
        store
            .edit_addresses(
                actor.user().id,
                || entropy.version(),
                |book| {
                    book.add(address.clone(), false)?;
                    Ok::<(), AddressError>(())
                },
            )
            .await?;
        Ok(id)
    }

    /// Puts so many of each of these into somebody's cart.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn fill_cart(&self, actor: &Actor, goods: &[&Product], quantity: u32) -> Result<()> {
        let (now, entropy) = (self.shop.clock.now(), &self.shop.entropy);
        self.shop
            .store
            .edit_cart(
                actor.user().id,
                now,
                || entropy.version(),
                |cart| {
                    for product in goods {
                        let available = domain::cart::MAX_QUANTITY;
                        cart.add(product.id, product.variants[0].id, quantity, available, now)?;
                    }
                    Ok::<(), CartError>(())
                },
            )
            .await?;
        Ok(())
    }

    /// Units of a product that can be bought, and that are promised, place by place in the order of
    /// their codes.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn shelves(&self, product: &Product) -> Result<Vec<(String, u32, u32)>> {
        let found = self.shop.store.find_fresh_product(product.id).await?;
        let levels = found.into_iter().flat_map(|stocked| stocked.stock);
        let shelf =
            |level: StockLevel| (level.location.to_string(), level.available, level.reserved);
        Ok(levels.map(shelf).collect())
    }

    /// Units of a product that can be bought, and that are promised.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn units(&self, product: &Product) -> Result<(u32, u32)> {
        let found = self.shop.store.find_product(product.id).await?;
        let level = found.and_then(|stocked| stocked.stock.into_iter().next());
        Ok(level.map_or((0, 0), |level| (level.available, level.reserved)))
    }
}

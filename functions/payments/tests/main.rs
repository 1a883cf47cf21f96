//! Payments over their router, with a gateway whose answers the test decides.

#[cfg(test)]
mod events;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod initiate;
#[cfg(test)]
mod places;
#[cfg(test)]
mod settle;
#[cfg(test)]
mod webhook;

use actors::{Actor, Stage};
use axum::Router;
use domain::{
    Money, OrderId,
    product::{Price, Product},
    stock::Location,
};
use payments::State;
use serde_json::{Value, json};

use crate::gateway::Gateway;

const BIRR_250: Money = Money::from_santim(25_000);
const WEBHOOK_SECRET: &str = "whsec_test_0123456789";

/// A stage with the gateway in the street behind it, and one product to buy.
struct Market {
    stage: Stage,
    gateway: Gateway,
    payments: Router,
    orders: Router,
    phone: Product,
}

impl Market {
    async fn open(units: u32) -> anyhow::Result<Market> {
        Market::open_at(&[(Location::main(), units)]).await
    }

    /// With so many units at each of these places.
    async fn open_at(units: &[(Location, u32)]) -> anyhow::Result<Market> {
        let gateway = Gateway::open().await?;
        let stage = Stage::open_with(|name| match name {
            "CHAPA_WEBHOOK_SECRET" => Some(WEBHOOK_SECRET),
            "RETURN_URL_HOSTS" => Some("shop.example"),
            _ => None,
        })
        .await?;
        let mut config: payments::Config = stage.config()?;
        config.chapa.base_url = gateway.url();
        let state = State::new(&config, &stage.clients, stage.shop.clock.clone())?;
        let price = Price::new(BIRR_250, None)?;
        let phone = stage.goods_at("Pixel 9", price, units).await?;
        Ok(Market {
            payments: payments::router(state),
            orders: orders::router(stage.shop.clone()),
            stage,
            gateway,
            phone,
        })
    }

    /// Somebody who has ordered so many, and the order.
    async fn buyer(&self, quantity: u32) -> anyhow::Result<(Actor, Value)> {
        let buyer = self
            .stage
            .shopper(&self.orders, &[&self.phone], quantity)
            .await?;
        let order = buyer.post("/api/orders/", &json!({})).await;
        anyhow::ensure!(order.status == 201, "{}", order.text());
        Ok((buyer.at(&self.payments), order.json()))
    }

    /// Somebody who has begun to pay, the order, and the reference of the attempt.
    async fn payer(&self, quantity: u32) -> anyhow::Result<(Actor, Value, String)> {
        let (buyer, order) = self.buyer(quantity).await?;
        let tx_ref = begin(&buyer, &order).await?;
        Ok((buyer, order, tx_ref))
    }

    async fn order(&self, order: &Value) -> anyhow::Result<domain::order::Order> {
        let id = OrderId::try_from(order["id"].as_u64().unwrap_or_default())?;
        let found = self.stage.shop.store.find_order(id).await?;
        found.ok_or_else(|| anyhow::anyhow!("the order is gone"))
    }

    /// Time passes until an order's units are no longer promised to it, and are given back.
    async fn end_hold(&self, order: &Value) -> anyhow::Result<()> {
        let shop = &self.stage.shop;
        shop.clock.advance(domain::order::HOLD_SECS + 1);
        let held = self.order(order).await?;
        let change = held.release_hold(shop.clock.now(), shop.entropy.version());
        let change = change.ok_or_else(|| anyhow::anyhow!("nothing was promised"))?;
        shop.store.advance_order(&change, &[], &[]).await?;
        Ok(())
    }

    async fn units(&self) -> anyhow::Result<(u32, u32)> {
        self.stage.units(&self.phone).await
    }
}

async fn begin(buyer: &Actor, order: &Value) -> anyhow::Result<String> {
    let body = json!({ "order_id": order["id"], "return_url": "https://shop.example/thanks" });
    let answer = buyer.post("/api/payments/initiate/", &body).await;
    anyhow::ensure!(answer.status == 200, "{}", answer.text());
    Ok(answer.json()["tx_ref"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

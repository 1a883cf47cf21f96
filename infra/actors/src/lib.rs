//! Who knocks at a function in tests, and the stage they stand on: a table of their own and a shop
//! over it.
//!
//! ```no_run
//! # use actors::Stage;
//! # use serde_json::json;
//! # async fn example(router: axum::Router) -> anyhow::Result<()> {
//! let stage = Stage::open().await?;
//! # let _ = "router = accounts::router(stage.shop.clone());";
//! let customer = stage.verified(&router).await?;
//! let answer = customer.post("/api/accounts/addresses/", &json!({ "city": "Addis Ababa" })).await;
//! assert_eq!(answer.status, 400);
//! assert_eq!(answer.json()["country"][0], "This field is required.");
//! # Ok(())
//! # }
//! ```
//!
//! A helper that cannot do its part ends the test with what went wrong.

mod actor;
mod answer;
mod goods;
mod objects;
mod queue;
mod stage;

pub use actor::Actor;
pub use answer::{Answer, replay};
pub use objects::{Object, Objects};
pub use queue::Queue;
pub use stage::Stage;

//! The EventBridge bus on which the shop tells others what happened.

use aws_sdk_eventbridge::{error::DisplayErrorContext, types::PutEventsRequestEntry};
use domain::event::Event;

use crate::aws::Lazily;

/// The `source` of all our events.
pub const SOURCE: &str = "merkato";

/// The bus.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: Lazily<aws_sdk_eventbridge::Client>,
    name: String,
}

/// An event did not reach the bus.
#[derive(Debug, thiserror::Error)]
#[error("an event did not reach the bus: {0}")]
pub struct BusError(String);

impl EventBus {
    /// The bus of this name.
    pub fn new(
        client: impl Into<Lazily<aws_sdk_eventbridge::Client>>,
        name: impl Into<String>,
    ) -> EventBus {
        EventBus {
            client: client.into(),
            name: name.into(),
        }
    }

    /// Puts an event on the bus: `detail-type` is its name, `detail` the event as in the queue.
    ///
    /// # Errors
    /// [`BusError`].
    pub async fn put(&self, event: &Event) -> Result<(), BusError> {
        let detail = serde_json::to_string(event).map_err(|error| BusError(error.to_string()))?;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.kind.name())
            .detail(detail)
            .build();
        let answer = self
            .client
            .put_events()
            .entries(entry)
            .send()
            .await
            .map_err(|error| BusError(DisplayErrorContext(&error).to_string()))?;
        if answer.failed_entry_count > 0 {
            let code = answer
                .entries()
                .first()
                .and_then(|entry| entry.error_code());
            return Err(BusError(code.unwrap_or("refused").to_owned()));
        }
        Ok(())
    }
}

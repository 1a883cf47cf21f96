//! Every minute: sends the events that were left in the outbox.

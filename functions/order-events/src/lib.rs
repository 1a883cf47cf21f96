//! Consumes the shop's events from SQS: mails customers, feeds the event bus.

//! The outside world: AWS clients, Chapa, mail, order events, configuration, clock and entropy.

//! The consumer of events: each has its effect once, and each failure is its own.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod consuming;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod post;
#[cfg(test)]
mod shown_stock;
#[cfg(test)]
mod stripping;

//! The whole shop from outside: a process of its own, spoken to over HTTP and by nothing else.
//!
//! Each test opens a shop of its own on a free port. With `BASE_URL` set they call that one instead,
//! and then want to run one after the other (`--test-threads=1`), because they move its clock.

#[cfg(test)]
mod access;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod categories;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod holes;
#[cfg(test)]
mod images;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod person;
#[cfg(test)]
mod places;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod products;
#[cfg(test)]
mod purchase;
#[cfg(test)]
mod races;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod template;
#[cfg(test)]
mod watched;

//! A user's address book: one item, so that exactly one address is the default.

use serde::{Deserialize, Serialize};

use crate::{AddressId, UserId, Version, json::Json};

/// How many addresses a book holds.
pub const MAX_ADDRESSES: usize = 50;

/// Where to deliver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// Which entry of the book.
    pub id: AddressId,
    /// Street and house.
    pub address_line_1: String,
    /// More of it.
    pub address_line_2: Option<String>,
    /// City or town.
    pub city: String,
    /// Region or state.
    pub region: String,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: String,
    /// A point on a map, in whatever form the frontend likes.
    pub location_pin: Option<Json>,
}

/// All addresses of one user, newest last, and which of them is the default.
///
/// Invariant: the book is empty and has no default, or exactly one of its addresses is the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AddressBook {
    owner: UserId,
    addresses: Vec<Address>,
    default: Option<AddressId>,
    /// Drawn anew at every write; `None` while the book was never written.
    pub version: Option<Version>,
}

/// Why the book refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No such address in this book.
    #[error("no such address")]
    Unknown,
    /// The book holds [`MAX_ADDRESSES`] already.
    #[error("An address book holds at most {MAX_ADDRESSES} addresses.")]
    Full,
}

impl AddressBook {
    /// The book of somebody who has not written an address yet.
    pub fn empty(owner: UserId) -> AddressBook {
        AddressBook {
            owner,
            addresses: Vec::new(),
            default: None,
            version: None,
        }
    }

    /// Whose book it is.
    pub fn owner(&self) -> UserId {
        self.owner
    }

    /// The addresses, the default first, then newest first.
    pub fn listed(&self) -> Vec<&Address> {
        let mut listed: Vec<&Address> = self.addresses.iter().rev().collect();
        listed.sort_by_key(|address| !self.is_default(address.id));
        listed
    }

    /// One address of the book.
    pub fn find(&self, id: AddressId) -> Option<&Address> {
        self.addresses.iter().find(|address| address.id == id)
    }

    /// The default address, if the book is not empty.
    pub fn default_address(&self) -> Option<&Address> {
        self.default.and_then(|id| self.find(id))
    }

    /// Whether this address is the default.
    pub fn is_default(&self, id: AddressId) -> bool {
        self.default == Some(id)
    }

    /// Adds an address. The first one is the default whatever is asked.
    ///
    /// # Errors
    /// [`AddressError::Full`].
    pub fn add(&mut self, address: Address, as_default: bool) -> Result<(), AddressError> {
        if self.addresses.len() >= MAX_ADDRESSES {
            return Err(AddressError::Full);
        }
        if as_default || self.addresses.is_empty() {
            self.default = Some(address.id);
        }
        self.addresses.push(address);
        Ok(())
    }

    /// Replaces an address. `as_default` true makes it the default; false on the default changes
    /// nothing about that, since one of them must be it.
    ///
    /// # Errors
    /// [`AddressError::Unknown`].
    pub fn change(&mut self, address: Address, as_default: bool) -> Result<(), AddressError> {
        let place = self
            .addresses
            .iter_mut()
            .find(|known| known.id == address.id)
            .ok_or(AddressError::Unknown)?;
        if as_default {
            self.default = Some(address.id);
        }
        *place = address;
        Ok(())
    }

    /// Removes an address. If it was the default, the newest of the others takes its place.
    ///
    /// # Errors
    /// [`AddressError::Unknown`].
    pub fn remove(&mut self, id: AddressId) -> Result<(), AddressError> {
        let before = self.addresses.len();
        self.addresses.retain(|address| address.id != id);
        if self.addresses.len() == before {
            return Err(AddressError::Unknown);
        }
        if self.default == Some(id) {
            self.default = self.addresses.last().map(|address| address.id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Id;

    fn address(number: u16) -> Address {
        Address {
            id: AddressId(Id::compose(0, number)),
            address_line_1: format!("Bole Road {number}"),
            address_line_2: None,
            city: "Addis Ababa".into(),
            region: "AA".into(),
            postal_code: None,
            country: "ET".into(),
            location_pin: None,
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Add(u16, bool),
        Change(u16, bool),
        Remove(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0u16..8, any::<bool>()).prop_map(|(n, d)| Step::Add(n, d)),
            (0u16..8, any::<bool>()).prop_map(|(n, d)| Step::Change(n, d)),
            (0u16..8).prop_map(Step::Remove),
        ];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn exactly_one_address_is_the_default(steps in steps()) {
            let mut book = AddressBook::empty(UserId(Id::compose(0, 1)));
            for step in steps {
                match step {
                    Step::Add(n, default) if book.find(address(n).id).is_none() => {
                        let _ = book.add(address(n), default);
                    }
                    Step::Add(..) => {}
                    Step::Change(n, default) => { let _ = book.change(address(n), default); }
                    Step::Remove(n) => { let _ = book.remove(address(n).id); }
                }
                let defaults = book.listed().iter().filter(|a| book.is_default(a.id)).count();
                prop_assert_eq!(defaults, usize::from(!book.listed().is_empty()));
            }
        }
    }

    #[test]
    fn a_book_is_bounded() {
        let mut book = AddressBook::empty(UserId(Id::compose(0, 1)));
        for number in 0..50 {
            book.add(address(number), false).unwrap();
        }
        assert_eq!(book.add(address(51), true), Err(AddressError::Full));
    }
}

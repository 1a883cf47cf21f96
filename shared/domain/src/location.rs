//! The places that hold stock, in the order in which orders take from them.

use serde::{Deserialize, Serialize};

use crate::{Version, stock::Location};

/// The most places of a shop: an order may take each of its lines from all of them.
pub const MAX_PLACES: usize = 10;

/// A place that holds stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its code, as in stock levels; it never changes.
    pub code: Location,
    /// What people call it.
    pub name: String,
    /// Whether it is about to be removed: nothing may be brought there any more.
    #[serde(default)]
    pub is_closing: bool,
}

/// All places of the shop, the one to take from first at the front.
///
/// Invariant: the main place is one of them, no code stands there twice, and there are at most
/// [`MAX_PLACES`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Locations {
    places: Vec<Place>,
    /// Drawn anew at every write; `None` while the list was never written.
    pub version: Option<Version>,
}

/// Why the list stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocationsError {
    /// No such place.
    #[error("no such location")]
    Unknown,
    /// Another place has this code.
    #[error("location with this code already exists.")]
    CodeTaken,
    /// There are [`MAX_PLACES`] already.
    #[error("A shop has at most {MAX_PLACES} locations.")]
    Full,
    /// Stock that belongs nowhere else is in the main place.
    #[error("The main location cannot be removed.")]
    MainStays,
    /// It was not said before that the place is to go, or somebody took that back.
    #[error("The location is in use again.")]
    NotClosing,
}

impl Default for Locations {
    /// The list of a shop that never said where its stock is: in one place.
    fn default() -> Self {
        Locations {
            places: vec![Place {
                code: Location::main(),
                name: "Main".into(),
                is_closing: false,
            }],
            version: None,
        }
    }
}

impl Locations {
    /// The places, the one to take from first at the front.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// One of the places.
    pub fn find(&self, code: &Location) -> Option<&Place> {
        self.places.iter().find(|place| place.code == *code)
    }

    /// Whether units may be brought to this place.
    pub fn takes_in(&self, code: &Location) -> bool {
        self.find(code).is_some_and(|place| !place.is_closing)
    }

    /// How many places orders take from before they take from this one. A place that is not listed
    /// comes last: units may have come back to it after it was removed.
    pub fn rank(&self, code: &Location) -> usize {
        let found = self.places.iter().position(|place| place.code == *code);
        found.unwrap_or(self.places.len())
    }

    /// Adds a place at the end.
    ///
    /// # Errors
    /// [`LocationsError::CodeTaken`] or [`LocationsError::Full`].
    pub fn add(&mut self, code: Location, name: String) -> Result<(), LocationsError> {
        if self.find(&code).is_some() {
            return Err(LocationsError::CodeTaken);
        }
        if self.places.len() >= MAX_PLACES {
            return Err(LocationsError::Full);
        }
        self.places.push(Place {
            code,
            name,
            is_closing: false,
        });
        Ok(())
    }

    /// Gives a place another name.
    ///
    /// # Errors
    /// [`LocationsError::Unknown`].
    pub fn rename(&mut self, code: &Location, name: String) -> Result<(), LocationsError> {
        self.find_mut(code)?.name = name;
        Ok(())
    }

    /// Moves a place, so that orders take from `position` others before it; beyond the end means to
    /// the end.
    ///
    /// # Errors
    /// [`LocationsError::Unknown`].
    pub fn reorder(&mut self, code: &Location, position: usize) -> Result<(), LocationsError> {
        let from = self.rank(code);
        if from == self.places.len() {
            return Err(LocationsError::Unknown);
        }
        let place = self.places.remove(from);
        let to = position.min(self.places.len());
        self.places.insert(to, place);
        Ok(())
    }

    /// Says that a place is about to be removed, or that it is not after all. Whoever removes it
    /// looks for units there between the two steps: after this one none can be brought there.
    ///
    /// # Errors
    /// [`LocationsError::Unknown`] or [`LocationsError::MainStays`].
    pub fn set_closing(&mut self, code: &Location, is_closing: bool) -> Result<(), LocationsError> {
        if *code == Location::main() {
            return Err(LocationsError::MainStays);
        }
        self.find_mut(code)?.is_closing = is_closing;
        Ok(())
    }

    /// Removes a place that is about to be removed.
    ///
    /// # Errors
    /// [`LocationsError::Unknown`] or [`LocationsError::NotClosing`].
    pub fn remove(&mut self, code: &Location) -> Result<(), LocationsError> {
        if !self.find_mut(code)?.is_closing {
            return Err(LocationsError::NotClosing);
        }
        self.places.retain(|place| place.code != *code);
        Ok(())
    }

    fn find_mut(&mut self, code: &Location) -> Result<&mut Place, LocationsError> {
        let mut places = self.places.iter_mut();
        places
            .find(|place| place.code == *code)
            .ok_or(LocationsError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(number: u8) -> Location {
        match number {
            0 => Location::main(),
            other => Location::parse(&format!("store-{other}")).unwrap(),
        }
    }

    fn codes(locations: &Locations) -> Vec<&str> {
        let places = locations.places().iter();
        places.map(|place| place.code.name()).collect()
    }

    #[test]
    fn orders_take_from_the_places_in_the_order_of_the_list() {
        let mut locations = Locations::default();
        locations.add(code(1), "Bole".into()).unwrap();
        locations.add(code(2), "Piassa".into()).unwrap();
        locations.reorder(&code(2), 0).unwrap();
        assert_eq!(codes(&locations), ["store-2", "main", "store-1"]);
        locations.reorder(&code(2), 99).unwrap();
        assert_eq!(codes(&locations), ["main", "store-1", "store-2"]);
        assert_eq!(locations.rank(&code(2)), 2);
        assert_eq!(locations.rank(&code(7)), 3, "what is not listed comes last");
        assert_eq!(locations.reorder(&code(7), 0), Err(LocationsError::Unknown));
    }

    #[test]
    fn a_place_is_closed_before_it_is_removed() {
        let mut locations = Locations::default();
        locations.add(code(1), "Bole".into()).unwrap();
        assert_eq!(locations.remove(&code(1)), Err(LocationsError::NotClosing));
        locations.set_closing(&code(1), true).unwrap();
        assert!(!locations.takes_in(&code(1)));
        locations.remove(&code(1)).unwrap();
        assert_eq!(codes(&locations), ["main"]);
        let main = locations.set_closing(&Location::main(), true);
        assert_eq!(main, Err(LocationsError::MainStays));
    }

    proptest! {
        #[test]
        fn the_list_keeps_the_main_place_no_code_twice_and_its_bound(
            steps in prop::collection::vec((0u8..5, 0u8..14, 0usize..14), 0..80),
        ) {
            let mut locations = Locations::default();
            for (step, number, position) in steps {
                let code = code(number);
                // What is refused leaves the list as it is; both are fine here.
                let _ = match step {
                    0 => locations.add(code, "Shelf".into()),
                    1 => locations.reorder(&code, position),
                    2 => locations.set_closing(&code, true),
                    3 => locations.remove(&code),
                    _ => locations.rename(&code, "Rack".into()),
                };
                let mut sorted = codes(&locations);
                sorted.sort_unstable();
                sorted.dedup();
                prop_assert_eq!(sorted.len(), locations.places().len());
                prop_assert!(sorted.contains(&"main") && sorted.len() <= MAX_PLACES);
            }
        }
    }
}

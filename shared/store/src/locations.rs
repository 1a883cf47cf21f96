//! The places that hold stock: one item of the shop.

use domain::{Version, location::Locations};

use crate::{EditError, Store, StoreError, keys::Key};

impl Store {
    /// The places that hold stock. GetItem `LOCATIONS / LOCATIONS`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_locations(&self) -> Result<Locations, StoreError> {
        Ok(self.get(&Key::locations()).await?.unwrap_or_default())
    }

    /// Changes the list of places. GetItem and a PutItem on condition of the version, repeated when
    /// somebody else was faster; `change` may therefore run several times.
    ///
    /// # Errors
    /// [`EditError`]: what `change` refused, or a fault of the table.
    pub async fn edit_locations<R, E>(
        &self,
        fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut Locations) -> Result<R, E>,
    ) -> Result<R, EditError<E>> {
        self.edit(
            &Key::locations(),
            fresh_version,
            |locations: Option<Locations>, version| {
                let mut locations = locations.unwrap_or_default();
                let result = change(&mut locations)?;
                locations.version = Some(version);
                Ok((locations, result))
            },
            |locations| locations.version,
        )
        .await
    }
}

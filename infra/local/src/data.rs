//! The data directory: whose it is, what lies in it, and how it is emptied.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// All files the shop makes. `--fresh` removes these and touches nothing else.
const FILES: [&str; 8] = [
    "table.sqlite",
    "table.sqlite-wal",
    "table.sqlite-shm",
    "table.sqlite-journal",
    "journal.sqlite",
    "journal.sqlite-wal",
    "journal.sqlite-shm",
    "signing-secret",
];
const LOCK: &str = "lock";

/// The data directory, which belongs to this process until it is dropped.
#[derive(Debug)]
pub struct Data {
    directory: PathBuf,
    /// Held for its lock: two shops writing the same files would each see half of the truth.
    _lock: File,
}

impl Data {
    /// Takes the directory, creating it if need be, and empties it first if `fresh`.
    ///
    /// # Errors
    /// If it cannot be created or written, or another shop has it.
    pub fn open(directory: &Path, fresh: bool) -> anyhow::Result<Data> {
        let shown = directory.display();
        fs::create_dir_all(directory)
            .with_context(|| format!("the data directory {shown} cannot be created"))?;
        let lock = File::create(directory.join(LOCK))
            .with_context(|| format!("the data directory {shown} cannot be written"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another shop is open with the data in {shown}: stop it, or choose another directory with --data"
                )
            }
            Err(TryLockError::Error(error)) => {
                return Err(error)
                    .with_context(|| format!("the data directory {shown} cannot be locked"));
            }
        }
        let data = Data {
            directory: directory.to_owned(),
            _lock: lock,
        };
        if fresh {
            data.empty()?;
        }
        Ok(data)
    }

    /// Where DynamoDB's table is kept.
    pub fn table(&self) -> PathBuf {
        self.directory.join("table.sqlite")
    }

    /// Where queues, mails, payments and the clock are kept.
    pub fn journal(&self) -> PathBuf {
        self.directory.join("journal.sqlite")
    }

    /// The secret that signs sessions: `generated` once, then always the same, so that a customer
    /// stays logged in across a restart.
    ///
    /// # Errors
    /// If it can be neither read nor written.
    pub fn signing_secret(&self, generated: &str) -> anyhow::Result<String> {
        let path = self.directory.join("signing-secret");
        let shown = path.display().to_string();
        match fs::read_to_string(&path) {
            Ok(secret) if !secret.trim().is_empty() => return Ok(secret.trim().to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
        }
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(generated.as_bytes())?;
                file.sync_all()
            })
            .with_context(|| format!("{shown} cannot be written"))?;
        Ok(generated.to_owned())
    }

    fn empty(&self) -> anyhow::Result<()> {
        for name in FILES {
            let path = self.directory.join(name);
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("{} cannot be removed", path.display()));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_secret_stays_the_same_and_is_readable_by_its_owner_only() {
        let place = tempfile::tempdir().unwrap();
        let data = Data::open(place.path(), false).unwrap();
        assert_eq!(data.signing_secret("first").unwrap(), "first");
        assert_eq!(data.signing_secret("second").unwrap(), "first");
        let mode = fs::metadata(place.path().join("signing-secret"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn fresh_removes_only_what_the_shop_made() {
        let place = tempfile::tempdir().unwrap();
        for name in ["journal.sqlite", "notes.txt"] {
            fs::write(place.path().join(name), "x").unwrap();
        }
        let _data = Data::open(place.path(), true).unwrap();
        assert!(!place.path().join("journal.sqlite").exists());
        assert!(place.path().join("notes.txt").exists());
    }

    #[test]
    fn two_shops_cannot_share_a_directory() {
        let place = tempfile::tempdir().unwrap();
        let first = Data::open(place.path(), false).unwrap();
        let refused = Data::open(place.path(), true).unwrap_err().to_string();
        assert!(refused.starts_with("another shop is open"), "{refused}");
        drop(first);
        Data::open(place.path(), false).unwrap();
    }

    #[test]
    fn an_unusable_directory_is_one_clear_sentence() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "x").unwrap();
        let refused = Data::open(&place.path().join("file/data"), false)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("cannot be created"), "{refused}");
    }
}

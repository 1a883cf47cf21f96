//! Password hashes: argon2id with 19 MiB, 2 passes, 1 lane.

use std::sync::{Mutex, PoisonError};

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use domain::password::MAX_CHARS;
use tokio::sync::Semaphore;
use web::{Error, Result, Shop};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;

/// Of a password that nobody has, with the same cost as all others: whoever guesses at an address
/// that has no account waits as long as for one that has.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Each hash takes 19 MiB and a core, so only as many run at once as a small machine has.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// Memory of hashes that are done, for the next ones. Blocks of this size that are freed and taken
/// anew each time leave holes that the allocator does not give back: thirty logins grew a process
/// to 280 MB.
static SPARE: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// The hash of a password, as a PHC string.
pub(crate) async fn hash(shop: &Shop, password: String) -> Result<String> {
    let salt: [u8; 16] = shop.entropy.bytes();
    work(move || {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
        let hashed = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(Error::internal)?,
            salt: Some(Salt::new(&salt).map_err(Error::internal)?),
            hash: Some(digest(password.as_bytes(), &salt, params)?),
        };
        Ok(hashed.to_string())
    })
    .await
}

/// Whether a password is the one that was hashed. Without a hash to compare with it takes as long
/// and is wrong.
pub(crate) async fn verify(password: String, hashed: Option<String>) -> Result<bool> {
    work(move || {
        // An account without a password has no PHC string, and costs no less than others. Nor does a
        // password that is longer than any that could be chosen.
        let hashed = hashed.filter(|_| password.chars().count() <= MAX_CHARS);
        let known = hashed.and_then(|hashed| is_password_of(password.as_bytes(), &hashed));
        match known {
            Some(is_right) => is_right,
            None => {
                is_password_of(b"", NOBODYS).transpose()?;
                Ok(false)
            }
        }
    })
    .await
}

/// Whether a hash was made at another cost than new ones are: whoever knows its password may have it
/// made anew.
pub(crate) fn is_outdated(hashed: &str) -> bool {
    let params = PasswordHash::new(hashed)
        .ok()
        .and_then(|known| Params::try_from(&known).ok());
    params.is_some_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
    })
}

/// Nothing if that is no hash of ours. Digests are compared in constant time.
fn is_password_of(password: &[u8], hashed: &str) -> Option<Result<bool>> {
    let known = PasswordHash::new(hashed).ok()?;
    let (salt, hash) = (known.salt?, known.hash?);
    if known.algorithm != ARGON2ID_IDENT || known.version != Some(Version::V0x13.into()) {
        return None;
    }
    let params = Params::try_from(&known).ok()?;
    Some(digest(password, &salt, params).map(|digest| digest == hash))
}

fn digest(password: &[u8], salt: &[u8], params: Params) -> Result<Output> {
    let mut memory = SPARE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop()
        .unwrap_or_default();
    memory.resize(params.block_count(), Block::new());
    let mut digest = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, &mut digest, &mut memory)
        .map_err(Error::internal)?;
    SPARE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(memory);
    Output::new(&digest).map_err(Error::internal)
}

/// Off the threads that answer requests.
async fn work<T: Send + 'static>(job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = AT_WORK.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(job)
        .await
        .map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_costs_what_others_cost_and_fits_no_password() {
        let nobodys = PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&nobodys).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        assert!(!is_password_of(b"anything", NOBODYS).unwrap().unwrap());
    }

    #[test]
    fn the_digest_is_that_of_the_crates_own_hasher() {
        use argon2::{PasswordHasher, PasswordVerifier};

        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let theirs: PasswordHash = hasher
            .hash_password_with_salt(b"injera", b"saltsaltsaltsalt")
            .unwrap();
        let ours = digest(b"injera", b"saltsaltsaltsalt", params).unwrap();
        assert_eq!(theirs.hash, Some(ours));
        assert!(
            is_password_of(b"injera", &theirs.to_string())
                .unwrap()
                .unwrap()
        );
        assert!(
            !is_password_of(b"wot", &theirs.to_string())
                .unwrap()
                .unwrap()
        );
        assert!(hasher.verify_password(b"injera", &theirs).is_ok());
    }

    #[test]
    fn what_is_no_hash_of_ours_is_none() {
        for other in [
            "",
            "!",
            "pbkdf2_sha256$260000$salt$hash",
            "$argon2id$v=19$m=19456,t=2,p=1",
        ] {
            assert!(is_password_of(b"anything", other).is_none(), "{other}");
        }
    }

    #[test]
    fn memory_is_taken_once_and_used_again() {
        for password in [b"one", b"two"] {
            is_password_of(password, NOBODYS).unwrap().unwrap();
        }
        let spare = SPARE.lock().unwrap();
        // Tests run side by side, so that there may be one more for each.
        assert!((1..=4).contains(&spare.len()), "{}", spare.len());
    }
}

//! Password hashes: argon2id with 19 MiB, 2 passes, 1 lane.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc,
};
use tokio::sync::Semaphore;
use web::{Error, Result, Shop};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Of a password that nobody has, with the same cost as all others: whoever guesses at an address
/// that has no account waits as long as for one that has.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Each hash takes 19 MiB and a core, so only as many run at once as a small machine has.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// The hash of a password, as a PHC string.
pub(crate) async fn hash(shop: &Shop, password: String) -> Result<String> {
    let salt: [u8; 16] = shop.entropy.bytes();
    work(move || {
        let hashed: phc::PasswordHash = hasher()?
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(Error::internal)?;
        Ok(hashed.to_string())
    })
    .await
}

/// Whether a password is the one that was hashed. Without a hash to compare with it takes as long
/// and is wrong.
pub(crate) async fn verify(password: String, hashed: Option<String>) -> Result<bool> {
    work(move || {
        let (hasher, password) = (hasher()?, password.as_bytes());
        // An account without a password has no PHC string, and costs no less than others.
        let known = hashed
            .as_deref()
            .and_then(|hashed| phc::PasswordHash::new(hashed).ok());
        match known {
            Some(known) => Ok(hasher.verify_password(password, &known).is_ok()),
            None => {
                let _never = hasher.verify_password(password, NOBODYS);
                Ok(false)
            }
        }
    })
    .await
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
    fn nobodys_hash_costs_what_others_cost() {
        let nobodys = phc::PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&nobodys).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        assert!(
            hasher()
                .unwrap()
                .verify_password(b"anything", NOBODYS)
                .is_err()
        );
    }
}

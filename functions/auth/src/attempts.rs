//! Who may try how often: passwords, mails, registrations, setup tokens.
//!
//! Attempts are counted before they are made, by what is tried and by the network address it comes
//! from; the table holds digests of both. A login from a device that the account knows has counters
//! of its own, and so has somebody at home while a stranger guesses: nobody can lock another out.
//! The owner of a mailbox gets in from anywhere, since a new password makes its device known.

use domain::{
    UserId,
    throttle::{
        LOGINS_FROM_ADDRESS, Limit, MAILS, MAILS_FROM_ADDRESS, PASSWORDS, REGISTRATIONS,
        REGISTRATIONS_FROM_ADDRESS, SETUPS_FROM_ADDRESS,
    },
    user::{Origin, User},
};
use futures::future::try_join_all;
use store::{Attempts, EditError};
use web::{Error, Result, Shop};

/// What a mail is asked for with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mail {
    Registration,
    Verification,
    Reset,
}

/// The counters of a login at this address, which may have an account.
pub(crate) fn at_login(
    shop: &Shop,
    email: &str,
    account: Option<&User>,
    origin: &Origin,
) -> Vec<Attempts> {
    if account.is_some_and(|user| user.knows(&origin.device())) {
        return vec![at_device(shop, email, origin)];
    }
    let mut counters = vec![counter(shop, "LOGIN", email, PASSWORDS)];
    counters.extend(from_address(
        shop,
        "LOGIN-FROM",
        origin,
        LOGINS_FROM_ADDRESS,
    ));
    counters
}

/// The counter of logins at this address from a device that its account knows.
pub(crate) fn at_device(shop: &Shop, email: &str, origin: &Origin) -> Attempts {
    let device = origin.device();
    let network = device.network.map(|ip| ip.to_string()).unwrap_or_default();
    let who = format!("{email}\n{}\n{network}", device.agent);
    counter(shop, "LOGIN", &who, PASSWORDS)
}

/// The counters of a mail asked for to this address, whether anybody has it or not.
pub(crate) fn at_mail(shop: &Shop, mail: Mail, email: &str, origin: &Origin) -> Vec<Attempts> {
    let (own, shared) = match mail {
        Mail::Registration => (
            counter(shop, "REGISTRATION", email, REGISTRATIONS),
            from_address(
                shop,
                "REGISTRATION-FROM",
                origin,
                REGISTRATIONS_FROM_ADDRESS,
            ),
        ),
        Mail::Verification => (
            counter(shop, "VERIFICATION", email, MAILS),
            from_address(shop, "VERIFICATION-FROM", origin, MAILS_FROM_ADDRESS),
        ),
        Mail::Reset => (
            counter(shop, "RESET", email, MAILS),
            from_address(shop, "RESET-FROM", origin, MAILS_FROM_ADDRESS),
        ),
    };
    [own].into_iter().chain(shared).collect()
}

/// The counter of passwords asked again of somebody who is logged in: a stolen session must not
/// guess them.
pub(crate) fn at_password(shop: &Shop, user: UserId) -> Vec<Attempts> {
    vec![counter(shop, "PASSWORD", &user.to_string(), PASSWORDS)]
}

/// The counter of setup tokens.
pub(crate) fn at_setup(shop: &Shop, origin: &Origin) -> Vec<Attempts> {
    from_address(shop, "SETUP-FROM", origin, SETUPS_FROM_ADDRESS)
        .into_iter()
        .collect()
}

/// Counts an attempt with all its counters.
///
/// # Errors
/// 429 with the wait that one of them wants.
pub(crate) async fn count(shop: &Shop, counters: &[Attempts]) -> Result<()> {
    let now = shop.clock.now();
    let counted = counters.iter().map(|counter| async move {
        let version = || shop.entropy.version();
        match shop.store.count_attempt(counter, now, version).await {
            Ok(()) => Ok(()),
            Err(EditError::Refused(early)) => Err(Error::throttled(early.0)),
            Err(EditError::Store(fault)) => Err(fault.into()),
        }
    });
    try_join_all(counted).await.map(drop)
}

/// The attempt was a good one: the first counter, that of the account, begins anew, and the others,
/// which belong to many, take this one back. A failure is logged and no more, since at worst somebody
/// waits who need not.
pub(crate) async fn forgive(shop: &Shop, counters: &[Attempts]) {
    let Some((own, shared)) = counters.split_first() else {
        return;
    };
    let now = shop.clock.now();
    let shared = shared.iter().map(|counter| {
        shop.store
            .take_attempt_back(counter, now, || shop.entropy.version())
    });
    let forgiven = tokio::try_join!(shop.store.forget_attempts(own), try_join_all(shared));
    if let Err(error) = forgiven {
        tracing::warn!(%error, "a good attempt still counts");
    }
}

/// Begins anew with all these counters. A failure is logged and no more, as in [`forgive`].
pub(crate) async fn forget(shop: &Shop, counters: &[Attempts]) {
    let forgotten = counters
        .iter()
        .map(|counter| shop.store.forget_attempts(counter));
    if let Err(error) = try_join_all(forgotten).await {
        tracing::warn!(%error, "attempts before a new password still count");
    }
}

fn counter(shop: &Shop, what: &'static str, who: &str, limit: Limit) -> Attempts {
    Attempts {
        what,
        who: shop.tokens.digest("throttle", who),
        limit,
    }
}

/// The counter of a network address, where one is known. Of IPv6 it is that of the customer's whole
/// network, 64 bits, in which they choose addresses as they like.
fn from_address(
    shop: &Shop,
    what: &'static str,
    origin: &Origin,
    limit: Limit,
) -> Option<Attempts> {
    let ip = match origin.ip?.to_canonical() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    };
    Some(counter(shop, what, &ip, limit))
}

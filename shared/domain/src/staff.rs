//! Who works for the shop, who decides about that, and the log of such decisions.

use serde::{Deserialize, Serialize};

use crate::{AuditEntryId, Timestamp, UserId, Version, user::User};

/// The most people on the roster.
pub const MAX_STAFF: usize = 200;

/// Who works for the shop, in one item, so that "never without a superuser" is a condition on it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// All who work for the shop, in order of their ids.
    staff: Vec<UserId>,
    /// Those of them who may do everything and whose account may be used.
    superusers: Vec<UserId>,
    /// Drawn anew at every write; `None` while the roster was never written.
    pub version: Option<Version>,
}

/// What a superuser wants of an account; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights {
    /// Whether the person works for the shop.
    pub is_staff: Option<bool>,
    /// Whether the person may do everything.
    pub is_superuser: Option<bool>,
    /// Whether the account may be used at all.
    pub is_active: Option<bool>,
}

/// What was done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The first admin was made, by whoever knew the setup token.
    AdminInitialized,
    /// The person works for the shop from now on.
    StaffGranted,
    /// The person no longer works for the shop.
    StaffRevoked,
    /// The person may do everything from now on.
    SuperuserGranted,
    /// The person may no longer do everything.
    SuperuserRevoked,
    /// The account was shut.
    Deactivated,
    /// The account was opened again.
    Reactivated,
    /// Somebody on the roster deleted their own account.
    AccountDeleted,
}

/// An entry of the audit log. It is never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Which entry.
    pub id: AuditEntryId,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: UserId,
    /// To whom.
    pub subject: UserId,
    /// What was done, in this order.
    pub acts: Vec<Act>,
}

/// Why rights stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RightsRefused {
    /// Somebody must be able to decide.
    #[error("The last superuser must stay one.")]
    LastSuperuser,
    /// A superuser works for the shop.
    #[error("A superuser is staff.")]
    SuperuserIsStaff,
    /// Whoever registered an address may not be whose it is.
    #[error("The user has not verified the e-mail address.")]
    NotVerified,
    /// [`MAX_STAFF`] are on the roster.
    #[error("The roster holds at most {MAX_STAFF} people.")]
    Full,
}

impl Roster {
    /// The roster with the first admin on it.
    pub fn of_first_admin(admin: UserId) -> Roster {
        Roster {
            staff: vec![admin],
            superusers: vec![admin],
            version: None,
        }
    }

    /// All who work for the shop, in order of their ids.
    pub fn staff(&self) -> &[UserId] {
        &self.staff
    }

    /// Whether somebody is on it.
    pub fn lists(&self, user: UserId) -> bool {
        self.staff.contains(&user)
    }

    /// Whether somebody may change the rights of others.
    pub fn may_decide(&self, user: UserId) -> bool {
        self.superusers.binary_search(&user).is_ok()
    }

    /// Changes somebody's rights; gives what that did, nothing if all was so already. Whoever loses
    /// their account's use loses their logins.
    ///
    /// # Errors
    /// [`RightsRefused`].
    pub fn change(&mut self, user: &mut User, wanted: Rights) -> Result<Vec<Act>, RightsRefused> {
        let is_superuser = wanted.is_superuser.unwrap_or(user.is_superuser);
        // Whoever is made a superuser is made staff with it, unless that is asked for otherwise.
        let implied = is_superuser && wanted.is_superuser.is_some();
        let is_staff = wanted.is_staff.unwrap_or(user.is_staff || implied);
        let is_active = wanted.is_active.unwrap_or(user.is_active);
        if is_superuser && !is_staff {
            return Err(RightsRefused::SuperuserIsStaff);
        }
        if is_staff && !user.is_staff && user.email_verified_at.is_none() {
            return Err(RightsRefused::NotVerified);
        }
        let mut acts = Vec::new();
        let mut note = |before: &mut bool, after: bool, granted: Act, revoked: Act| {
            if *before != after {
                acts.push(if after { granted } else { revoked });
            }
            *before = after;
        };
        note(
            &mut user.is_staff,
            is_staff,
            Act::StaffGranted,
            Act::StaffRevoked,
        );
        note(
            &mut user.is_superuser,
            is_superuser,
            Act::SuperuserGranted,
            Act::SuperuserRevoked,
        );
        note(
            &mut user.is_active,
            is_active,
            Act::Reactivated,
            Act::Deactivated,
        );
        if !is_active {
            user.sessions.clear();
        }
        set(&mut self.staff, user.id, is_staff);
        set(&mut self.superusers, user.id, is_superuser && is_active);
        if self.superusers.is_empty() {
            return Err(RightsRefused::LastSuperuser);
        }
        if self.staff.len() > MAX_STAFF {
            return Err(RightsRefused::Full);
        }
        Ok(acts)
    }

    /// Takes somebody off the roster whose account goes.
    ///
    /// # Errors
    /// [`RightsRefused::LastSuperuser`].
    pub fn remove(&mut self, user: UserId) -> Result<(), RightsRefused> {
        set(&mut self.staff, user, false);
        set(&mut self.superusers, user, false);
        if self.superusers.is_empty() {
            return Err(RightsRefused::LastSuperuser);
        }
        Ok(())
    }
}

fn set(list: &mut Vec<UserId>, user: UserId, is_in: bool) {
    match (list.binary_search(&user), is_in) {
        (Err(place), true) => list.insert(place, user),
        (Ok(place), false) => {
            list.remove(place);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Id, user::Profile};

    fn user(number: u16) -> User {
        User {
            id: UserId(Id::compose(0, number)),
            email: format!("person-{number}@example.com"),
            first_name: String::new(),
            last_name: String::new(),
            password_hash: String::new(),
            is_active: true,
            is_staff: number == 0,
            is_superuser: number == 0,
            email_verified_at: Some(Timestamp(0)),
            profile: Profile::default(),
            sessions: Vec::new(),
            devices: Vec::new(),
            created_at: Timestamp(0),
            version: Version(Id::compose(0, 2)),
        }
    }

    fn rights(staff: Option<bool>, superuser: Option<bool>, active: Option<bool>) -> Rights {
        Rights {
            is_staff: staff,
            is_superuser: superuser,
            is_active: active,
        }
    }

    #[test]
    fn a_superuser_is_made_staff_with_it_and_stays_so() {
        let mut person = user(1);
        let mut roster = Roster::of_first_admin(user(0).id);
        let acts = roster.change(&mut person, rights(None, Some(true), None));
        assert_eq!(acts, Ok(vec![Act::StaffGranted, Act::SuperuserGranted]));
        let again = roster.change(&mut person, rights(None, Some(true), None));
        assert_eq!(again, Ok(vec![]));
        let refused = roster.change(&mut person.clone(), rights(Some(false), None, None));
        assert_eq!(refused, Err(RightsRefused::SuperuserIsStaff));
    }

    #[test]
    fn whoever_proved_no_address_gets_no_rights() {
        let mut person = user(1);
        person.email_verified_at = None;
        let mut roster = Roster::of_first_admin(user(0).id);
        let refused = roster.change(&mut person, rights(Some(true), None, None));
        assert_eq!(refused, Err(RightsRefused::NotVerified));
    }

    proptest! {
        #[test]
        fn there_is_always_a_superuser_who_can_log_in(
            steps in prop::collection::vec(
                (0usize..4, any::<Option<bool>>(), any::<Option<bool>>(), any::<Option<bool>>()), 0..60,
            ),
        ) {
            let mut people: Vec<User> = (0..4).map(user).collect();
            let mut roster = Roster::of_first_admin(people[0].id);
            for (number, staff, superuser, active) in steps {
                let (mut after, mut person) = (roster.clone(), people[number].clone());
                if after.change(&mut person, rights(staff, superuser, active)).is_ok() {
                    (roster, people[number]) = (after, person);
                }
                prop_assert!(people.iter().any(|person| person.is_superuser && person.is_active));
                for person in &people {
                    prop_assert_eq!(roster.lists(person.id), person.is_staff);
                    prop_assert!(person.is_staff || !person.is_superuser);
                }
            }
        }
    }
}

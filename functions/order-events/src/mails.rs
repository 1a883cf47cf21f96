//! The mails that customers get, each as text and as HTML.

use askama::Template;
use domain::{
    Timestamp,
    order::Order,
    user::{Origin, User},
};
use gateways::mail::Mail;

/// What every mail says about the shop.
#[derive(Debug, Clone)]
pub(crate) struct Letterhead {
    /// What the shop is called.
    pub shop: String,
    /// Where its API is reached, without a slash at the end.
    pub url: String,
}

/// Declares one letter: its text, its HTML, and what both are written from.
macro_rules! letter {
    ($text:ident $text_path:literal, $html:ident $html_path:literal, { $($field:ident: $type:ty),* }) => {
        #[derive(Template)]
        #[template(path = $text_path)]
        struct $text<'a> { letterhead: &'a Letterhead, $($field: $type),* }

        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> { letterhead: &'a Letterhead, $($field: $type),* }
    };
}

letter!(VerificationText "verification.txt", VerificationHtml "verification.html", {
    greeting: &'a str, link: &'a str, key: &'a str
});
letter!(AlreadyRegisteredText "already_registered.txt", AlreadyRegisteredHtml "already_registered.html", {
    greeting: &'a str
});
letter!(PasswordResetText "password_reset.txt", PasswordResetHtml "password_reset.html", {
    greeting: &'a str, link: &'a str, uid: &'a str, token: &'a str
});
letter!(PasswordChangedText "password_changed.txt", PasswordChangedHtml "password_changed.html", {
    greeting: &'a str, time: &'a str
});
letter!(SignedInAnewText "signed_in_anew.txt", SignedInAnewHtml "signed_in_anew.html", {
    greeting: &'a str, time: &'a str, origin: Option<&'a Origin>
});
letter!(OrderPlacedText "order_placed.txt", OrderPlacedHtml "order_placed.html", {
    greeting: &'a str, order: &'a Order, number: &'a str, kept_until: &'a str
});
letter!(OrderPaidText "order_paid.txt", OrderPaidHtml "order_paid.html", {
    greeting: &'a str, order: &'a Order, number: &'a str
});

impl Letterhead {
    /// Asks a new customer to prove their address.
    pub(crate) fn verification(&self, user: &User, key: &str) -> askama::Result<Mail> {
        let link = format!("{}/auth/confirm-email/{key}/", self.url);
        let greeting = greeting(user);
        let (letterhead, greeting, link) = (self, greeting.as_str(), link.as_str());
        self.mail(
            &user.email,
            "Please Confirm Your Email Address",
            &VerificationText {
                letterhead,
                greeting,
                link,
                key,
            },
            &VerificationHtml {
                letterhead,
                greeting,
                link,
                key,
            },
        )
    }

    /// Tells the owner of an address that somebody tried to register it again.
    pub(crate) fn already_registered(&self, user: &User) -> askama::Result<Mail> {
        let greeting = greeting(user);
        let (letterhead, greeting) = (self, greeting.as_str());
        self.mail(
            &user.email,
            "You already have an account",
            &AlreadyRegisteredText {
                letterhead,
                greeting,
            },
            &AlreadyRegisteredHtml {
                letterhead,
                greeting,
            },
        )
    }

    /// Brings the link with which a new password can be chosen.
    pub(crate) fn password_reset(
        &self,
        user: &User,
        uid: &str,
        token: &str,
    ) -> askama::Result<Mail> {
        let link = format!("{}/password-reset/confirm/{uid}/{token}/", self.url);
        let greeting = greeting(user);
        let (letterhead, greeting, link) = (self, greeting.as_str(), link.as_str());
        self.mail(
            &user.email,
            "Choose a new password",
            &PasswordResetText {
                letterhead,
                greeting,
                link,
                uid,
                token,
            },
            &PasswordResetHtml {
                letterhead,
                greeting,
                link,
                uid,
                token,
            },
        )
    }

    /// Tells that a password was changed, and what to do if its owner did not do it.
    pub(crate) fn password_changed(&self, user: &User, at: Timestamp) -> askama::Result<Mail> {
        let (greeting, time) = (greeting(user), time_in_words(at));
        let (letterhead, greeting, time) = (self, greeting.as_str(), time.as_str());
        self.mail(
            &user.email,
            "Your password was changed",
            &PasswordChangedText {
                letterhead,
                greeting,
                time,
            },
            &PasswordChangedHtml {
                letterhead,
                greeting,
                time,
            },
        )
    }

    /// Tells of a login from somewhere new; without its origin, if that is forgotten by now.
    pub(crate) fn signed_in_anew(
        &self,
        user: &User,
        at: Timestamp,
        origin: Option<&Origin>,
    ) -> askama::Result<Mail> {
        let (greeting, time) = (greeting(user), time_in_words(at));
        let (letterhead, greeting, time) = (self, greeting.as_str(), time.as_str());
        self.mail(
            &user.email,
            "New login to your account",
            &SignedInAnewText {
                letterhead,
                greeting,
                time,
                origin,
            },
            &SignedInAnewHtml {
                letterhead,
                greeting,
                time,
                origin,
            },
        )
    }

    /// Confirms an order and says until when it is kept.
    pub(crate) fn order_placed(&self, order: &Order) -> askama::Result<Mail> {
        let (greeting, number) = (
            greeting_by_name(&order.customer.first_name),
            order.id.number(),
        );
        let kept_until = time_in_words(order.hold.expires_at);
        let (letterhead, greeting, number) = (self, greeting.as_str(), number.as_str());
        let kept_until = kept_until.as_str();
        self.mail(
            &order.customer.email,
            &format!("Your order {number}"),
            &OrderPlacedText {
                letterhead,
                greeting,
                order,
                number,
                kept_until,
            },
            &OrderPlacedHtml {
                letterhead,
                greeting,
                order,
                number,
                kept_until,
            },
        )
    }

    /// Confirms a payment.
    pub(crate) fn order_paid(&self, order: &Order) -> askama::Result<Mail> {
        let (greeting, number) = (
            greeting_by_name(&order.customer.first_name),
            order.id.number(),
        );
        let (letterhead, greeting, number) = (self, greeting.as_str(), number.as_str());
        self.mail(
            &order.customer.email,
            &format!("Payment received for order {number}"),
            &OrderPaidText {
                letterhead,
                greeting,
                order,
                number,
            },
            &OrderPaidHtml {
                letterhead,
                greeting,
                order,
                number,
            },
        )
    }

    fn mail(
        &self,
        to: &str,
        subject: &str,
        text: &impl Template,
        html: &impl Template,
    ) -> askama::Result<Mail> {
        Ok(Mail {
            to: to.to_owned(),
            subject: format!("[{}] {subject}", self.shop),
            text: text.render()?,
            html: html.render()?,
        })
    }
}

/// Names only those whose address is proved. Anybody may register anybody's address, with a name of
/// their choice, and what they wrote there must not reach strangers in a mail of the shop.
fn greeting(user: &User) -> String {
    if user.is_verified() {
        greeting_by_name(&user.display_name())
    } else {
        greeting_by_name("")
    }
}

fn greeting_by_name(name: &str) -> String {
    match name {
        "" => "Hello,".to_owned(),
        name => format!("Hello {name},"),
    }
}

/// A point in time as people write it: `2026-11-23 12:00:00 UTC`.
fn time_in_words(at: Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

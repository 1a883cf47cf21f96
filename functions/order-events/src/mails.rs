//! The mails that customers get, each as text and as HTML.

use askama::Template;
use domain::{order::Order, user::User};
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
    user: &'a User, link: &'a str, key: &'a str
});
letter!(AlreadyRegisteredText "already_registered.txt", AlreadyRegisteredHtml "already_registered.html", {
    user: &'a User
});
letter!(OrderPlacedText "order_placed.txt", OrderPlacedHtml "order_placed.html", {
    order: &'a Order, number: &'a str
});
letter!(OrderPaidText "order_paid.txt", OrderPaidHtml "order_paid.html", {
    order: &'a Order, number: &'a str
});

impl Letterhead {
    /// Asks a new customer to prove their address.
    pub(crate) fn verification(&self, user: &User, key: &str) -> askama::Result<Mail> {
        let link = format!("{}/auth/confirm-email/{key}/", self.url);
        let (letterhead, link) = (self, link.as_str());
        self.mail(
            &user.email,
            "Please Confirm Your Email Address",
            &VerificationText {
                letterhead,
                user,
                link,
                key,
            },
            &VerificationHtml {
                letterhead,
                user,
                link,
                key,
            },
        )
    }

    /// Tells the owner of an address that somebody tried to register it again.
    pub(crate) fn already_registered(&self, user: &User) -> askama::Result<Mail> {
        let letterhead = self;
        self.mail(
            &user.email,
            "You already have an account",
            &AlreadyRegisteredText { letterhead, user },
            &AlreadyRegisteredHtml { letterhead, user },
        )
    }

    /// Confirms an order and says until when it is kept.
    pub(crate) fn order_placed(&self, order: &Order) -> askama::Result<Mail> {
        let number = order.id.number();
        let (letterhead, number) = (self, number.as_str());
        self.mail(
            &order.customer.email,
            &format!("Your order {number}"),
            &OrderPlacedText {
                letterhead,
                order,
                number,
            },
            &OrderPlacedHtml {
                letterhead,
                order,
                number,
            },
        )
    }

    /// Confirms a payment.
    pub(crate) fn order_paid(&self, order: &Order) -> askama::Result<Mail> {
        let number = order.id.number();
        let (letterhead, number) = (self, number.as_str());
        self.mail(
            &order.customer.email,
            &format!("Payment received for order {number}"),
            &OrderPaidText {
                letterhead,
                order,
                number,
            },
            &OrderPaidHtml {
                letterhead,
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

//! Mails about accounts: links that work, warnings that say enough, and nothing for whom they are
//! not.

use std::net::IpAddr;

use domain::{
    SessionId, UserId,
    event::{Event, EventKind},
    user::{Origin, User},
};
use web::tokens::{RESET_SECS, read_uid};

use crate::{
    consuming::{Scene, text},
    post::Letter,
};

impl Scene {
    /// Somebody with an account whose address is proved.
    async fn verified(&self) -> anyhow::Result<User> {
        let router = orders::router(self.stage.shop.clone());
        Ok(self.stage.verified(&router).await?.user().clone())
    }

    /// Delivers an event once, and gives the only mail there is afterwards.
    async fn mailed(&self, event: &Event) -> anyhow::Result<Letter> {
        anyhow::ensure!(self.deliver(&[text(event)]).await.is_empty());
        let letters = self.post.letters();
        let [letter] = letters.as_slice() else {
            anyhow::bail!("{letters:?}")
        };
        Ok(letter.clone())
    }
}

/// The id and the token of a link in a text.
fn link_in(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("http://shop.test/password-reset/confirm/")?;
    let mut parts = rest.split('/');
    Some((parts.next()?, parts.next()?))
}

#[tokio::test]
async fn who_forgot_a_password_gets_a_link_that_works() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let user = scene.verified().await?;
    let event = scene.event(EventKind::PasswordResetRequested { user: user.id });
    let letter = scene.mailed(&event).await?;
    assert_eq!(letter.to, user.email);
    assert!(
        letter.text.starts_with("Hello Abebe Bikila,"),
        "{}",
        letter.text
    );
    let (uid, token) = link_in(&letter.text).expect("a link");
    assert_eq!(read_uid(uid), Some(user.id));
    let shop = &scene.stage.shop;
    assert!(
        shop.tokens
            .reads_reset_token(&user, token, shop.clock.now())
    );
    // Apps ask for the two by themselves, and what is shown as HTML has the same link.
    assert!(
        letter
            .text
            .contains(&format!("Id: {uid}\nToken: {token}\n"))
    );
    assert_eq!(link_in(&letter.html), Some((uid, token)));
    assert_eq!(scene.post.announced(), ["PasswordResetRequested"]);
    Ok(())
}

#[tokio::test]
async fn a_link_that_ses_refused_comes_with_the_next_delivery() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let user = scene.verified().await?;
    let event = scene.event(EventKind::PasswordResetRequested { user: user.id });
    scene.post.set_closed(true);
    for _ in 0..2 {
        assert_eq!(scene.deliver(&[text(&event)]).await, ["message-0"]);
    }
    scene.post.set_closed(false);
    scene.stage.shop.clock.advance(600);
    let letter = scene.mailed(&event).await?;
    // It lives for an hour from when it was asked for, not from when SES took it.
    let (_, token) = link_in(&letter.text).expect("a link");
    let tokens = &scene.stage.shop.tokens;
    assert_eq!(token, tokens.reset_token(&user, event.occurred_at));
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    assert_eq!(scene.post.letters().len(), 1);
    Ok(())
}

#[tokio::test]
async fn no_link_goes_to_the_shut_out_the_gone_or_too_late() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let router = orders::router(scene.stage.shop.clone());
    let shut_out = scene
        .stage
        .somebody(&router, |user| user.is_active = false)
        .await?;
    let gone = UserId(scene.stage.shop.entropy.id());
    for user in [shut_out.user().id, gone] {
        let event = scene.event(EventKind::PasswordResetRequested { user });
        assert!(scene.deliver(&[text(&event)]).await.is_empty());
    }
    let user = scene.verified().await?.id;
    let event = scene.event(EventKind::PasswordResetRequested { user });
    scene.stage.shop.clock.advance(RESET_SECS);
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    assert!(scene.post.letters().is_empty());
    Ok(())
}

#[tokio::test]
async fn what_nobody_proved_to_be_theirs_is_not_repeated_in_a_mail() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let router = orders::router(scene.stage.shop.clone());
    let text_of_choice = "Win at casino.example";
    let session = SessionId(scene.stage.shop.entropy.id());
    let now = scene.stage.shop.clock.now();
    let unverified = scene
        .stage
        .somebody(&router, |user| {
            user.first_name = text_of_choice.into();
            user.open_session(session, Origin::new(text_of_choice, None), now);
        })
        .await?;
    let user = unverified.user().id;
    for kind in [
        EventKind::UserRegistered { user },
        EventKind::RegistrationRepeated { user },
        EventKind::PasswordResetRequested { user },
        EventKind::PasswordChanged { user },
        EventKind::SignedInAnew { user, session },
    ] {
        assert!(scene.deliver(&[text(&scene.event(kind))]).await.is_empty());
    }
    let letters = scene.post.letters();
    assert_eq!(letters.len(), 5);
    for letter in letters {
        assert!(letter.text.starts_with("Hello,"), "{letter:?}");
        for part in [&letter.subject, &letter.text, &letter.html] {
            assert!(!part.contains("casino"), "{letter:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn who_registers_again_is_told_how_to_get_a_password() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let user = scene.verified().await?.id;
    let event = scene.event(EventKind::RegistrationRepeated { user });
    let letter = scene.mailed(&event).await?;
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("If you have forgotten it"), "{part}");
    }
    Ok(())
}

#[tokio::test]
async fn a_changed_password_is_told_to_its_owner() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let user = scene.verified().await?;
    let event = scene.event(EventKind::PasswordChanged { user: user.id });
    let letter = scene.mailed(&event).await?;
    assert_eq!(letter.to, user.email);
    let time = event.occurred_at.to_string();
    let (day, _) = time.split_once('T').expect("a time");
    for part in [&letter.text, &letter.html] {
        assert!(part.contains(&format!("was changed at {day} ")), "{part}");
        assert!(part.contains("If it was not you"), "{part}");
        assert!(part.contains("http://shop.test"), "{part}");
    }
    assert_eq!(scene.post.announced(), ["PasswordChanged"]);
    Ok(())
}

#[tokio::test]
async fn a_login_from_somewhere_new_is_told_with_its_origin() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let router = orders::router(scene.stage.shop.clone());
    let now = scene.stage.shop.clock.now();
    let session = SessionId(scene.stage.shop.entropy.id());
    let ip: IpAddr = "196.188.1.2".parse()?;
    let customer = scene.stage.somebody(&router, |user| {
        user.email_verified_at = Some(now);
        user.open_session(session, Origin::new("<b>Firefox</b>", Some(ip)), now);
    });
    let user = customer.await?.user().id;
    let event = scene.event(EventKind::SignedInAnew { user, session });
    let letter = scene.mailed(&event).await?;
    assert!(
        letter
            .text
            .contains("\nProgram: <b>Firefox</b>\nIP address: 196.188.1.2\n")
    );
    assert!(
        letter.html.contains("&#60;b&#62;Firefox&#60;/b&#62;"),
        "{}",
        letter.html
    );
    assert!(letter.html.contains("196.188.1.2"), "{}", letter.html);
    assert!(letter.text.contains(" UTC\n"), "{}", letter.text);
    assert_eq!(scene.post.announced(), ["SignedInAnew"]);
    Ok(())
}

#[tokio::test]
async fn a_login_that_ended_at_once_is_told_without_its_origin() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let user = scene.verified().await?.id;
    let session = SessionId(scene.stage.shop.entropy.id());
    let event = scene.event(EventKind::SignedInAnew { user, session });
    let letter = scene.mailed(&event).await?;
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("Time"), "{part}");
        assert!(
            !part.contains("Program") && !part.contains("IP address"),
            "{part}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_decoy_leaves_no_trace() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let event = scene.event(EventKind::Decoy);
    scene.stage.shop.store.put_event(&event).await?;
    for _ in 0..2 {
        assert!(scene.deliver(&[text(&event)]).await.is_empty());
    }
    assert!(scene.stage.outbox().await?.is_empty(), "the queue has it");
    assert!(scene.post.letters().is_empty());
    assert!(scene.post.announced().is_empty());
    Ok(())
}

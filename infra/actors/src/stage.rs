//! The stage: an embedded table, a shop over it, and people with accounts.

use std::fmt;

use anyhow::{Context, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use axum::Router;
use domain::{
    AuditEntryId, SessionId, Timestamp, UserId,
    event::{Event, EventKind},
    staff::{AuditEntry, Rights},
    user::{Origin, Profile, User},
};
use emulator::{Table, Wire};
use gateways::{
    aws::{Clients, S3},
    clock::Clock,
    config::{self, Section},
};
use store::RosterChange;
use web::{Shop, csrf, tokens::SessionClaims};

use crate::{Actor, Objects, Queue};

/// A table in memory and a shop over it, for one test.
///
/// What a function sends to the queue right after its commit is in [`Stage::queue`]; nobody consumes
/// it, so it stays in the outbox as well, where [`Stage::outbox`] finds it.
#[derive(Debug)]
pub struct Stage {
    /// The shop; its clock may be moved.
    pub shop: Shop,
    /// What configurations are read from.
    values: Values,
    /// Clients of AWS; those of SES and EventBridge lead nowhere.
    pub clients: Clients,
    /// Under the client of the queue: remembers what was sent.
    pub queue: Queue,
    /// Under the access to S3: the bucket of images.
    pub objects: Objects,
    /// Under the client of the table: counts and fails.
    pub wire: Wire,
    /// The table itself.
    pub table: Table,
}

impl Stage {
    /// Opens a stage.
    ///
    /// # Errors
    /// When the embedded table cannot be had.
    pub async fn open() -> Result<Self> {
        Self::open_with(|_| None).await
    }

    /// Opens a stage whose configuration differs where `setting` gives a value by its name:
    /// `PUBLIC_CATALOG`.
    ///
    /// # Errors
    /// When the embedded table cannot be had or the configuration is wrong.
    pub async fn open_with(
        setting: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Result<Self> {
        let table = Table::memory().await?;
        let wire = Wire::new();
        let table_name = table.name().to_owned();
        let values = Values(Box::new(move |name| {
            let value = setting(name).or_else(|| default_setting(name));
            value
                .map(str::to_owned)
                .or_else(|| (name == "TABLE_NAME").then(|| table_name.clone()))
        }));
        let (nowhere, queue, objects) = (nowhere(), Queue::default(), Objects::default());
        let clients = Clients {
            dynamodb: table.client_over(&wire),
            sqs: sqs(&nowhere, &queue).into(),
            ses: aws_sdk_ses::Client::new(&nowhere).into(),
            eventbridge: aws_sdk_eventbridge::Client::new(&nowhere).into(),
            s3: S3::new(
                "us-east-1",
                Credentials::from_keys("local", "local", None),
                objects.connector(),
                Some("http://127.0.0.1:1".to_owned()),
            ),
        };
        let config = values.read().context("the stage's configuration")?;
        let shop = Shop::new(&config, &clients, Clock::system());
        Ok(Self {
            shop,
            values,
            clients,
            queue,
            objects,
            wire,
            table,
        })
    }

    /// The configuration of a function with more state than the shop.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn config<C: Section>(&self) -> Result<C> {
        Ok(self.values.read()?)
    }

    /// Somebody whom nobody knows.
    pub fn anonymous(&self, router: &Router) -> Actor {
        Actor::anonymous(router)
    }

    /// Somebody with an account, logged in by cookie, whose address is not proved.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn customer(&self, router: &Router) -> Result<Actor> {
        self.somebody(router, |_| {}).await
    }

    /// Somebody with an account, logged in by cookie, whose address is proved.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn verified(&self, router: &Router) -> Result<Actor> {
        let now = self.shop.clock.now();
        self.somebody(router, |user| user.email_verified_at = Some(now))
            .await
    }

    /// Somebody who works for the shop, logged in by cookie.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn staff(&self, router: &Router) -> Result<Actor> {
        let now = self.shop.clock.now();
        self.somebody(router, |user| {
            user.email_verified_at = Some(now);
            user.is_staff = true;
        })
        .await
    }

    /// Somebody who decides who works for the shop, logged in by cookie and on the roster.
    ///
    /// # Errors
    /// When the table fails, or somebody changes the roster at the same time.
    pub async fn superuser(&self, router: &Router) -> Result<Actor> {
        let Shop {
            clock,
            entropy,
            store,
            ..
        } = &self.shop;
        let actor = self.verified(router).await?;
        let mut user = actor.user().clone();
        let mut roster = store.find_roster().await?;
        let (user_read, from) = (user.version, roster.version);
        let rights = Rights {
            is_superuser: Some(true),
            ..Rights::default()
        };
        let acts = roster.change(&mut user, rights)?;
        user.version = entropy.version();
        roster.version = Some(entropy.version());
        let entry = AuditEntry {
            id: AuditEntryId(entropy.id()),
            at: clock.now(),
            actor: user.id,
            subject: user.id,
            acts,
        };
        let change = RosterChange {
            from,
            roster,
            entry,
        };
        store.change_rights(&user, user_read, &change).await?;
        Ok(actor.known_as(user))
    }

    /// Somebody with an account of this kind, logged in by cookie. The account has no password.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn somebody(
        &self,
        router: &Router,
        describe: impl FnOnce(&mut User),
    ) -> Result<Actor> {
        let Shop {
            clock,
            entropy,
            tokens,
            store,
            ..
        } = &self.shop;
        let (now, id, session) = (clock.now(), UserId(entropy.id()), SessionId(entropy.id()));
        let mut user = User {
            id,
            email: format!("person-{id}@example.com"),
            first_name: "Abebe".into(),
            last_name: "Bikila".into(),
            password_hash: "!".into(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            email_verified_at: None,
            profile: Profile::default(),
            sessions: Vec::new(),
            devices: Vec::new(),
            created_at: now,
            version: entropy.version(),
        };
        describe(&mut user);
        user.open_session(session, Origin::default(), now);
        let event = entropy.event(EventKind::UserRegistered { user: id });
        store.create_user(&user, &event).await?;
        store.forget_waiting(&[event.id]).await?;
        let token = tokens.session(SessionClaims {
            user: id,
            session,
            issued_at: now,
            expires_at: now.plus_secs(domain::user::SESSION_SECS),
        })?;
        let csrf = csrf::token(tokens, session);
        Ok(Actor::with_session(router, user, &token, &csrf))
    }

    /// What waits in the outbox, oldest first.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn outbox(&self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for shard in 0..store::OUTBOX_SHARDS {
            let until = Timestamp(self.shop.clock.now().unix_secs() + 60);
            events.extend(self.shop.store.waiting_events(shard, until, 100).await?);
        }
        events.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        Ok(events)
    }
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Values by the names of variables.
struct Values(Box<Lookup>);

impl Values {
    fn read<C: Section>(&self) -> Result<C, config::ConfigError> {
        config::read(|name| (self.0)(name))
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values(..)")
    }
}

fn default_setting(name: &str) -> Option<&'static str> {
    Some(match name {
        "ORDER_EVENTS_QUEUE_URL" => "http://127.0.0.1:1/queue",
        "EVENT_BUS_NAME" => "merkato",
        "SIGNING_SECRET" => "a signing secret for tests, long enough",
        "ADMIN_SETUP_TOKEN" => "admin-setup-token-for-tests",
        "PUBLIC_URL" => "http://shop.test",
        "IMAGES_BUCKET" => "pictures",
        "IMAGES_URL" => "https://images.example",
        "MAIL_FROM" => "shop@example.com",
        "ALLOWED_ORIGINS" => "https://front.example,http://localhost:*",
        "CHAPA_BASE_URL" => "http://127.0.0.1:1",
        "CHAPA_SECRET_KEY" => "CHASECK_TEST-0123456789",
        "CHAPA_WEBHOOK_SECRET" => "whsec_test_0123456789",
        "RETURN_URL_HOSTS" => "front.example,localhost",
        _ => return None,
    })
}

fn sqs(nowhere: &SdkConfig, queue: &Queue) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::config::Builder::from(nowhere).http_client(queue.http_client());
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// Clients that fail at once: nothing listens on port 1, and nothing is tried twice.
fn nowhere() -> SdkConfig {
    let credentials = Credentials::from_keys("local", "local", None);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url("http://127.0.0.1:1")
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build()
}

//! The shop's table on an embedded DynamoDB, reached over HTTP through the real SDK.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection as SdkProjection, ProjectionType, ScalarAttributeType,
    TimeToLiveSpecification,
};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::oneshot;

use crate::template::{Index, Key, KeyKind, Projection, TableDefinition, Template};
use crate::wire::Wire;

/// Names the endpoint of another AWS emulator: `cargo xtask emulator` runs the same tests against one
/// that somebody else wrote.
const SECOND_OPINION: &str = "MERKATO_AWS_ENDPOINT";

/// Where a table's data lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In memory, gone with the [`Table`]. Where `MERKATO_AWS_ENDPOINT` names another emulator it
    /// is a new table over there, which stays when the [`Table`] goes.
    Memory,
    /// In this SQLite file, which is made if need be and survives even `kill -9`.
    File(PathBuf),
}

/// The template's table, served on a loopback port of its own until it is dropped.
///
/// The emulator works on the calling thread under one lock, so it gets a thread and a runtime of
/// its own: neither a test's nor the shop's executor ever waits for SQLite. There is no such thread
/// for a table on another DynamoDB.
#[derive(Debug)]
pub struct Table {
    endpoint: String,
    name: String,
    ttl_attribute: Option<String>,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Table {
    /// A fresh table in memory, for one test.
    ///
    /// # Errors
    /// As [`Table::serve`].
    pub async fn memory() -> Result<Self> {
        Self::serve(Storage::Memory, 0).await
    }

    /// The table in a file, made if it is not there.
    ///
    /// # Errors
    /// As [`Table::serve`].
    pub async fn file(path: impl AsRef<Path>) -> Result<Self> {
        Self::serve(Storage::File(path.as_ref().to_owned()), 0).await
    }

    /// The table on a port of the caller's choice; 0 takes a free one.
    ///
    /// # Errors
    /// When the template, the port or the file cannot be had, or the table cannot be created.
    pub async fn serve(storage: Storage, port: u16) -> Result<Self> {
        let definition = &Template::shop()?.table;
        if storage == Storage::Memory
            && let Some(endpoint) = second_opinion()
        {
            return Self::elsewhere(definition, &endpoint).await;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("port {port} for the table"))?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || run(listener, storage, stopped))?;
        let client = client(
            &endpoint,
            aws_smithy_http_client::Builder::new().build_http(),
        );
        let table = Self {
            endpoint,
            name: definition.name.clone(),
            ttl_attribute: definition.ttl_attribute.clone(),
            client,
            stop: Some(stop),
            thread: Some(thread),
        };
        match table.create(definition).await {
            Ok(()) => Ok(table),
            // A file that cannot be opened ends the thread, which knows better what went wrong.
            Err(error) => {
                table.close().await?;
                Err(error)
            }
        }
    }

    /// A new table on the DynamoDB at `endpoint`. Many tests share that one, so the name is drawn.
    async fn elsewhere(definition: &TableDefinition, endpoint: &str) -> Result<Self> {
        let table = Self {
            endpoint: endpoint.to_owned(),
            name: format!("{}-{:016x}", definition.name, fastrand::u64(..)),
            ttl_attribute: definition.ttl_attribute.clone(),
            client: client(
                endpoint,
                aws_smithy_http_client::Builder::new().build_http(),
            ),
            stop: None,
            thread: None,
        };
        let created = table.create(definition).await;
        created.with_context(|| format!("{SECOND_OPINION}={endpoint}"))?;
        Ok(table)
    }

    /// Where the SDK finds it: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A plain client, neither metered nor disturbed.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A client whose calls go over `wire`. Its retries wait no longer than two milliseconds.
    #[must_use]
    pub fn client_over(&self, wire: &Wire) -> Client {
        client(&self.endpoint, wire.http_client())
    }

    /// Deletes what expired before `now_secs` (epoch seconds) and tells how many items that were.
    ///
    /// The emulator's own sweep reads the machine's clock; this one takes the shop's.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn sweep_expired(&self, now_secs: i64) -> Result<usize> {
        let Some(attribute) = &self.ttl_attribute else {
            return Ok(0);
        };
        let now = AttributeValue::N(now_secs.to_string());
        let mut swept = 0;
        let mut from = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&self.name)
                .set_exclusive_start_key(from)
                .filter_expression("#ttl < :now")
                .projection_expression("pk, sk")
                .expression_attribute_names("#ttl", attribute)
                .expression_attribute_values(":now", now.clone())
                .send()
                .await?;
            for key in page.items.unwrap_or_default() {
                let deletion = self
                    .client
                    .delete_item()
                    .table_name(&self.name)
                    .set_key(Some(key))
                    .condition_expression("#ttl < :now")
                    .expression_attribute_names("#ttl", attribute)
                    .expression_attribute_values(":now", now.clone())
                    .send()
                    .await;
                match deletion {
                    Ok(_) => swept += 1,
                    // Written anew since it was read, with a later expiry.
                    Err(error) if error.code() == Some("ConditionalCheckFailedException") => {}
                    Err(error) => return Err(error.into()),
                }
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(swept);
            }
        }
    }

    /// Stops serving and waits until the file is closed.
    ///
    /// # Errors
    /// When the server had failed.
    pub async fn close(mut self) -> Result<()> {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        tokio::task::spawn_blocking(move || thread.join())
            .await?
            .map_err(|_| anyhow!("the table's thread panicked"))?
    }

    async fn create(&self, definition: &TableDefinition) -> Result<()> {
        let mut request = self
            .client
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(&definition.keys)?));
        for (name, kind) in &definition.attributes {
            request = request.attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(name)
                    .attribute_type(ScalarAttributeType::from(kind.as_str()))
                    .build()?,
            );
        }
        for index in &definition.indexes {
            request = request.global_secondary_indexes(global_index(index)?);
        }
        match request.send().await {
            Ok(_) => {}
            // Data of an earlier run: its table has all this already.
            Err(error) if error.code() == Some("ResourceInUseException") => return Ok(()),
            Err(error) => return Err(anyhow::Error::new(error).context("cannot create the table")),
        }
        if let Some(attribute) = &definition.ttl_attribute {
            let ttl = TimeToLiveSpecification::builder()
                .attribute_name(attribute)
                .enabled(true)
                .build()?;
            self.client
                .update_time_to_live()
                .table_name(&self.name)
                .time_to_live_specification(ttl)
                .send()
                .await?;
        }
        Ok(())
    }
}

/// The endpoint of the AWS emulator that tests are to ask instead of ours, if there is one.
#[must_use]
pub fn second_opinion() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "which emulator answers the tests is said from outside"
    )]
    let endpoint = std::env::var(SECOND_OPINION).ok()?;
    let endpoint = endpoint.trim().trim_end_matches('/');
    (!endpoint.is_empty()).then(|| endpoint.to_owned())
}

/// A client for `endpoint` that waits two milliseconds at most before it tries again: what is
/// retried here was failed on purpose, and nobody is relieved by a longer wait.
fn client(endpoint: &str, http: SharedHttpClient) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::from_keys("local", "local", None))
        .endpoint_url(endpoint)
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_backoff(Duration::from_millis(2)))
        .build();
    Client::from_conf(config)
}

/// What the table's own thread does from start to stop.
fn run(listener: TcpListener, storage: Storage, stopped: oneshot::Receiver<()>) -> Result<()> {
    let database = match storage {
        Storage::Memory => dynoxide::Database::memory()?,
        Storage::File(path) => {
            let path = path.to_str().context("the table's path is not UTF-8")?;
            dynoxide::Database::new(path).with_context(|| format!("cannot open {path}"))?
        }
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let stop = async {
                // Sent or dropped, both mean stop.
                let _ = stopped.await;
            };
            dynoxide::server::serve_with_shutdown(listener, database, stop)
                .await
                .map_err(|error| anyhow!("the table stopped: {error}"))
        })
}

fn key_schema(keys: &[Key]) -> Result<Vec<KeySchemaElement>> {
    keys.iter()
        .map(|key| {
            let kind = match key.kind {
                KeyKind::Hash => KeyType::Hash,
                KeyKind::Range => KeyType::Range,
            };
            Ok(KeySchemaElement::builder()
                .attribute_name(&key.attribute)
                .key_type(kind)
                .build()?)
        })
        .collect()
}

fn global_index(index: &Index) -> Result<GlobalSecondaryIndex> {
    let projection = SdkProjection::builder();
    let projection = match &index.projection {
        Projection::All => projection.projection_type(ProjectionType::All),
        Projection::KeysOnly => projection.projection_type(ProjectionType::KeysOnly),
        Projection::Include(attributes) => projection
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(attributes.clone())),
    };
    Ok(GlobalSecondaryIndex::builder()
        .index_name(&index.name)
        .set_key_schema(Some(key_schema(&index.keys)?))
        .projection(projection.build())
        .build()?)
}

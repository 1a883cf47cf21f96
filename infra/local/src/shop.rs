//! The shop put together: stand-ins, functions, gateway and control surface, opened and closed.

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use axum::{Router, extract::Request, response::IntoResponse as _};
use emulator::{Storage, Table, Template, Wire};
use gateways::{
    clock::Clock,
    entropy::Entropy,
    queue::OrderEventQueue,
    relay::Relay,
    sections::{QueueUrl, TableName},
};
use http::StatusCode;
use store::Store;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tower::ServiceExt as _;
use tower_http::normalize_path::NormalizePath;
use url::Url;

use crate::{
    aws::{Backends, Now, journal::Journal},
    backlog::Backlog,
    bridge,
    chapa::{self, Sandbox},
    clients::{self, Endpoints},
    control::{Control, Door, Fact, Parts},
    data::Data,
    demo,
    flags::Flags,
    functions,
    gateway::{Gateway, Origin, Route, Routes},
    hand::Hand,
    schedules::Schedules,
    server,
    settings::Settings,
};

/// How long background work that was begun may take once the shop closes.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often expired items are swept out of the table. On AWS it takes up to days.
const SWEEP: Duration = Duration::from_secs(60);

/// A shop that serves.
pub struct Shop {
    /// Where it is: `http://127.0.0.1:3000`.
    pub url: String,
    /// What a shop that runs elsewhere needs in its environment to use the stand-ins.
    pub environment: Vec<String>,
    /// What is at its default for development and must not be so anywhere else.
    pub warnings: Vec<String>,
    /// What the demonstration catalogue added, if it was asked for.
    pub demo: Option<demo::Loaded>,
    front: Part,
    work: Part,
    back: Part,
    /// These live as long as the shop does.
    _table: std::sync::Arc<Table>,
    _data: Option<Data>,
}

/// Tasks that stop together.
struct Part {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Part {
    fn new() -> Part {
        Part {
            stop: watch::channel(false).0,
            tasks: JoinSet::new(),
        }
    }

    /// Tells the tasks to stop and waits for them, but not for ever.
    async fn close(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("some work was cut off");
        }
    }
}

impl Shop {
    /// Opens the shop as the flags say. It serves when this returns.
    ///
    /// # Errors
    /// If a port, the data directory or the template cannot be used, in a sentence for people.
    pub async fn open(flags: &Flags) -> anyhow::Result<Shop> {
        // The port first: whoever has another shop open is to hear of that, and not of its files.
        let listener = server::bind(flags.port).await?;
        let port = listener.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let data = if flags.memory {
            None
        } else {
            Some(Data::open(&flags.data, flags.fresh)?)
        };
        let journal = match &data {
            Some(data) => Journal::open(&data.journal())?,
            None => Journal::memory()?,
        };
        let template = Template::shop()?;
        let hand = Hand::restore(journal.clone())?;
        let clock = hand.clock();
        let entropy = Entropy::new(clock.clone());
        let wire = Wire::new();

        let mut back = Part::new();
        let now = {
            let clock = clock.clone();
            Now::new(move || clock.now().unix_secs())
        };
        // On known ports where somebody else has to find them, on any where only we do.
        let next = |n: u16| {
            if flags.backends_only && flags.port != 0 {
                flags.port.saturating_add(n)
            } else {
                0
            }
        };
        let aws = server::bind(next(1)).await?;
        let others = format!("http://{}", aws.local_addr()?);
        let storage = data
            .as_ref()
            .map_or(Storage::Memory, |data| Storage::File(data.table()));
        let table = std::sync::Arc::new(Table::serve(storage, next(2)).await?);
        back.tasks
            .spawn(sweep(table.clone(), clock.clone(), back.stop.subscribe()));
        let endpoints = Endpoints {
            dynamodb: table.endpoint().to_owned(),
            others,
        };

        let settings = Settings::gather(
            &url,
            &endpoints,
            table.name(),
            template,
            data.as_ref(),
            &entropy,
        )?;
        let backends = Backends::open(&journal, &template.queues, settings.secrets(), now)?;
        let for_containers = ports(
            [&url, &endpoints.others, &endpoints.dynamodb],
            flags.also_on,
        )
        .await?;
        back.tasks
            .spawn(server::serve(aws, backends.router(), back.stop.subscribe()));
        for listener in for_containers {
            back.tasks
                .spawn(until(back.stop.subscribe(), bridge::forward(listener)));
        }
        let webhook_url = (!flags.backends_only).then(|| format!("{url}/api/payments/webhook/"));
        let sandbox = Sandbox::new(
            journal.clone(),
            clock.clone(),
            entropy.clone(),
            chapa::Settings {
                public_url: url.clone(),
                webhook_url,
                webhook_secret: settings.webhook_secret(),
            },
        )?;
        let mut work = Part::new();
        work.tasks
            .spawn(until(work.stop.subscribe(), sandbox.courier().run()));

        let mut demo = None;
        let mut gateway = None;
        let mut relay = None;
        let mut schedules = Schedules::new(wire.clone());
        if !flags.backends_only {
            let clients = clients::over(&wire, &endpoints);
            let TableName(table_name) = settings.read()?;
            let QueueUrl(queue) = settings.read()?;
            let store = Store::new(clients.dynamodb.clone(), table_name);
            let queue = OrderEventQueue::new(clients.sqs.clone(), queue);
            relay = Some(Relay::new(store.clone(), queue));
            schedules = functions::schedules(template, &settings, &clients, &clock, wire.clone())?;
            work.tasks
                .spawn(schedules.clone().tick(work.stop.subscribe()));
            for consumer in &template.consumers {
                functions::release_claims(
                    &store,
                    &backends.queues.received(&consumer.queue)?,
                    &clock,
                )
                .await?;
                let consuming = functions::consume(
                    consumer.clone(),
                    backends.queues.clone(),
                    settings.read()?,
                    clients.clone(),
                    clock.clone(),
                    wire.clone(),
                    work.stop.subscribe(),
                );
                work.tasks.spawn(async move {
                    if let Err(error) = consuming.await {
                        tracing::error!(error = format!("{error:#}"), "nobody reads the queue");
                    }
                });
            }
            let routers = functions::routers(&settings, &clients, &clock)?;
            let origin = Origin {
                host: "127.0.0.1".to_owned(),
                port,
            };
            gateway = Some(Gateway::new(
                routes(template, &routers),
                routers,
                wire.clone(),
                clock.clone(),
                origin,
            ));
            if flags.demo {
                // Past the wire: what filling the shop costs is nobody's request.
                let store = Store::new(table.client(), table.name());
                demo = Some(demo::load(&store, &clock, &entropy).await?);
            }
        }

        let backlog = Backlog::new(backends.queues.clone(), relay, wire.clone(), clock.clone());
        let control = Control::new(Parts {
            public_url: url.clone(),
            facts: facts(flags, &endpoints, &settings),
            doors: gateway.as_ref().map(doors).unwrap_or_default(),
            backlog,
            queues: backends.queues,
            mailbox: backends.mailbox,
            bus: backends.bus,
            objects: backends.objects,
            hand,
            schedules,
            wire,
            sandbox,
            backends_only: flags.backends_only,
            has_demo: flags.demo,
        });
        let mut front = Part::new();
        front
            .tasks
            .spawn(serve(listener, gateway, control, front.stop.subscribe()));
        Ok(Shop {
            url,
            environment: settings.environment(&endpoints),
            warnings: settings.warnings(),
            demo,
            front,
            work,
            back,
            _table: table,
            _data: data,
        })
    }

    /// Closes the shop from the front to the back: first nobody comes in any more, then what was
    /// begun ends, and the table goes last.
    pub async fn close(self) {
        self.front.close().await;
        self.work.close().await;
        self.back.close().await;
    }
}

/// The ports of these URLs once more, on another address of this machine if one is given.
async fn ports(urls: [&str; 3], address: Option<Ipv4Addr>) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    if let Some(address) = address {
        for url in urls {
            let port = Url::parse(url)?.port().unwrap_or(80);
            listeners.push(bridge::bind(address, port).await?);
        }
    }
    Ok(listeners)
}

/// Serves the control surface where its paths are, and the API everywhere else.
async fn serve(
    listener: TcpListener,
    gateway: Option<Gateway>,
    control: Control,
    stop: watch::Receiver<bool>,
) {
    let control = NormalizePath::trim_trailing_slash(control.router());
    let router = Router::new().fallback(move |request: Request| {
        let control = control.clone();
        let gateway = gateway.clone();
        async move {
            let path = request.uri().path();
            if path == "/" || path == "/_local" || path.starts_with("/_local/") {
                let Ok(response) = control.oneshot(request).await;
                return response;
            }
            match gateway {
                Some(gateway) => gateway.answer(request).await,
                None => {
                    let body = serde_json::json!({ "message": "Only the stand-ins run here." });
                    (StatusCode::NOT_FOUND, axum::Json(body)).into_response()
                }
            }
        }
    });
    server::serve(listener, router, stop).await;
}

/// The template's routes to the functions that are built in.
fn routes(template: &Template, routers: &HashMap<String, Router>) -> Routes {
    template
        .routes
        .iter()
        .inspect(|route| {
            if !routers.contains_key(&route.function) {
                tracing::warn!(
                    function = route.function,
                    "the template routes to a function that is not built in"
                );
            }
        })
        .map(|route| Route::new(&route.method, &route.path, &route.function))
        .collect()
}

/// Pages of the shop itself, where the functions that serve them are built in.
fn doors(gateway: &Gateway) -> Vec<Door> {
    let docs = Door {
        name: "API documentation",
        path: "/api/docs/",
        about: "Every call, to read and to try.",
    };
    let admin = Door {
        name: "Admin site",
        path: "/admin/",
        about: "Products, stock, orders and people, for staff.",
    };
    [("docs", docs), ("admin", admin)]
        .into_iter()
        .filter(|(function, door)| gateway.function_at(door.path) == Some(function))
        .map(|(_, door)| door)
        .collect()
}

fn facts(flags: &Flags, endpoints: &Endpoints, settings: &Settings) -> Vec<Fact> {
    let data = if flags.memory {
        "in memory, gone when the shop closes".to_owned()
    } else {
        flags.data.display().to_string()
    };
    let mut facts = vec![Fact {
        name: "Data",
        value: data,
    }];
    if flags.backends_only {
        facts.push(Fact {
            name: "Environment",
            value: settings.environment(endpoints).join("\n"),
        });
    } else {
        facts.push(Fact {
            name: "DynamoDB",
            value: endpoints.dynamodb.clone(),
        });
        facts.push(Fact {
            name: "SQS, SES, EventBridge, S3, secrets",
            value: endpoints.others.clone(),
        });
    }
    facts
}

/// Deletes what expired by the shop's clock, from time to time, as TTL does.
async fn sweep(table: std::sync::Arc<Table>, clock: Clock, stop: watch::Receiver<bool>) {
    let sweeping = async move {
        let mut ticks = tokio::time::interval(SWEEP);
        // The first tick comes at once, and at the start there is better to do.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if let Err(error) = table.sweep_expired(clock.now().unix_secs()).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "expired items could not be swept"
                );
            }
        }
    };
    until(stop, sweeping).await;
}

/// Runs something endless until told to stop. It is dropped at its next pause.
async fn until(mut stop: watch::Receiver<bool>, endless: impl Future<Output = ()>) {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = endless => {}
    }
}

//! The wire under the SDK: every AWS call of the shop runs over it, is counted, and can be made to fail.

mod call;
mod fault;
mod ledger;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

pub use fault::{Fault, FaultKind, Service};
pub use ledger::{Access, Cost, Entry};

use call::Call;
use fault::Faults;
use ledger::Scope;

/// The label of calls that no request or scheduled run made.
pub const UNATTRIBUTED: &str = "unattributed";

/// How late a call is that a fault made slow.
const LATE: Duration = Duration::from_secs(3);

tokio::task_local! {
    /// The accounts of the request that the current task works for; the innermost is the last.
    static SCOPES: Vec<Scope>;
}

/// An HTTP client for the SDK that counts what passes and fails what it is told to fail.
///
/// Clones share everything: ledger, faults and connections. The connections belong to the runtime
/// in which they were made, so each test makes a wire of its own.
#[derive(Clone, Debug)]
pub struct Wire {
    http: SharedHttpClient,
    faults: Arc<Mutex<Faults>>,
    ledger: Arc<Mutex<BTreeMap<String, Entry>>>,
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

impl Wire {
    /// A wire with an empty ledger and no faults, over plain HTTP.
    #[must_use]
    pub fn new() -> Self {
        Self {
            http: aws_smithy_http_client::Builder::new().build_http(),
            faults: Arc::default(),
            ledger: Arc::default(),
        }
    }

    /// What to give to the SDK's configuration as its HTTP client.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// What to give to whoever speaks to AWS without a client of the SDK.
    #[must_use]
    pub fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(Tap {
            wire: self.clone(),
            connector: SharedHttpConnector::new(Connector::builder().build_http()),
        })
    }

    /// Runs one request, and enters what it cost under `label`.
    ///
    /// Calls made in tasks that the future spawns are not its own; they go to [`UNATTRIBUTED`].
    pub fn metered<F: Future>(&self, label: &str, request: F) -> impl Future<Output = F::Output> {
        let measured = self.measured(request);
        async move {
            let (output, cost) = measured.await;
            self.enter(label, &cost);
            output
        }
    }

    /// Runs one request and tells what it cost, without entering it anywhere.
    pub fn measured<F: Future>(&self, request: F) -> impl Future<Output = (F::Output, Cost)> {
        // The SDK's futures are large, and a request holds several: on the heap once, they are
        // not copied into every future around them.
        let request = Box::pin(request);
        async move {
            let scope = Scope::default();
            let mut scopes = SCOPES.try_with(Clone::clone).unwrap_or_default();
            scopes.push(scope.clone());
            let output = SCOPES.scope(scopes, request).await;
            (output, scope.cost())
        }
    }

    /// Enters a request that was [`measured`](Wire::measured) before its label was known.
    pub fn enter(&self, label: &str, cost: &Cost) {
        let mut ledger = lock(&self.ledger);
        let entry = entry(&mut ledger, label);
        entry.requests += 1;
        entry.add(cost);
    }

    /// What was entered since the last reset, by label.
    #[must_use]
    pub fn ledger(&self) -> Vec<Entry> {
        lock(&self.ledger).values().cloned().collect()
    }

    /// Empties the ledger.
    pub fn reset(&self) {
        lock(&self.ledger).clear();
    }

    /// Arms a fault.
    ///
    /// # Errors
    /// When it could never strike: the 0th call, no times, a conflict outside the table.
    pub fn inject(&self, fault: Fault) -> Result<()> {
        ensure!(fault.nth > 0, "calls are counted from 1");
        ensure!(fault.times > 0, "a fault that happens 0 times is none");
        ensure!(
            fault.kind != FaultKind::Conflict || fault.service == Service::Dynamodb,
            "only dynamodb knows conflicts"
        );
        lock(&self.faults).add(fault);
        Ok(())
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// Counts one call to a service that is not reached over this wire, and tells how it fails.
    #[must_use]
    pub fn next_fault(&self, service: Service) -> Option<FaultKind> {
        lock(&self.faults).next(service, false)
    }

    /// Sends one request, or does with it what a fault says.
    async fn send(
        self,
        connector: SharedHttpConnector,
        request: HttpRequest,
        call: &Call,
    ) -> (Result<HttpResponse, ConnectorError>, (f64, f64)) {
        let fault = lock(&self.faults).next(call.service, call.can_conflict());
        match fault {
            Some(FaultKind::Refused) => return (Err(broken("refused").never_connected()), NOTHING),
            Some(FaultKind::Throttled) => return (Ok(fault::throttled(call.service)), NOTHING),
            Some(FaultKind::Conflict) => return (Ok(fault::conflict(call)), NOTHING),
            Some(FaultKind::Slow) => tokio::time::sleep(LATE).await,
            Some(FaultKind::LostAnswer) | None => {}
        }
        let mut response = match connector.call(request).await {
            Ok(response) => response,
            Err(error) => return (Err(error), NOTHING),
        };
        // Read to the end, so that a lost answer is lost after the work was surely done.
        let body = match ByteStream::new(response.take_body()).collect().await {
            Ok(body) => body.into_bytes(),
            Err(error) => return (Err(ConnectorError::io(error.into())), NOTHING),
        };
        let units = call.units(&body);
        if fault == Some(FaultKind::LostAnswer) {
            return (Err(broken("closed before the answer came")), units);
        }
        *response.body_mut() = SdkBody::from(body);
        (Ok(response), units)
    }
}

const NOTHING: (f64, f64) = (0.0, 0.0);

fn broken(how: &str) -> ConnectorError {
    ConnectorError::io(format!("injected fault: connection {how}").into())
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Tap {
            wire: self.clone(),
            connector: self.http.http_connector(settings, components),
        })
    }
}

/// The wire where one client holds it.
#[derive(Debug)]
struct Tap {
    wire: Wire,
    connector: SharedHttpConnector,
}

impl HttpConnector for Tap {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let Some(call) = Call::read(&mut request) else {
            return self.connector.call(request);
        };
        let wire = self.wire.clone();
        let connector = self.connector.clone();
        // Taken here and not in the future: this runs in the task that makes the call.
        let scopes = SCOPES.try_with(Clone::clone).unwrap_or_default();
        HttpConnectorFuture::new(async move {
            let outside = scopes.is_empty().then(Scope::default);
            let scopes: Vec<_> = scopes.into_iter().chain(outside.clone()).collect();
            let begun: Vec<_> = scopes.iter().map(|scope| scope.begin(&call)).collect();
            let (outcome, units) = wire.clone().send(connector, request, &call).await;
            for (scope, depth) in scopes.iter().zip(begun) {
                scope.end(depth, units);
            }
            if let Some(scope) = outside {
                entry(&mut lock(&wire.ledger), UNATTRIBUTED).add(&scope.cost());
            }
            outcome
        })
    }
}

fn entry<'a>(ledger: &'a mut BTreeMap<String, Entry>, label: &str) -> &'a mut Entry {
    ledger.entry(label.to_owned()).or_insert_with(|| Entry {
        label: label.to_owned(),
        ..Entry::default()
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

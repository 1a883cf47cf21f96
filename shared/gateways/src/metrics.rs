//! The shop's figures, told to CloudWatch by lines of its embedded metric format in the log.
//!
//! CloudWatch reads such a line out of a function's standard output, whatever the format of the log
//! is, and makes metrics of it: no call that takes time or fails, and no right to grant.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use domain::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::sections::MetricsNamespace;

/// One figure to be summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// What it is called in CloudWatch.
    pub name: &'static str,
    /// How many, or how much.
    pub value: i64,
    /// What is counted.
    pub unit: Unit,
}

/// What a figure counts, in the words of CloudWatch, which knows no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Things that happened.
    Count,
    /// Anything else; the figure's name says what.
    None,
}

/// Where figures are told. Clones tell them in the same place.
#[derive(Clone)]
pub struct Metrics {
    namespace: Option<String>,
    sink: Arc<Mutex<dyn io::Write + Send>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Metrics {
    /// Figures under this namespace on standard output; without one, none at all.
    pub fn new(namespace: &MetricsNamespace) -> Metrics {
        Metrics {
            namespace: namespace.0.clone(),
            sink: Arc::new(Mutex::new(io::stdout())),
        }
    }

    /// Figures under this namespace, written elsewhere.
    pub fn written_to(
        sink: impl io::Write + Send + 'static,
        namespace: impl Into<String>,
    ) -> Metrics {
        Metrics {
            namespace: Some(namespace.into()),
            sink: Arc::new(Mutex::new(sink)),
        }
    }

    /// Tells figures of this moment, in one line. It holds the event they come from as well: what
    /// somebody who is told of the figure wants to look up in the log. The metrics have no
    /// dimensions, since each value of one would be a metric to pay for.
    ///
    /// A line that cannot be written is logged and no more.
    pub fn put(&self, figures: &[Figure], event: &impl Serialize, now: Timestamp) {
        let Some(namespace) = self.namespace.as_deref().filter(|_| !figures.is_empty()) else {
            return;
        };
        let written = line(namespace, figures, event, now).and_then(|line| {
            let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
            // In one piece, so that no other line comes in between.
            sink.write_all(line.as_bytes())?;
            sink.flush()
        });
        if let Err(error) = written {
            tracing::warn!(%error, "figures were not told");
        }
    }
}

fn line(
    namespace: &str,
    figures: &[Figure],
    event: &impl Serialize,
    now: Timestamp,
) -> io::Result<String> {
    let metrics: Vec<Value> = figures
        .iter()
        .map(|figure| json!({ "Name": figure.name, "Unit": figure.unit }))
        .collect();
    let mut document = json!({
        "_aws": {
            "Timestamp": now.unix_secs().saturating_mul(1000),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": [[]],
                "Metrics": metrics,
            }],
        },
        "event": serde_json::to_value(event)?,
    });
    for figure in figures {
        document[figure.name] = figure.value.into();
    }
    Ok(format!("{document}\n"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000);

    const REVENUE: [Figure; 2] = [
        Figure {
            name: "OrdersPaid",
            value: 1,
            unit: Unit::Count,
        },
        Figure {
            name: "RevenueSantim",
            value: 19_990,
            unit: Unit::None,
        },
    ];

    /// What was written, line by line; a clone is the same page.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn figures_are_one_line_as_cloudwatch_reads_it() {
        let page = Page::default();
        let metrics = Metrics::written_to(page.clone(), "Merkato/test");
        metrics.put(&REVENUE, &json!({ "type": "OrderPaid" }), NOW);
        assert_eq!(
            page.text(),
            concat!(
                r#"{"OrdersPaid":1,"RevenueSantim":19990,"_aws":{"CloudWatchMetrics":[{"#,
                r#""Dimensions":[[]],"Metrics":[{"Name":"OrdersPaid","Unit":"Count"},"#,
                r#"{"Name":"RevenueSantim","Unit":"None"}],"Namespace":"Merkato/test"}],"#,
                r#""Timestamp":1790000000000},"event":{"type":"OrderPaid"}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn nothing_is_written_without_figures_or_without_a_namespace() {
        let page = Page::default();
        let mut metrics = Metrics::written_to(page.clone(), "Merkato/test");
        metrics.put(&[], &json!({}), NOW);
        metrics.namespace = None;
        metrics.put(&REVENUE, &json!({}), NOW);
        assert_eq!(page.text(), "");
    }

    #[test]
    fn a_sink_that_is_closed_stops_nobody() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        Metrics::written_to(Closed, "Merkato/test").put(&REVENUE, &json!({}), NOW);
    }
}

//! A service's numbers for its operator, in the text form that Prometheus reads.
//!
//! They are counted when somebody asks, into a recorder of that one answer, so a quiet service spends nothing on them.
//! Labels are names of ours, never a value that a person wrote. It knows no service.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use metrics::{Label, Unit, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::clock::Timestamp;
use crate::doctor::Chart;
use crate::outbox::Outbox;

/// The form of the answer (Prometheus, *Exposition formats*, text format 0.0.4).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The numbers of one moment.
pub struct Metrics(PrometheusRecorder);

impl Default for Metrics {
    fn default() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }
}

impl Metrics {
    /// Sets the number `name` for `labels`; `about` tells an operator what it counts.
    pub fn set(&self, name: &'static str, about: &'static str, labels: &[(&'static str, &str)], value: u64) {
        let labels: Vec<_> =
            labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect();
        // Beyond four thousand million an operator has other worries than the last digit.
        let value = f64::from(u32::try_from(value).unwrap_or(u32::MAX));
        with_local_recorder(&self.0, || {
            describe_gauge!(name, Unit::Count, about);
            gauge!(name, labels).set(value);
        });
    }

    /// Sets the numbers of `outbox` for each service of `peers` as they are at `now`.
    pub fn outbox(&self, outbox: &Outbox, peers: &[&str], now: Timestamp) {
        let parked = outbox.parked();
        for peer in peers {
            let to = [("to", *peer)];
            let parked = parked.iter().filter(|(_, row)| row.message.to == *peer).count();
            let millis =
                outbox.oldest_at(peer).map_or(0, |at| now.as_millis().saturating_sub(at.as_millis()));
            let seconds = u64::try_from(millis / 1000).unwrap_or(0);
            self.set(
                "satchel_outbox_depth",
                "Messages that wait for delivery",
                &to,
                outbox.depth(peer) as u64,
            );
            self.set("satchel_outbox_oldest_age_seconds", "Age of the oldest one that waits", &to, seconds);
            self.set(
                "satchel_outbox_parked",
                "Messages that their receiver refused for good",
                &to,
                parked as u64,
            );
        }
    }

    /// Sets how many processes of `kind` that take several steps are in `state`.
    pub fn sagas(&self, kind: &str, state: &str, count: usize) {
        let labels = [("kind", kind), ("state", state)];
        self.set(
            "satchel_sagas",
            "Processes of several steps that are neither done nor undone",
            &labels,
            count as u64,
        );
    }

    /// Sets how many findings of each kind the doctor's last pass left standing.
    pub fn findings(&self, chart: &Chart) {
        for (kind, count) in chart.standing() {
            let labels = [("kind", kind)];
            self.set("satchel_doctor_findings", "What the doctor found and did not repair", &labels, count);
        }
    }
}

impl IntoResponse for Metrics {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, TEXT)], self.0.handle().render()).into_response()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics(..)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::doctor::{Cure, Kind};
    use crate::edge::bytes_of;
    use crate::id::AccountId;
    use crate::outbox::{Message, Row};

    async fn text(metrics: Metrics) -> String {
        let response = metrics.into_response();
        assert_eq!(response.headers()[CONTENT_TYPE], TEXT);
        String::from_utf8(bytes_of(response).await).unwrap()
    }

    #[tokio::test]
    async fn an_outbox_is_counted_for_each_receiver_without_a_word_of_its_messages() {
        let row = |to: &str, at_s: i64| {
            let path = "/internal/claims/ada%40example.test/release".to_owned();
            let message = Message::new(to, AccountId::from_bytes([1; 12]), path, &Value::Null);
            Row::new(message, Timestamp::from_millis(at_s * 1000))
        };
        let parked = Row { parked: Some("refused: ada".to_owned()), ..row("auth", 1) };
        let outbox = Outbox::new([(1, parked), (2, row("auth", 40)), (3, row("auth", 50))]);
        let metrics = Metrics::default();
        metrics.outbox(&outbox, &["auth", "notes"], Timestamp::from_millis(100_500));
        let text = text(metrics).await;
        for line in [
            "satchel_outbox_depth{to=\"auth\"} 2",
            "satchel_outbox_depth{to=\"notes\"} 0",
            "satchel_outbox_oldest_age_seconds{to=\"auth\"} 60",
            "satchel_outbox_oldest_age_seconds{to=\"notes\"} 0",
            "satchel_outbox_parked{to=\"auth\"} 1",
            "# TYPE satchel_outbox_parked gauge",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("ada"), "{text}");
    }

    #[tokio::test]
    async fn findings_are_counted_for_each_kind_and_kinds_without_any_are_zero() {
        let kind = |name| Kind { name, what: "w", remedy: "r", cure: Cure::Person };
        let [lost, shared] = ["lost", "shared"].map(kind);
        let (chart, metrics) = (Chart::new([lost, shared]), Metrics::default());
        chart.note(&["ada", "ben"].map(|subject| lost.finding("auth", subject.to_owned(), false)));
        metrics.findings(&chart);
        let text = text(metrics).await;
        for line in ["satchel_doctor_findings{kind=\"lost\"} 2", "satchel_doctor_findings{kind=\"shared\"} 0"]
        {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("ada"), "{text}");
    }

    #[tokio::test]
    async fn each_answer_has_numbers_of_its_own() {
        let first = Metrics::default();
        first.sagas("register", "started", 3);
        assert!(text(first).await.contains("satchel_sagas{kind=\"register\",state=\"started\"} 3"));
        assert!(!text(Metrics::default()).await.contains("satchel_sagas"));
    }
}

//! SES and EventBridge.

use super::*;

#[tokio::test]
async fn mails_are_caught_and_found_by_their_recipient() {
    let bench = Bench::new().await;
    bench.mail("abebe@example.com", "Welcome").await;
    bench.advance(60);
    bench.mail("Sara <Sara@Example.com>", "Paid & packed").await;

    let mailbox = &bench.backends.mailbox;
    let subjects: Vec<_> = mailbox
        .mails(None)
        .unwrap()
        .into_iter()
        .map(|mail| mail.subject)
        .collect();
    assert_eq!(subjects, ["Paid & packed", "Welcome"]);
    let found = mailbox.mails(Some("SARA@example.com")).unwrap();
    let [mail] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(mail.from, "Merkato <shop@example.com>");
    assert_eq!(mail.to, "Sara <Sara@Example.com>");
    assert_eq!(
        (mail.text.as_str(), mail.html.as_str()),
        ("Selam & hi", "<p>Selam</p>")
    );
    assert_eq!(mail.sent_at, "2026-11-23T12:01:00Z");
    assert_eq!(mailbox.mail(mail.id).unwrap().as_ref(), Some(mail));
    assert!(
        mailbox
            .mails(Some("nobody@example.com"))
            .unwrap()
            .is_empty()
    );

    mailbox.clear().unwrap();
    assert!(mailbox.mails(None).unwrap().is_empty());
}

#[tokio::test]
async fn a_mail_to_nobody_and_a_raw_mail_are_refused() {
    let bench = Bench::new().await;
    let content = Content::builder().data("x").build().unwrap();
    let body = Body::builder().text(content.clone()).build();
    let letter = Letter::builder().subject(content).body(body).build();
    let request = bench
        .ses
        .send_email()
        .source("shop@example.com")
        .message(letter);
    let error = request
        .destination(Destination::builder().build())
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));

    let raw = RawMessage::builder()
        .data(aws_sdk_ses::primitives::Blob::new("x"))
        .build()
        .unwrap();
    let error = bench
        .ses
        .send_raw_email()
        .raw_message(raw)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("InvalidAction"));
}

#[tokio::test]
async fn events_are_kept_and_a_malformed_one_fails_alone() {
    let bench = Bench::new().await;
    let (failed, codes) = bench.put_event("not JSON").await;
    assert_eq!(failed, 1);
    assert_eq!(codes, [Some("MalformedDetail".to_owned()), None]);
    let events = bench.backends.bus.events().unwrap();
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.bus.as_str(), event.detail_type.as_str()),
        ("merkato", "OrderPlaced")
    );
    assert_eq!(event.detail["order"], 7);
    assert_eq!(event.put_at, "2026-11-23T12:00:00Z");
}

#[tokio::test]
async fn the_bus_keeps_the_last_thousand_events() {
    let bench = Bench::new().await;
    for n in 0..501 {
        bench.put_event(&format!("{{\"n\": {n}}}")).await;
    }
    let events = bench.backends.bus.events().unwrap();
    assert_eq!(events.len(), 1_000);
    let counts: BTreeMap<_, usize> = events.iter().fold(BTreeMap::new(), |mut counts, event| {
        *counts.entry(event.detail_type.as_str()).or_default() += 1;
        counts
    });
    assert_eq!(counts["OrderPaid"], 500);
    assert_eq!(events.last().unwrap().detail["n"], 1);
}

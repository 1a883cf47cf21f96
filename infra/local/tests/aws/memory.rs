//! The journal: what survives, and what is no journal.

use super::*;

#[tokio::test]
async fn a_reopened_journal_has_everything_and_what_was_in_flight_is_visible() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal.sqlite");
    {
        let journal = Journal::open(&file).unwrap();
        let bench = Bench::over(&journal).await;
        bench.send("waiting").await;
        bench.send("in flight").await;
        assert_eq!(bench.receive("Orders").await.len(), 2);
        bench.send("unseen").await;
        bench.mail("abebe@example.com", "Welcome").await;
        bench.put_event("{}").await;
        journal.put("clock", "offset", &600.into()).unwrap();
        // Killed here: nobody says good-bye to the journal.
        std::mem::forget(journal);
    }
    let journal = Journal::open(&file).unwrap();
    let bench = Bench::over(&journal).await;
    assert_eq!(
        bodies(&bench.receive("Orders").await),
        ["waiting", "in flight", "unseen"]
    );
    assert_eq!(bench.backends.mailbox.mails(None).unwrap().len(), 1);
    assert_eq!(bench.backends.bus.events().unwrap().len(), 2);
    assert_eq!(journal.get("clock", "offset").unwrap(), Some(600.into()));
}

#[test]
fn documents_are_kept_by_kind_and_key() {
    let journal = Journal::memory().unwrap();
    for (kind, key, value) in [("a", "2", 2), ("a", "1", 0), ("b", "1", 3), ("a", "1", 1)] {
        journal.put(kind, key, &value.into()).unwrap();
    }
    let all = journal.list("a").unwrap();
    assert_eq!(
        all,
        [("1".to_owned(), 1.into()), ("2".to_owned(), 2.into())]
    );
    journal.remove("a", "1").unwrap();
    assert_eq!(journal.get("a", "1").unwrap(), None);
    assert_eq!(journal.get("b", "1").unwrap(), Some(3.into()));
}

#[test]
fn a_file_that_is_no_journal_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("journal.sqlite");
    std::fs::write(
        &file,
        "this is a letter to my mother, not a database of any kind",
    )
    .unwrap();
    let error = Journal::open(&file).unwrap_err();
    assert!(
        format!("{error:#}").contains("journal.sqlite is not a journal"),
        "{error:#}"
    );
    assert!(Journal::open(Path::new("/nowhere/journal.sqlite")).is_err());
}

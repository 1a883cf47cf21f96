use futures::future::join_all;
use serde_json::json;

use super::{PATH, add, at, bole, listed};
use crate::open;

#[tokio::test]
async fn parallel_writes_lose_nothing_and_leave_one_default() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let mut body = bole();
    body["is_default"] = json!(true);
    join_all((0..12).map(|_| add(&customer, &body))).await;
    let (all, defaults) = listed(&customer).await;
    assert_eq!((all.len(), defaults.len()), (12, 1));
    let switch = json!({ "is_default": true });
    join_all(all.iter().map(async |id| {
        assert_eq!(
            customer
                .patch(&format!("{PATH}{id}/"), &switch)
                .await
                .status,
            200
        );
    }))
    .await;
    assert_eq!(listed(&customer).await.1.len(), 1);
}

#[tokio::test]
async fn switches_deletions_and_additions_at_once_leave_exactly_one_default() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    for round in 0..10 {
        while listed(&customer).await.0.len() < 6 {
            add(&customer, &bole()).await;
        }
        let (all, defaults) = listed(&customer).await;
        let mut wanted = bole();
        wanted["is_default"] = json!(true);
        let switches = all.iter().map(async |id| {
            let path = format!("{PATH}{id}/");
            if id % 2 == 0 {
                customer.put(&path, &wanted).await
            } else {
                let switch = json!({ "is_default": true });
                customer.patch(&path, &switch).await
            }
        });
        // The default of before and the newest, which would take its place, go at the same time.
        let goners = [defaults[0], all.iter().copied().max().unwrap()];
        let deletions = goners
            .iter()
            .map(async |id| customer.delete(&format!("{PATH}{id}/")).await);
        let reads = (0..4).map(async |_| {
            let (_, defaults) = listed(&customer).await;
            assert_eq!(defaults.len(), 1, "round {round}, in between");
        });
        let (switched, deleted, _, added) = tokio::join!(
            join_all(switches),
            join_all(deletions),
            join_all(reads),
            add(&customer, &wanted)
        );
        for answer in switched.iter().chain(&deleted) {
            // Whoever comes too late finds the address gone; nobody fails.
            assert!(
                matches!(answer.status, 200 | 204 | 404),
                "{}",
                answer.text()
            );
        }
        let (all, defaults) = listed(&customer).await;
        assert_eq!(defaults.len(), 1, "round {round}");
        assert!(goners.iter().all(|id| !all.contains(id)));
        assert!(all.contains(&added["id"].as_u64().unwrap()));
    }
}

#[tokio::test]
async fn of_edits_based_on_one_version_one_is_done() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let made = add(&customer, &bole()).await;
    let tag = customer.get(&at(&made)).await.header("etag").to_owned();
    let careful = customer.at(&router).saying("if-match", &tag);
    let cities = ["Adama", "Harar", "Gondar", "Mekelle", "Jimma", "Dessie"];
    let answers = join_all(cities.iter().enumerate().map(async |(number, city)| {
        let mut body = bole();
        body["city"] = json!(city);
        let answer = if number % 2 == 0 {
            careful.put(&at(&made), &body).await
        } else {
            careful.patch(&at(&made), &json!({ "city": city })).await
        };
        (*city, answer.status)
    }))
    .await;
    let (done, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(_, status)| *status == 200);
    assert_eq!(done.len(), 1);
    assert!(refused.iter().all(|(_, status)| *status == 412));
    assert_eq!(customer.get(&at(&made)).await.json()["city"], done[0].0);
}

//! Orders that were placed.

use domain::Money;
use serde_json::json;

use crate::open;

const PATH: &str = "/api/orders/";
const BIRR_250: Money = Money::from_santim(25_000);

#[tokio::test]
async fn ones_own_orders_are_listed_newest_first_page_by_page() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 50).await?;
    let customer = stage.shopper(&router, &[&phone], 1).await?;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(customer.post(PATH, &json!({})).await.json()["id"].clone());
        stage.fill_cart(&customer, &[&phone], 1).await?;
    }
    placed.reverse();
    let mut seen = Vec::new();
    let mut next = Some(format!("{PATH}?limit=2"));
    while let Some(path) = next {
        let answer = customer.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        seen.extend(answer.json().as_array().cloned().unwrap_or_default());
        next = answer
            .next_page()
            .map(|url| url[url.find("/api").unwrap()..].to_owned());
    }
    let ids: Vec<_> = seen.iter().map(|order| order["id"].clone()).collect();
    assert_eq!(ids, placed);
    let other = stage.verified(&router).await?;
    assert_eq!(other.get(PATH).await.json(), json!([]));
    let stranger = other.get(&format!("{PATH}?cursor=abc")).await;
    assert_eq!(
        (stranger.status, stranger.json()),
        (400, json!({ "cursor": ["Invalid cursor."] }))
    );
    Ok(())
}

#[tokio::test]
async fn somebody_elses_order_is_not_there() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 50).await?;
    let owner = stage.shopper(&router, &[&phone], 1).await?;
    let order = owner.post(PATH, &json!({})).await.json();
    let path = format!("{PATH}{}/", order["id"]);
    let own = owner.get(&path).await;
    assert_eq!((own.status, own.json()), (200, order.clone()));
    assert!(!own.header("etag").is_empty());
    assert_eq!(
        owner.get(path.trim_end_matches('/')).await.json(),
        order,
        "without a slash"
    );
    let missing = json!({ "detail": "No Order matches the given query." });
    let other = stage.verified(&router).await?.get(&path).await;
    assert_eq!((other.status, other.json()), (404, missing.clone()));
    for id in ["1", "99999999999999999999"] {
        let answer = owner.get(&format!("{PATH}{id}/")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, missing.clone()),
            "{id}"
        );
    }
    let by_number = owner
        .get(&format!(
            "{PATH}{}/",
            order["order_number"].as_str().unwrap()
        ))
        .await;
    assert_eq!(
        (by_number.status, by_number.json()),
        (404, json!({ "detail": "Not found." }))
    );
    assert_eq!(stage.anonymous(&router).get(&path).await.status, 403);
    Ok(())
}

#[tokio::test]
async fn staff_see_everybodys_orders_and_who_placed_them() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 50).await?;
    let owner = stage.shopper(&router, &[&phone], 1).await?;
    let order = owner.post(PATH, &json!({})).await.json();
    let staff = stage.staff(&router).await?;
    let listed = staff.get(PATH).await.json();
    assert_eq!(listed[0]["id"], order["id"]);
    assert_eq!(listed[0]["customer"]["email"], owner.user().email.as_str());
    let detail = staff.get(&format!("{PATH}{}/", order["id"])).await;
    assert_eq!(detail.json()["customer"]["first_name"], "Abebe");
    Ok(())
}

#[tokio::test]
async fn other_methods_are_not_allowed() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let customer = stage.verified(&router).await?;
    let answer = customer.delete(PATH).await;
    let expected = json!({ "detail": "Method \"DELETE\" not allowed." });
    assert_eq!((answer.status, answer.json()), (405, expected));
    assert!(
        answer.header("allow").contains("POST"),
        "{:?}",
        answer.headers
    );
    Ok(())
}

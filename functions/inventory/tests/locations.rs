//! The places that hold stock.

use serde_json::{Value, json};

use crate::{LOCATIONS, adjusted, goods, open, path, places};

fn codes(list: &Value) -> Vec<&str> {
    let places = list.as_array().unwrap().iter();
    places
        .map(|place| place["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_shop_begins_with_one_place_and_orders_the_others() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let main = json!([{ "code": "main", "name": "Main", "position": 1, "is_closing": false }]);
    assert_eq!(staff.get(LOCATIONS).await.json(), main);
    places(&staff, &["bole"]).await;
    let first = json!({ "code": "piassa", "name": "Piassa store", "position": 1 });
    let made = staff.post(LOCATIONS, &first).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["name"], "Piassa store");
    let list = staff.get(LOCATIONS).await.json();
    assert_eq!(codes(&list), ["piassa", "main", "bole"]);
    let moved = json!({ "position": 99, "name": "Piassa" });
    let moved = staff.patch(&format!("{LOCATIONS}piassa/"), &moved).await;
    assert_eq!((moved.status, &moved.json()["position"]), (200, &json!(3)));
    let one = staff.get(&format!("{LOCATIONS}piassa/")).await.json();
    assert_eq!(one["name"], "Piassa");
    let first = staff.get(&format!("{LOCATIONS}?limit=2")).await;
    assert_eq!(codes(&first.json()), ["main", "bole"]);
    let rest = staff.get(&first.next_page().unwrap()).await;
    assert_eq!(
        (codes(&rest.json()), rest.next_page()),
        (vec!["piassa"], None)
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_place_is_told_by_field() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let refused = async |body: Value| {
        let answer = staff.post(LOCATIONS, &body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        answer.json()
    };
    let required = json!({ "code": ["This field is required."] });
    assert_eq!(refused(json!({})).await, required);
    let letters = json!({ "code": ["Enter 1 to 30 small letters, digits and hyphens."] });
    for code in ["Bole", "b_1", "ቦሌ", &"b".repeat(31)] {
        assert_eq!(refused(json!({ "code": code })).await, letters, "{code}");
    }
    let taken = json!({ "code": ["location with this code already exists."] });
    assert_eq!(refused(json!({ "code": "main" })).await, taken);
    let far = refused(json!({ "code": "bole", "position": 0 })).await;
    assert!(far["position"].is_array());
    places(&staff, &["a", "b", "c", "d", "e", "f", "g", "h", "i"]).await;
    let full = json!({ "non_field_errors": ["A shop has at most 10 locations."] });
    assert_eq!(refused(json!({ "code": "k" })).await, full);
    for path in ["nowhere", "No%20where"] {
        let path = format!("{LOCATIONS}{path}/");
        let unknown = json!({ "detail": "No Location matches the given query." });
        assert_eq!(staff.get(&path).await.json(), unknown);
        assert_eq!(staff.patch(&path, &json!({})).await.status, 404);
        assert_eq!(staff.delete(&path).await.status, 404);
    }
}

#[tokio::test]
async fn a_place_goes_when_it_is_empty() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    places(&staff, &["bole"]).await;
    let bole = format!("{LOCATIONS}bole/");
    adjusted(&staff, &pixel, json!({ "location": "bole", "delta": 3 })).await;
    let refused = staff.delete(&bole).await;
    assert_eq!(refused.status, 409);
    let reason = json!({ "detail": "The location holds stock. Transfer it first." });
    assert_eq!(refused.json(), reason);
    assert_eq!(staff.get(&bole).await.json()["is_closing"], false);
    let home = json!({ "from": "bole", "to": "main", "quantity": 3 });
    let moved = staff.post(&path(&pixel, "transfer"), &home).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    assert_eq!(staff.delete(&bole).await.status, 204);
    assert_eq!(staff.get(&bole).await.status, 404);
    let body = json!({ "location": "bole", "delta": 1, "reason": "lost" });
    let refused = staff.post(&path(&pixel, "adjust"), &body).await;
    let text = json!({ "detail": "No units can be brought to the location bole." });
    assert_eq!((refused.status, refused.json()), (409, text));
    let refused = staff.delete(&format!("{LOCATIONS}main/")).await;
    let text = json!({ "detail": "The main location cannot be removed." });
    assert_eq!((refused.status, refused.json()), (409, text));
}

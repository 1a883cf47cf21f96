use actors::{Actor, Answer, Stage};
use axum::Router;
use domain::user::User;
use emulator::{Fault, FaultKind, Service};
use serde_json::{Value, json};

use crate::open;

const PATH: &str = "/api/accounts/users/";
const AUDIT: &str = "/api/accounts/audit/";

fn at(actor: &Actor) -> String {
    format!("{PATH}{}/", actor.user().id)
}

fn denied() -> Value {
    json!({ "detail": "You do not have permission to perform this action." })
}

/// One decides about another.
async fn decide(by: &Actor, about: &Actor, edit: &Value) -> Answer {
    by.patch(&at(about), edit).await
}

/// The account as the table has it.
async fn stored(stage: &Stage, actor: &Actor) -> User {
    let found = stage.shop.store.find_user(actor.user().id).await;
    found.unwrap().unwrap()
}

/// The ids of a list, all of its pages, so many at a time.
async fn ids(actor: &Actor, list: &str, limit: usize) -> Vec<u64> {
    let separator = if list.contains('?') { '&' } else { '?' };
    let mut next = Some(format!("{list}{separator}limit={limit}"));
    let mut seen = Vec::new();
    while let Some(page) = next {
        let answer = actor.get(&page).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let shown = answer.json();
        let shown = shown.as_array().unwrap();
        assert!(shown.len() <= limit);
        seen.extend(shown.iter().map(|entry| entry["id"].as_u64().unwrap()));
        next = answer.next_page();
    }
    seen
}

/// Two superusers of one shop.
async fn rivals(stage: &Stage, router: &Router) -> [Actor; 2] {
    [
        stage.superuser(router).await.unwrap(),
        stage.superuser(router).await.unwrap(),
    ]
}

#[tokio::test]
async fn only_superusers_see_and_decide() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let subject = stage.verified(&router).await.unwrap();
    let nobody = json!({ "detail": "Authentication credentials were not provided." });
    let grant = json!({ "is_staff": true });
    for (actor, text) in [
        (stage.anonymous(&router), nobody),
        (stage.customer(&router).await.unwrap(), denied()),
        (subject.at(&router), denied()),
        (stage.staff(&router).await.unwrap(), denied()),
    ] {
        for answer in [
            actor.get(PATH).await,
            actor.post(PATH, &grant).await,
            actor.get(&at(&subject)).await,
            decide(&actor, &subject, &grant).await,
            actor.delete(&at(&subject)).await,
            actor.get(AUDIT).await,
        ] {
            assert_eq!((answer.status, answer.json()), (403, text.clone()));
        }
    }
    assert!(!stored(&stage, &subject).await.is_staff);
    assert_eq!(superuser.get(PATH).await.status, 200);
    let answer = superuser.post(PATH, &grant).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET, HEAD, OPTIONS")
    );
    assert_eq!(
        superuser.delete(&at(&subject)).await.header("allow"),
        "GET, PATCH, HEAD, OPTIONS"
    );
}

#[tokio::test]
async fn an_account_is_shown_without_how_its_owner_logs_in() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let customer = stage.customer(&router).await.unwrap();
    let shown = superuser.get(&at(&customer)).await;
    assert_eq!(
        (shown.status, shown.json()),
        (
            200,
            json!({
                "id": customer.user().id.value(),
                "email": customer.user().email,
                "first_name": "Abebe",
                "last_name": "Bikila",
                "is_staff": false,
                "is_superuser": false,
                "is_active": true,
                "email_verified": false,
                "created_at": customer.user().created_at.to_string(),
            })
        )
    );
    let gone = json!({ "detail": "No User matches the given query." });
    for path in ["7/", "99999999999999999999/"] {
        for answer in [
            superuser.get(&format!("{PATH}{path}")).await,
            superuser
                .patch(&format!("{PATH}{path}"), &json!({ "is_staff": "maybe" }))
                .await,
        ] {
            assert_eq!((answer.status, answer.json()), (404, gone.clone()));
        }
    }
    let answer = superuser.get(&format!("{PATH}abc/")).await;
    assert_eq!(answer.json(), json!({ "detail": "Not found." }));
}

#[tokio::test]
async fn the_list_is_paged_newest_first_and_filtered() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let mut everybody = vec![superuser.user().id.value()];
    let mut staff = everybody.clone();
    for number in 0..5 {
        let person = stage.verified(&router).await.unwrap();
        let id = person.user().id.value();
        everybody.push(id);
        if number % 2 == 0 {
            let grant = json!({ "is_staff": true });
            let answer = decide(&superuser, &person, &grant).await;
            assert_eq!(answer.json()["is_staff"], true);
            staff.push(id);
        }
    }
    for list in [&mut everybody, &mut staff] {
        list.sort_unstable();
        list.reverse();
    }
    for limit in [2, 50] {
        assert_eq!(ids(&superuser, PATH, limit).await, everybody);
        let list = format!("{PATH}?is_staff=true");
        assert_eq!(ids(&superuser, &list, limit).await, staff);
    }

    let customer = stage.verified(&router).await.unwrap();
    let id = customer.user().id.value();
    let email = customer.user().email.to_uppercase();
    let by_email = format!("{PATH}?email=+{email}");
    assert_eq!(ids(&superuser, &by_email, 50).await, [id]);
    let as_staff = format!("{by_email}&is_staff=true");
    assert_eq!(ids(&superuser, &as_staff, 50).await, [0_u64; 0]);
    let nobody = format!("{PATH}?email=nobody@example.com");
    assert_eq!(ids(&superuser, &nobody, 50).await, [0_u64; 0]);

    let answer = superuser.get(&format!("{PATH}?is_staff=false")).await;
    let text = json!({ "is_staff": ["Only true can be asked for."] });
    assert_eq!((answer.status, answer.json()), (400, text));
    let answer = superuser.get(&format!("{PATH}?limit=1")).await;
    let foreign = answer.next_page().unwrap().replace("users", "audit");
    assert_eq!(superuser.get(&foreign).await.status, 400);
}

#[tokio::test]
async fn rights_given_and_taken_count_at_the_very_next_request() {
    let (stage, router) = open().await;
    let orders = orders::router(stage.shop.clone());
    let superuser = stage.superuser(&router).await.unwrap();
    let person = stage.verified(&router).await.unwrap();
    let someone_elses = {
        let tea = stage.goods("Tea", domain::Money::from_santim(5000), None, 9);
        let tea = tea.await.unwrap();
        let shopper = stage.shopper(&orders, &[&tea], 1).await.unwrap();
        let order = shopper.post("/api/orders/", &json!({})).await.json();
        format!("/api/orders/{}/", order["id"])
    };
    let may_see = async || person.at(&orders).get(&someone_elses).await.status;
    assert_eq!(may_see().await, 404);
    let granted = decide(
        &superuser,
        &person,
        &json!({ "is_staff": "true", "email": "x" }),
    )
    .await;
    assert_eq!(granted.json()["is_staff"], true);
    assert_eq!(granted.json()["email"], person.user().email.as_str());
    assert_eq!(may_see().await, 200);
    decide(&superuser, &person, &json!({ "is_staff": false })).await;
    assert_eq!(may_see().await, 404, "the login goes on, with fewer rights");
    assert_eq!(person.at(&orders).get("/api/orders/").await.status, 200);

    let promoted = decide(&superuser, &person, &json!({ "is_superuser": true })).await;
    assert_eq!(promoted.json()["is_staff"], true, "a superuser is staff");
    assert_eq!(person.get(PATH).await.status, 200);
    decide(&superuser, &person, &json!({ "is_superuser": false })).await;
    let answer = person.get(PATH).await;
    assert_eq!((answer.status, answer.json()), (403, denied()));
    assert_eq!(may_see().await, 200, "still staff");
}

#[tokio::test]
async fn a_deactivated_account_is_out_at_once_and_for_good() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let person = stage.verified(&router).await.unwrap();
    let list = "/api/accounts/addresses/";
    let bearer = person.as_bearer();
    assert_eq!(person.get(list).await.status, 200);
    let answer = decide(&superuser, &person, &json!({ "is_active": false })).await;
    assert_eq!(
        (answer.status, &answer.json()["is_active"]),
        (200, &json!(false))
    );
    assert_eq!(person.at(&router).get(list).await.status, 403);
    assert_eq!(bearer.get(list).await.status, 401);
    assert!(stored(&stage, &person).await.sessions.is_empty());
    decide(&superuser, &person, &json!({ "is_active": true })).await;
    assert!(stored(&stage, &person).await.is_active);
    let answer = bearer.get(list).await;
    assert_eq!(answer.status, 401, "logins that ended do not come back");
}

#[tokio::test]
async fn what_must_not_be_is_refused_and_changes_nothing() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let unproved = stage.customer(&router).await.unwrap();
    let last = json!({ "detail": "The last superuser must stay one." });
    let is_staff = json!({ "is_staff": ["A superuser is staff."] });
    let not_verified = json!({ "is_staff": ["The user has not verified the e-mail address."] });
    let no_boolean = json!({ "is_staff": ["Must be a valid boolean."],
        "is_superuser": ["This field may not be null."] });
    for (subject, edit, status, text) in [
        (&superuser, json!({ "is_superuser": false }), 409, &last),
        (
            &superuser,
            json!({ "is_staff": false, "is_superuser": false }),
            409,
            &last,
        ),
        (&superuser, json!({ "is_active": false }), 409, &last),
        (&superuser, json!({ "is_staff": false }), 400, &is_staff),
        (
            &unproved,
            json!({ "is_staff": false, "is_superuser": true }),
            400,
            &is_staff,
        ),
        (&unproved, json!({ "is_staff": true }), 400, &not_verified),
        (
            &unproved,
            json!({ "is_superuser": true }),
            400,
            &not_verified,
        ),
        (
            &unproved,
            json!({ "is_staff": "maybe", "is_superuser": null }),
            400,
            &no_boolean,
        ),
    ] {
        let before = stored(&stage, subject).await;
        let answer = decide(&superuser, subject, &edit).await;
        assert_eq!((answer.status, &answer.json()), (status, text), "{edit}");
        assert_eq!(stored(&stage, subject).await, before);
    }
    assert_eq!(ids(&superuser, AUDIT, 50).await.len(), 1);
}

#[tokio::test]
async fn every_act_is_in_the_log_and_nothing_else() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let person = stage.verified(&router).await.unwrap();
    for edit in [
        json!({ "is_superuser": true }),
        json!({ "is_superuser": true, "is_staff": true }),
        json!({}),
        json!({ "is_superuser": false, "is_staff": false, "is_active": false }),
        json!({ "is_active": true }),
    ] {
        let answer = decide(&superuser, &person, &edit).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let log = superuser.get(AUDIT).await.json();
    let acts: Vec<&Value> = log.as_array().unwrap().iter().map(|e| &e["acts"]).collect();
    assert_eq!(
        acts,
        [
            &json!(["reactivated"]),
            &json!(["staff_revoked", "superuser_revoked", "deactivated"]),
            &json!(["staff_granted", "superuser_granted"]),
            &json!(["staff_granted", "superuser_granted"]),
        ],
        "an edit that changes nothing is no act"
    );
    assert_eq!(log[0]["actor"], superuser.user().id.value());
    assert_eq!(log[0]["subject"], person.user().id.value());
    let at = log[0]["at"].as_str().unwrap();
    assert!(at.starts_with("20") && at.ends_with('Z'), "{at}");
    assert_eq!(log[0].as_object().unwrap().len(), 5);
    assert_eq!(
        ids(&superuser, AUDIT, 3).await,
        ids(&superuser, AUDIT, 50).await
    );
}

#[tokio::test]
async fn of_two_superusers_who_depose_each_other_one_remains() {
    let (stage, router) = open().await;
    let [one, other] = rivals(&stage, &router).await;
    let depose = json!({ "is_superuser": false, "is_staff": false });
    for round in 0..40 {
        let (against_other, against_one) =
            tokio::join!(decide(&one, &other, &depose), decide(&other, &one, &depose));
        let mut statuses = [against_other.status, against_one.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403], "round {round}");
        let winner = if against_other.status == 200 {
            [&one, &other]
        } else {
            [&other, &one]
        };
        let [winner, loser] = winner;
        assert!(stored(&stage, winner).await.is_superuser);
        assert!(!stored(&stage, loser).await.is_superuser);
        let restored = decide(winner, loser, &json!({ "is_superuser": true })).await;
        assert_eq!(restored.status, 200);
    }
}

#[tokio::test]
async fn of_two_superusers_who_resign_at_once_one_is_kept() {
    let (stage, router) = open().await;
    let [one, other] = rivals(&stage, &router).await;
    let resign = json!({ "is_superuser": false });
    for round in 0..20 {
        let (first, second) =
            tokio::join!(decide(&one, &one, &resign), decide(&other, &other, &resign));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "round {round}");
        let [kept, gone] = if first.status == 409 {
            [&one, &other]
        } else {
            [&other, &one]
        };
        let restored = decide(kept, gone, &json!({ "is_superuser": true })).await;
        assert_eq!(restored.status, 200);
    }
}

#[tokio::test]
async fn superusers_at_work_side_by_side_lose_no_decision() {
    let (stage, router) = open().await;
    let [one, other] = rivals(&stage, &router).await;
    let mut people = Vec::new();
    for _ in 0..8 {
        people.push(stage.verified(&router).await.unwrap());
    }
    let grant = json!({ "is_staff": true });
    let decisions = people.iter().zip([&one, &other].into_iter().cycle());
    let answers =
        futures::future::join_all(decisions.map(|(person, by)| decide(by, person, &grant)));
    for answer in answers.await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let staff = ids(&one, &format!("{PATH}?is_staff=true"), 50).await;
    assert_eq!(staff.len(), 10);
    assert_eq!(ids(&one, AUDIT, 50).await.len(), 10);
}

#[tokio::test]
async fn a_decision_is_taken_and_logged_once_whatever_call_fails() {
    let (stage, router) = open().await;
    let superuser = stage.superuser(&router).await.unwrap();
    let grant = json!({ "is_staff": true });
    // Who asks; whom it is about and the roster; the transaction.
    for nth in 1..=4 {
        for kind in [
            FaultKind::Refused,
            FaultKind::LostAnswer,
            FaultKind::Throttled,
            FaultKind::Conflict,
        ] {
            for times in [1, 30] {
                let person = stage.verified(&router).await.unwrap();
                let fault = Fault {
                    service: Service::Dynamodb,
                    nth,
                    kind,
                    times,
                };
                stage.wire.inject(fault).unwrap();
                let answer = decide(&superuser, &person, &grant).await;
                assert!(matches!(answer.status, 200 | 503), "{}", answer.text());
                stage.wire.clear_faults();
                let answer = decide(&superuser, &person, &grant).await;
                assert_eq!(
                    (answer.status, &answer.json()["is_staff"]),
                    (200, &json!(true))
                );
                let log = superuser.get(AUDIT).await.json();
                let id = person.user().id.value();
                let about = log
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|e| e["subject"] == id);
                assert_eq!(about.count(), 1, "{fault:?}");
            }
        }
    }
}

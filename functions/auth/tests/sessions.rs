use crate::{PASSWORD, open, register, session::log_in};

const SESSIONS: &str = "/api/auth/sessions/";
const USER: &str = "/api/auth/user/";
const EMAIL: &str = "abebe@example.com";

#[tokio::test]
async fn sessions_are_listed_with_where_they_are_from() {
    let (stage, router) = open().await;
    register(&stage, &router, EMAIL).await;
    let phone = stage.anonymous(&router).saying("user-agent", "Phone");
    let laptop = stage.anonymous(&router).saying("user-agent", "Laptop");
    log_in(&phone, EMAIL, PASSWORD).await;
    log_in(&laptop, EMAIL, PASSWORD).await;
    let listed = phone.get(SESSIONS).await;
    assert_eq!(listed.status, 200);
    let listed = listed.json();
    let shown = |at: usize| {
        (
            listed[at]["user_agent"].clone(),
            listed[at]["is_current"].clone(),
        )
    };
    assert_eq!(shown(0), ("Laptop".into(), false.into()));
    assert_eq!(shown(1), ("Phone".into(), true.into()));
    assert!(listed[0]["created_at"].is_string() && listed[0]["ip_address"].is_null());
    assert_eq!(stage.anonymous(&router).get(SESSIONS).await.status, 403);
}

#[tokio::test]
async fn a_session_ended_from_afar_is_refused_at_the_very_next_request() {
    let (stage, router) = open().await;
    let here = register(&stage, &router, EMAIL).await;
    log_in(&here, EMAIL, PASSWORD).await;
    let stolen = stage.anonymous(&router);
    log_in(&stolen, EMAIL, PASSWORD).await;
    let bearer = stolen.as_bearer();
    let id = here.get(SESSIONS).await.json()[0]["id"].clone();
    let path = format!("{SESSIONS}{id}/");
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(stolen.get(USER).await.status, 403);
    assert_eq!(bearer.get(USER).await.status, 401);
    assert_eq!(here.get(USER).await.status, 200);
    assert_eq!(here.delete(&path).await.status, 404, "it is gone");

    let other = stage.customer(&router).await.unwrap();
    let own = here.get(SESSIONS).await.json()[0]["id"].clone();
    let foreign = other.delete(&format!("{SESSIONS}{own}/")).await;
    assert_eq!(foreign.status, 404);
    assert_eq!(
        foreign.json()["detail"],
        "No Session matches the given query."
    );

    let last = here.delete(&format!("{SESSIONS}{own}/")).await;
    assert_eq!(last.status, 204);
    assert_eq!(last.cookie("sessionid").unwrap().value(), "");
    assert_eq!(here.get(USER).await.status, 403);
}

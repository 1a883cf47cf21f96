//! Secrets Manager.

use super::*;

#[tokio::test]
async fn a_secret_is_fetched_by_its_arn_as_on_aws() {
    let bench = Bench::new().await;
    let fetch = |id: &str| bench.secrets.get_secret_value().secret_id(id).send();
    let arn = local::aws::secrets::arn("SIGNING_SECRET");
    for id in [arn.as_str(), "SIGNING_SECRET"] {
        let secret = fetch(id).await.unwrap();
        assert_eq!(secret.secret_string(), Some("kept to ourselves"));
        assert_eq!(secret.arn(), Some(arn.as_str()));
    }
    let unknown = fetch(&local::aws::secrets::arn("CHAPA_SECRET_KEY")).await;
    let error = unknown.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error}");
    let list = bench.secrets.list_secrets().send().await.unwrap_err();
    assert_eq!(list.code(), Some("UnknownOperationException"));
}

#[test]
fn secrets_do_not_show() {
    let secrets = Secrets::new([("SIGNING_SECRET", "kept to ourselves".to_owned())]);
    assert_eq!(format!("{secrets:?}"), r#"{"SIGNING_SECRET"}"#);
}

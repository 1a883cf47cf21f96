//! Images that were uploaded, as the public sees them: on AWS they are at the bucket's own address.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;

use super::Control;
use crate::aws::s3;

pub async fn show(
    State(control): State<Control>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    s3::public(&control.0.objects, &format!("images/{name}"), &headers)
}

//! One caller with what they hold in their hands: cookies, a CSRF token, a bearer token.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header},
};
use domain::user::User;
use serde_json::Value;
use tower::ServiceExt;

use crate::Answer;

/// A caller of one router. Cookies that answers set are kept and sent, as a browser does; their
/// CSRF token goes into the header of every request, as a frontend does.
pub struct Actor {
    router: Router,
    user: Option<User>,
    bearer: Option<String>,
    cookies: Mutex<BTreeMap<String, String>>,
    headers: HeaderMap,
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Actor {
    pub(crate) fn anonymous(router: &Router) -> Self {
        Self {
            router: router.clone(),
            user: None,
            bearer: None,
            cookies: Mutex::default(),
            headers: HeaderMap::new(),
        }
    }

    pub(crate) fn with_session(router: &Router, user: User, session: &str, csrf: &str) -> Self {
        let mut actor = Self::anonymous(router);
        actor.user = Some(user);
        actor.keep("sessionid", session);
        actor.keep("csrftoken", csrf);
        actor
    }

    /// The same person with an account that has changed.
    pub(crate) fn known_as(mut self, user: User) -> Self {
        self.user = Some(user);
        self
    }

    /// The same person at another function's router.
    #[must_use]
    pub fn at(&self, router: &Router) -> Self {
        Self {
            router: router.clone(),
            user: self.user.clone(),
            bearer: self.bearer.clone(),
            cookies: Mutex::new(self.cookies().clone()),
            headers: self.headers.clone(),
        }
    }

    /// The same person as a client without cookies: the session token goes into `Authorization`.
    #[must_use]
    pub fn as_bearer(&self) -> Self {
        let mut actor = Self::anonymous(&self.router);
        actor.user = self.user.clone();
        actor.bearer = self.cookies().get("sessionid").cloned();
        actor
    }

    /// Carries this bearer token from now on.
    #[must_use]
    pub fn bearing(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// Sends this header with every request, in place of what would have been sent.
    #[must_use]
    pub fn saying(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The account behind an actor of the stage, as it was at the beginning.
    ///
    /// # Panics
    /// For an anonymous one.
    #[expect(clippy::panic, reason = "a test that asks this of nobody is wrong")]
    pub fn user(&self) -> &User {
        match &self.user {
            Some(user) => user,
            None => panic!("an anonymous actor has no account"),
        }
    }

    /// The value of a cookie this actor holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().get(name).cloned()
    }

    /// Holds this cookie from now on.
    pub fn keep(&self, name: &str, value: &str) {
        self.cookies().insert(name.to_owned(), value.to_owned());
    }

    /// Loses a cookie.
    pub fn lose(&self, name: &str) {
        self.cookies().remove(name);
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Body::empty()).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, Body::empty()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    /// POST of a form, already encoded.
    pub async fn post_form(&self, path: &str, form: &str) -> Answer {
        let media = Some("application/x-www-form-urlencoded");
        self.send(Method::POST, path, media, Body::from(form.to_owned()))
            .await
    }

    async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(
            method,
            path,
            Some("application/json"),
            Body::from(body.to_string()),
        )
        .await
    }

    /// Any request. `path` may be a whole URL; only its path and query count.
    ///
    /// # Panics
    /// When it is neither.
    #[expect(clippy::panic, reason = "a test with a malformed path is wrong")]
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        media: Option<&str>,
        body: Body,
    ) -> Answer {
        let path = match path.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => path,
        };
        let mut request = match Request::builder().method(method).uri(path).body(body) {
            Ok(request) => request,
            Err(error) => panic!("{path}: {error}"),
        };
        let headers = request.headers_mut();
        let mut set = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        if let Some(media) = media {
            set(header::CONTENT_TYPE, media.to_owned());
        }
        if let Some(token) = &self.bearer {
            set(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        {
            let cookies = self.cookies();
            if !cookies.is_empty() {
                let pairs: Vec<_> = cookies
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                set(header::COOKIE, pairs.join("; "));
            }
            if let Some(token) = cookies.get("csrftoken") {
                set(HeaderName::from_static("x-csrftoken"), token.clone());
            }
        }
        for (name, value) in &self.headers {
            if value.is_empty() {
                headers.remove(name);
            } else {
                headers.insert(name.clone(), value.clone());
            }
        }
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let answer = Answer::read(response).await;
        for value in answer.headers.get_all(header::SET_COOKIE) {
            let Some(cookie) = value
                .to_str()
                .ok()
                .and_then(|text| cookie::Cookie::parse(text).ok())
            else {
                continue;
            };
            if cookie.max_age().is_some_and(|age| age.is_zero()) {
                self.lose(cookie.name());
            } else {
                self.keep(cookie.name(), cookie.value());
            }
        }
        answer
    }

    fn cookies(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

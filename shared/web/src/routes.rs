//! The routes of a function as data: what a router answers can be listed, and so checked in full.

use std::{convert::Infallible, fmt};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts},
    handler::Handler,
    http::Method,
    middleware,
    routing::{MethodFilter, MethodRouter},
};

use crate::{caching::keep, identity::method_not_allowed};

/// One thing a function can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The method; that `HEAD` goes wherever `GET` goes is not said again.
    pub method: Method,
    /// The path in full, without a slash at its end: `/api/orders/{id}`.
    pub path: &'static str,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The paths of a function with what each of them answers.
#[derive(Debug)]
pub struct Routes<S> {
    router: Router<S>,
    table: Vec<Route>,
}

impl<S> Default for Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// No routes.
    pub fn new() -> Self {
        Self {
            router: Router::new(),
            table: Vec::new(),
        }
    }

    /// Adds a path. A method that it does not have is refused as such only to `Who` the path admits
    /// at all; others hear first that they may not come in.
    #[must_use]
    pub fn path<Who>(self, path: &'static str, methods: Methods<S>) -> Self
    where
        Who: FromRequestParts<S> + Send + 'static,
    {
        let Methods { router, names } = methods;
        let router = router.fallback(method_not_allowed::<Who>);
        self.open_path(path, Methods { router, names })
    }

    /// Adds a path that does not look at who is there, not even to refuse a method: a page or a
    /// webhook, where a dead token is nobody's mistake.
    #[must_use]
    pub fn open_path(mut self, path: &'static str, methods: Methods<S>) -> Self {
        let Methods { router, names } = methods;
        self.router = self.router.route(path, router);
        let routes = names.into_iter().map(|method| Route { method, path });
        self.table.extend(routes);
        self
    }

    /// What was added, in that order.
    pub fn table(&self) -> &[Route] {
        &self.table
    }

    /// The router of these routes, without the layers that all functions share.
    pub fn with_state(self, state: S) -> Router {
        self.router.with_state(state)
    }
}

/// What one path answers: a handler for each of its methods.
#[derive(Debug)]
pub struct Methods<S> {
    router: MethodRouter<S, Infallible>,
    names: Vec<Method>,
}

impl<S> Methods<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// Answers GET, and HEAD without the body.
    #[must_use]
    pub fn get<T: 'static>(self, handler: impl Handler<T, S>) -> Self {
        self.on(Method::GET, MethodFilter::GET, handler)
    }

    /// Answers POST.
    #[must_use]
    pub fn post<T: 'static>(self, handler: impl Handler<T, S>) -> Self {
        self.on(Method::POST, MethodFilter::POST, handler)
    }

    /// Answers PUT.
    #[must_use]
    pub fn put<T: 'static>(self, handler: impl Handler<T, S>) -> Self {
        self.on(Method::PUT, MethodFilter::PUT, handler)
    }

    /// Answers PATCH.
    #[must_use]
    pub fn patch<T: 'static>(self, handler: impl Handler<T, S>) -> Self {
        self.on(Method::PATCH, MethodFilter::PATCH, handler)
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete<T: 'static>(self, handler: impl Handler<T, S>) -> Self {
        self.on(Method::DELETE, MethodFilter::DELETE, handler)
    }

    /// Refuses longer bodies to the methods so far; without this, what holds for all functions holds.
    #[must_use]
    pub fn with_bodies_up_to(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// Answers to the methods so far, which only read, may be kept for so many seconds by shared
    /// caches where nobody in particular asked, and are tagged.
    #[must_use]
    pub fn kept_for(mut self, max_age_secs: u32) -> Self {
        let keep = move |request, next| keep(max_age_secs, request, next);
        self.router = self.router.layer(middleware::from_fn(keep));
        self
    }

    fn on<T: 'static>(
        mut self,
        name: Method,
        filter: MethodFilter,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.router = self.router.on(filter, handler);
        self.names.push(name);
        self
    }

    fn none() -> Self {
        Self {
            router: MethodRouter::new(),
            names: Vec::new(),
        }
    }
}

/// A path that answers GET, and HEAD without the body.
pub fn get<T: 'static, S>(handler: impl Handler<T, S>) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
{
    Methods::none().get(handler)
}

/// A path that answers POST.
pub fn post<T: 'static, S>(handler: impl Handler<T, S>) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
{
    Methods::none().post(handler)
}

/// A path that answers PUT.
pub fn put<T: 'static, S>(handler: impl Handler<T, S>) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
{
    Methods::none().put(handler)
}

/// A path that answers PATCH.
pub fn patch<T: 'static, S>(handler: impl Handler<T, S>) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
{
    Methods::none().patch(handler)
}

/// A path that answers DELETE.
pub fn delete<T: 'static, S>(handler: impl Handler<T, S>) -> Methods<S>
where
    S: Clone + Send + Sync + 'static,
{
    Methods::none().delete(handler)
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, header},
    };
    use tower::ServiceExt;

    use super::*;
    use crate::Error;

    /// Lets nobody in.
    struct Nobody;

    impl<S: Sync> FromRequestParts<S> for Nobody {
        type Rejection = Error;

        async fn from_request_parts(
            _: &mut axum::http::request::Parts,
            _: &S,
        ) -> Result<Self, Error> {
            Err(Error::not_authenticated())
        }
    }

    fn routes() -> Routes<()> {
        Routes::new()
            .path::<()>("/things", get(async || "listed").post(async || "made"))
            .path::<Nobody>("/closed", delete(async || "gone"))
            .open_path("/page", get(async || "shown"))
    }

    async fn ask(method: &Method, path: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        let answer = routes().with_state(()).oneshot(request).await.unwrap();
        let allowed = answer.headers().get(header::ALLOW);
        let allowed = allowed.map_or("", |value| value.to_str().unwrap());
        (answer.status().as_u16(), allowed.to_owned())
    }

    #[tokio::test]
    async fn the_table_lists_what_the_router_answers() {
        let routes = routes();
        let listed: Vec<String> = routes.table().iter().map(Route::to_string).collect();
        assert_eq!(
            listed,
            ["GET /things", "POST /things", "DELETE /closed", "GET /page"]
        );
        for Route { method, path } in routes.table() {
            assert_eq!(ask(method, path).await.0, 200, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn a_missing_method_is_told_only_to_whom_the_path_admits() {
        let refused = |allowed: &str| (405, allowed.to_owned());
        assert_eq!(ask(&Method::PUT, "/things").await, refused("GET,HEAD,POST"));
        assert_eq!(ask(&Method::PUT, "/closed").await.0, 403);
        assert_eq!(ask(&Method::PUT, "/page").await, refused("GET,HEAD"));
    }
}

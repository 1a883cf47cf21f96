//! Which route answers a path, with API Gateway's precedence, and how a path is called in figures.

use std::collections::BTreeMap;

use http::Method;

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// As the template writes it: `ANY /api/cart/{proxy+}`.
    pub key: String,
    /// The package name of the function that answers.
    pub function: String,
    method: Option<Method>,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Exact(String),
    /// `{id}`: one segment, whatever it is.
    Any(String),
    /// `{proxy+}`: all the rest, at least one segment.
    Rest(String),
}

impl Route {
    /// A route from the template's method (`ANY` for all) and path.
    pub fn new(method: &str, path: &str, function: &str) -> Route {
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| {
                match segment
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'))
                {
                    None => Segment::Exact(segment.to_owned()),
                    Some(name) => match name.strip_suffix('+') {
                        Some(name) => Segment::Rest(name.to_owned()),
                        None => Segment::Any(name.to_owned()),
                    },
                }
            })
            .collect();
        Route {
            key: format!("{method} {path}"),
            function: function.to_owned(),
            method: (method != "ANY").then(|| method.parse().ok()).flatten(),
            segments,
        }
    }

    /// The path parameters, if the route matches.
    fn parameters(&self, method: &Method, segments: &[&str]) -> Option<BTreeMap<String, String>> {
        if self.method.as_ref().is_some_and(|own| own != method) {
            return None;
        }
        let mut parameters = BTreeMap::new();
        let mut rest = segments;
        for segment in &self.segments {
            match segment {
                Segment::Rest(name) => {
                    if rest.is_empty() {
                        return None;
                    }
                    parameters.insert(name.clone(), rest.join("/"));
                    return Some(parameters);
                }
                Segment::Exact(text) if rest.first() != Some(&text.as_str()) => return None,
                Segment::Exact(_) => {}
                Segment::Any(name) => {
                    parameters.insert(name.clone(), (*rest.first()?).to_owned());
                }
            }
            rest = &rest[1..];
        }
        rest.is_empty().then_some(parameters)
    }

    /// Greater for what API Gateway prefers: exact segments before variables before greedy ones,
    /// read from the left, and a named method before `ANY`.
    fn precedence(&self) -> (Vec<u8>, bool) {
        let segments = self
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Exact(_) => 3,
                Segment::Any(_) => 2,
                Segment::Rest(_) => 1,
            })
            .collect();
        (segments, self.method.is_some())
    }
}

/// All routes, the most particular first.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<Route>);

/// A route that was found, with what the variables in it stood for.
#[derive(Debug, PartialEq)]
pub struct Found<'a> {
    /// The route.
    pub route: &'a Route,
    /// `proxy` → `items/7`, and so on.
    pub parameters: BTreeMap<String, String>,
}

impl FromIterator<Route> for Routes {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Routes {
        let mut routes: Vec<Route> = routes.into_iter().collect();
        routes.sort_by_key(|route| std::cmp::Reverse(route.precedence()));
        Routes(routes)
    }
}

impl Routes {
    /// The route for a request. A slash at the end of the path makes no difference.
    pub fn find(&self, method: &Method, path: &str) -> Option<Found<'_>> {
        let segments: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        self.0.iter().find_map(|route| {
            route
                .parameters(method, &segments)
                .map(|parameters| Found { route, parameters })
        })
    }
}

/// A path with its ids taken out, so that figures add up by what was done and not by what it was
/// done to: `/api/orders/{id}/cancel`.
pub fn label(path: &str) -> String {
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(placeholder)
        .collect();
    format!("/{}", segments.join("/"))
}

fn placeholder(segment: &str) -> &str {
    let word = segment.len() <= 24
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    if word {
        segment
    } else if segment.bytes().all(|byte| byte.is_ascii_digit()) {
        "{id}"
    } else {
        "{key}"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        [
            Route::new("ANY", "/api/products/{proxy+}", "catalog"),
            Route::new("ANY", "/api/products", "catalog"),
            Route::new("ANY", "/api/{proxy+}", "rest"),
            Route::new("ANY", "/api/products/{id}/stock", "inventory"),
            Route::new("GET", "/api/products/{proxy+}", "reader"),
        ]
        .into_iter()
        .collect()
    }

    fn function(method: Method, path: &str) -> Option<String> {
        routes()
            .find(&method, path)
            .map(|found| found.route.function.clone())
    }

    #[test]
    fn the_most_particular_route_answers() {
        for (path, expected) in [
            ("/api/products", "catalog"),
            ("/api/products/", "catalog"),
            ("/api/products/7/", "catalog"),
            ("/api/products/7/stock", "inventory"),
            ("/api/other", "rest"),
        ] {
            assert_eq!(
                function(Method::POST, path).as_deref(),
                Some(expected),
                "{path}"
            );
        }
        assert_eq!(
            function(Method::GET, "/api/products/7").as_deref(),
            Some("reader"),
            "a named method comes first"
        );
        assert_eq!(
            function(Method::GET, "/api"),
            None,
            "a greedy variable takes at least one segment"
        );
        assert_eq!(function(Method::GET, "/other"), None);
    }

    #[test]
    fn variables_are_given_their_values() {
        let routes = routes();
        let found = routes
            .find(&Method::POST, "/api/products/7/images/")
            .unwrap();
        assert_eq!(
            found.parameters,
            BTreeMap::from([("proxy".to_owned(), "7/images".to_owned())])
        );
    }

    #[test]
    fn ids_and_keys_are_taken_out_of_labels() {
        for (path, expected) in [
            ("/api/orders/8589934592/cancel/", "/api/orders/{id}/cancel"),
            (
                "/auth/confirm-email/eyJhbGciOi.J9/",
                "/auth/confirm-email/{key}",
            ),
            ("/api/payments/TX-ORD-1/", "/api/payments/{key}"),
            ("/", "/"),
        ] {
            assert_eq!(label(path), expected);
        }
    }
}

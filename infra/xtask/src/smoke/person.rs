//! Somebody who calls the deployed API as a browser does: with cookies and the token against forgery.

use std::cell::RefCell;
use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{HeaderMap, Response};

use crate::ministack::agent;

/// A caller with a cookie jar of its own.
pub struct Person {
    url: String,
    agent: Agent,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Person {
    /// Somebody whom the shop at `url` does not know.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            agent: agent(),
            cookies: RefCell::default(),
        }
    }

    /// GET, answered with 200.
    ///
    /// # Errors
    /// If it is answered otherwise, with the answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        let request = self.agent.get(&format!("{}{path}", self.url));
        let answer = request.header("cookie", &self.cookie_header()).call()?;
        self.read(path, 200, answer)
    }

    /// POST of JSON, answered with `status`.
    ///
    /// # Errors
    /// If it is answered otherwise, with the answer.
    pub fn post(&self, path: &str, body: &Value, status: u16) -> Result<Value> {
        let mut request = self
            .agent
            .post(&format!("{}{path}", self.url))
            .header("content-type", "application/json")
            .header("cookie", &self.cookie_header());
        if let Some(token) = self.cookies.borrow().get("csrftoken") {
            request = request.header("x-csrftoken", token);
        }
        self.read(path, status, request.send(body.to_string())?)
    }

    /// Logs in; from then on the cookies say who this is.
    ///
    /// # Errors
    /// If the shop refuses, or sets no session.
    pub fn log_in(&self, email: &str, password: &str) -> Result<()> {
        let body = json!({ "email": email, "password": password });
        self.post("/api/auth/login/", &body, 200)?;
        ensure!(
            self.cookies.borrow().contains_key("sessionid"),
            "login set no session cookie"
        );
        Ok(())
    }

    fn read(&self, path: &str, status: u16, mut answer: Response<ureq::Body>) -> Result<Value> {
        self.keep(answer.headers());
        let text = answer.body_mut().read_to_string()?;
        if answer.status().as_u16() != status {
            bail!("{path}: {} instead of {status}: {text}", answer.status());
        }
        serde_json::from_str(&text).with_context(|| format!("{path}: not JSON: {text}"))
    }

    fn keep(&self, headers: &HeaderMap) {
        let set = headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|it| it.to_str().ok());
        self.cookies.borrow_mut().extend(set.filter_map(cookie));
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }
}

/// Name and value of a cookie that is being set. Its attributes are for browsers.
fn cookie(set: &str) -> Option<(String, String)> {
    let (name, value) = set.split(';').next()?.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_and_sent_together() {
        let person = Person::new("http://127.0.0.1:1");
        let mut headers = HeaderMap::new();
        headers.append(
            "set-cookie",
            "sessionid=a.b; HttpOnly; Path=/".parse().unwrap(),
        );
        headers.append("set-cookie", "csrftoken=c; SameSite=Lax".parse().unwrap());
        person.keep(&headers);
        assert_eq!(person.cookie_header(), "csrftoken=c; sessionid=a.b");
    }
}

//! A shop to call: one that is spawned, or the one at `BASE_URL`.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::person::{Answer, Person};

/// The product that tests buy.
pub struct Goods {
    pub id: Value,
    pub name: String,
}

/// A shop over HTTP.
pub struct Shop {
    pub url: String,
    process: Option<Child>,
    people: AtomicU32,
}

impl Shop {
    /// An empty shop in memory, or the one at `BASE_URL`.
    pub async fn open() -> Result<Shop> {
        #[expect(
            clippy::disallowed_methods,
            reason = "which shop to test is said from outside"
        )]
        match std::env::var("BASE_URL") {
            Ok(url) => {
                let url = url.trim_end_matches('/').to_owned();
                Ok(Shop {
                    url,
                    process: None,
                    people: AtomicU32::new(0),
                })
            }
            Err(_) => Shop::spawn(&["--memory"]),
        }
    }

    /// A shop with its data in this directory.
    pub fn open_in(data: &Path) -> Result<Shop> {
        Shop::spawn(&["--data", data.to_str().context("a path that is text")?])
    }

    fn spawn(flags: &[&str]) -> Result<Shop> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_tests"))
            .args(["--port", "0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the shop does not start")?;
        let stdout = process.stdout.take().context("standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line
            .trim()
            .strip_prefix("merkato is open at ")
            .with_context(|| format!("the first line was {line:?}"))?;
        Ok(Shop {
            url: url.to_owned(),
            process: Some(process),
            people: AtomicU32::new(0),
        })
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        let process = self
            .process
            .as_mut()
            .context("only a spawned shop can be killed")?;
        process.kill()?;
        process.wait()?;
        self.process = None;
        Ok(())
    }

    /// Somebody whom the shop does not know.
    pub fn visitor(&self) -> Result<Person> {
        Person::new(&self.url)
    }

    /// Somebody whom the shop does not know, with a program that calls itself so.
    pub fn visitor_with(&self, program: &str) -> Result<Person> {
        Person::with_program(&self.url, program)
    }

    /// An e-mail address that nobody has used yet.
    pub fn fresh_email(&self, name: &str) -> String {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        #[expect(
            clippy::disallowed_methods,
            reason = "names must differ between runs on one shop"
        )]
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_nanos();
        format!("{name}-{now}-{number}@example.com")
    }

    /// The first administrator, logged in.
    pub async fn admin(&self) -> Result<Person> {
        let admin = self.visitor()?;
        let body = json!({
            "setup_token": "local-admin-token", "email": "admin@example.com",
            "password": "kebero-drum-77", "password_confirm": "kebero-drum-77",
        });
        let made = admin.post("/api/auth/init-admin/", &body).await?;
        ensure!(matches!(made.status, 201 | 403), "{made:?}");
        admin.log_in("admin@example.com", "kebero-drum-77").await?;
        Ok(admin)
    }

    /// Somebody who registered, proved the address and logged in by cookie.
    pub async fn customer(&self, name: &str) -> Result<Person> {
        let email = self.fresh_email(name);
        let person = self.visitor()?;
        person.register(&email, "injera-and-wot-9").await?;
        self.settle().await?;
        let key = self.verification_key(&email).await?;
        let proved = person
            .post(
                "/api/auth/registration/verify-email/",
                &json!({ "key": key }),
            )
            .await?;
        ensure!(proved.status == 200, "{proved:?}");
        person.log_in(&email, "injera-and-wot-9").await?;
        Ok(person)
    }

    /// Somebody like [`Shop::customer`] with an address and so many of the goods in the cart.
    pub async fn shopper(&self, name: &str, goods: &Goods, quantity: u32) -> Result<Person> {
        let person = self.customer(name).await?;
        person.add_address().await?;
        person.add_to_cart(goods, quantity).await?;
        Ok(person)
    }

    /// A product of so many units in a category of its own.
    pub async fn goods(&self, price: &str, discount: Option<&str>, units: u32) -> Result<Goods> {
        let admin = self.admin().await?;
        let tail = self.fresh_email("x").split_once('@').unwrap().0[2..].to_owned();
        let category = json!({ "name": "Phones", "slug": format!("phones-{tail}") });
        let category = admin.post("/api/categories/", &category).await?;
        ensure!(category.status == 201, "{category:?}");
        let product = json!({
            "category_id": category.body["id"], "name": format!("Pixel {tail}"),
            "slug": format!("pixel-{tail}"), "price": price, "discount_price": discount,
            "initial_stock": units,
        });
        let made = admin.post("/api/products/", &product).await?;
        ensure!(made.status == 201, "{made:?}");
        let name = made.body["name"].as_str().unwrap_or_default().to_owned();
        Ok(Goods {
            id: made.body["id"].clone(),
            name,
        })
    }

    /// How many of the goods can be bought now.
    pub async fn stock(&self, goods: &Goods) -> Result<u64> {
        let product = self
            .visitor()?
            .get(&format!("/api/products/{}/", goods.id))
            .await?;
        product.body["total_stock"].as_u64().context("total_stock")
    }

    /// Waits until outbox and queues are empty.
    pub async fn settle(&self) -> Result<()> {
        let settled = self.visitor()?.post("/_local/settle", &json!({})).await?;
        ensure!(
            settled.status == 200 && settled.body["settled"] == true,
            "{settled:?}"
        );
        Ok(())
    }

    /// Ends all faults.
    pub async fn mend(&self) -> Result<()> {
        let visitor = self.visitor()?;
        let mended = visitor.send(Method::DELETE, "/_local/faults", None, &[]);
        let mended = mended.await?;
        ensure!(matches!(mended.status, 200 | 204), "{mended:?}");
        Ok(())
    }

    /// Moves the shop's clock.
    pub async fn wait(&self, secs: i64) -> Result<()> {
        let body = json!({ "advance_secs": secs });
        let moved = self.visitor()?.post("/_local/clock", &body).await?;
        ensure!(moved.status == 200, "{moved:?}");
        Ok(())
    }

    /// Runs a schedule now and gives its summary.
    pub async fn tick(&self, function: &str) -> Result<Value> {
        let path = format!("/_local/schedules/{function}");
        let summary = self.visitor()?.post(&path, &json!({})).await?;
        ensure!(summary.status == 200, "{summary:?}");
        Ok(summary.body)
    }

    /// The mails somebody got, newest first.
    pub async fn mails(&self, to: &str) -> Result<Vec<Value>> {
        let mails = self
            .visitor()?
            .get(&format!("/_local/mail?to={to}"))
            .await?;
        mails.body.as_array().cloned().context("a list of mails")
    }

    /// The subjects of the mails somebody got, oldest first.
    pub async fn subjects(&self, to: &str) -> Result<Vec<String>> {
        let mails = self.mails(to).await?;
        let subjects = mails
            .iter()
            .rev()
            .filter_map(|mail| mail["subject"].as_str());
        Ok(subjects.map(str::to_owned).collect())
    }

    /// The key in somebody's verification mail.
    pub async fn verification_key(&self, email: &str) -> Result<String> {
        let path = self.mailed_path(email, "/auth/confirm-email/").await?;
        Ok(path.split('/').nth(3).unwrap_or_default().to_owned())
    }

    /// Where the link in the newest mail leads, a path below this one.
    pub async fn mailed_path(&self, to: &str, below: &str) -> Result<String> {
        let mails = self.mails(to).await?;
        let text = mails.first().and_then(|mail| mail["text"].as_str());
        let (_, rest) = text
            .context("a mail")?
            .split_once(below)
            .with_context(|| format!("no link in {text:?}"))?;
        let rest = rest.split_whitespace().next().unwrap_or_default();
        Ok(format!("{below}{rest}"))
    }

    /// What the customer does on Chapa's page.
    pub async fn check_out(
        &self,
        checkout_url: &str,
        outcome: &str,
        webhook: &str,
    ) -> Result<Answer> {
        let path = checkout_url
            .strip_prefix(&self.url)
            .context("the sandbox's own page")?;
        self.visitor()?
            .post(path, &json!({ "outcome": outcome, "webhook": webhook }))
            .await
    }

    /// Fails calls that are still to come.
    pub async fn fail(&self, service: &str, nth: u32, kind: &str, times: u32) -> Result<()> {
        let fault = json!({ "service": service, "nth": nth, "kind": kind, "times": times });
        let injected = self.visitor()?.post("/_local/faults", &fault).await?;
        ensure!(matches!(injected.status, 200 | 201 | 204), "{injected:?}");
        Ok(())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // Nothing can be done about a process that will not end.
            let _killed = process.kill();
            let _reaped = process.wait();
        }
    }
}

//! How long answers take must not tell who has an account.

use std::time::{Duration, Instant};

use crate::{open, register, session::log_in};

const LOGINS: usize = 400;
/// How much the medians may differ: 5 %.
const TOLERANCE: u32 = 20;
/// How often the measurement may be repeated: whatever else the machine does meanwhile falls on one
/// of the two.
const ATTEMPTS: usize = 3;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn a_known_address_takes_as_long_as_an_unknown_one() {
    let (stage, router) = open().await;
    register(&stage, &router, "abebe@example.com").await;
    let stranger = stage.anonymous(&router).saying("user-agent", "Stranger");
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..LOGINS {
            // Alternately, so that whatever slows the machine slows both.
            for (email, times) in ["abebe@example.com", "nobody@example.com"]
                .into_iter()
                .zip(&mut times)
            {
                let started = Instant::now();
                let answer = log_in(&stranger, email, "not the password").await;
                times.push(started.elapsed());
                assert_eq!(answer.status, 400);
            }
            stage.shop.clock.advance(3600);
        }
        let [known, unknown] = times.map(median);
        seen.push((known, unknown));
        if known.abs_diff(unknown) < known / TOLERANCE {
            return;
        }
    }
    panic!("medians of known and unknown: {seen:?}");
}

//! Sudden death at a chosen moment, for tests of what it leaves behind. Release builds have none of it.
//!
//! `CONVOKE_TEST_DEATH=asked:3` kills the process while the engine does the third change that it was asked for,
//! `answered:3` as soon as it has done it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::Method;

/// Enough for a request to reach the engine, and less than most changes take.
const UNDER_WAY: Duration = Duration::from_millis(2);

#[derive(Debug, PartialEq, Eq)]
enum Moment {
    Asked,
    Answered,
}

#[derive(Debug)]
struct Fault {
    moment: Moment,
    /// Which change, counted from 1.
    number: usize,
    seen: AtomicUsize,
}

/// Waits for the answer to a request, unless the process is to die of it.
pub(super) async fn survive<T>(method: &Method, answer: impl Future<Output = T>) -> T {
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    if !cfg!(debug_assertions) || matches!(*method, Method::GET | Method::HEAD) {
        return answer.await;
    }
    let chosen = FAULT.get_or_init(|| Fault::parse(&std::env::var("CONVOKE_TEST_DEATH").ok()?));
    let Some(fault) = chosen.as_ref().filter(|fault| fault.seen.fetch_add(1, Ordering::Relaxed) + 1 == fault.number)
    else {
        return answer.await;
    };
    // Dead before or after the answer: nobody is left to care how it went.
    match fault.moment {
        Moment::Asked => drop(tokio::time::timeout(UNDER_WAY, answer).await),
        Moment::Answered => drop(answer.await),
    }
    // SIGKILL to oneself cannot fail.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::future::pending().await
}

impl Fault {
    fn parse(text: &str) -> Option<Self> {
        let (moment, number) = text.split_once(':')?;
        let moment = match moment {
            "asked" => Moment::Asked,
            "answered" => Moment::Answered,
            _ => return None,
        };
        Some(Self { moment, number: number.parse().ok()?, seen: AtomicUsize::new(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_and_a_number() {
        let parsed = |text| Fault::parse(text).map(|fault| (fault.moment, fault.number));
        assert_eq!(parsed("asked:3"), Some((Moment::Asked, 3)));
        assert_eq!(parsed("answered:12"), Some((Moment::Answered, 12)));
        for wrong in ["", "asked", "asked:x", "later:1"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}

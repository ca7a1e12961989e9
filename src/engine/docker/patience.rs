//! How long a question may go unanswered: who asked is told every now and then, and given an end.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::DockerEngine;
use crate::engine::{EngineError, ErrorKind};

/// How often somebody who waits for an answer is told so.
const HESITATION: Duration = Duration::from_secs(10);
/// An engine under load takes its time to list hundreds of things, but not as long as this.
const LIMIT: Duration = Duration::from_secs(120);

/// Is told what was asked, and for how long it has not been answered.
pub type Hesitation = Box<dyn Fn(&str, Duration) + Send + Sync>;

/// Whom to tell, and whether somebody else does at the moment.
#[derive(Default)]
pub(super) struct Patience {
    tell: Option<Hesitation>,
    hushed: AtomicBool,
}

impl DockerEngine {
    /// From now on somebody is told when a question takes long.
    #[must_use]
    pub fn on_hesitation(mut self, tell: Hesitation) -> Self {
        self.patience.tell = Some(tell);
        self
    }

    /// Whether nobody is to be told for a while: a plan that is being done tells what it waits for itself.
    pub fn hush(&self, hushed: bool) {
        self.patience.hushed.store(hushed, Ordering::Relaxed);
    }

    /// Waits for the answer to a question that changes nothing. What changes something may take as long as it needs: a
    /// stop waits out its grace.
    pub(super) async fn answer<T>(
        &self,
        question: &str,
        asked: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let (began, mut asked) = (Instant::now(), pin!(asked));
        loop {
            if let Ok(answer) = timeout(HESITATION, &mut asked).await {
                return answer;
            }
            let elapsed = began.elapsed();
            if elapsed >= LIMIT {
                let message = format!("no answer within {} seconds", LIMIT.as_secs());
                return Err(EngineError::new(ErrorKind::Unreachable, question, message)
                    .help("the engine takes connections and answers nothing: restart it"));
            }
            if let Some(tell) = self.patience.tell.as_ref().filter(|_| !self.patience.hushed.load(Ordering::Relaxed)) {
                tell(question, elapsed);
            }
        }
    }
}

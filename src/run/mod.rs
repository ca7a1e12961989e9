//! Doing: the only room that waits. It does a plan, waits for conditions and follows what happens afterwards.

mod adopt;
mod attached;
mod condition;
pub mod copy;
mod door;
mod evidence;
mod execute;
mod failure;
mod feed;
mod follow;
mod hook;
mod images;
mod knock;
mod label;
mod lines;
mod logs;
mod networks;
mod observe;
mod outage;
mod outlook;
mod probe;
mod progress;
mod reader;
mod ready;
mod remind;
mod schedule;
mod seen;
mod session;
mod step;
mod stop;
mod stopping;
mod tail;
mod talk;
mod watch;
mod work;

#[cfg(test)]
mod tests;

pub use attached::attached;
pub use copy::digests;
pub use evidence::KILLED;
pub use execute::{Done, execute};
pub use failure::{Cause, CauseKind, FailedProbe, Failure};
pub use logs::logs;
pub use observe::{inspect, observe, observe_containers, observe_named};
pub use talk::{Joined, Parting, Person, Said, Signal, TalkError, attach, exec, gone};
pub use watch::{Crew, Watch, survey, watch};
pub use work::{AbortOn, Attach, LogOptions, OnFailure, Readiness, Wishes, Work};

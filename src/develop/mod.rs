//! What is to be done when files change while somebody works on them: rules, what lies where, and what follows from a
//! difference. Pure: what lies on the disk and in containers is handed in.

mod decide;
mod filter;
mod held;
mod manifest;
mod rule;

pub use decide::{Decision, decide};
pub use filter::{Filter, Inherited, Judgement};
pub use held::{Changes, Held, Known};
pub use manifest::{Content, Entry, Kind, Manifest, Stamp, changed};
pub use rule::{Action, ContextIgnore, Rule, Rules};

//! Where the time of a run went: each step from its beginning to its end, and what that means for services.

mod laps;
mod path;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use laps::Laps;
pub use path::{Stretch, critical_path};

/// A plan that was done, as it went. Kept on the disk for `convoke timing`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub project: String,
    /// `up`
    pub command: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// Microseconds from the beginning to the end of the last step.
    pub elapsed: u64,
    pub laps: Vec<Lap>,
}

/// One step that was done. Times are microseconds since the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lap {
    /// The number of the step in its plan, from 1.
    pub step: usize,
    pub service: Option<String>,
    /// `container`
    pub kind: String,
    /// `shop-web-1`
    pub name: String,
    /// `create`
    pub action: String,
    pub why: String,
    /// The steps that it waited for.
    pub after: Vec<usize>,
    pub began: u64,
    pub ended: u64,
    pub failed: bool,
}

impl Lap {
    /// Microseconds.
    pub fn took(&self) -> u64 {
        self.ended.saturating_sub(self.began)
    }
}

/// What a service spent its time on. A part that did not happen is `None`; times are microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceTimes {
    pub pull: Option<u64>,
    pub build: Option<u64>,
    pub create: Option<u64>,
    pub start: Option<u64>,
    /// From its start until it was ready, where somebody waited for that.
    pub ready: Option<u64>,
    /// When it was up, or ready if somebody waited for that, since the beginning.
    pub at: Option<u64>,
}

impl Run {
    /// By service. A service of several containers takes as long as from the first one's beginning to the last one's end.
    pub fn services(&self) -> BTreeMap<String, ServiceTimes> {
        let mut services: BTreeMap<String, ServiceTimes> = BTreeMap::new();
        for lap in &self.laps {
            if let Some(service) = &lap.service {
                services.entry(service.clone()).or_default();
            }
        }
        for (service, times) in &mut services {
            let span = |actions: &[&str]| self.span(service, actions);
            *times = ServiceTimes {
                pull: span(&["pull"]).map(width),
                build: span(&["build"]).map(width),
                create: span(&["create", "connect", "inject"]).map(width),
                start: span(&["start", "hook"]).map(width),
                ready: span(&["await"]).map(width),
                at: span(&["start", "hook", "await"]).map(|(_, ended)| ended),
            };
        }
        services
    }

    /// From the beginning of the first to the end of the last of a service's steps that do one of these things.
    fn span(&self, service: &str, actions: &[&str]) -> Option<(u64, u64)> {
        let laps = self.laps.iter().filter(|lap| {
            lap.service.as_deref() == Some(service) && actions.contains(&lap.action.as_str()) && lap.kind != "network"
        });
        laps.map(|lap| (lap.began, lap.ended)).reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}

fn width((began, ended): (u64, u64)) -> u64 {
    ended.saturating_sub(began)
}

/// Microseconds as a duration.
pub fn duration(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_told_what_it_spent_its_time_on() {
        let services = testing::shop().services();
        let web = &services["web"];
        assert_eq!(
            (web.build, web.create, web.start, web.ready, web.at),
            (Some(900_000), Some(60_000), Some(500_000), None, Some(2_450_000))
        );
        assert_eq!((services["db"].ready, services["db"].at), (Some(1_500_000), Some(1_950_000)));
        assert_eq!(services.len(), 3);
    }

    #[test]
    fn a_run_comes_back_from_the_disk_as_it_was() {
        let run = testing::shop();
        let text = serde_json::to_string(&run).expect("JSON");
        assert_eq!(serde_json::from_str::<Run>(&text).expect("a run"), run);
    }
}

//! The life of containers after their start: who still counts, what an exit means, which code it all ends with. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::ContainerId;
use crate::event::{Life, News};
use crate::model::ServiceName;

use super::work::{AbortOn, Attach};

/// The containers whose exits count.
#[derive(Debug)]
pub(super) struct Lives {
    watch: BTreeSet<ServiceName>,
    abort: Option<AbortOn>,
    exit_code_from: Option<ServiceName>,
    alive: BTreeMap<ContainerId, ServiceName>,
    /// The first exit of the service whose code is asked for.
    asked: Option<i64>,
    /// The exit that made everything stop.
    cause: Option<i64>,
}

/// An exit as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    pub code: i64,
    /// The engine starts it again by itself.
    pub restarting: bool,
}

impl Lives {
    pub fn new(attach: &Attach) -> Self {
        Self {
            watch: attach.watch.iter().cloned().collect(),
            abort: attach.abort,
            exit_code_from: attach.exit_code_from.clone(),
            alive: BTreeMap::new(),
            asked: None,
            cause: None,
        }
    }

    pub fn started(&mut self, id: &ContainerId, service: &ServiceName) {
        if self.watch.contains(service) {
            self.alive.insert(id.clone(), service.clone());
        }
    }

    /// Notes an exit; says whether everything has to stop because of it.
    pub fn exited(&mut self, id: &ContainerId, service: &ServiceName, exit: Exit) -> bool {
        if !exit.restarting {
            self.alive.remove(id);
        }
        if self.exit_code_from.as_ref() == Some(service) {
            self.asked.get_or_insert(exit.code);
        }
        let aborts = match self.abort {
            None => false,
            Some(AbortOn::Exit) => true,
            Some(AbortOn::Failure) => exit.code != 0,
        };
        if !aborts || !self.watch.contains(service) || self.cause.is_some() {
            return false;
        }
        self.cause = Some(exit.code);
        true
    }

    /// The container is no more, or is none of ours any more.
    pub fn gone(&mut self, id: &ContainerId) {
        self.alive.remove(id);
    }

    /// Nobody counts any more.
    pub fn clear(&mut self) {
        self.alive.clear();
    }

    pub fn alive(&self) -> impl Iterator<Item = (&ContainerId, &ServiceName)> {
        self.alive.iter()
    }

    pub fn is_over(&self) -> bool {
        self.alive.is_empty()
    }

    /// What `up` returns when nobody interrupted it.
    pub fn exit_code(&self) -> i32 {
        let code = if self.exit_code_from.is_some() { self.asked } else { self.cause };
        i32::try_from(code.unwrap_or(0)).unwrap_or(1)
    }
}

/// News of containers that wait until their last lines are told.
#[derive(Debug, Default)]
pub(super) struct Notices(BTreeMap<ContainerId, Vec<Life>>);

impl Notices {
    pub fn keep(&mut self, id: &ContainerId, life: Life) {
        self.0.entry(id.clone()).or_default().push(life);
    }

    /// Whether news of a container wait for its last lines: what comes after them waits as well.
    pub fn are_kept(&self, id: &ContainerId) -> bool {
        self.0.contains_key(id)
    }

    pub fn take(&mut self, id: &ContainerId) -> Vec<Life> {
        self.0.remove(id).unwrap_or_default()
    }

    /// The news up to the end of a container's later life, of which there are lines still to be told.
    pub fn take_life(&mut self, id: &ContainerId) -> Vec<Life> {
        let mut kept = self.take(id);
        let mut ends = (0..kept.len()).filter(|at| matches!(kept[*at].news, News::Exited { .. }));
        let later = ends.nth(1).map_or(Vec::new(), |second| kept.split_off(second));
        if !later.is_empty() {
            self.0.insert(id.clone(), later);
        }
        kept
    }

    pub fn take_all(&mut self) -> Vec<Life> {
        std::mem::take(&mut self.0).into_values().flatten().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What containers were before, as far as it makes news.
#[derive(Debug, Default)]
pub(super) struct Past {
    exited: BTreeSet<ContainerId>,
    out_of_memory: BTreeSet<ContainerId>,
    /// The labels of containers for which another one was created.
    replaced: BTreeSet<String>,
}

impl Past {
    pub fn out_of_memory(&mut self, id: &ContainerId) {
        self.out_of_memory.insert(id.clone());
    }

    /// Notes an exit; `None` when it was noted before. Gives whether memory was the reason.
    pub fn exited(&mut self, id: &ContainerId) -> Option<bool> {
        self.exited.insert(id.clone()).then(|| self.out_of_memory.remove(id))
    }

    pub fn replaced(&mut self, label: &str) {
        self.replaced.insert(label.to_owned());
    }

    /// The news in a container's start, if there is any.
    pub fn started(&mut self, id: &ContainerId, label: &str) -> Option<News> {
        if self.exited.remove(id) {
            return Some(News::Restarted);
        }
        self.replaced.remove(label).then_some(News::Recreated)
    }

    /// The news in a container's removal, if there is any: none when another one takes its place.
    pub fn removed(&mut self, label: &str) -> Option<News> {
        (!self.replaced.contains(label)).then_some(News::Removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ContainerId {
        ContainerId::new(name)
    }

    fn lives(abort: Option<AbortOn>, exit_code_from: Option<&str>) -> Lives {
        let mut lives = Lives::new(&Attach {
            watch: vec!["web".into(), "db".into()],
            abort,
            exit_code_from: exit_code_from.map(ServiceName::from),
            ..Attach::default()
        });
        for service in ["web", "db", "other"] {
            lives.started(&id(service), &service.into());
        }
        lives
    }

    /// Exits in a row: service, code, restarting. Then the one that aborts, whether it is over, and the code.
    #[test]
    fn exits_and_what_they_lead_to() {
        use AbortOn::{Exit as Any, Failure};
        type Exits = &'static [(&'static str, i64, bool)];
        type Row = (Option<AbortOn>, Option<&'static str>, Exits, Option<usize>, bool, i32);
        let table: &[Row] = &[
            (None, None, &[("web", 1, false)], None, false, 0),
            (None, None, &[("web", 1, false), ("db", 2, false)], None, true, 0),
            (None, None, &[("web", 1, true), ("db", 2, false)], None, false, 0),
            (None, None, &[("other", 1, false)], None, false, 0),
            (Some(Any), None, &[("other", 9, false), ("web", 3, false), ("db", 143, false)], Some(1), true, 3),
            (Some(Any), None, &[("web", 3, true)], Some(0), false, 3),
            (Some(Any), None, &[("web", 0, false), ("db", 137, false)], Some(0), true, 0),
            (Some(Any), Some("db"), &[("web", 3, false), ("db", 143, false)], Some(0), true, 143),
            (Some(Any), Some("db"), &[("db", 4, true), ("db", 5, false), ("web", 143, false)], Some(0), true, 4),
            (Some(Failure), None, &[("web", 0, false)], None, false, 0),
            (Some(Failure), None, &[("web", 0, false), ("db", 7, false)], Some(1), true, 7),
            (Some(Failure), Some("web"), &[("web", 0, false), ("db", 7, false)], Some(1), true, 0),
            (Some(Any), Some("nobody"), &[("web", 3, false), ("db", 1, false)], Some(0), true, 0),
        ];
        for (abort, from, exits, aborting, over, code) in table {
            let mut lives = lives(*abort, *from);
            let aborted = exits.iter().position(|(service, code, restarting)| {
                lives.exited(&id(service), &(*service).into(), Exit { code: *code, restarting: *restarting })
            });
            for (service, code, restarting) in exits.iter().skip(aborted.map_or(exits.len(), |at| at + 1)) {
                let exit = Exit { code: *code, restarting: *restarting };
                assert!(!lives.exited(&id(service), &(*service).into(), exit), "{exits:?} aborts once");
            }
            assert_eq!((aborted, lives.is_over(), lives.exit_code()), (*aborting, *over, *code), "{exits:?}");
        }
    }

    #[test]
    fn the_end_of_a_later_life_waits_for_the_lines_of_that_life() {
        let life = |news| Life { service: "web".into(), replica: 1, label: "web-1".into(), news };
        let exited = |code| life(News::Exited { code, out_of_memory: false, restarting: false });
        let mut notices = Notices::default();
        for news in [exited(1), life(News::Restarted), exited(2), life(News::Restarted), exited(0)] {
            notices.keep(&id("1"), news);
        }
        assert_eq!(notices.take_life(&id("1")), [exited(1), life(News::Restarted)]);
        assert_eq!(notices.take_life(&id("1")), [exited(2), life(News::Restarted)]);
        assert!(notices.are_kept(&id("1")));
        assert_eq!(notices.take_life(&id("1")), [exited(0)]);
        assert!(notices.is_empty());
        notices.keep(&id("1"), exited(1));
        notices.keep(&id("1"), life(News::Restarted));
        assert_eq!(notices.take_life(&id("1")), [exited(1), life(News::Restarted)]);
        assert!(notices.is_empty());
    }

    #[test]
    fn a_container_that_comes_back_counts_again() {
        let mut lives = lives(None, None);
        for service in ["web", "db"] {
            lives.exited(&id(service), &service.into(), Exit { code: 0, restarting: false });
        }
        lives.started(&id("web"), &"web".into());
        assert!(!lives.is_over());
        lives.gone(&id("web"));
        assert!(lives.is_over());
    }

    #[test]
    fn the_past_makes_the_news() {
        let mut past = Past::default();
        assert_eq!(past.started(&id("1"), "web-1"), None);
        past.out_of_memory(&id("1"));
        assert_eq!(past.exited(&id("1")), Some(true));
        assert_eq!(past.exited(&id("1")), None, "told once");
        assert_eq!(past.started(&id("1"), "web-1"), Some(News::Restarted));
        assert_eq!(past.exited(&id("1")), Some(false));
        past.replaced("web-1");
        assert_eq!(past.removed("web-1"), None);
        assert_eq!(past.started(&id("2"), "web-1"), Some(News::Recreated));
        assert_eq!(past.removed("web-1"), Some(News::Removed));
    }
}

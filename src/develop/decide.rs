//! Which services are rebuilt and restarted, and what is told of the rest, when files of some rules have changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ServiceName;

use super::rule::{Action, Rule};

/// What follows from a batch of changes, apart from the copying itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub rebuild: BTreeSet<ServiceName>,
    /// Not those that are rebuilt: they are new.
    pub restart: BTreeSet<ServiceName>,
    /// Into which files are copied, and how many changes led to that.
    pub sync: BTreeMap<ServiceName, usize>,
}

/// `changes`: for each rule, how many paths changed.
pub fn decide(rules: &[Rule], changes: &[usize]) -> Decision {
    let mut decision = Decision::default();
    for (rule, count) in rules.iter().zip(changes).filter(|(_, count)| **count > 0) {
        match rule.action {
            Action::Rebuild => drop(decision.rebuild.insert(rule.service.clone())),
            Action::Restart => drop(decision.restart.insert(rule.service.clone())),
            Action::Sync | Action::SyncRestart | Action::SyncExec(_) => {
                *decision.sync.entry(rule.service.clone()).or_default() += count;
            }
        }
    }
    decision.restart.retain(|service| !decision.rebuild.contains(service));
    decision
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rule::Rules;
    use super::super::rule::testing::project;
    use super::*;

    #[test]
    fn what_follows_from_changes() {
        let project = project(json!({
            "web": { "build": { "context": "/app" }, "develop": { "watch": [
                { "path": "/app/lock", "action": "rebuild" },
                { "path": "/app/conf", "action": "restart" },
                { "path": "/app/src", "action": "sync", "target": "/src" },
                { "path": "/app/lib", "action": "sync+restart", "target": "/lib" },
            ] } },
            "worker": { "develop": { "watch": [{ "path": "/app/conf", "action": "restart" }] } },
        }));
        let rules = Rules::of(&project, &BTreeMap::new()).expect("rules").rules;
        let table: [([usize; 5], &str); 6] = [
            ([0, 0, 0, 0, 0], "rebuild restart sync"),
            ([1, 0, 0, 0, 0], "rebuild web restart sync"),
            ([0, 1, 0, 0, 1], "rebuild restart web worker sync"),
            ([2, 1, 0, 0, 1], "rebuild web restart worker sync"),
            ([0, 0, 2, 3, 0], "rebuild restart sync web:5"),
            ([1, 0, 2, 0, 0], "rebuild web restart sync web:2"),
        ];
        for (changes, expected) in table {
            let Decision { rebuild, restart, sync } = decide(&rules, &changes);
            let names = |names: BTreeSet<ServiceName>| names.iter().map(ToString::to_string).collect::<Vec<_>>();
            let counts = sync.iter().map(|(name, count)| format!("{name}:{count}"));
            let told = [vec!["rebuild".to_owned()], names(rebuild), vec!["restart".to_owned()], names(restart)];
            let told = [told.concat(), vec!["sync".to_owned()], counts.collect()].concat().join(" ");
            assert_eq!(told, expected, "{changes:?}");
        }
    }
}

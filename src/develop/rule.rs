//! The rules of a project: which path of the disk leads to what in which service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::build::Ignore;
use crate::model::{Hook, Project, Service, ServiceName, Trigger};

use super::filter::Filter;

/// One entry of `develop.watch`.
#[derive(Clone, Debug)]
pub struct Rule {
    pub service: ServiceName,
    /// Absolute; a file or a folder, or nothing yet.
    pub path: PathBuf,
    pub action: Action,
    /// Where the path is in the container: absolute. Empty where nothing is copied.
    pub target: String,
    /// Containers are made equal to the disk when they are first seen, and not only where something changes.
    pub initial_sync: bool,
    pub filter: Filter,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Rebuild,
    Restart,
    Sync,
    SyncRestart,
    SyncExec(Box<Hook>),
}

impl Action {
    fn of(trigger: &Trigger) -> Option<Self> {
        Some(match trigger.action.as_str() {
            "rebuild" => Self::Rebuild,
            "restart" => Self::Restart,
            "sync" => Self::Sync,
            "sync+restart" => Self::SyncRestart,
            "sync+exec" => Self::SyncExec(Box::new(trigger.exec.clone())),
            _ => return None,
        })
    }

    pub fn is_sync(&self) -> bool {
        matches!(self, Self::Sync | Self::SyncRestart | Self::SyncExec(_))
    }
}

/// What a service's build leaves out of its context.
#[derive(Clone, Debug, Default)]
pub struct ContextIgnore {
    /// Absolute, without links.
    pub folder: PathBuf,
    pub ignore: Ignore,
}

/// All rules of a project, and what is to be said about those that cannot be.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub rules: Vec<Rule>,
    pub warnings: Vec<String>,
}

impl Rules {
    /// # Errors
    /// A sentence about the first rule that cannot be followed, or about there being none.
    pub fn of(project: &Project, contexts: &BTreeMap<ServiceName, ContextIgnore>) -> Result<Self, String> {
        let mut all = Self::default();
        let mut is_anything_meant = false;
        for (name, service) in &project.services {
            for trigger in service.develop.iter().flat_map(|develop| &develop.watch) {
                is_anything_meant = true;
                all.add(name, service, trigger, contexts.get(name))?;
            }
        }
        if is_anything_meant {
            return Ok(all);
        }
        Err("none of the selected services is configured for watch, consider setting a 'develop' section".to_owned())
    }

    fn add(
        &mut self,
        name: &ServiceName,
        service: &Service,
        trigger: &Trigger,
        context: Option<&ContextIgnore>,
    ) -> Result<(), String> {
        let Some(action) = Action::of(trigger) else {
            return Err(format!("can't watch service \"{name}\": there is no action {:?}", trigger.action));
        };
        if action == Action::Rebuild && service.build.is_none() {
            return Err(format!("can't watch service \"{name}\" with action rebuild without a build context"));
        }
        if matches!(&action, Action::SyncExec(hook) if hook.command.as_ref().is_none_or(Vec::is_empty)) {
            return Err(format!("can't watch service \"{name}\" with action sync+exec without a command in `exec`"));
        }
        let path = PathBuf::from(&trigger.path);
        if action.is_sync() && is_bound(&path, service) {
            let path = path.display();
            self.warnings
                .push(format!("path '{path}' also declared by a bind mount volume, this path won't be monitored!"));
            return Ok(());
        }
        let target = if action.is_sync() { absolute(&trigger.target) } else { String::new() };
        if action.is_sync() && is_in_memory(&target, service) {
            self.warnings.push(format!(
                "{target} of {name} lies in a tmpfs, which the engine cannot write to: {} won't be monitored",
                path.display()
            ));
            return Ok(());
        }
        let filter = Filter::new(&path, &trigger.ignore, &trigger.include, context)
            .map_err(|problem| format!("can't watch service \"{name}\": {problem}"))?;
        let is_old = trigger.extensions.get("x-initialSync").and_then(serde_yaml::Value::as_bool) == Some(true);
        if is_old {
            self.warnings
                .push("x-initialSync is DEPRECATED, please use the official `initial_sync` attribute".to_owned());
        }
        let initial_sync = trigger.initial_sync || is_old;
        self.rules.push(Rule { service: name.clone(), path, action, target, initial_sync, filter });
        Ok(())
    }
}

/// Paths of containers start at their root, and end without a slash.
fn absolute(target: &str) -> String {
    let target = target.trim_end_matches('/').trim_end_matches("/.");
    if target.starts_with('/') || target.is_empty() { target.to_owned() } else { format!("/{target}") }
}

/// Whether a path of the disk is what the container sees anyway.
fn is_bound(path: &Path, service: &Service) -> bool {
    service.volumes.iter().any(|mount| mount.kind == "bind" && path.starts_with(&mount.source))
}

fn is_in_memory(target: &str, service: &Service) -> bool {
    let short = service.tmpfs.iter().map(|tmpfs| tmpfs.split(':').next().unwrap_or_default());
    let long = service.volumes.iter().filter(|mount| mount.kind == "tmpfs").map(|mount| mount.target.as_str());
    short.chain(long).any(|folder| Path::new(target).starts_with(folder))
}

#[cfg(test)]
pub(super) mod testing {
    use serde_json::Value;

    use super::*;

    /// A project whose services are these.
    pub fn project(services: Value) -> Project {
        Project { services: serde_json::from_value(services).expect("services"), ..Project::default() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rules(service: Value) -> Result<Rules, String> {
        Rules::of(&testing::project(json!({ "web": service })), &BTreeMap::new())
    }

    #[test]
    fn a_rule_is_what_the_file_says() {
        let exec = json!({ "command": ["kill", "-HUP", "1"] });
        let found = rules(json!({ "build": { "context": "/app" }, "develop": { "watch": [
            { "path": "/app/src", "action": "sync", "target": "/srv/src/", "initial_sync": true },
            { "path": "/app/conf", "action": "sync+exec", "target": "conf", "exec": exec },
            { "path": "/app/lock", "action": "rebuild" },
        ] } }));
        let found = found.expect("rules");
        assert_eq!(found.warnings, [] as [String; 0]);
        let told: Vec<_> = found
            .rules
            .iter()
            .map(|rule| (rule.path.to_str().expect("text"), rule.target.as_str(), rule.initial_sync))
            .collect();
        assert_eq!(told, [("/app/src", "/srv/src", true), ("/app/conf", "/conf", false), ("/app/lock", "", false)]);
        assert!(
            matches!(&found.rules[1].action, Action::SyncExec(hook) if hook.command.as_ref().is_some_and(|it| it.len() == 3))
        );
    }

    #[test]
    fn the_old_word_for_the_first_sync_is_understood() {
        let trigger = json!({ "path": "/a", "action": "sync", "target": "/b", "x-*": { "x-initialSync": true } });
        let found = rules(json!({ "develop": { "watch": [trigger] } })).expect("rules");
        assert!(found.rules[0].initial_sync && found.warnings[0].starts_with("x-initialSync is DEPRECATED"));
    }

    #[test]
    fn what_cannot_be_watched_is_said() {
        let watch = |trigger: Value| json!({ "develop": { "watch": [trigger] } });
        let table = [
            (json!({}), "none of the selected services is configured for watch, consider setting a 'develop' section"),
            (
                watch(json!({ "path": "/a", "action": "rebuild" })),
                "can't watch service \"web\" with action rebuild without a build context",
            ),
            (
                watch(json!({ "path": "/a", "action": "sync+exec", "target": "/b" })),
                "can't watch service \"web\" with action sync+exec without a command in `exec`",
            ),
            (
                watch(json!({ "path": "/a", "action": "sync", "target": "/b", "ignore": ["[a"] })),
                "can't watch service \"web\": pattern \"[a\" cannot be understood",
            ),
        ];
        for (service, expected) in table {
            assert_eq!(rules(service).expect_err("refused"), expected);
        }
    }

    #[test]
    fn what_the_container_sees_anyway_or_never_is_left_alone() {
        let table = [
            (json!({ "volumes": [{ "type": "bind", "source": "/app", "target": "/srv" }] }), "bind mount"),
            (json!({ "tmpfs": ["/srv:size=1m"] }), "tmpfs"),
            (json!({ "volumes": [{ "type": "tmpfs", "target": "/srv" }] }), "tmpfs"),
        ];
        for (mut service, expected) in table {
            service["develop"] = json!({ "watch": [{ "path": "/app/src", "action": "sync", "target": "/srv/src" }] });
            let found = rules(service).expect("rules");
            assert!(found.rules.is_empty() && found.warnings[0].contains(expected), "{:?}", found.warnings);
        }
    }
}

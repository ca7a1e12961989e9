//! What `run` changes about a service for one container: flags become what the file might have said.

use std::path::Path;

use clap::Args;

use crate::diagnostic::Diagnostic;
use crate::load::typed;
use crate::model::{Project, Service};
use crate::source::DiskReader;

use super::outcome::Failure;

/// Flags that stand in for attributes of the service.
#[derive(Args, Clone, Debug, Default)]
pub struct Changes {
    /// Another entrypoint than the service's
    #[arg(long, value_name = "COMMAND LINE")]
    entrypoint: Option<String>,

    /// A variable; without a value it has the one of the shell or of .env; may be given several times
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,

    /// A file of variables; may be given several times
    #[arg(long, value_name = "PATH")]
    env_from_file: Vec<std::path::PathBuf>,

    /// A label; may be given several times
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    label: Vec<String>,

    /// Who runs it: a name or a number, with a group behind a colon if need be
    #[arg(short, long, value_name = "USER[:GROUP]", default_value = "", hide_default_value = true)]
    user: String,

    /// The folder that it starts in
    #[arg(short, long, value_name = "FOLDER", default_value = "", hide_default_value = true)]
    workdir: String,

    /// Mount one more folder or volume; may be given several times
    #[arg(short, long, value_name = "[SOURCE:]TARGET[:OPTIONS]")]
    volume: Vec<String>,

    /// Publish a port; may be given several times
    #[arg(short, long, value_name = "[[IP:]PORT:]PORT[/PROTOCOL]")]
    publish: Vec<String>,

    /// Publish the ports that the service publishes
    #[arg(short = 'P', long)]
    service_ports: bool,

    /// Allow a capability; may be given several times
    #[arg(long, value_name = "CAPABILITY")]
    cap_add: Vec<String>,

    /// Take a capability away; may be given several times
    #[arg(long, value_name = "CAPABILITY")]
    cap_drop: Vec<String>,
}

impl Changes {
    /// # Errors
    /// When flags contradict each other.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.service_ports && !self.publish.is_empty() {
            return Err("--service-ports and --publish are incompatible");
        }
        Ok(())
    }

    /// Makes them the service's own. `folder` is where relative paths start.
    ///
    /// # Errors
    /// When a mount, a port or a command line makes no sense, or a file of variables cannot be read.
    pub fn apply(&self, project: &mut Project, target: &str, command: &[String], folder: &Path) -> Result<(), Failure> {
        let environment = project.environment.clone();
        let Some(service) = project.services.get_mut(target) else { return Ok(()) };
        settle(service);
        if let Some(entrypoint) = &self.entrypoint {
            service.entrypoint = Some(typed::command_line(entrypoint).map_err(Failure::one)?);
            service.command = None;
        }
        if !command.is_empty() {
            service.command = Some(command.to_vec());
        }
        for path in &self.env_from_file {
            let found = typed::env_file(path, folder, &environment, &DiskReader)?;
            service.environment.extend(found.into_iter().map(|(name, value)| (name, Some(value))));
        }
        for variable in &self.env {
            let (name, value) = match variable.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (variable.as_str(), environment.get(variable).cloned()),
            };
            service.environment.insert(name.to_owned(), value);
        }
        for label in &self.label {
            let (name, value) = label.split_once('=').unwrap_or((label, ""));
            service.labels.insert(name.to_owned(), value.to_owned());
        }
        for (given, own) in [(&self.user, &mut service.user), (&self.workdir, &mut service.working_dir)] {
            if !given.is_empty() {
                own.clone_from(given);
            }
        }
        let mounts = typed::mounts(&self.volume, folder).map_err(findings)?;
        service.volumes.retain(|own| !mounts.iter().any(|mount| mount.target == own.target));
        service.volumes.extend(mounts);
        if !self.service_ports {
            service.ports = typed::ports(&self.publish).map_err(findings)?;
        }
        move_words(&self.cap_add, &mut service.cap_add, &mut service.cap_drop);
        move_words(&self.cap_drop, &mut service.cap_drop, &mut service.cap_add);
        Ok(())
    }
}

/// There is one of it, and it is not started again.
fn settle(service: &mut Service) {
    service.scale = Some(1);
    service.restart = String::new();
    if let Some(deploy) = &mut service.deploy {
        (deploy.replicas, deploy.restart_policy) = (None, None);
    }
    service.container_name = String::new();
}

/// What is added to one list is no longer in the other.
fn move_words(given: &[String], to: &mut Vec<String>, from: &mut Vec<String>) {
    for word in given {
        from.retain(|other| other != word);
        if !to.contains(word) {
            to.push(word.clone());
        }
    }
}

fn findings(findings: Vec<Diagnostic>) -> Failure {
    Failure::Findings(crate::diagnostic::Files::default(), findings)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn project() -> Project {
        let services = serde_json::from_value(json!({"web": {
            "image": "app", "command": ["serve"], "entrypoint": ["/entry"], "restart": "always", "container_name": "web",
            "deploy": {"replicas": 3, "restart_policy": {"condition": "any"}}, "cap_drop": ["NET_ADMIN"],
            "environment": {"A": "file", "B": "file"}, "ports": [{"target": 80, "published": "80"}],
            "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
        }}));
        let environment = [("SHELL_SAYS".to_owned(), "yes".to_owned())].into();
        Project { services: services.expect("services"), environment, ..Project::default() }
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn changed(changes: &Changes, command: &[&str]) -> Service {
        let mut project = project();
        changes.apply(&mut project, "web", &words(command), Path::new("/here")).expect("applied");
        *project.services.remove("web").expect("the service")
    }

    #[test]
    fn alone_it_runs_once_publishes_nothing_and_is_not_started_again() {
        let service = changed(&Changes::default(), &[]);
        assert_eq!(service.command, Some(words(&["serve"])));
        assert!(service.ports.is_empty() && service.restart.is_empty() && service.container_name.is_empty());
        let deploy = service.deploy.expect("a deploy section");
        assert_eq!((service.scale, deploy.replicas, deploy.restart_policy), (Some(1), None, None));
    }

    #[test]
    fn flags_come_before_what_the_file_says() {
        let changes = Changes {
            entrypoint: Some("sh -c 'a b'".into()),
            env: words(&["A=flag", "SHELL_SAYS", "B"]),
            label: words(&["x=1", "y"]),
            user: "me".into(),
            workdir: "/w".into(),
            volume: words(&["./d:/data", "more:/more"]),
            publish: words(&["8080:80"]),
            cap_add: words(&["NET_ADMIN"]),
            ..Changes::default()
        };
        let service = changed(&changes, &[]);
        assert_eq!((service.entrypoint, service.command), (Some(words(&["sh", "-c", "a b"])), None));
        let value = |name: &str| service.environment[name].clone();
        assert_eq!((value("A"), value("SHELL_SAYS"), value("B")), (Some("flag".into()), Some("yes".into()), None));
        assert_eq!((service.labels["x"].as_str(), service.labels["y"].as_str()), ("1", ""));
        assert_eq!((service.user.as_str(), service.working_dir.as_str()), ("me", "/w"));
        let mounts: Vec<_> = service.volumes.iter().map(|it| (it.source.as_str(), it.target.as_str())).collect();
        assert_eq!(mounts, [("/here/d", "/data"), ("more", "/more")]);
        assert_eq!(service.ports[0].published, "8080");
        assert_eq!((service.cap_add, service.cap_drop), (words(&["NET_ADMIN"]), vec![]));
        let service = changed(&Changes { entrypoint: Some("sh".into()), ..Changes::default() }, &["x"]);
        assert_eq!(service.command, Some(words(&["x"])));
        let service = changed(&Changes { service_ports: true, ..Changes::default() }, &[]);
        assert_eq!(service.ports[0].published, "80");
    }
}

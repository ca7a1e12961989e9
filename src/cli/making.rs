//! The flags that `up`, `create` and `plan` share, and the policy that they come to.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::time::Instant;

use crate::diagnostic::{Diagnostic, nearest};
use crate::load::{self, Loaded, Options};
use crate::model::{Project, ServiceName};
use crate::plan::{BuildPolicy, PullPolicy, Recreation, UpPolicy};

use super::context::Context;
use super::outcome::Failure;
use super::prepared::Prepared;
use super::settings::{self, Environment};

/// How containers come into being.
#[derive(Args, Clone, Debug, Default)]
pub struct Making {
    /// Services, with what they depend on; all if none is named
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,

    /// Build images first, also those that are there
    #[arg(long)]
    pub build: bool,

    /// Build no image
    #[arg(long)]
    pub no_build: bool,

    /// When to pull images, whatever the services say
    #[arg(long, value_enum, value_name = "WHEN", hide_default_value = true, default_value_t)]
    pub pull: Pull,

    /// Replace containers even if nothing changed
    #[arg(long)]
    pub force_recreate: bool,

    /// Replace no container, even if its configuration changed
    #[arg(long)]
    pub no_recreate: bool,

    /// Remove containers of services that the file does not have any more [env: COMPOSE_REMOVE_ORPHANS]
    #[arg(long)]
    pub remove_orphans: bool,

    /// How many containers a service gets, whatever the file says; may be given several times
    #[arg(long, value_name = "SERVICE=NUMBER", value_parser = scale)]
    pub scale: Vec<(String, u32)>,

    /// Ask nothing. The loss of data is never agreed to by this: --allow-data-loss does that
    #[arg(short, long)]
    pub yes: bool,

    /// Destroy this volume, with its data, if the file has it otherwise now; may be given several times
    #[arg(long, value_name = "VOLUME")]
    pub allow_data_loss: Vec<String>,
}

/// What `up` does with what is there already.
#[derive(Args, Clone, Debug, Default)]
pub struct Renewing {
    /// Leave out what the named services depend on
    #[arg(long)]
    pub no_deps: bool,

    /// Replace the containers of dependencies, even if nothing changed
    #[arg(long)]
    pub always_recreate_deps: bool,

    /// New anonymous volumes, instead of those of the containers that are replaced
    #[arg(short = 'V', long)]
    pub renew_anon_volumes: bool,

    /// How many seconds a container gets to stop [default: what its service says, else 10]
    #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Pull {
    Always,
    #[value(alias = "if_not_present")]
    Missing,
    Never,
    /// What each service says
    #[default]
    Policy,
    /// Build instead
    Build,
}

impl Pull {
    /// What it says in place of what each service says.
    pub fn policy(self) -> Option<PullPolicy> {
        match self {
            Self::Always => Some(PullPolicy::Always),
            Self::Missing => Some(PullPolicy::Missing),
            Self::Never => Some(PullPolicy::Never),
            Self::Build => Some(PullPolicy::Build),
            Self::Policy => None,
        }
    }
}

fn scale(text: &str) -> Result<(String, u32), String> {
    let wrong = || format!("invalid --scale option {text:?}. Should be SERVICE=NUM");
    let (service, number) = text.split_once('=').ok_or_else(wrong)?;
    Ok((service.to_owned(), number.parse().map_err(|_| wrong())?))
}

/// A number of seconds; a negative one means for ever.
pub fn grace(seconds: Option<i64>) -> Option<Duration> {
    seconds.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(i32::MAX as u64)))
}

/// When the time is up, from now: one limit for pulling, creating and waiting. 0 seconds are no limit.
pub fn deadline(seconds: i64) -> Option<Instant> {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds))
}

impl Making {
    /// # Errors
    /// When flags contradict each other.
    pub fn check(&self, renewing: &Renewing) -> Result<(), &'static str> {
        let contradictions = [
            (self.build && self.no_build, "--build and --no-build are incompatible"),
            (
                renewing.renew_anon_volumes && self.no_recreate,
                "--no-recreate and --renew-anon-volumes are incompatible",
            ),
            (self.force_recreate && self.no_recreate, "--force-recreate and --no-recreate are incompatible"),
            (
                renewing.always_recreate_deps && self.no_recreate,
                "--always-recreate-deps and --no-recreate are incompatible",
            ),
        ];
        contradictions.into_iter().find(|(met, _)| *met).map_or(Ok(()), |(_, message)| Err(message))
    }

    /// Loads the project with the services that take part, as many of each as was asked for.
    ///
    /// # Errors
    /// When the files are wrong, or a service to be scaled does not exist.
    pub fn load(&self, renewing: &Renewing, context: &Context<'_>) -> Result<Loaded, Failure> {
        let options = Options {
            services: self.services.clone(),
            with_dependencies: !renewing.no_deps,
            all_resources: context.globals.all_resources,
            ..Options::default()
        };
        let mut loaded = context.load(&options)?;
        let project = &mut loaded.project;
        for (name, number) in &self.scale {
            known(name, project)?;
            let Some(service) = project.services.get_mut(name.as_str()) else { continue };
            service.scale = Some(*number);
            if let Some(deploy) = &mut service.deploy {
                deploy.replicas = Some(*number);
            }
        }
        Ok(loaded)
    }

    /// As [`Making::load`], for what is pointless without a service.
    ///
    /// # Errors
    /// When no service takes part, too.
    pub fn load_some(&self, renewing: &Renewing, context: &Context<'_>) -> Result<Loaded, Failure> {
        let loaded = self.load(renewing, context)?;
        if loaded.project.services.is_empty() { Err(Failure::plain("no service selected")) } else { Ok(loaded) }
    }

    /// The plan, after the questions that it takes.
    ///
    /// # Errors
    /// As [`Prepared::up`].
    pub async fn prepare(&self, loaded: Loaded, policy: UpPolicy, context: &Context<'_>) -> Result<Prepared, Failure> {
        if self.yes {
            return Prepared::up(loaded, policy, context).await;
        }
        Prepared::up_asking(loaded, policy, context).await
    }

    /// # Errors
    /// When variables and flags contradict each other, or a volume to be lost does not exist.
    pub fn policy(&self, renewing: &Renewing, project: &Project) -> Result<UpPolicy, Failure> {
        let orphans = Orphans::settle(self.remove_orphans, &project.environment)?;
        Ok(UpPolicy {
            targets: targets(&self.services, project),
            recreate: match (self.force_recreate || renewing.renew_anon_volumes, self.no_recreate) {
                (true, _) => Recreation::Force,
                (_, true) => Recreation::Never,
                _ => Recreation::Diverged,
            },
            recreate_dependencies: match (renewing.always_recreate_deps, self.no_recreate) {
                (true, _) => Recreation::Force,
                (_, true) => Recreation::Never,
                _ => Recreation::Diverged,
            },
            renew_anonymous_volumes: renewing.renew_anon_volumes,
            remove_orphans: orphans.remove,
            ignore_orphans: orphans.ignore,
            pull: self.pull.policy(),
            build: match (self.build, self.no_build) {
                (true, _) => BuildPolicy::Always,
                (_, true) => BuildPolicy::Never,
                _ => BuildPolicy::Missing,
            },
            stop_timeout: grace(renewing.timeout),
            allow_data_loss: self.allow_data_loss.iter().map(|name| volume(name, project)).collect::<Result<_, _>>()?,
            ..UpPolicy::default()
        })
    }
}

/// # Errors
/// When the project has no such service.
pub fn known(name: &str, project: &Project) -> Result<ServiceName, Failure> {
    match project.services.get_key_value(name) {
        Some((name, _)) => Ok(name.clone()),
        None => Err(no_such_service(name, project.services.keys())),
    }
}

/// The key of a volume that was given by its key or by its name.
fn volume(name: &str, project: &Project) -> Result<String, Failure> {
    let found = project.volumes.iter().find(|(key, volume)| *key == name || volume.name == name);
    found.map(|(key, _)| key.clone()).ok_or_else(|| {
        let error = Diagnostic::error(format!("no such volume: {name}"));
        Failure::one(match nearest(name, project.volumes.keys().map(String::as_str)) {
            Some(nearest) => error.help(format!("did you mean {nearest}?")),
            None => error,
        })
    })
}

/// A service that does not exist, and the one that was most likely meant.
pub fn no_such_service<'s>(name: &str, services: impl Iterator<Item = &'s ServiceName>) -> Failure {
    Failure::one(unknown_service(Diagnostic::error, name, services))
}

/// The same as a finding of whatever weight.
pub fn unknown_service<'s>(
    finding: fn(String) -> Diagnostic,
    name: &str,
    services: impl Iterator<Item = &'s ServiceName>,
) -> Diagnostic {
    let finding = finding(format!("no such service: {name}"));
    match nearest(name, services.map(ServiceName::as_str)) {
        Some(nearest) => finding.help(format!("did you mean {nearest}?")),
        None => finding,
    }
}

/// The services that were named or fit a pattern, as far as the project has them; empty if none was named.
pub fn targets(named: &[String], project: &Project) -> Vec<ServiceName> {
    let is_named = |service: &&ServiceName| named.iter().any(|name| load::matches(name, service.as_str()));
    project.services.keys().filter(is_named).cloned().collect()
}

/// What is done about containers of services that are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orphans {
    pub remove: bool,
    pub ignore: bool,
}

impl Orphans {
    pub fn settle(flag: bool, environment: &Environment) -> Result<Self, Failure> {
        let remove = flag || settings::switch(environment, "COMPOSE_REMOVE_ORPHANS");
        let ignore = settings::switch(environment, "COMPOSE_IGNORE_ORPHANS");
        if remove && ignore {
            return Err(Failure::plain("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans"));
        }
        Ok(Self { remove, ignore })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_service_and_a_number() {
        assert_eq!(scale("web=3"), Ok(("web".into(), 3)));
        for wrong in ["web", "web=", "web=x", "web=-1"] {
            assert!(scale(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_named_or_fits_a_pattern_is_meant() {
        let services = ["web", "worker", "db"].map(|name| (name.into(), Box::default()));
        let project = Project { services: services.into(), ..Project::default() };
        let targets = |named: &[&str]| {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            targets(&named, &project).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(targets(&["w*"]), ["web", "worker"]);
        assert_eq!(targets(&["d?", "web"]), ["db", "web"]);
        assert_eq!(targets(&[]), [] as [&str; 0]);
    }

    #[test]
    fn a_negative_timeout_is_for_ever() {
        assert_eq!(grace(None), None);
        assert_eq!(grace(Some(3)), Some(Duration::from_secs(3)));
        assert!(grace(Some(-1)).is_some_and(|grace| grace.as_secs() > 60 * 60 * 24 * 365));
    }

    #[test]
    fn orphans_are_removed_or_ignored_but_not_both() {
        let environment = |pairs: &[(&str, &str)]| -> Environment {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let settle = |flag, pairs: &[(&str, &str)]| Orphans::settle(flag, &environment(pairs)).ok();
        assert_eq!(settle(false, &[]), Some(Orphans { remove: false, ignore: false }));
        assert_eq!(settle(false, &[("COMPOSE_REMOVE_ORPHANS", "true")]), Some(Orphans { remove: true, ignore: false }));
        assert_eq!(settle(false, &[("COMPOSE_IGNORE_ORPHANS", "1")]), Some(Orphans { remove: false, ignore: true }));
        assert_eq!(settle(true, &[("COMPOSE_IGNORE_ORPHANS", "1")]), None);
    }
}

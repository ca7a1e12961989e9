//! `convoke up`

use clap::{Args, ValueEnum};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::{Project, ServiceName};
use crate::plan::UpPolicy;
use crate::render::screen::Choice;
use crate::run::{self, AbortOn, Attach, Wishes, Work};

use super::context::Context;
use super::interrupt::Patience;
use super::log_choice::LogChoice;
use super::making::{self, Making, Renewing};
use super::menu::{self, Menu};
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::report;
use super::session::Session;
use super::switch::Switch;
use super::telling::Style;
use super::timing;
use super::watching::{Manners, Watching};
use super::words;

/// Create and start the containers of the project
#[derive(Args, Clone, Debug, Default)]
#[command(mut_args = words::truth_flag)]
pub struct Arguments {
    /// Leave the containers running in the background
    #[arg(short, long)]
    detach: bool,

    /// Create the containers and do not start them
    #[arg(long)]
    no_start: bool,

    /// Leave when every service is running or healthy, or has ended well; implies -d
    #[arg(long)]
    wait: bool,

    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, default_value_t = 0, hide_default_value = true)]
    wait_timeout: i64,

    /// When a container with a health check counts as healthy
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    readiness: Readiness,

    /// Do not show the layers of pulls
    #[arg(long)]
    quiet_pull: bool,

    /// Do not show the output of builds
    #[arg(long)]
    quiet_build: bool,

    #[command(flatten)]
    making: Making,

    #[command(flatten)]
    renewing: Renewing,

    #[command(flatten)]
    foreground: Foreground,

    #[command(flatten)]
    timing: timing::Flags,
}

/// What is shown in the foreground, and when it ends.
#[derive(Args, Clone, Debug, Default)]
struct Foreground {
    /// Show only the logs of this service; may be given several times
    #[arg(long, value_name = "SERVICE")]
    attach: Vec<String>,

    /// Do not show the logs of this service; may be given several times
    #[arg(long, value_name = "SERVICE")]
    no_attach: Vec<String>,

    /// Also show the logs of what the named services depend on
    #[arg(long)]
    attach_dependencies: bool,

    /// Do not colour the names in front of the logs
    #[arg(long)]
    no_color: bool,

    /// Show logs without names in front
    #[arg(long)]
    no_log_prefix: bool,

    /// Show when each line was written
    #[arg(long)]
    timestamps: bool,

    #[command(flatten)]
    choice: LogChoice,

    /// Stop all containers when the first one ends, and exit with its status
    #[arg(long)]
    abort_on_container_exit: bool,

    /// Stop all containers when the first one ends with an error, and exit with its status
    #[arg(long)]
    abort_on_container_failure: bool,

    /// Exit with the status of this service's container; implies --abort-on-container-exit
    #[arg(long, value_name = "SERVICE")]
    exit_code_from: Option<String>,

    /// Keep containers in step with files, as `convoke watch` does
    #[arg(short, long)]
    watch: bool,

    /// Hear keys at the terminal: d leaves the containers running, w starts and ends the watch of files. docker compose hears
    /// them unasked [env: COMPOSE_MENU]
    #[arg(long, value_name = "BOOL")]
    menu: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Readiness {
    /// When its check succeeds, which is tried right after it started
    #[default]
    Probe,
    /// When the engine says so, after the interval of the check
    Engine,
}

pub async fn up(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    arguments.check().map_err(|message| context.misuse("up", message))?;
    let loaded = arguments.making.load_some(&arguments.renewing, context)?;
    let attach = arguments.attach(&loaded.project)?;
    let policy = arguments.policy(&loaded.project)?;
    let has_menu = arguments.has_menu(&loaded.project, context);
    let watching = arguments.watching(&loaded.project, has_menu, context).await?;
    let deadline = making::deadline(arguments.wait_timeout);
    let prepared = within(deadline, arguments.making.prepare(loaded, policy, context)).await?;
    let Some(session) = Session::begin(context, &prepared, arguments.patience(), &arguments.style(&attach))? else {
        return Ok(Status::SUCCESS);
    };
    let work = Work { deadline, readiness: arguments.readiness.into(), ..session.work() };
    let result = if arguments.is_detached() {
        match session.execute(&work).await {
            Ok(_) => session.summarise().await,
            Err(failure) => Err(failure),
        }
    } else {
        let foreground = Front { arguments, context, prepared: &prepared, session: &session, watching, has_menu };
        foreground.stay(&work, &attach).await
    };
    // What went wrong on the way matters more than a file that cannot be written.
    let settled = arguments.timing.settle(session.record("up"), context);
    let status = result?;
    settled.map(|()| status)
}

/// `up` where somebody sits before it.
struct Front<'a> {
    arguments: &'a Arguments,
    context: &'a Context<'a>,
    prepared: &'a Prepared,
    session: &'a Session<'a>,
    watching: Option<Watching>,
    has_menu: bool,
}

impl Front<'_> {
    /// Does the plan and stays with the containers until they end, or somebody has enough or leaves.
    async fn stay(&self, work: &Work<'_>, attach: &Attach) -> Result<Status, Failure> {
        let &Self { arguments, context, prepared, session, ref watching, has_menu } = self;
        let switch = Switch::default();
        if arguments.foreground.watch {
            switch.turn_on(prepared, context)?;
        }
        let load = || arguments.making.load_some(&arguments.renewing, context);
        let manners = Manners { load: &load, prune: true };
        let watch = async {
            if let Some(watching) = watching {
                watching.beside(session, &manners, context, &switch).await;
            }
        };
        let (leaves, left) = watch::channel(false);
        let offered = watching.as_ref().map(|_| &switch);
        let menu = Menu { session, prepared, context, switch: offered, leaves: &leaves };
        let menu = async {
            if has_menu {
                menu.listen().await;
            }
        };
        let wishes = Wishes { interrupts: session.interrupts(), stays: switch.at_work(), leaves: left.clone() };
        let beside = async {
            tokio::join!(watch, menu);
        };
        match session.attached(work, attach, wishes, beside).await {
            Ok(Status::SUCCESS) if *left.borrow() => session.summarise().await,
            ended => ended,
        }
    }
}

/// What leads to the plan, unless the time is up before.
async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let Some(deadline) = deadline else { return work.await };
    let answered = tokio::time::timeout_at(deadline, work).await;
    answered.unwrap_or_else(|_| Err(Failure::plain("timed out waiting for the engine to tell what it holds")))
}

impl Arguments {
    fn is_detached(&self) -> bool {
        self.detach || self.wait || self.no_start
    }

    fn has_menu(&self, project: &Project, context: &Context<'_>) -> bool {
        menu::is_wanted(self.foreground.menu, &project.environment, &context.settings) && !self.is_detached()
    }

    /// What is watched, or may be when a key asks for it. What cannot be watched then is told, and nothing more.
    async fn watching(
        &self,
        project: &Project,
        has_menu: bool,
        context: &Context<'_>,
    ) -> Result<Option<Watching>, Failure> {
        let may_be = has_menu && !self.making.no_build && Watching::is_meant(project);
        if !self.foreground.watch && !may_be {
            return Ok(None);
        }
        match Watching::begin(project, context).await {
            Err(failure) if !self.foreground.watch => {
                report::report(&failure, context.manner());
                Ok(None)
            }
            begun => begun.map(Some),
        }
    }

    fn patience(&self) -> Patience {
        if self.is_detached() { Patience::Command } else { Patience::Foreground }
    }

    fn style(&self, attach: &Attach) -> Style<'static> {
        let choice = &self.foreground.choice;
        Style {
            quiet_pull: self.quiet_pull,
            quiet_build: self.quiet_build,
            color: !self.foreground.no_color,
            prefix: !self.foreground.no_log_prefix,
            announce: !self.is_detached(),
            json_logs: choice.json,
            times: self.foreground.timestamps,
            choice: Choice { wanted: choice.wanted(), hidden: attach.kept.iter().cloned().collect() },
            log_dir: choice.log_dir.clone(),
            ..Style::titled("up")
        }
    }

    fn policy(&self, project: &Project) -> Result<UpPolicy, Failure> {
        let policy = self.making.policy(&self.renewing, project)?;
        Ok(UpPolicy { no_start: self.no_start, wait: self.wait, ..policy })
    }

    fn check(&self) -> Result<(), &'static str> {
        self.making.check(&self.renewing)?;
        self.foreground.choice.check()?;
        let Foreground { attach, attach_dependencies, exit_code_from, watch: watches, .. } = &self.foreground;
        let watches = *watches;
        let on_failure = self.foreground.abort_on_container_failure;
        let on_exit = self.foreground.abort_on_container_exit || exit_code_from.is_some() && !on_failure;
        let attaches = *attach_dependencies || !attach.is_empty();
        let contradictions = [
            (on_exit && on_failure, "--abort-on-container-failure cannot be combined with --abort-on-container-exit"),
            (
                self.wait && (attaches || on_exit || on_failure || watches),
                "--wait cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, \
                 --attach-dependencies or --watch",
            ),
            (
                self.detach && (attaches || on_exit || on_failure || watches),
                "--detach cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, \
                 --attach-dependencies or --watch",
            ),
            (self.no_start && watches, "--no-start and --watch are incompatible"),
            (self.making.no_build && watches, "--no-build and --watch are incompatible"),
            (
                self.is_detached() && self.foreground.choice.is_made(),
                "with -d, --wait or --no-start nobody reads what is written: leave --grep, --not, -C, --level, --json and \
                 --log-dir to `logs`",
            ),
            (!attach.is_empty() && *attach_dependencies, "cannot combine --attach and --attach-dependencies"),
            (self.wait_timeout < 0, "--wait-timeout must be a non-negative integer"),
        ];
        contradictions.into_iter().find(|(met, _)| *met).map_or(Ok(()), |(_, message)| Err(message))
    }

    /// Which logs are shown, and whose end counts.
    fn attach(&self, project: &Project) -> Result<Attach, Failure> {
        let targets = making::targets(&self.making.services, project);
        let watch = if targets.is_empty() { project.services.keys().cloned().collect() } else { targets };
        let exit_code_from = match &self.foreground.exit_code_from {
            Some(name) => Some(making::known(name, project)?),
            None => None,
        };
        let services = self.foreground.services(project, &watch)?;
        let kept = project.services.keys().filter(|name| !services.contains(name));
        Ok(Attach {
            kept: if self.foreground.choice.log_dir.is_some() { kept.cloned().collect() } else { Vec::new() },
            services,
            watch,
            abort: match &self.foreground {
                Foreground { abort_on_container_failure: true, .. } => Some(AbortOn::Failure),
                Foreground { abort_on_container_exit: true, .. } | Foreground { exit_code_from: Some(_), .. } => {
                    Some(AbortOn::Exit)
                }
                _ => None,
            },
            exit_code_from,
            stop_timeout: making::grace(self.renewing.timeout),
        })
    }
}

impl Foreground {
    /// The services whose logs are shown.
    fn services(&self, project: &Project, watch: &[ServiceName]) -> Result<Vec<ServiceName>, Failure> {
        let named: Vec<ServiceName> = self.attach.iter().map(|name| ServiceName::new(name.as_str())).collect();
        if let Some(unknown) = named.iter().find(|name| !project.services.contains_key(*name)) {
            return Err(Failure::plain(format!("cannot attach to services not included in up: {unknown}")));
        }
        let wanted = if !named.is_empty() {
            named
        } else {
            let all = self.attach_dependencies;
            let speaks =
                |name: &ServiceName| project.services.get(name).is_none_or(|service| service.attach.unwrap_or(true));
            let from: Vec<ServiceName> = if all { project.services.keys().cloned().collect() } else { watch.to_vec() };
            from.into_iter().filter(speaks).collect()
        };
        Ok(wanted.into_iter().filter(|name| !self.no_attach.iter().any(|silent| silent == name.as_str())).collect())
    }
}

impl From<Readiness> for run::Readiness {
    fn from(readiness: Readiness) -> Self {
        match readiness {
            Readiness::Probe => Self::Probe,
            Readiness::Engine => Self::Engine,
        }
    }
}

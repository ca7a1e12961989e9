//! `convoke run`

use std::io::{self, Read, Write};

use clap::{ArgAction, Args};

use crate::engine::{AttachRequest, ContainerId, Engine, Removal};
use crate::load::{self, Options};
use crate::model::{Project, ServiceName};
use crate::plan::spec::OneOff;
use crate::plan::{BuildPolicy, ContainerRef, StepId, UpPolicy};
use crate::run::{self, Joined, Parting, TalkError, Work};

use super::client::ClientConfiguration;
use super::context::Context;
use super::interrupt::Patience;
use super::making::{Orphans, Pull};
use super::once::Changes;
use super::outcome::{Failure, Status};
use super::person::{self, Wish};
use super::prepared::Prepared;
use super::session::Session;
use super::telling::Style;
use super::words::{self, Words};

/// Run a command once, in a container of its own for a service
#[derive(Args, Clone, Debug, Default)]
#[command(
    mut_args = words::truth_flag,
    override_usage = "convoke run [OPTIONS] SERVICE [COMMAND] [ARGUMENT]...",
    after_help = "Examples:\n  convoke run --rm web sh                 a shell in a fresh container, gone afterwards\n  \
                  convoke run --rm -e DEBUG=1 api migrate with what it depends on up and ready\n  \
                  convoke run -d -p 8080:80 web           in the background, with a port"
)]
pub struct Arguments {
    #[command(flatten)]
    words: Words,

    /// Leave the container running in the background, and show its id
    #[arg(short, long)]
    detach: bool,

    /// Remove the container when it ends
    #[arg(long)]
    rm: bool,

    /// A name for the container [default: PROJECT-SERVICE-run- and twelve digits]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,

    /// No terminal for the command [default: it has one if it is run from one]
    #[arg(short = 'T', long, alias = "no-TTY")]
    no_tty: bool,

    /// A terminal in any case
    #[arg(short, long, hide = true)]
    tty: bool,

    /// Whether the command can read standard input
    #[arg(short, long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true)]
    interactive: bool,

    /// Be found under the service's own names on its networks
    #[arg(long)]
    use_aliases: bool,

    /// Leave out what the service depends on
    #[arg(long)]
    no_deps: bool,

    /// Build images first, also those that are there
    #[arg(long)]
    build: bool,

    /// When to pull images, whatever the services say
    #[arg(long, value_enum, value_name = "WHEN", hide_default_value = true, default_value_t)]
    pull: Pull,

    /// Do not show the layers of pulls
    #[arg(long)]
    quiet_pull: bool,

    /// Do not show the output of builds
    #[arg(long)]
    quiet_build: bool,

    /// Show nothing but what the command writes
    #[arg(short, long)]
    quiet: bool,

    /// Remove containers of services that the file does not have any more [env: COMPOSE_REMOVE_ORPHANS]
    #[arg(long)]
    remove_orphans: bool,

    #[command(flatten)]
    changes: Changes,
}

pub async fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let context = &context.hushed(arguments.quiet);
    let (service, command) = arguments.words.split("run", context)?;
    arguments.changes.check().map_err(|message| context.misuse("run", message))?;
    let target = ServiceName::new(service);
    let keys = person::detach_keys(None, &ClientConfiguration::read(context.environment))?;
    let wish = Wish {
        tty: arguments.tty,
        no_tty: arguments.no_tty || arguments.detach && !arguments.tty,
        stdin: arguments.interactive && !arguments.detach,
    };
    let tty = wish.tty(context.settings.terminal)?;
    let loaded = arguments.load(&target, command, tty, context)?;
    let slug = slug()?;
    let one_off = OneOff {
        slug: &slug,
        name: &arguments.name,
        aliases: arguments.use_aliases,
        auto_remove: arguments.rm,
        attach_stdin: wish.stdin,
    };
    let policy = arguments.policy(&loaded.project)?;
    let start = arguments.detach || context.globals.dry_run;
    let (prepared, made) = Prepared::run(loaded, policy, &target, one_off, start, context).await?;
    let container = Container { target: &target, made: made.step, name: made.name, remove: arguments.rm };
    let Some(session) = Session::begin(context, &prepared, Patience::Command, &arguments.style())? else {
        return Ok(Status::SUCCESS);
    };
    let done = session.perform(&session.work()).await?;
    // However long the command takes, others may change the project meanwhile.
    if let Some(turn) = &context.turn {
        turn.give_up();
    }
    let Some(id) = done.containers.get(&container.made).cloned() else {
        return Err(Failure::plain(format!("container {} was not created", container.name)));
    };
    if arguments.detach {
        writeln!(io::stdout().lock(), "{id}")?;
        return Ok(Status::SUCCESS);
    }
    session.hear_no_more();
    let request = AttachRequest { stdin: wish.stdin, tty, detach_keys: keys };
    container.talk(&id, request, &prepared, &session.work()).await
}

/// The container that was made, and is about to be started.
struct Container<'c> {
    target: &'c ServiceName,
    made: StepId,
    name: String,
    remove: bool,
}

impl Container<'_> {
    async fn talk(
        &self,
        id: &ContainerId,
        request: AttachRequest,
        prepared: &Prepared,
        work: &Work<'_>,
    ) -> Result<Status, Failure> {
        let (tty, stdin, keys) = (request.tty, request.stdin, request.detach_keys.clone());
        let joined = Joined { id, request, forwards: true, is_new: true };
        let reference = ContainerRef::Existing { id: id.clone(), name: self.name.clone() };
        let service = &prepared.project.services[self.target];
        let launch = crate::plan::launch(service, self.target, &reference);
        // From here on the terminal is the container's.
        let never = tokio_util::sync::CancellationToken::new();
        let work = Work { tell: &|_| {}, cancel: &never, ..*work };
        let start = async {
            let started = run::execute(&launch, &work).await;
            started.map(drop).map_err(|failure| TalkError::Start(Box::new(failure)))
        };
        let (person, raw) = person::present(tty, stdin, &keys)?;
        let talked = run::attach(&prepared.engine, &joined, start, person).await;
        drop(raw);
        match talked {
            Err(TalkError::Start(failure)) => self.not_started(id, &failure, prepared).await,
            talked => {
                match talked {
                    Ok(Parting::Left) => writeln!(io::stderr().lock(), "{} goes on running", self.name)?,
                    Ok(Parting::Exited(_)) if self.remove => run::gone(&prepared.engine, id).await,
                    _ => {}
                }
                person::status(talked)
            }
        }
    }

    /// Says why, with the status that Docker has for it. A container that was to go when it ends goes now.
    async fn not_started(
        &self,
        id: &ContainerId,
        failure: &run::Failure,
        prepared: &Prepared,
    ) -> Result<Status, Failure> {
        if self.remove {
            let removal = Removal { force: true, volumes: true };
            // What went wrong before is what is to be told.
            let _ = prepared.engine.remove_container(id, removal).await;
        }
        let message = failure.to_string();
        Err(Failure::Refused(refusal(&message), Box::new(Failure::plain(message))))
    }
}

/// 127: there is no such program; 126: it cannot be run; 125: something else is wrong.
fn refusal(message: &str) -> Status {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["executable file not found", "no such file or directory", "system cannot find the file"]) {
        Status(127)
    } else if says(&["permission denied", "is a directory", "exec format error"]) {
        Status(126)
    } else {
        Status(125)
    }
}

/// 64 hexadecimal digits that nobody else draws.
fn slug() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    let drawn = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    drawn.map_err(|error| Failure::plain(format!("no random numbers for a name: /dev/urandom: {error}")))?;
    Ok(hex::encode(bytes))
}

impl Arguments {
    fn style(&self) -> Style<'static> {
        Style { quiet_pull: self.quiet_pull, quiet_build: self.quiet_build, ..Style::titled("run") }
    }

    /// The service as it is to be run, with what it depends on.
    fn load(
        &self,
        target: &ServiceName,
        command: &[String],
        tty: bool,
        context: &Context<'_>,
    ) -> Result<load::Loaded, Failure> {
        let options = Options {
            services: vec![target.to_string()],
            with_dependencies: !self.no_deps,
            // What a flag mounts may be a volume that only another service uses.
            all_resources: true,
            ..Options::default()
        };
        let mut loaded = context.load(&options)?;
        let project = &mut loaded.project;
        self.changes.apply(project, target.as_str(), command, &context.current_dir)?;
        if let Some(service) = project.services.get_mut(target) {
            (service.tty, service.stdin_open) = (tty, self.interactive);
        }
        if !context.globals.all_resources {
            load::used_resources(project);
        }
        Ok(loaded)
    }

    fn policy(&self, project: &Project) -> Result<UpPolicy, Failure> {
        let orphans = Orphans::settle(self.remove_orphans, &project.environment)?;
        Ok(UpPolicy {
            remove_orphans: orphans.remove,
            ignore_orphans: orphans.ignore,
            pull: self.pull.policy(),
            build: if self.build { BuildPolicy::Always } else { BuildPolicy::Missing },
            ..UpPolicy::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_started_has_docker_s_statuses() {
        let table = [
            ("exec: \"nope\": executable file not found in $PATH: unknown", 127),
            ("exec: \"/nope\": stat /nope: no such file or directory: unknown", 127),
            ("exec: \"/etc\": permission denied: unknown", 126),
            ("exec: \"/etc\": is a directory: unknown", 126),
            ("port is already allocated", 125),
        ];
        for (message, status) in table {
            assert_eq!(refusal(message), Status(status), "{message}");
        }
    }

    #[test]
    fn no_two_names_are_the_same() {
        let (one, two) = (slug().expect("digits"), slug().expect("digits"));
        assert_eq!(one.len(), 64);
        assert_ne!(one, two);
    }
}

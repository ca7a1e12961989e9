//! `convoke build`

use std::io::{self, Write};

use clap::Args;

use crate::build::{self, BuildRequest, Surroundings};
use crate::load::Loaded;
use crate::model::{Build, Bytes};
use crate::plan::{self, BuildOrder, Step};

use super::context::Context;
use super::interrupt::Patience;
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::session::Session;
use super::settings::Environment;
use super::standing::Services;
use super::telling::Style;

/// Build the images of services
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke build                        every image that has a build section\n  \
    convoke build --pull --no-cache web  web's anew, upon the newest base\n  \
    convoke build --print                what docker buildx bake would be given")]
pub struct Arguments {
    #[command(flatten)]
    services: Services,

    /// A build argument, over the file's; without a value it has the environment's; may be given several times
    #[arg(long, value_name = "NAME[=VALUE]")]
    build_arg: Vec<String>,

    /// Which builder of buildx builds [env: BUILDX_BUILDER]
    #[arg(long, value_name = "NAME")]
    builder: Option<String>,

    /// Only look for mistakes in the Dockerfiles
    #[arg(long)]
    check: bool,

    /// How much memory the steps of a build get; not with BuildKit
    #[arg(short, long, value_name = "BYTES", value_parser = Bytes::parse)]
    memory: Option<Bytes>,

    /// Do every step anew
    #[arg(long)]
    no_cache: bool,

    /// Write what docker buildx bake would be given, and build nothing
    #[arg(long, conflicts_with_all = ["push", "check"])]
    print: bool,

    /// Add a statement of where the image comes from: true, false or options
    #[arg(long, value_name = "OPTIONS")]
    provenance: Option<String>,

    /// Look for newer base images
    #[arg(long)]
    pull: bool,

    /// Push images that have a name in the file when they are built
    #[arg(long)]
    push: bool,

    /// Tell nothing but errors
    #[arg(short, long)]
    quiet: bool,

    /// Add a list of what is in the image: true, false or options
    #[arg(long, value_name = "OPTIONS")]
    sbom: Option<String>,

    /// Keys that the build may use: default, or ID=PATH; several with commas between them
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    ssh: Vec<String>,

    /// Build also what the named services depend on
    #[arg(long)]
    with_dependencies: bool,

    /// What builders do anyway, or never
    #[arg(long, hide = true)]
    compress: bool,

    #[arg(long, hide = true)]
    force_rm: bool,

    #[arg(long, hide = true)]
    no_rm: bool,
}

pub async fn build(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let environment = arguments.environment(context.environment);
    let context = &Context { environment: &environment, ..context.hushed(arguments.quiet) };
    let prepared = arguments.prepare(context).await?;
    if arguments.print || arguments.check {
        return arguments.look(&prepared, context).await;
    }
    let memory = arguments.memory.map_or(0, |memory| memory.0);
    let style = Style::titled("build");
    let Some(session) = Session::begin_building(context, &prepared, Patience::Command, &style, memory)? else {
        return Ok(Status::SUCCESS);
    };
    session.execute(&session.work()).await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let mut loaded = self.services.load(self.with_dependencies, context)?;
        self.change(&mut loaded);
        let order = BuildOrder { foundations: build::foundations(&loaded.project), push: self.push };
        Prepared::images(loaded, context, |project, _| plan::build(project, &order)).await
    }

    fn environment(&self, of_process: &Environment) -> Environment {
        let mut environment = of_process.clone();
        if let Some(builder) = &self.builder {
            environment.insert("BUILDX_BUILDER".to_owned(), builder.clone());
        }
        environment
    }

    /// What the flags say stands over what the files say.
    fn change(&self, loaded: &mut Loaded) {
        let builds = loaded.project.services.values_mut().filter_map(|service| service.build.as_mut());
        builds.for_each(|build| self.change_one(build));
    }

    fn change_one(&self, build: &mut Build) {
        for argument in &self.build_arg {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            build.args.insert(name.to_owned(), value);
        }
        build.no_cache |= self.no_cache;
        build.pull |= self.pull;
        if let Some(provenance) = &self.provenance {
            build.provenance.clone_from(provenance);
        }
        if let Some(sbom) = &self.sbom {
            build.sbom.clone_from(sbom);
        }
        let id = |key: &str| key.split('=').next().unwrap_or_default().to_owned();
        build.ssh.retain(|known| !self.ssh.iter().any(|key| id(key) == id(known)));
        build.ssh.extend(self.ssh.iter().cloned());
        build.ssh.sort();
    }

    /// Shows what buildx would be given, or lets it look for mistakes.
    async fn look(&self, prepared: &Prepared, context: &Context<'_>) -> Result<Status, Failure> {
        let requests: Vec<BuildRequest<'_>> = prepared
            .plan
            .steps()
            .filter_map(|(_, planned)| match &planned.step {
                Step::BuildImage { image, .. } => BuildRequest::of(&prepared.project, planned.service.as_ref(), image),
                _ => None,
            })
            .collect();
        if self.print {
            let definition = build::definition(&requests, &prepared.proxies).map_err(refused)?;
            writeln!(io::stdout().lock(), "{definition:#}")?;
            return Ok(Status::SUCCESS);
        }
        let surroundings = Surroundings {
            engine: &prepared.engine,
            environment: context.environment.clone(),
            proxies: prepared.proxies.clone(),
            memory: 0,
        };
        let code = build::check(&requests, &prepared.proxies, &surroundings.leading_to_the_engine()).await;
        Ok(if code.map_err(refused)? == Some(0) { Status::SUCCESS } else { Status::FAILURE })
    }
}

fn refused(error: build::BuildError) -> Failure {
    let message = error.to_string();
    match error.help {
        Some(help) => Failure::with_help(message, help),
        None => Failure::plain(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_stand_over_the_file() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let flags = Arguments {
            build_arg: words(&["KEPT", "NEW=a=b"]),
            ssh: words(&["default", "mine=/key"]),
            sbom: Some("true".into()),
            pull: true,
            ..Arguments::default()
        };
        let mut build = Build { ssh: words(&["mine=/old", "other"]), no_cache: true, ..Build::default() };
        build.args.insert("KEPT".into(), Some("old".into()));
        flags.change_one(&mut build);
        assert_eq!(
            build.args.into_iter().collect::<Vec<_>>(),
            [("KEPT".to_owned(), None), ("NEW".to_owned(), Some("a=b".to_owned()))]
        );
        assert_eq!(build.ssh, ["default", "mine=/key", "other"]);
        assert_eq!((build.sbom.as_str(), build.provenance.as_str()), ("true", ""));
        assert!(build.pull && build.no_cache);
    }
}

//! `convoke inspect`

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use futures_util::future::try_join_all;
use serde_json::Value;

use crate::engine::{Container, Engine, EngineError, ErrorKind};
use crate::render::listing::fields;
use crate::render::template::{Row, Template};

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing::{self, Services, Sight, Unknown};

/// Show all that the engine knows of a service's containers, a network or a volume
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  convoke inspect web       the containers of web, as JSON\n  \
    convoke inspect default   the network that the file calls default\n  \
    convoke inspect --format '{{.State.Pid}}' web")]
pub struct Arguments {
    /// Services, networks or volumes, by the names that the file or the engine has for them
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// What is meant, where several things have one name
    #[arg(long, value_enum, value_name = "KIND")]
    r#type: Option<Kind>,

    /// A template for each of them
    #[arg(short, long, value_name = "TEMPLATE")]
    format: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Service,
    Network,
    Volume,
}

pub async fn inspect(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let template = arguments.format.as_deref().filter(|format| *format != "json").map(Template::parse).transpose()?;
    let sight = standing::look(context, &Services::default(), Unknown::Warn).await?;
    let mut found = Vec::new();
    for name in &arguments.names {
        found.extend(arguments.find(name, &sight).await?);
    }
    let mut out = io::stdout().lock();
    match template {
        None => writeln!(out, "{:#}", Value::Array(found))?,
        Some(template) => {
            for value in found {
                writeln!(out, "{}", template.fill(&Row { fields: fields(value), ..Row::default() })?)?;
            }
        }
    }
    Ok(Status::SUCCESS)
}

impl Arguments {
    /// The first kind of thing that has the name: services, then networks, then volumes.
    async fn find(&self, name: &str, sight: &Sight) -> Result<Vec<Value>, Failure> {
        let is_wanted = |kind| self.r#type.is_none_or(|wanted| wanted == kind);
        if is_wanted(Kind::Service) {
            let containers: Vec<&Container> = sight.of_service(name).collect();
            if !containers.is_empty() {
                let asked = containers.iter().map(|container| sight.engine.inspect_container(&container.id));
                return Ok(try_join_all(asked).await?.into_iter().map(|details| details.raw).collect());
            }
        }
        for kind in [Kind::Network, Kind::Volume].into_iter().filter(|kind| is_wanted(*kind)) {
            if let Some(value) = resource(kind, name, sight).await? {
                return Ok(vec![value]);
            }
        }
        let kinds = match self.r#type {
            None => "container, network or volume",
            Some(Kind::Service) => "container",
            Some(Kind::Network) => "network",
            Some(Kind::Volume) => "volume",
        };
        let known = sight.project.services.keys().any(|service| service.as_str() == name);
        Err(if known {
            Failure::plain(format!("service {name:?} has no container"))
        } else {
            Failure::plain(format!("no {kinds} of project {} is called {name:?}", sight.project.name))
        })
    }
}

/// A network or volume by its key in the file, as it is named after the project, or by its own name.
async fn resource(kind: Kind, name: &str, sight: &Sight) -> Result<Option<Value>, EngineError> {
    let project = &sight.project;
    let declared = match kind {
        Kind::Network => project.networks.get(name).map(|network| network.name.clone()),
        _ => project.volumes.get(name).map(|volume| volume.name.clone()),
    };
    for candidate in declared.into_iter().chain([format!("{}_{name}", project.name), name.to_owned()]) {
        let inspected = match kind {
            Kind::Network => sight.engine.inspect_network(&candidate).await,
            _ => sight.engine.inspect_volume(&candidate).await,
        };
        match inspected {
            Ok(value) => return Ok(Some(value)),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

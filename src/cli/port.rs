//! `convoke port`

use std::io::{self, Write};

use clap::{Args, ValueEnum};

use crate::plan::is_up;
use crate::render::human;

use super::context::Context;
use super::outcome::{Failure, Status};
use super::standing;

/// Show where a port of a service is published
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Example:\n  convoke port web 80    0.0.0.0:8080, if that is where port 80 of web can be reached"
)]
pub struct Arguments {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,

    /// The port in the container
    #[arg(value_name = "PORT")]
    port: u16,

    /// The protocol of the port
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,

    /// The container with this number, if the service has several
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    index: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Protocol {
    #[default]
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

pub async fn port(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let (service, target, protocol) = (&arguments.service, arguments.port, arguments.protocol.as_str());
    let sight = standing::look(context, &standing::one(service), standing::Unknown::Warn).await?;
    let container = sight.replica(service, arguments.index, is_up)?;
    let published = container
        .ports
        .iter()
        .filter(|port| port.target == target && port.protocol == protocol)
        .find_map(|port| Some(human::host_and_port(&port.address, &port.published?.to_string())));
    match published {
        Some(address) => {
            writeln!(io::stdout(), "{address}")?;
            Ok(Status::SUCCESS)
        }
        None => {
            let message = format!("no port {target}/{protocol} for container {}", container.name);
            let there = human::ports(&container.ports);
            Err(match there.as_str() {
                "" => Failure::with_help(message, "it publishes no port at all"),
                there => Failure::with_help(message, format!("its ports are {there}")),
            })
        }
    }
}

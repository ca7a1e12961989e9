//! `convoke scale`

use clap::Args;

use crate::plan::UpPolicy;

use super::context::Context;
use super::interrupt::Patience;
use super::making::{Making, Renewing};
use super::outcome::{Failure, Status};
use super::prepared::Prepared;
use super::session::Session;
use super::telling::Style;

/// Change how many containers services have
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Example:\n  convoke scale web=3 worker=0    three containers of web and none of worker\n\nWhat \
    the services depend on is brought up too, unless --no-deps is given."
)]
pub struct Arguments {
    /// A service, and how many containers it gets
    #[arg(value_name = "SERVICE=NUMBER", required = true, value_parser = specifier)]
    services: Vec<(String, u32)>,

    /// Leave out what the services depend on
    #[arg(long)]
    no_deps: bool,
}

fn specifier(text: &str) -> Result<(String, u32), String> {
    let (service, number) = text.split_once('=').ok_or_else(|| format!("invalid scale specifier: {text}"))?;
    let number = number.parse().map_err(|_| format!("invalid scale specifier: {number:?} is no number: {text}"))?;
    Ok((service.to_owned(), number))
}

pub async fn scale(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let prepared = arguments.prepare(context).await?;
    let Some(session) = Session::begin(context, &prepared, Patience::Command, &Style::titled("scale"))? else {
        return Ok(Status::SUCCESS);
    };
    session.execute(&session.work()).await
}

impl Arguments {
    pub async fn prepare(&self, context: &Context<'_>) -> Result<Prepared, Failure> {
        let making = Making {
            services: self.services.iter().map(|(service, _)| service.clone()).collect(),
            scale: self.services.clone(),
            ..Making::default()
        };
        let renewing = Renewing { no_deps: self.no_deps, ..Renewing::default() };
        let loaded = making.load(&renewing, context)?;
        let policy = UpPolicy { ignore_orphans: true, ..making.policy(&renewing, &loaded.project)? };
        Prepared::up(loaded, policy, context).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specifier_is_a_service_and_a_number() {
        assert_eq!(specifier("web=3"), Ok(("web".into(), 3)));
        for wrong in ["web", "web=", "web=x", "web=-1"] {
            assert!(specifier(wrong).is_err_and(|message| message.starts_with("invalid scale specifier")), "{wrong}");
        }
    }
}

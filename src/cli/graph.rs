//! `convoke graph`

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::{Args, ValueEnum};

use crate::graph;
use crate::load::Options;
use crate::model::{Condition, Project, Service};
use crate::plan::spec;
use crate::render::graph::{Drawing, Edge, Kind, Node, dot, mermaid, svg, text};

use super::context::Context;
use super::outcome::{Failure, Status};

/// Draw which services need which others
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Examples:\n  convoke graph                          a tree, each service below what needs it\n  \
    convoke graph --format svg > shop.svg  a picture\n  \
    convoke graph --format mermaid web     a chart for a web page, of web and what it needs"
)]
pub struct Arguments {
    /// Services, with what they depend on; all if none is named
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// How to draw it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Name images
    #[arg(long)]
    image: bool,

    /// Name published ports
    #[arg(long)]
    ports: bool,

    /// Draw networks, too
    #[arg(long)]
    networks: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Mermaid,
    /// For Graphviz
    Dot,
    Svg,
}

pub fn graph(arguments: &Arguments, context: &Context<'_>) -> Result<Status, Failure> {
    let options = Options { services: arguments.services.clone(), with_dependencies: true, ..Options::default() };
    let drawing = arguments.drawing(&context.load(&options)?.project);
    let form = match arguments.format {
        Format::Text => text(&drawing),
        Format::Mermaid => mermaid(&drawing),
        Format::Dot => dot(&drawing),
        Format::Svg => svg(&drawing),
    };
    io::stdout().lock().write_all(form.as_bytes())?;
    Ok(Status::SUCCESS)
}

impl Arguments {
    fn drawing(&self, project: &Project) -> Drawing {
        let mut drawing = Drawing { title: project.name.to_string(), ..Drawing::default() };
        let places: BTreeMap<_, _> = project.services.keys().enumerate().map(|(place, name)| (name, place)).collect();
        for (name, service) in &project.services {
            let mut notes = Vec::new();
            if self.image {
                notes.push(spec::image_name(project, name, service));
            }
            if self.ports {
                notes.extend(ports(service));
            }
            drawing.nodes.push(Node { name: name.to_string(), notes, kind: Kind::Service });
            for (needed, dependency) in graph::dependencies(service) {
                let Some(to) = places.get(&needed).copied() else { continue };
                let label = match dependency.condition {
                    Condition::Started => "",
                    Condition::Healthy => "healthy",
                    Condition::CompletedSuccessfully => "completed",
                };
                let optional = !dependency.required;
                drawing.edges.push(Edge { from: places[name], to, label: label.to_owned(), optional });
            }
        }
        if self.networks {
            add_networks(project, &mut drawing);
        }
        drawing
    }
}

/// `127.0.0.1:8080→80`
fn ports(service: &Service) -> impl Iterator<Item = String> {
    service.ports.iter().filter(|port| !port.published.is_empty()).map(|port| {
        let address = if port.host_ip.is_empty() { String::new() } else { format!("{}:", port.host_ip) };
        format!("{address}{}→{}", port.published, port.target)
    })
}

fn add_networks(project: &Project, drawing: &mut Drawing) {
    let first = drawing.nodes.len();
    for (place, key) in project.networks.keys().enumerate() {
        drawing.nodes.push(Node { name: key.clone(), notes: Vec::new(), kind: Kind::Network });
        for (from, (_, service)) in project.services.iter().enumerate() {
            let by_default = key == "default" && service.networks.is_empty() && service.network_mode.is_empty();
            if by_default || service.networks.contains_key(key) {
                drawing.edges.push(Edge { from, to: first + place, ..Edge::default() });
            }
        }
    }
}

//! `deploy` and `gpus`: requests for devices, and labels.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Node};

use super::{Forms, mappings};

const DEPLOY: Forms = &[("labels", mappings::filled), ("resources", resources)];
const RESOURCES: Forms = &[("limits", resource), ("reservations", resource)];
const RESOURCE: Forms = &[("devices", requests)];
const REQUEST: Forms = &[("count", count), ("options", mappings::filled)];

pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, DEPLOY, findings);
}

/// `gpus: all` is one request for all of them. The count gets its number with the rest.
pub(super) fn gpus(node: &mut Node, _: &mut Vec<Diagnostic>) {
    if node.as_str() == Some("all") {
        let request = Node::new(super::mapping(node.span, [("count", Kind::Str("all".into()))]), node.span);
        node.kind = Kind::Seq(vec![request]);
    }
}

fn resources(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, RESOURCES, findings);
}

fn resource(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, RESOURCE, findings);
}

pub(super) fn requests(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, request);
}

fn request(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, REQUEST, findings);
}

/// `all` is -1.
fn count(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    if let Kind::Float(number) = node.kind {
        findings.push(Diagnostic::error(format!("invalid count {number}: it is not a whole number")).at(node.span));
    }
    let Some(text) = node.as_str() else { return };
    if text.eq_ignore_ascii_case("all") {
        node.kind = Kind::Int(-1);
    } else if let Ok(number) = text.parse() {
        node.kind = Kind::Int(number);
    } else {
        findings
            .push(Diagnostic::error(format!("invalid count {text:?}")).at(node.span).help("write a number, or `all`"));
    }
}

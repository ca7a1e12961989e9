//! `develop.watch`: patterns that are one string are lists of one.

use crate::diagnostic::Diagnostic;
use crate::yaml::Node;

use super::{Forms, commands, strings};

const TRIGGER: Forms = &[("exec", commands::hook), ("ignore", strings::list), ("include", strings::list)];

pub(super) fn finished(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, &[("watch", triggers)], findings);
}

fn triggers(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::each_item(node, findings, trigger);
}

fn trigger(node: &mut Node, findings: &mut Vec<Diagnostic>) {
    super::within(node, TRIGGER, findings);
}

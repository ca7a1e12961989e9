//! Strings that stand for booleans and numbers, where the format wants those.

use std::sync::LazyLock;

use crate::diagnostic::Diagnostic;
use crate::yaml::{Kind, Node};

use super::path::{Branch, Path, Pattern, Table};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    Boolean,
    Integer,
    /// As an integer, but a number with a point is a fault.
    Limit,
    Float,
    /// A number, never a string. A fraction is let through.
    Number,
}

use Cast::{Boolean, Float, Integer, Limit, Number};

const CASTS: &[(Pattern, Cast)] = &[
    (Pattern("configs.*.external"), Boolean),
    (Pattern("networks.*.attachable"), Boolean),
    (Pattern("networks.*.enable_ipv4"), Boolean),
    (Pattern("networks.*.enable_ipv6"), Boolean),
    (Pattern("networks.*.external"), Boolean),
    (Pattern("networks.*.internal"), Boolean),
    (Pattern("secrets.*.external"), Boolean),
    (Pattern("services.*.attach"), Boolean),
    (Pattern("services.*.build.no_cache"), Boolean),
    (Pattern("services.*.build.privileged"), Boolean),
    (Pattern("services.*.build.pull"), Boolean),
    (Pattern("services.*.cpu_count"), Integer),
    (Pattern("services.*.cpu_percent"), Float),
    (Pattern("services.*.cpu_period"), Integer),
    (Pattern("services.*.cpu_quota"), Integer),
    (Pattern("services.*.cpu_rt_period"), Integer),
    (Pattern("services.*.cpu_rt_runtime"), Integer),
    (Pattern("services.*.cpu_shares"), Integer),
    (Pattern("services.*.cpus"), Float),
    (Pattern("services.*.depends_on.*.restart"), Boolean),
    (Pattern("services.*.deploy.placement.max_replicas_per_node"), Integer),
    (Pattern("services.*.deploy.replicas"), Integer),
    (Pattern("services.*.deploy.resources.limits.cpus"), Float),
    (Pattern("services.*.deploy.resources.limits.pids"), Integer),
    (Pattern("services.*.deploy.resources.reservations.cpus"), Float),
    (Pattern("services.*.deploy.resources.reservations.generic_resources.*.discrete_resource_spec.value"), Integer),
    (Pattern("services.*.deploy.restart_policy.max_attempts"), Integer),
    (Pattern("services.*.deploy.rollback_config.max_failure_ratio"), Float),
    (Pattern("services.*.deploy.rollback_config.parallelism"), Integer),
    (Pattern("services.*.deploy.update_config.max_failure_ratio"), Float),
    (Pattern("services.*.deploy.update_config.parallelism"), Integer),
    (Pattern("services.*.develop.watch.*.exec.privileged"), Boolean),
    (Pattern("services.*.env_file.*.required"), Boolean),
    (Pattern("services.*.healthcheck.disable"), Boolean),
    (Pattern("services.*.healthcheck.retries"), Integer),
    (Pattern("services.*.init"), Boolean),
    (Pattern("services.*.networks.*.gw_priority"), Number),
    (Pattern("services.*.networks.*.priority"), Number),
    (Pattern("services.*.oom_kill_disable"), Boolean),
    (Pattern("services.*.oom_score_adj"), Integer),
    (Pattern("services.*.pids_limit"), Integer),
    (Pattern("services.*.ports.*.target"), Integer),
    (Pattern("services.*.post_start.*.privileged"), Boolean),
    (Pattern("services.*.pre_start.*.per_replica"), Boolean),
    (Pattern("services.*.pre_start.*.privileged"), Boolean),
    (Pattern("services.*.pre_stop.*.privileged"), Boolean),
    (Pattern("services.*.privileged"), Boolean),
    (Pattern("services.*.read_only"), Boolean),
    (Pattern("services.*.scale"), Integer),
    (Pattern("services.*.stdin_open"), Boolean),
    (Pattern("services.*.tty"), Boolean),
    (Pattern("services.*.ulimits.*"), Limit),
    (Pattern("services.*.ulimits.*.hard"), Limit),
    (Pattern("services.*.ulimits.*.soft"), Limit),
    (Pattern("services.*.volumes.*.bind.create_host_path"), Boolean),
    (Pattern("services.*.volumes.*.read_only"), Boolean),
    (Pattern("services.*.volumes.*.volume.nocopy"), Boolean),
    (Pattern("volumes.*.external"), Boolean),
];

static TABLE: LazyLock<Table<Cast>> = LazyLock::new(|| Table::new(CASTS));

/// Gives every string at such a place its type.
pub(super) fn apply(document: &mut Node, findings: &mut Vec<Diagnostic>) {
    walk(document, TABLE.root(), &Path::Root, &mut |node, cast, path| one(node, cast, path, findings));
}

/// Takes the fraction off every number at a place where the format lets one through but the model has whole ones.
pub(super) fn truncate(document: &mut Node) {
    walk(document, TABLE.root(), &Path::Root, &mut |node, cast, _| {
        if let (Kind::Float(number), Integer | Number) = (&node.kind, cast) {
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
            let whole = number.trunc() as i64;
            node.kind = Kind::Int(whole);
        }
    });
}

type Visit<'v> = &'v mut dyn FnMut(&mut Node, Cast, &Path<'_>);

fn walk(node: &mut Node, branch: &Branch<Cast>, path: &Path<'_>, visit: Visit<'_>) {
    if let Some(cast) = branch.rule() {
        visit(node, *cast, path);
    }
    match &mut node.kind {
        Kind::Map(map) => {
            for (key, _, value) in map.iter_mut() {
                if let Some(branch) = branch.key(key) {
                    walk(value, branch, &path.key(key), visit);
                }
            }
        }
        Kind::Seq(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(branch) = branch.item() {
                    walk(item, branch, &path.item(index), visit);
                }
            }
        }
        _ => {}
    }
}

fn one(node: &mut Node, cast: Cast, path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    match (&node.kind, cast) {
        (Kind::Str(_), Boolean) => boolean(node, path, findings),
        (Kind::Str(text), Integer | Limit) => match text.parse::<i64>() {
            Ok(number) => node.kind = Kind::Int(number),
            Err(_) => findings
                .push(Diagnostic::error(format_args!("{path} must be a whole number, not {text:?}")).at(node.span)),
        },
        (Kind::Str(text), Float) => match text.parse::<f64>() {
            Ok(number) => node.kind = Kind::Float(number),
            Err(_) => {
                findings.push(Diagnostic::error(format_args!("{path} must be a number, not {text:?}")).at(node.span));
            }
        },
        _ => {}
    }
}

/// Reads a boolean from a string, with a warning for the words that YAML no longer takes for one.
fn boolean(node: &mut Node, path: &Path<'_>, findings: &mut Vec<Diagnostic>) {
    let Kind::Str(text) = &node.kind else { return };
    let (value, old) = match text.to_lowercase().as_str() {
        "true" => (true, false),
        "false" => (false, false),
        "y" | "yes" | "on" => (true, true),
        "n" | "no" | "off" => (false, true),
        _ => {
            findings.push(Diagnostic::error(format_args!("{path} must be true or false, not {text:?}")).at(node.span));
            return;
        }
    };
    if old {
        findings.push(
            Diagnostic::warning(format!("{path}: {text:?} is no boolean in YAML 1.2"))
                .at(node.span)
                .help(format!("write `{value}`")),
        );
    }
    node.kind = Kind::Bool(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_of_the_table_meet() {
        assert_eq!(super::super::path::overlaps(CASTS), []);
    }
}

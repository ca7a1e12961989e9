//! Services that wait for one another in a circle.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::diagnostic::{CHAIN_LIMIT, Diagnostic, chain};
use crate::model::{Project, Service, ServiceName};
use crate::yaml::Node;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Done,
}

/// Reports each circle once, with a label at every place where one of its edges is written.
pub(super) fn check(project: &Project, document: &Node, findings: &mut Vec<Diagnostic>) {
    let services = project.services.iter().map(|(name, service)| (name, (&**service, None))).collect();
    let mut walk = Walk { services, trail: Vec::new(), circles: Vec::new() };
    for name in project.services.keys() {
        walk.visit(name);
    }
    findings.extend(walk.circles.into_iter().map(|circle| told(&circle, document)));
}

struct Walk<'p> {
    /// Each with what is known of it so far.
    services: HashMap<&'p ServiceName, (&'p Service, Option<Mark>), RandomState>,
    trail: Vec<&'p ServiceName>,
    circles: Vec<Vec<&'p ServiceName>>,
}

impl<'p> Walk<'p> {
    fn visit(&mut self, start: &'p ServiceName) {
        // Services still to be looked at, each under the one that named it: depth first without recursion.
        let mut pending = vec![(start, 0_usize)];
        while let Some((name, depth)) = pending.pop() {
            self.close(depth);
            // One that is missing waits for nothing.
            let Some((service, mark)) = self.services.get_mut(name) else { continue };
            match mark {
                Some(Mark::Done) => continue,
                Some(Mark::Open) => {
                    let at = self.trail.iter().position(|open| *open == name).unwrap_or_default();
                    self.circles.push(self.trail[at..].to_vec());
                    continue;
                }
                None => *mark = Some(Mark::Open),
            }
            self.trail.push(name);
            pending.extend(service.depends_on.keys().rev().map(|dependency| (dependency, depth + 1)));
        }
        self.close(0);
    }

    /// Steps back to a depth: what lies deeper has been seen to its end.
    fn close(&mut self, depth: usize) {
        while self.trail.len() > depth {
            if let Some((_, mark)) = self.trail.pop().and_then(|name| self.services.get_mut(name)) {
                *mark = Some(Mark::Done);
            }
        }
    }
}

fn told(circle: &[&ServiceName], document: &Node) -> Diagnostic {
    let mut names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
    names.extend(names.first().copied());
    let mut finding = Diagnostic::error(format!("dependency cycle detected: {}", chain(&names, " -> ")))
        .help("take one of these dependencies away");
    for pair in names.windows(2).take(CHAIN_LIMIT) {
        let [from, to] = pair else { continue };
        let edge = super::key(document, &["services", from, "depends_on", to].map(super::Step::Key));
        if let Some(place) = edge {
            finding = finding.at(place).label(place, format!("{from} waits for {to}"));
        }
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{FileId, Span};
    use crate::model::{Dependency, Service};

    fn project(edges: &[(&str, &[&str])]) -> Project {
        let service = |needs: &[&str]| Service {
            depends_on: needs.iter().map(|name| (ServiceName::from(*name), Dependency::default())).collect(),
            ..Service::default()
        };
        Project {
            services: edges.iter().map(|(name, needs)| (ServiceName::from(*name), service(needs).into())).collect(),
            ..Project::default()
        }
    }

    fn circles(edges: &[(&str, &[&str])]) -> Vec<String> {
        let mut findings = Vec::new();
        let nowhere = Node::null(Span { file: FileId(0), start: 0, end: 0 });
        check(&project(edges), &nowhere, &mut findings);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn every_circle_is_told_once() {
        assert_eq!(circles(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])]), [""; 0]);
        assert_eq!(circles(&[("a", &["a"])]), ["dependency cycle detected: a -> a"]);
        assert_eq!(
            circles(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["e"]), ("e", &["d"])]),
            ["dependency cycle detected: b -> c -> b", "dependency cycle detected: d -> e -> d"]
        );
    }
}

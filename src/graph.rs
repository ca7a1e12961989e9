//! The services ordered by what they depend on, and the cycle that makes an order impossible.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::{Condition, Dependency, Service, ServiceName};

/// Services and what they depend on. An edge goes from the dependency to the dependent.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    graph: DiGraph<ServiceName, ()>,
    index: HashMap<ServiceName, NodeIndex>,
}

impl Graph {
    /// Reads `depends_on` and what a service implies without saying so. A dependency that is no key of the map is left
    /// out: it is disabled, or an error that loading tells.
    pub fn of(services: &BTreeMap<ServiceName, Box<Service>>) -> Self {
        let mut this = Self::default();
        for name in services.keys() {
            let node = this.graph.add_node(name.clone());
            this.index.insert(name.clone(), node);
        }
        for (name, service) in services {
            for dependency in dependencies(service).into_keys() {
                this.connect(name, &dependency);
            }
        }
        this
    }

    /// A graph from pairs of a service and one that it depends on.
    pub fn from_edges<'e>(edges: impl IntoIterator<Item = &'e (ServiceName, ServiceName)>) -> Self {
        let edges: Vec<_> = edges.into_iter().collect();
        let names: BTreeSet<_> = edges.iter().flat_map(|(from, to)| [from, to]).collect();
        let mut this = Self::default();
        for name in names {
            let node = this.graph.add_node(name.clone());
            this.index.insert(name.clone(), node);
        }
        for (dependent, dependency) in edges {
            this.connect(dependent, dependency);
        }
        this
    }

    fn connect(&mut self, dependent: &ServiceName, dependency: &ServiceName) {
        if let (Some(&from), Some(&to)) = (self.index.get(dependency), self.index.get(dependent)) {
            self.graph.add_edge(from, to, ());
        }
    }

    /// Every service after all that it depends on; among those that could come next, the first by name does.
    ///
    /// # Errors
    /// The cycle, when there is one.
    pub fn order(&self) -> Result<Vec<&ServiceName>, Vec<ServiceName>> {
        let mut waits: Vec<usize> = self.graph.node_indices().map(|node| self.degree(node)).collect();
        let mut ready: BinaryHeap<_> =
            self.graph.node_indices().filter(|node| waits[node.index()] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(&self.graph[node]);
            for next in self.graph.neighbors(node) {
                waits[next.index()] -= 1;
                if waits[next.index()] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        if order.len() == waits.len() { Ok(order) } else { Err(self.cycle().unwrap_or_default()) }
    }

    fn degree(&self, node: NodeIndex) -> usize {
        self.graph.neighbors_directed(node, Direction::Incoming).count()
    }

    /// What a service depends on directly, by name.
    pub fn dependencies(&self, name: &str) -> Vec<&ServiceName> {
        self.neighbours(name, Direction::Incoming)
    }

    /// What depends on a service directly, by name.
    pub fn dependents(&self, name: &str) -> Vec<&ServiceName> {
        self.neighbours(name, Direction::Outgoing)
    }

    fn neighbours(&self, name: &str, direction: Direction) -> Vec<&ServiceName> {
        let Some(&node) = self.index.get(name) else { return Vec::new() };
        let nodes: BTreeSet<_> = self.graph.neighbors_directed(node, direction).collect();
        nodes.into_iter().map(|node| &self.graph[node]).collect()
    }

    /// The named services and all that they need, however far away.
    pub fn with_dependencies<'n>(&self, names: impl IntoIterator<Item = &'n ServiceName>) -> BTreeSet<ServiceName> {
        self.reach(names, Direction::Incoming)
    }

    /// The named services and all that need them, however far away.
    pub fn with_dependents<'n>(&self, names: impl IntoIterator<Item = &'n ServiceName>) -> BTreeSet<ServiceName> {
        self.reach(names, Direction::Outgoing)
    }

    fn reach<'n>(
        &self,
        names: impl IntoIterator<Item = &'n ServiceName>,
        direction: Direction,
    ) -> BTreeSet<ServiceName> {
        let mut open: Vec<_> = names.into_iter().filter_map(|name| self.index.get(name).copied()).collect();
        let mut seen: BTreeSet<NodeIndex> = open.iter().copied().collect();
        while let Some(node) = open.pop() {
            open.extend(self.graph.neighbors_directed(node, direction).filter(|next| seen.insert(*next)));
        }
        seen.into_iter().map(|node| self.graph[node].clone()).collect()
    }

    /// One cycle, if there is one: each service depends on the next, and the last on the first. It starts with its
    /// first service by name.
    pub fn cycle(&self) -> Option<Vec<ServiceName>> {
        let nodes = self.cyclic_nodes()?;
        let first = nodes.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(at, _)| at);
        let (before, after) = nodes.split_at(first);
        Some(after.iter().chain(before).map(|node| self.graph[*node].clone()).collect())
    }

    /// A walk along dependencies, without recursion: the path from the first node that is met twice.
    fn cyclic_nodes(&self) -> Option<Vec<NodeIndex>> {
        let mut done = vec![false; self.graph.node_count()];
        let mut place: Vec<Option<usize>> = vec![None; self.graph.node_count()];
        for start in self.graph.node_indices() {
            let mut path: Vec<(NodeIndex, Vec<NodeIndex>)> = Vec::new();
            let mut next = Some(start);
            loop {
                if let Some(node) = next.take() {
                    if let Some(at) = place[node.index()] {
                        return Some(path[at..].iter().map(|(node, _)| *node).collect());
                    }
                    if !done[node.index()] {
                        place[node.index()] = Some(path.len());
                        path.push((node, self.descending_dependencies(node)));
                    }
                }
                let Some((node, open)) = path.last_mut() else { break };
                next = open.pop();
                if next.is_none() {
                    done[node.index()] = true;
                    place[node.index()] = None;
                    path.pop();
                }
            }
        }
        None
    }

    fn descending_dependencies(&self, node: NodeIndex) -> Vec<NodeIndex> {
        let mut nodes: Vec<_> = self.graph.neighbors_directed(node, Direction::Incoming).collect();
        nodes.sort_unstable_by_key(|node| Reverse(*node));
        nodes
    }
}

/// One cycle among pairs of a service and one that it depends on; see [`Graph::cycle`].
pub fn cycle<'e>(edges: impl IntoIterator<Item = &'e (ServiceName, ServiceName)>) -> Option<Vec<ServiceName>> {
    Graph::from_edges(edges).cycle()
}

/// All that a service depends on: what `depends_on` says, and below it what the service implies by sharing something.
pub fn dependencies(service: &Service) -> BTreeMap<ServiceName, Dependency> {
    let mut all = service.depends_on.clone();
    for (name, restart) in implied(service) {
        let implied = Dependency { condition: Condition::Started, restart, required: true, ..Dependency::default() };
        all.entry(name).or_insert(implied);
    }
    all
}

/// Services whose namespace, volumes or address a service uses, and whether it has to restart when they do.
fn implied(service: &Service) -> Vec<(ServiceName, bool)> {
    let modes = [&service.network_mode, &service.ipc, &service.pid, &service.uts, &service.cgroup];
    let shared = modes.into_iter().filter_map(|mode| mode.strip_prefix("service:"));
    let linked = service.links.iter().map(|link| link.split_once(':').map_or(link.as_str(), |(name, _)| name));
    let mounted = service
        .volumes_from
        .iter()
        .filter(|from| !from.starts_with("container:"))
        .map(|from| from.split_once(':').map_or(from.as_str(), |(name, _)| name));
    let restarting = shared.chain(linked).map(|name| (ServiceName::from(name), true));
    restarting.chain(mounted.map(|name| (ServiceName::from(name), false))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Needs<'t> = &'t [(&'t str, &'t [&'t str])];

    fn services(edges: Needs<'_>) -> BTreeMap<ServiceName, Box<Service>> {
        let service = |needs: &[&str]| Service {
            depends_on: needs.iter().map(|need| (ServiceName::from(*need), Dependency::default())).collect(),
            ..Service::default()
        };
        edges.iter().map(|(name, needs)| (ServiceName::from(*name), service(needs).into())).collect()
    }

    fn texts<'n>(names: impl IntoIterator<Item = &'n ServiceName>) -> Vec<&'n str> {
        names.into_iter().map(ServiceName::as_str).collect()
    }

    #[test]
    fn the_order_is_by_need_and_then_by_name() {
        let shop = services(&[("web", &["api"]), ("api", &["db", "cache"]), ("db", &[]), ("cache", &[]), ("zoo", &[])]);
        let graph = Graph::of(&shop);
        assert_eq!(texts(graph.order().unwrap()), ["cache", "db", "api", "web", "zoo"]);
        assert_eq!(texts(graph.dependencies("api")), ["cache", "db"]);
        assert_eq!(texts(graph.dependents("db")), ["api"]);
        assert_eq!(texts(&graph.with_dependencies([&"web".into()])), ["api", "cache", "db", "web"]);
        assert_eq!(texts(&graph.with_dependents([&"db".into()])), ["api", "db", "web"]);
        assert!(graph.dependencies("nobody").is_empty());
    }

    #[test]
    fn sharing_implies_depending() {
        let mut shop = services(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[]), ("z", &[])]);
        let service = shop.get_mut("a").unwrap();
        service.network_mode = "service:z".into();
        service.links = vec!["b:alias".into()];
        service.volumes_from = vec!["c:ro".into(), "container:d".into()];
        service.ipc = "service:gone".into();
        assert_eq!(texts(Graph::of(&shop).dependencies("a")), ["b", "c", "z"]);
        let needs = dependencies(&shop["a"]);
        assert_eq!(needs.values().map(|need| need.restart).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[test]
    fn a_cycle_is_named_whole_and_in_order() {
        let table: [(Needs<'_>, &[&str]); 4] = [
            (&[("a", &["a"])], &["a"]),
            (&[("b", &["a"]), ("a", &["b"])], &["a", "b"]),
            (&[("x", &["d"]), ("d", &["c"]), ("c", &["b"]), ("b", &["d"]), ("a", &[])], &["b", "d", "c"]),
            (&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])], &[]),
        ];
        for (edges, expected) in table {
            let shop = services(edges);
            let graph = Graph::of(&shop);
            assert_eq!(texts(&graph.cycle().unwrap_or_default()), expected, "{edges:?}");
            assert_eq!(graph.order().is_err(), !expected.is_empty());
        }
        let pairs = [("web".into(), "api".into()), ("api".into(), "web".into())];
        assert_eq!(texts(&cycle(&pairs).unwrap()), ["api", "web"]);
    }

    #[test]
    fn twenty_thousand_services_in_a_row_are_no_trouble() {
        let name = |at: usize| ServiceName::new(format!("s{at:05}"));
        let mut pairs: Vec<_> = (1..20_000).map(|at| (name(at), name(at - 1))).collect();
        assert_eq!(Graph::from_edges(&pairs).order().unwrap().len(), 20_000);
        pairs.push((name(0), name(19_999)));
        assert_eq!(cycle(&pairs).unwrap().len(), 20_000);
    }

    proptest! {
        #[test]
        fn an_order_keeps_every_promise_and_a_cycle_is_one(edges in prop::collection::vec((0_u8..12, 0_u8..12), 0..24)) {
            let name = |number: u8| ServiceName::new(format!("s{number:02}"));
            let pairs: Vec<_> = edges.iter().map(|(from, to)| (name(*from), name(*to))).collect();
            let graph = Graph::from_edges(&pairs);
            match graph.order() {
                Ok(order) => {
                    let place = |wanted: &ServiceName| order.iter().position(|name| *name == wanted);
                    for (dependent, dependency) in &pairs {
                        prop_assert!(place(dependency) < place(dependent));
                    }
                    prop_assert!(graph.cycle().is_none());
                }
                Err(cycle) => {
                    prop_assert!(!cycle.is_empty());
                    for (at, dependent) in cycle.iter().enumerate() {
                        let dependency = cycle[(at + 1) % cycle.len()].clone();
                        prop_assert!(pairs.contains(&(dependent.clone(), dependency)));
                    }
                }
            }
        }
    }
}

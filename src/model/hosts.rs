//! Host names and their addresses, as a list of `host=address`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

pub(super) fn list<S: Serializer>(hosts: &BTreeMap<String, Vec<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    let entries = hosts.iter().flat_map(|(host, addresses)| addresses.iter().map(move |ip| format!("{host}={ip}")));
    let mut entries: Vec<String> = entries.collect();
    entries.sort();
    entries.serialize(serializer)
}

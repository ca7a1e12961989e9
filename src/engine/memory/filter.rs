//! Narrowing lists and events, as engines do it.

use crate::engine::{Filters, Labels};

/// What can be asked of a thing: values by the filter's name.
pub(super) struct Facts<'t> {
    pub(super) labels: &'t Labels,
    pub(super) values: &'t [(&'t str, &'t str)],
    /// Names match by any part of them, ids by their beginning; the rest has to be equal.
    pub(super) names: &'t [&'t str],
    pub(super) id: &'t str,
}

/// Whether all filters match; of one filter's values, one is enough, but labels must all be there.
pub(super) fn matches(filters: &Filters, facts: &Facts<'_>) -> bool {
    filters.0.iter().all(|(filter, wanted)| match filter.as_str() {
        "label" => wanted.iter().all(|label| has_label(facts.labels, label)),
        "name" => wanted.iter().any(|part| facts.names.iter().any(|name| name.contains(part.as_str()))),
        "id" => wanted.iter().any(|beginning| facts.id.starts_with(beginning.as_str())),
        _ => wanted.iter().any(|value| {
            facts.values.iter().any(|(name, is)| name == filter && (is == value || begins_with(is, value)))
        }),
    })
}

/// `health_status` means `health_status: healthy` too.
fn begins_with(is: &str, value: &str) -> bool {
    is.strip_prefix(value).is_some_and(|rest| rest.starts_with(':'))
}

fn has_label(labels: &Labels, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((name, value)) => labels.get(name).is_some_and(|is| is == value),
        None => labels.contains_key(wanted),
    }
}

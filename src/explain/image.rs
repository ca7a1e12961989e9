//! What an image says where a service says nothing, and what a service says instead of it.

use serde_json::{Value as Json, json};

use super::{Explanation, Origin, OriginKind, Overridden, Step, Value, Way};
use crate::engine::ImageDetails;

/// Parts of an image's configuration, and the attributes that take their place.
const TEXTS: &[(&str, &str)] = &[("WorkingDir", "working_dir"), ("User", "user"), ("StopSignal", "stop_signal")];

/// Parts of an image's health check; times are in nanoseconds there.
const CHECK: &[(&str, &str)] = &[
    ("Test", "test"),
    ("Interval", "interval"),
    ("Timeout", "timeout"),
    ("StartPeriod", "start_period"),
    ("Retries", "retries"),
];

/// Adds what the image of a service says.
pub fn add(explanation: &mut Explanation, service: &str, image: &str, details: &ImageDetails) {
    let config = &details.raw["Config"];
    let mut said = Said { explanation, service, image };
    for (theirs, ours) in TEXTS {
        said.put(&[ours], config[theirs].clone());
    }
    said.command(config);
    said.check(&config["Healthcheck"]);
    for variable in config["Env"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        said.variable(name, value);
    }
}

struct Said<'s> {
    explanation: &'s mut Explanation,
    service: &'s str,
    image: &'s str,
}

impl Said<'_> {
    /// An entrypoint of the service takes the image's command along.
    fn command(&mut self, config: &Json) {
        let own = |said: &mut Self, key| said.find(&[key]).is_some_and(|value| !value.value.is_null());
        let (own_entrypoint, own_command) = (own(self, "entrypoint"), own(self, "command"));
        self.put(&["entrypoint"], config["Entrypoint"].clone());
        if own_entrypoint && !own_command && !is_nothing(&config["Cmd"]) {
            let gone = Way { from: Origin::of(OriginKind::Unset), ..Way::default() };
            self.insert(&["command"], Json::Null, gone);
            self.instead(&["command"], config["Cmd"].clone());
        } else {
            self.put(&["command"], config["Cmd"].clone());
        }
    }

    fn check(&mut self, check: &Json) {
        if is_nothing(&check["Test"]) {
            return;
        }
        if self.find(&["healthcheck", "disable"]).is_some_and(|value| value.value == json!(true)) {
            return self.instead(&["healthcheck", "disable"], check["Test"].clone());
        }
        for (theirs, ours) in CHECK {
            let value = match check[theirs].as_u64() {
                Some(0) => Json::Null,
                Some(nanoseconds) if *ours != "retries" => json!(seconds(nanoseconds)),
                _ => check[theirs].clone(),
            };
            self.put(&["healthcheck", ours], value);
        }
    }

    /// A variable that the service names without a value is taken away from the image's.
    fn variable(&mut self, name: &str, value: &str) {
        match self.find(&["environment", name]) {
            Some(_) => self.instead(&["environment", name], json!(value)),
            None => self.put(&["environment", name], json!(value)),
        }
    }

    fn put(&mut self, keys: &[&str], value: Json) {
        if is_nothing(&value) {
            return;
        }
        let way = self.way();
        match self.find(keys) {
            Some(own) if own.value.is_null() => (own.value, own.way) = (value, way),
            Some(_) => self.instead(keys, value),
            None => self.insert(keys, value, way),
        }
    }

    fn instead(&mut self, keys: &[&str], value: Json) {
        let way = self.way();
        if let Some(own) = self.find(keys) {
            own.instead_of.push(Overridden { value, masked: false, way, removed_by: None });
        }
    }

    fn insert(&mut self, keys: &[&str], value: Json, way: Way) {
        let path = self.path(keys);
        // Behind what has the same key, else behind everything else of the service.
        let shares = |known: &Value, length: usize| known.path.get(..length) == path.get(..length);
        let last = |length| self.explanation.values.iter().rposition(|known| shares(known, length));
        let at = last(3).or_else(|| last(2)).map_or(self.explanation.values.len(), |at| at + 1);
        let value = Value { path, value, masked: false, way, has_parts: false, instead_of: Vec::new() };
        self.explanation.values.insert(at, value);
    }

    fn way(&self) -> Way {
        let from = Origin { image: Some(self.image.to_owned()), ..Origin::of(OriginKind::Image) };
        Way { from, ..Way::default() }
    }

    fn path(&self, keys: &[&str]) -> Vec<Step> {
        ["services", self.service].iter().chain(keys).map(|key| Step::Key((*key).to_owned())).collect()
    }

    fn find(&mut self, keys: &[&str]) -> Option<&mut Value> {
        let path = self.path(keys);
        self.explanation.values.iter_mut().find(|value| value.path == path)
    }
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// `1m30s`, `500ms`: as a compose file says it.
fn seconds(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    match (milliseconds % 1000, milliseconds / 1000) {
        (0, whole) if whole % 60 == 0 => format!("{}m", whole / 60),
        (0, whole) if whole > 60 => format!("{}m{}s", whole / 60, whole % 60),
        (0, whole) => format!("{whole}s"),
        _ => format!("{milliseconds}ms"),
    }
}

//! Where each value of a project comes from, and what it took the place of.

mod address;
mod image;
mod secret;
mod walk;

use serde::Serialize;

pub use address::{concerns, narrow};
pub use image::add as add_image;
pub use secret::mask;
pub use walk::explain;

/// What stands in the place of what nobody but its owner should read.
const MASK: &str = "********";

/// The values of a project with their origins.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The name of the project.
    pub project: String,
    /// Values in the order of the files: the project's name, then services, then what they use.
    pub values: Vec<Value>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Value {
    /// Where it stands in the project: keys, and the numbers of items, counted from 0.
    pub path: Vec<Step>,
    /// What it is; null when nothing sets it. Paths are absolute, variables are put in.
    pub value: serde_json::Value,
    /// Whether `value` is masked, or parts of it, since it looks secret.
    pub masked: bool,
    #[serde(flatten)]
    pub way: Way,
    /// Whether values below this one follow, each with its own origin.
    pub has_parts: bool,
    /// What it took the place of, the latest first.
    pub instead_of: Vec<Overridden>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Step {
    Key(String),
    Item(usize),
}

/// A value that another one took the place of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Overridden {
    pub value: serde_json::Value,
    pub masked: bool,
    #[serde(flatten)]
    pub way: Way,
    /// The `!reset` or `!override` that took it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_by: Option<Place>,
}

/// How a value came to its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Way {
    pub from: Origin,
    /// What brought it from where it was written to where it counts, the first first.
    pub through: Vec<Through>,
    /// What was written: a text before its variables were put in, or a short form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The variables that count in the template.
    pub variables: Vec<Variable>,
}

/// Who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Origin {
    pub kind: OriginKind,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The image that it comes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// A compose file.
    File,
    /// An env file: of the project, or of the service.
    EnvFile,
    /// A label file of the service.
    LabelFile,
    /// The environment that convoke was started in.
    Shell,
    /// The image.
    Image,
    /// The format: it was left out, and this is what is meant.
    #[default]
    Default,
    /// Other parts of the project, of which it follows.
    Project,
    /// The text behind `-` or `+` in a template.
    Template,
    /// A flag.
    CommandLine,
    /// The name of the project's folder.
    Folder,
    /// convoke itself.
    Convoke,
    /// Nobody: it is not set.
    Unset,
}

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// Relative to the working directory where that is shorter.
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// What brought a value to another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Through {
    pub kind: ThroughKind,
    /// The service that is extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ThroughKind {
    /// `*alias` or `<<`
    Anchor,
    /// `extends:`
    Extends,
    /// `include:`
    Include,
}

/// A variable in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Variable {
    pub name: String,
    /// What stands for it; null when it is not set and nothing stands in for it.
    pub value: Option<String>,
    pub masked: bool,
    pub from: Origin,
}

impl Origin {
    fn of(kind: OriginKind) -> Self {
        Self { kind, ..Self::default() }
    }

    fn at(kind: OriginKind, place: Place) -> Self {
        Self { kind, place: Some(place), image: None }
    }
}

impl Value {
    /// The path as people write it: `services.web.ports[0].target`.
    pub fn name(&self) -> String {
        address::written(&self.path)
    }

    /// The service that it is about, if it is about one.
    pub fn service(&self) -> Option<&str> {
        match &self.path[..] {
            [Step::Key(section), Step::Key(name), ..] if section == "services" => Some(name),
            _ => None,
        }
    }

    fn key(&self) -> &str {
        match self.path.last() {
            Some(Step::Key(key)) => key,
            _ => "",
        }
    }
}

impl Step {
    fn is(&self, name: &str) -> bool {
        matches!(self, Self::Key(key) if key == name)
    }
}

#[cfg(test)]
mod tests;

//! Everything that the engine holds, and how ids and events come about.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::behaviour::Behaviour;
use super::clock::Clock;
use super::containers::Occupant;
use super::images::MemoryImage;
use super::networks::Segment;
use super::talk::Exec;
use crate::engine::{ApiVersion, EngineError, EngineEvent, ErrorKind, Volume};

/// What comes of a request; the error does not yet know what was being done.
pub(super) type Outcome<T> = Result<T, EngineError>;

pub(super) struct World {
    pub(super) api: ApiVersion,
    pub(super) clock: Clock,
    /// By id.
    pub(super) containers: BTreeMap<String, Occupant>,
    /// Commands run inside containers, by id.
    pub(super) execs: BTreeMap<String, Exec>,
    /// By id.
    pub(super) networks: BTreeMap<String, Segment>,
    /// By name.
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) images: Vec<MemoryImage>,
    /// What a pull finds.
    pub(super) offered: Vec<MemoryImage>,
    /// By container name or image, the latest first.
    pub(super) behaviours: Vec<(String, Behaviour)>,
    pub(super) events: Vec<EngineEvent>,
    made: u64,
    next_port: u16,
}

impl World {
    pub(super) fn new(api: ApiVersion) -> Self {
        let mut world = Self {
            api,
            clock: Clock::new(),
            containers: BTreeMap::new(),
            execs: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            images: Vec::new(),
            offered: Vec::new(),
            behaviours: Vec::new(),
            events: Vec::new(),
            made: 0,
            next_port: 32768,
        };
        world.add_predefined_networks();
        world
    }

    /// An id that nothing else has; the same requests in the same order give the same ids.
    pub(super) fn fresh(&mut self, what: &str) -> String {
        self.made += 1;
        digest(&format!("{what} {}", self.made))
    }

    /// A port of the host that nobody has asked for.
    pub(super) fn free_port(&mut self) -> u16 {
        self.next_port = self.next_port.checked_add(1).unwrap_or(32768);
        self.next_port
    }

    /// Notes that something happened.
    pub(super) fn tell(&mut self, kind: &str, action: &str, actor: &str, attributes: BTreeMap<String, String>) {
        let time = self.clock.tick();
        self.events.push(EngineEvent {
            kind: kind.into(),
            action: action.into(),
            actor: actor.into(),
            attributes,
            time,
        });
    }

    /// Notes that something happened to a container.
    pub(super) fn tell_of(&mut self, id: &str, action: &str, more: &[(&str, String)]) {
        let Some(container) = self.containers.get(id) else { return };
        let mut attributes = container.labels.clone();
        attributes.insert("image".into(), container.spec.image.clone());
        attributes.insert("name".into(), container.spec.name.clone());
        attributes.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.tell("container", action, id, attributes);
    }
}

/// Sixty-four hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// An error whose action is not known here.
pub(super) fn refusal(kind: ErrorKind, message: impl Into<String>) -> EngineError {
    EngineError::new(kind, "", message)
}

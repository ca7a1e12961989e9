//! The top of a compose file, and forms that several places share.

use super::{Kinds, Names, Object, Others, Shape, resources, service};

pub(super) const ANY: Shape = Shape::of(Kinds::ANY);
pub(super) const STRING: Shape = Shape::of(Kinds::STRING);
pub(super) const BOOLEAN: Shape = Shape::of(Kinds::BOOL);
pub(super) const INTEGER: Shape = Shape::of(Kinds::INTEGER);

// Booleans and numbers may come as strings: a variable may have put them there.
pub(super) const FLAG: Shape = BOOLEAN.or(Kinds::STRING);
pub(super) const WHOLE: Shape = INTEGER.or(Kinds::STRING);
pub(super) const NUMBER: Shape = Shape::of(Kinds::NUMBER).or(Kinds::STRING);

pub(super) const STRINGS: Shape = Shape::list(&STRING);
pub(super) const UNIQUE_STRINGS: Shape = Shape::unique(&STRING);
pub(super) const STRING_OR_LIST: Shape = UNIQUE_STRINGS.or(Kinds::STRING);

const SCALAR: Shape = Shape::of(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::BOOL).or(Kinds::NULL));

/// `NAME=value` in a list, or a mapping.
pub(super) const PAIRS: Shape = UNIQUE_STRINGS.or_map(&Object::of(Names::Filled, &SCALAR));

const STRING_OR_NUMBER: Shape = Shape::of(Kinds::STRING.or(Kinds::NUMBER));
const STRING_OR_STRINGS: Shape = STRINGS.or(Kinds::STRING);

/// What a driver is told.
pub(super) const DRIVER_OPTIONS: Shape = Shape::map(&Object::of(Names::Filled, &STRING_OR_NUMBER).others(Others::Let));

pub(super) const EXTRA_HOSTS: Shape = UNIQUE_STRINGS.or_map(&Object::of(Names::Filled, &STRING_OR_STRINGS));

pub(super) const COMMAND: Shape = STRINGS.or(Kinds::STRING).or(Kinds::NULL);

pub(super) const ULIMITS: Shape = Shape::map(&Object::of(Names::Lower, &ULIMIT).others(Others::Let));
const ULIMIT: Shape = WHOLE.or_map(&Object::closed(&[("hard", WHOLE), ("soft", WHOLE)]).requiring(&["soft", "hard"]));

/// A config or a secret as a service uses it.
pub(super) const GRANTS: Shape = Shape::list(&GRANT);
const GRANT: Shape = STRING.or_map(&Object::closed(&[
    ("source", STRING),
    ("target", STRING),
    ("uid", STRING),
    ("gid", STRING),
    ("mode", NUMBER),
]));

pub(super) const HOOKS: Shape = Shape::list(&HOOK);
pub(super) const HOOK: Shape = Shape::map(
    &Object::closed(&[
        ("command", COMMAND),
        ("user", STRING),
        ("privileged", FLAG),
        ("working_dir", STRING),
        ("environment", PAIRS),
    ])
    .requiring(&["command"]),
);

// Taken out before the tables are asked: this is what `include` itself takes.
const INCLUDE: Shape = STRING.or_map(
    &Object::closed(&[
        ("path", STRING_OR_STRINGS),
        ("env_file", STRING_OR_STRINGS.or(Kinds::NULL)),
        ("project_directory", STRING.or(Kinds::NULL)),
    ])
    .requiring(&["path"])
    .without_extensions()
    .others(Others::Let),
);

/// A whole compose file.
pub(super) const FILE: Shape = Shape::map(&Object::closed(&[
    ("version", STRING),
    ("name", STRING),
    ("include", Shape::list(&INCLUDE).or(Kinds::NULL)),
    ("services", Shape::map(&Object::of(Names::Resource, &service::SERVICE))),
    ("models", Shape::map(&Object::of(Names::Resource, &resources::MODEL).others(Others::Let))),
    ("networks", Shape::map(&Object::of(Names::Resource, &resources::NETWORK).others(Others::Let))),
    ("volumes", Shape::map(&Object::of(Names::Resource, &resources::VOLUME))),
    ("secrets", Shape::map(&Object::of(Names::Resource, &resources::SECRET))),
    ("configs", Shape::map(&Object::of(Names::Resource, &resources::CONFIG))),
]));

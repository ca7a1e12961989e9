//! Networks, volumes, configs, secrets and models, as the project declares them.

use super::table::{DRIVER_OPTIONS, FLAG, INTEGER, PAIRS, STRING, STRINGS};
use super::{Kinds, Names, Object, Others, Shape};

const EXTERNAL: Shape = FLAG.or_map(&Object::closed(&[("name", STRING)]));
const OPEN_EXTERNAL: Shape = FLAG.or_map(&Object::closed(&[("name", STRING)]).others(Others::Useless));

const TEXTS: Shape = Shape::map(&Object::of(Names::Filled, &STRING));

const POOL: Shape = Shape::map(&Object::closed(&[
    ("subnet", STRING),
    ("ip_range", STRING),
    ("gateway", STRING),
    ("aux_addresses", TEXTS),
]));

const IPAM: Shape =
    Shape::map(&Object::closed(&[("driver", STRING), ("config", Shape::list(&POOL)), ("options", TEXTS)]));

pub(super) const NETWORK: Shape = Shape::map(&Object::closed(&[
    ("name", STRING),
    ("driver", STRING),
    ("driver_opts", DRIVER_OPTIONS),
    ("ipam", IPAM),
    ("external", EXTERNAL),
    ("internal", FLAG),
    ("enable_ipv4", FLAG),
    ("enable_ipv6", FLAG),
    ("attachable", FLAG),
    ("labels", PAIRS),
]))
.or(Kinds::NULL);

pub(super) const VOLUME: Shape = Shape::map(&Object::closed(&[
    ("name", STRING),
    ("driver", STRING),
    ("driver_opts", DRIVER_OPTIONS),
    ("external", EXTERNAL),
    ("labels", PAIRS),
]))
.or(Kinds::NULL);

pub(super) const SECRET: Shape = Shape::map(&Object::closed(&[
    ("name", STRING),
    ("environment", STRING),
    ("file", STRING),
    ("external", OPEN_EXTERNAL),
    ("labels", PAIRS),
    ("driver", STRING),
    ("driver_opts", DRIVER_OPTIONS),
    ("template_driver", STRING),
]));

pub(super) const CONFIG: Shape = Shape::map(&Object::closed(&[
    ("name", STRING),
    ("content", STRING),
    ("environment", STRING),
    ("file", STRING),
    ("external", OPEN_EXTERNAL),
    ("labels", PAIRS),
    ("template_driver", STRING),
]));

pub(super) const MODEL: Shape = Shape::map(
    &Object::closed(&[("name", STRING), ("model", STRING), ("context_size", INTEGER), ("runtime_flags", STRINGS)])
        .requiring(&["model"]),
);

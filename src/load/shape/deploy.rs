//! The `deploy` section, and requests for devices.

use super::table::{NUMBER, PAIRS, STRING, STRINGS, UNIQUE_STRINGS, WHOLE};
use super::{Kinds, Object, Others, Shape};

const UPDATE: Shape = Shape::map(&Object::closed(&[
    ("parallelism", WHOLE),
    ("delay", STRING),
    ("failure_action", STRING),
    ("monitor", STRING),
    ("max_failure_ratio", NUMBER),
    ("order", Shape::one_of(&["start-first", "stop-first"])),
]));

const LIMITS: Shape = Shape::map(&Object::closed(&[("cpus", NUMBER), ("memory", STRING), ("pids", WHOLE)]));

const GENERIC: Shape = Shape::map(&Object::closed(&[(
    "discrete_resource_spec",
    Shape::map(&Object::closed(&[("kind", STRING), ("value", NUMBER)])),
)]));

const REQUEST: Object = Object::closed(&[
    ("capabilities", UNIQUE_STRINGS),
    ("count", WHOLE),
    ("device_ids", UNIQUE_STRINGS),
    ("driver", STRING),
    ("options", PAIRS),
]);
const DEVICE_REQUEST: Object = REQUEST.requiring(&["capabilities"]);
const GPU_REQUEST: Object = REQUEST.others(Others::Useless);
const DEVICE: Shape = Shape::map(&DEVICE_REQUEST);
const GPU: Shape = Shape::map(&GPU_REQUEST);

const RESERVATIONS: Shape = Shape::map(&Object::closed(&[
    ("cpus", NUMBER),
    ("memory", STRING),
    ("generic_resources", Shape::list(&GENERIC)),
    ("devices", Shape::list(&DEVICE)),
]));

const RESTART: Shape = Shape::map(&Object::closed(&[
    ("condition", STRING),
    ("delay", STRING),
    ("max_attempts", WHOLE),
    ("window", STRING),
]));

const PREFERENCE: Shape = Shape::map(&Object::closed(&[("spread", STRING)]));
const PLACEMENT: Shape = Shape::map(&Object::closed(&[
    ("constraints", STRINGS),
    ("preferences", Shape::list(&PREFERENCE)),
    ("max_replicas_per_node", WHOLE),
]));

pub(super) const DEPLOY: Shape = Shape::map(&Object::closed(&[
    ("mode", STRING),
    ("endpoint_mode", STRING),
    ("replicas", WHOLE),
    ("labels", PAIRS),
    ("rollback_config", UPDATE),
    ("update_config", UPDATE),
    ("resources", Shape::map(&Object::closed(&[("limits", LIMITS), ("reservations", RESERVATIONS)]))),
    ("restart_policy", RESTART),
    ("placement", PLACEMENT),
]))
.or(Kinds::NULL);

pub(super) const GPUS: Shape = Shape { words: &["all"], ..Shape::list(&GPU).or(Kinds::STRING) };

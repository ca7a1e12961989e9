//! A service, every attribute.

use super::table::{
    ANY, BOOLEAN, COMMAND, DRIVER_OPTIONS, EXTRA_HOSTS, FLAG, GRANTS, HOOK, HOOKS, NUMBER, PAIRS, STRING,
    STRING_OR_LIST, STRINGS, ULIMITS, UNIQUE_STRINGS, WHOLE,
};
use super::{Kinds, Names, Object, Others, Pattern, Shape, deploy};
use crate::model::Ready;

const BUILD: Shape = STRING.or_map(&Object::closed(&[
    ("context", STRING),
    ("dockerfile", STRING),
    ("dockerfile_inline", STRING),
    ("entitlements", STRINGS),
    ("args", PAIRS),
    ("ssh", PAIRS),
    ("labels", PAIRS),
    ("cache_from", STRINGS),
    ("cache_to", STRINGS),
    ("no_cache", FLAG),
    ("additional_contexts", PAIRS),
    ("network", STRING),
    ("provenance", FLAG),
    ("sbom", FLAG),
    ("pull", FLAG),
    ("target", STRING),
    ("shm_size", WHOLE),
    ("extra_hosts", EXTRA_HOSTS),
    ("isolation", STRING),
    ("privileged", FLAG),
    ("secrets", GRANTS),
    ("tags", STRINGS),
    ("ulimits", ULIMITS),
    ("platforms", STRINGS),
]));

const THROTTLE: Shape = Shape::map(&Object::closed(&[("path", STRING), ("rate", WHOLE)]).without_extensions());
const WEIGHT: Shape = Shape::map(&Object::closed(&[("path", STRING), ("weight", WHOLE)]).without_extensions());
const BLKIO: Shape = Shape::map(
    &Object::closed(&[
        ("device_read_bps", Shape::list(&THROTTLE)),
        ("device_read_iops", Shape::list(&THROTTLE)),
        ("device_write_bps", Shape::list(&THROTTLE)),
        ("device_write_iops", Shape::list(&THROTTLE)),
        ("weight", WHOLE),
        ("weight_device", Shape::list(&WEIGHT)),
    ])
    .without_extensions(),
);

const DEPENDENCY: Shape = Shape::map(
    &Object::closed(&[
        ("restart", FLAG),
        ("required", BOOLEAN),
        ("condition", Shape::one_of(&["service_started", "service_healthy", "service_completed_successfully"])),
    ])
    .requiring(&["condition"]),
);

const DEVICE: Shape = STRING
    .or_map(&Object::closed(&[("source", STRING), ("target", STRING), ("permissions", STRING)]).requiring(&["source"]));

// Taken out before the tables are asked: this is what `extends` itself takes.
const EXTENDS: Shape = STRING.or_map(
    &Object::closed(&[("service", STRING), ("file", STRING.or(Kinds::NULL))])
        .requiring(&["service"])
        .without_extensions()
        .others(Others::Let),
);

const OPTION: Shape = Shape::of(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::BOOL));
const OPTION_OR_LIST: Shape = Shape { item: Some(&OPTION), ..OPTION.or(Kinds::LIST) };
const PROVIDER: Shape = Shape::map(
    &Object::closed(&[
        ("type", STRING),
        ("options", Shape::map(&Object::of(Names::Filled, &OPTION_OR_LIST).others(Others::Let))),
    ])
    .requiring(&["type"]),
);

const LOG_OPTION: Shape = Shape::of(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::NULL));
const LOGGING: Shape = Shape::map(&Object::closed(&[
    ("driver", STRING),
    ("options", Shape::map(&Object::of(Names::Filled, &LOG_OPTION).others(Others::Let))),
]));

const MODEL: Shape = Shape::map(&Object::closed(&[("endpoint_var", STRING), ("model_var", STRING)])).or(Kinds::NULL);

const ENDPOINT: Shape = Shape::map(&Object::closed(&[
    ("aliases", UNIQUE_STRINGS),
    ("interface_name", STRING),
    ("ipv4_address", STRING),
    ("ipv6_address", STRING),
    ("link_local_ips", UNIQUE_STRINGS),
    ("mac_address", STRING),
    ("driver_opts", DRIVER_OPTIONS),
    ("priority", Shape::of(Kinds::NUMBER)),
    ("gw_priority", Shape::of(Kinds::NUMBER)),
]))
.or(Kinds::NULL);

const PORT: Shape = Shape::of(Kinds::NUMBER.or(Kinds::STRING)).or_map(&Object::closed(&[
    ("name", STRING),
    ("mode", STRING),
    ("host_ip", STRING),
    ("target", WHOLE),
    ("published", WHOLE),
    ("protocol", STRING),
    ("app_protocol", STRING),
]));

const BIND: Shape = Shape::map(&Object::closed(&[
    ("propagation", STRING),
    ("create_host_path", FLAG),
    ("recursive", Shape::one_of(&["enabled", "disabled", "writable", "readonly"])),
    ("selinux", Shape::one_of(&["z", "Z"])),
]));
const TMPFS: Shape = Shape::map(&Object::closed(&[("size", WHOLE.between(0, i64::MAX)), ("mode", NUMBER)]));
const MOUNT: Shape = STRING.or_map(
    &Object::closed(&[
        ("type", Shape::one_of(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
        ("source", STRING),
        ("target", STRING),
        ("read_only", FLAG),
        ("consistency", STRING),
        ("bind", BIND),
        ("volume", Shape::map(&Object::closed(&[("labels", PAIRS), ("nocopy", FLAG), ("subpath", STRING)]))),
        ("tmpfs", TMPFS),
        ("image", Shape::map(&Object::closed(&[("subpath", STRING)]))),
    ])
    .requiring(&["type"]),
);

const ENV_FILE: Shape = STRING.or_map(
    &Object::closed(&[("path", STRING), ("format", STRING), ("required", FLAG)])
        .requiring(&["path"])
        .without_extensions(),
);

const HEALTHCHECK: Shape = Shape::map(&Object::closed(&[
    ("disable", FLAG),
    ("interval", STRING),
    ("retries", NUMBER),
    ("test", STRINGS.or(Kinds::STRING)),
    ("timeout", STRING),
    ("start_period", STRING),
    ("start_interval", STRING),
]));

/// What runs in a container of its own before the service starts.
const PRE_HOOKS: Shape = Shape::list(&PRE_HOOK);
const PRE_HOOK: Shape = Shape::map(&Object::closed(&[
    ("command", COMMAND),
    ("image", STRING),
    ("user", STRING),
    ("privileged", FLAG),
    ("working_dir", STRING),
    ("environment", PAIRS),
    ("per_replica", FLAG),
]));

const TRIGGER: Shape = Shape::map(
    &Object::closed(&[
        ("ignore", STRING_OR_LIST),
        ("include", STRING_OR_LIST),
        ("path", STRING),
        ("action", Shape::one_of(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"])),
        ("target", STRING),
        ("exec", HOOK),
        ("initial_sync", BOOLEAN),
    ])
    .requiring(&["path", "action"]),
);
const DEVELOP: Shape = Shape::map(&Object::closed(&[("watch", Shape::list(&TRIGGER))])).or(Kinds::NULL);

/// convoke's own: when a service is ready, as told from outside. What goes with what is checked when it is read.
const READY: Shape = Shape::map(
    &Object::closed(&[
        ("tcp", WHOLE),
        ("http", WHOLE),
        ("path", STRING),
        ("status", WHOLE),
        ("log", STRING),
        ("interval", STRING),
        ("timeout", STRING),
    ])
    .without_extensions(),
)
.or(Kinds::NULL);

const STRING_OR_NUMBER: Shape = Shape::of(Kinds::STRING.or(Kinds::NUMBER));
const CONTAINER_NAME: Shape = Shape {
    pattern: Some(Pattern {
        holds: container_name,
        words: "at least two of a-z, A-Z, 0-9, `_`, `.` and `-`",
        expression: "[a-zA-Z0-9][a-zA-Z0-9_.-]",
    }),
    ..STRING
};
const PULL_POLICY: Shape = Shape {
    pattern: Some(Pattern {
        holds: pull_policy,
        words: "one of always, never, missing, if_not_present, build, daily, weekly, every_<duration>",
        expression: "always|never|build|if_not_present|missing|refresh|daily|weekly|every_[0-9]+[wdhms]",
    }),
    ..STRING
};

pub(super) const SERVICE: Shape = Shape::map(&Object::closed(&[
    ("annotations", PAIRS),
    ("attach", FLAG),
    ("blkio_config", BLKIO),
    ("build", BUILD),
    ("cap_add", UNIQUE_STRINGS),
    ("cap_drop", UNIQUE_STRINGS),
    ("cgroup", Shape::one_of(&["host", "private"])),
    ("cgroup_parent", STRING),
    ("command", COMMAND),
    ("configs", GRANTS),
    ("container_name", CONTAINER_NAME),
    ("cpu_count", WHOLE.between(0, i64::MAX)),
    ("cpu_percent", WHOLE.between(0, 100)),
    ("cpu_period", NUMBER),
    ("cpu_quota", NUMBER),
    ("cpu_rt_period", NUMBER),
    ("cpu_rt_runtime", NUMBER),
    ("cpu_shares", NUMBER),
    ("cpus", NUMBER),
    ("cpuset", STRING),
    ("credential_spec", Shape::map(&Object::closed(&[("config", STRING), ("file", STRING), ("registry", STRING)]))),
    ("depends_on", UNIQUE_STRINGS.or_map(&Object::of(Names::Resource, &DEPENDENCY))),
    ("deploy", deploy::DEPLOY),
    ("develop", DEVELOP),
    ("device_cgroup_rules", UNIQUE_STRINGS),
    ("devices", Shape::list(&DEVICE)),
    ("dns", STRING_OR_LIST),
    ("dns_opt", UNIQUE_STRINGS),
    ("dns_search", STRING_OR_LIST),
    ("domainname", STRING),
    ("entrypoint", COMMAND),
    ("env_file", Shape::list(&ENV_FILE).or(Kinds::STRING)),
    ("environment", PAIRS),
    ("expose", Shape::unique(&STRING_OR_NUMBER)),
    ("extends", EXTENDS),
    ("external_links", UNIQUE_STRINGS),
    ("extra_hosts", EXTRA_HOSTS),
    ("gpus", deploy::GPUS),
    ("group_add", Shape::unique(&STRING_OR_NUMBER)),
    ("healthcheck", HEALTHCHECK),
    ("hostname", STRING),
    ("image", STRING),
    ("init", FLAG),
    ("ipc", STRING),
    ("isolation", STRING),
    ("label_file", STRINGS.or(Kinds::STRING)),
    ("labels", PAIRS),
    ("links", UNIQUE_STRINGS),
    ("logging", LOGGING),
    ("mac_address", STRING),
    ("mem_limit", NUMBER),
    ("mem_reservation", WHOLE),
    ("mem_swappiness", WHOLE),
    ("memswap_limit", NUMBER),
    ("models", UNIQUE_STRINGS.or_map(&Object::of(Names::Resource, &MODEL).others(Others::Let))),
    ("network_mode", STRING),
    ("networks", UNIQUE_STRINGS.or_map(&Object::of(Names::Resource, &ENDPOINT))),
    ("oom_kill_disable", FLAG),
    ("oom_score_adj", WHOLE.between(-1000, 1000)),
    ("pid", STRING.or(Kinds::NULL)),
    ("pids_limit", NUMBER),
    ("platform", STRING),
    ("ports", Shape::unique(&PORT)),
    ("post_start", HOOKS),
    ("pre_start", PRE_HOOKS),
    ("pre_stop", HOOKS),
    ("privileged", FLAG),
    ("profiles", UNIQUE_STRINGS),
    ("provider", PROVIDER),
    ("pull_policy", PULL_POLICY),
    ("pull_refresh_after", STRING),
    ("read_only", FLAG),
    ("restart", STRING),
    ("runtime", STRING),
    ("scale", WHOLE),
    ("secrets", GRANTS),
    ("security_opt", UNIQUE_STRINGS),
    ("shm_size", NUMBER),
    ("stdin_open", FLAG),
    ("stop_grace_period", STRING),
    ("stop_signal", STRING),
    ("storage_opt", Shape::map(&Object::of(Names::Filled, &ANY).others(Others::Let))),
    ("sysctls", PAIRS),
    ("tmpfs", STRING_OR_LIST),
    ("tty", FLAG),
    ("ulimits", ULIMITS),
    ("use_api_socket", BOOLEAN),
    ("user", STRING),
    ("userns_mode", STRING),
    ("uts", STRING),
    ("volumes", Shape::unique(&MOUNT)),
    ("volumes_from", UNIQUE_STRINGS),
    ("working_dir", STRING),
    (Ready::KEY, READY),
]));

// The format's patterns are not anchored: a text is good when a part of it is.
fn container_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.windows(2).any(|pair| {
        pair[0].is_ascii_alphanumeric() && (pair[1].is_ascii_alphanumeric() || matches!(pair[1], b'_' | b'.' | b'-'))
    })
}

fn pull_policy(policy: &str) -> bool {
    const WORDS: [&str; 8] = ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    WORDS.iter().any(|word| policy.contains(word))
        || policy.match_indices("every_").any(|(at, prefix)| {
            let rest = &policy[at + prefix.len()..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            digits > 0 && matches!(rest.as_bytes().get(digits), Some(b'w' | b'd' | b'h' | b'm' | b's'))
        })
}

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::engine::ApiVersion;
use crate::model::{GrantSource, Network, Volume};

const OLD: ApiVersion = ApiVersion::new(1, 41);
const NEW: ApiVersion = ApiVersion::new(1, 51);

/// A service from its JSON, as the loader would give it.
fn service(value: Value) -> Service {
    serde_json::from_value(value).expect("a service")
}

fn project() -> Project {
    let network = |name: &str| Network { name: name.into(), ..Network::default() };
    Project {
        name: "shop".into(),
        working_dir: "/srv/shop".into(),
        compose_files: vec!["/srv/shop/compose.yaml".into(), "/srv/shop/more.yaml".into()],
        networks: BTreeMap::from([("default".into(), network("shop_default")), ("back".into(), network("shop_back"))]),
        volumes: BTreeMap::from([("data".into(), Volume { name: "shop_data".into(), ..Volume::default() })]),
        secrets: BTreeMap::from([
            ("file".into(), GrantSource { file: "/srv/shop/key".into(), ..GrantSource::default() }),
            ("variable".into(), GrantSource { environment: "TOKEN".into(), ..GrantSource::default() }),
            ("empty".into(), GrantSource { environment: "EMPTY".into(), ..GrantSource::default() }),
            ("unset".into(), GrantSource { environment: "UNSET".into(), ..GrantSource::default() }),
            ("swarm".into(), GrantSource { external: true, ..GrantSource::default() }),
        ]),
        configs: BTreeMap::from([("text".into(), GrantSource { content: "hello".into(), ..GrantSource::default() })]),
        environment: BTreeMap::from([("TOKEN".into(), "t0p".into()), ("EMPTY".into(), String::new())]),
        ..Project::default()
    }
}

fn specified(value: Value, api: ApiVersion) -> Result<Specified, Vec<PlanError>> {
    let project = project();
    let proxies = BTreeMap::from([("HTTP_PROXY".to_owned(), "http://proxy".to_owned())]);
    let context = Context { project: &project, api, proxies: &proxies };
    container(&context, &"web".into(), &service(value), Purpose::Replica(2), &[])
}

fn spec(value: Value) -> ContainerSpec {
    specified(value, OLD).expect("a specification").spec
}

fn refused(value: Value) -> String {
    specified(value, OLD).expect_err("an error")[0].to_string()
}

#[test]
fn names_labels_and_image_are_those_of_docker_compose() {
    let spec = spec(json!({
        "image": "redis:7",
        "labels": {"mine": "1", "com.docker.compose.project": "stolen"},
        "depends_on": {"db": {"condition": "service_healthy", "required": true},
                       "cache": {"condition": "service_started", "required": true, "restart": true}},
    }));
    assert_eq!((spec.name.as_str(), spec.image.as_str()), ("shop-web-2", "redis:7"));
    let label = |name: &str| spec.labels.get(&format!("com.docker.compose.{name}")).map_or("-", String::as_str);
    for (name, expected) in [
        ("project", "shop"),
        ("service", "web"),
        ("oneoff", "False"),
        ("container-number", "2"),
        ("project.working_dir", "/srv/shop"),
        ("project.config_files", "/srv/shop/compose.yaml,/srv/shop/more.yaml"),
        ("project.environment_file", "-"),
        ("depends_on", "cache:service_started:true,db:service_healthy:false"),
        ("version", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(label(name), expected, "{name}");
    }
    assert_eq!(spec.labels["mine"], "1");
    assert_eq!(self::spec(json!({"build": {}})).image, "shop-web");
    assert_eq!(self::spec(json!({"container_name": "solo"})).name, "solo");
}

#[test]
fn a_one_off_has_no_number_and_only_its_own_alias() {
    let project = project();
    let context = Context { project: &project, api: OLD, proxies: &BTreeMap::new() };
    let slug = "0123456789abcdef";
    let one_off = OneOff { slug, name: "", aliases: false, auto_remove: true, attach_stdin: true };
    let service = service(json!({"stdin_open": true, "networks": {"back": {"aliases": ["b"]}}}));
    let spec = container(&context, &"web".into(), &service, Purpose::OneOff(one_off), &[]).unwrap().spec;
    assert_eq!(spec.name, "shop-web-run-0123456789ab");
    assert_eq!(spec.labels[crate::model::labels::ONE_OFF], "True");
    assert_eq!(spec.labels[crate::model::labels::SLUG], slug);
    assert!(!spec.labels.contains_key(crate::model::labels::CONTAINER_NUMBER));
    assert_eq!(spec.endpoints["shop_back"].aliases, ["shop-web-run-0123456789ab"]);
    assert!(spec.auto_remove && spec.stdin_once && spec.attach_stdin);
}

#[test]
fn the_environment_goes_over_proxies_and_may_unset() {
    let spec = spec(json!({"environment": {"B": "2", "A": null, "HTTP_PROXY": "mine"}}));
    assert_eq!(spec.environment, ["A", "B=2", "HTTP_PROXY=mine"]);
}

#[test]
fn the_primary_network_is_the_one_of_highest_priority() {
    let spec = spec(json!({"networks": {
        "default": {"aliases": ["w"], "ipv4_address": "10.0.0.9", "driver_opts": {"o": "1"}},
        "back": {"priority": 10, "mac_address": "02:00:00:00:00:01", "link_local_ips": ["169.254.1.1"]},
    }}));
    assert_eq!(spec.network_mode, "shop_back");
    assert_eq!(spec.mac_address, "02:00:00:00:00:01");
    let front = &spec.endpoints["shop_default"];
    assert_eq!(front.aliases, ["shop-web-2", "web", "w"]);
    assert_eq!(front.ipv4_address, "10.0.0.9");
    assert_eq!(spec.endpoints["shop_back"].link_local_ips, ["169.254.1.1"]);
}

#[test]
fn network_modes_take_the_place_of_networks() {
    for (mode, expected) in [
        ("host", "host"),
        ("none", "none"),
        ("container:x", "container:x"),
        ("service:db", ""),
        ("disabled", "disabled"),
    ] {
        let spec = spec(json!({"network_mode": mode}));
        assert_eq!(spec.network_mode, expected);
        assert!(spec.endpoints.is_empty());
        assert_eq!(spec.network_disabled, mode == "disabled");
    }
    let bare = Project { networks: BTreeMap::new(), ..project() };
    let context = Context { project: &bare, api: OLD, proxies: &BTreeMap::new() };
    let spec = container(&context, &"web".into(), &Service::default(), Purpose::Replica(1), &[]).unwrap().spec;
    assert_eq!(spec.network_mode, "none");
}

#[test]
fn newer_engines_take_hardware_addresses_and_interface_names_at_the_endpoint() {
    let wish = json!({"mac_address": "02:00:00:00:00:02", "networks": {"back": {"interface_name": "eth7"}}});
    let spec = specified(wish.clone(), NEW).unwrap().spec;
    assert_eq!(spec.mac_address, "");
    let endpoint = &spec.endpoints["shop_back"];
    assert_eq!(endpoint.mac_address, "02:00:00:00:00:02");
    assert_eq!(endpoint.driver_options["com.docker.network.endpoint.ifname"], "eth7");
    assert_eq!(refused(wish), "interface_name requires Docker Engine 28.1 or later (this one speaks API 1.41)");
}

#[test]
fn mounts_take_the_short_form_where_it_says_it_all() {
    let spec = spec(json!({
        "volumes": [
            {"type": "bind", "source": "/a", "target": "/1", "bind": {"create_host_path": true}},
            {"type": "bind", "source": "/a", "target": "/2", "read_only": true,
             "bind": {"create_host_path": true, "selinux": "z"}},
            {"type": "bind", "source": "/a", "target": "/3", "bind": {"create_host_path": false}},
            {"type": "bind", "source": "/a", "target": "/4",
             "bind": {"create_host_path": true, "propagation": "rshared", "recursive": "readonly"}},
            {"type": "volume", "source": "data", "target": "/5", "volume": {}},
            {"type": "volume", "source": "data", "target": "/6", "volume": {"nocopy": true, "subpath": "s"}},
            {"type": "volume", "target": "/7"},
            {"type": "tmpfs", "target": "/8", "tmpfs": {"size": "1024", "mode": 448}},
            {"type": "npipe", "source": "p", "target": "/9"},
        ],
        "tmpfs": ["/run", "/tmp:size=1m"],
    }));
    assert_eq!(spec.binds, ["/a:/1:rw", "/a:/2:ro,z", "shop_data:/5:rw"]);
    let mounts: Vec<_> =
        spec.mounts.iter().map(|mount| (mount.kind.as_str(), mount.source.as_str(), mount.target.as_str())).collect();
    let expected = [
        ("bind", "/a", "/3"),
        ("bind", "/a", "/4"),
        ("volume", "shop_data", "/6"),
        ("volume", "", "/7"),
        ("tmpfs", "", "/8"),
        ("npipe", "p", "/9"),
    ];
    assert_eq!(mounts, expected);
    assert!(!spec.mounts[0].create_mountpoint && spec.mounts[1].create_mountpoint);
    assert!(spec.mounts[1].read_only_force_recursive && spec.mounts[1].propagation == "rshared");
    assert!(spec.mounts[2].no_copy && spec.mounts[2].subpath == "s");
    assert_eq!((spec.mounts[4].tmpfs_size, spec.mounts[4].tmpfs_mode), (1024, 0o700));
    assert_eq!(spec.tmpfs, BTreeMap::from([("/run".into(), String::new()), ("/tmp".into(), "size=1m".into())]));
    let image = json!({"volumes": [{"type": "image", "source": "i", "target": "/i", "image": {"subpath": "x"}}]});
    assert_eq!(specified(image.clone(), NEW).unwrap().spec.mounts[0].subpath, "x");
    assert!(refused(image).starts_with("volume with type=image requires Docker Engine 28"));
}

#[test]
fn ports_are_exposed_and_published() {
    let spec = spec(json!({
        "expose": ["9000", "7000-7001/udp", "80/tcp"],
        "ports": [
            {"target": 80, "published": "8080", "protocol": "tcp", "host_ip": "127.0.0.1", "mode": "ingress"},
            {"target": 80, "published": "9090-9095", "protocol": "tcp"},
            {"target": 53, "protocol": "udp"},
        ],
    }));
    assert_eq!(spec.exposed_ports, ["53/udp", "7000/udp", "7001/udp", "80/tcp", "9000/tcp"]);
    let published: Vec<_> =
        spec.port_bindings["80/tcp"].iter().map(|port| (port.address.as_str(), port.published.as_str())).collect();
    assert_eq!(published, [("127.0.0.1", "8080"), ("", "9090-9095")]);
    assert_eq!(spec.port_bindings["53/udp"][0].published, "");
}

#[test]
fn resources_of_the_deploy_section_go_over_the_services_own() {
    let own = spec(json!({
        "cpus": 0.5, "mem_limit": "64m", "mem_reservation": "32m", "memswap_limit": "-1", "mem_swappiness": "10",
        "pids_limit": 5, "cpu_percent": 12.5, "cpu_shares": 3, "cpuset": "0,1", "cgroup_parent": "p",
        "ulimits": {"nproc": 7, "nofile": {"soft": 10, "hard": 20}},
        "devices": [{"source": "/dev/a", "target": "/dev/b", "permissions": "rwm"},
                    {"source": "v.com/c=d", "target": "v.com/c=d", "permissions": "rwm"}],
        "gpus": [{"count": -1}],
        "blkio_config": {"weight": 300, "weight_device": [{"path": "/dev/sda", "weight": 400}],
                         "device_read_bps": [{"path": "/dev/sda", "rate": "12mb"}]},
        "deploy": {"resources": {"limits": {"cpus": 1.5, "memory": "128m", "pids": 9},
                                 "reservations": {"memory": "16m", "devices": [{"capabilities": ["gpu"], "count": 1}]}}},
    }))
    .resources;
    assert_eq!((own.nano_cpus, own.memory, own.memory_reservation), (1_500_000_000, 128 << 20, 16 << 20));
    assert_eq!((own.memory_swap, own.memory_swappiness, own.pids_limit), (-1, Some(10), Some(9)));
    assert_eq!((own.cpu_percent, own.cpu_shares, own.oom_kill_disable), (1250, 3, Some(false)));
    let limits: Vec<_> = own.ulimits.iter().map(|limit| (limit.name.as_str(), limit.soft, limit.hard)).collect();
    assert_eq!(limits, [("nofile", 10, 20), ("nproc", 7, 7)]);
    assert_eq!(own.devices.len(), 1);
    let requests: Vec<_> = own
        .device_requests
        .iter()
        .map(|request| (request.driver.as_str(), request.count, &request.capabilities))
        .collect();
    let gpu = vec![vec!["gpu".to_owned()]];
    assert_eq!(requests, [("", 1, &gpu), ("cdi", 0, &Vec::new()), ("", -1, &gpu)]);
    assert_eq!(own.device_requests[1].device_ids, ["v.com/c=d"]);
    assert_eq!(own.blkio_weight_device, [("/dev/sda".to_owned(), 400)]);
    assert_eq!(own.blkio_read_bps, [("/dev/sda".to_owned(), 12 << 20)]);
}

#[test]
fn restart_policies_are_the_engines() {
    let table = [
        (json!({}), None),
        (json!({"restart": "no"}), Some(("no", 0))),
        (json!({"restart": "on-failure:3"}), Some(("on-failure", 3))),
        (
            json!({"restart": "always", "deploy": {"restart_policy": {"condition": "any", "max_attempts": 4}}}),
            Some(("always", 4)),
        ),
        (json!({"restart": "always", "deploy": {"restart_policy": {"condition": "none"}}}), Some(("no", 0))),
        (json!({"restart": "always", "deploy": {"restart_policy": {}}}), Some(("", 0))),
    ];
    for (wish, expected) in table {
        let policy = spec(wish.clone()).restart_policy;
        let found = policy.as_ref().map(|policy| (policy.name.as_str(), policy.maximum_retry_count));
        assert_eq!(found, expected, "{wish}");
    }
}

#[test]
fn health_checks_are_the_engines() {
    let second = std::time::Duration::from_secs(1);
    let wish = json!({"healthcheck": {"test": ["CMD", "true"], "interval": "1s", "timeout": "2s", "retries": 3,
                                      "start_period": "4s", "start_interval": "1s"}});
    let specified = specified(wish.clone(), OLD).unwrap();
    let health = specified.spec.health_check.unwrap();
    assert_eq!(health.test, ["CMD", "true"]);
    assert_eq!((health.interval, health.timeout, health.retries), (Some(second), Some(second * 2), Some(3)));
    assert_eq!((health.start_period, health.start_interval), (Some(second * 4), None));
    assert!(specified.warnings[0].contains("does not know healthcheck.start_interval"));
    assert_eq!(self::specified(wish, NEW).unwrap().spec.health_check.unwrap().start_interval, Some(second));
    assert_eq!(
        spec(json!({"healthcheck": {"disable": true, "test": ["CMD", "x"]}})).health_check.unwrap().test,
        ["NONE"]
    );
    let without_period = json!({"healthcheck": {"start_interval": "1s"}});
    assert_eq!(refused(without_period), "healthcheck.start_interval requires healthcheck.start_period to be set");
}

#[test]
fn security_options_leave_profiles_to_be_read() {
    let wish = json!({"security_opt": ["no-new-privileges", "systempaths=unconfined", "seccomp:s/p.json", "label:disable",
                                       "seccomp=unconfined"]});
    let specified = specified(wish, OLD).unwrap();
    let options = &specified.spec.security_options;
    assert_eq!(options, &["no-new-privileges", "seccomp:s/p.json", "label:disable", "seccomp=unconfined"]);
    assert_eq!(specified.profiles, [(1, PathBuf::from("/srv/shop/s/p.json"))]);
    assert_eq!(specified.spec.masked_paths, Some(vec![]));
    assert_eq!(refused(json!({"security_opt": ["odd"]})), "invalid security-opt: \"odd\"");
    assert_eq!(refused(json!({"dns": ["ns.example"]})), "invalid DNS address: \"ns.example\"");
}

#[test]
fn grants_are_mounted_or_injected() {
    let wish = json!({
        "secrets": [{"source": "file"}, {"source": "variable", "target": "sub/token", "mode": "0400", "uid": "7"},
                    {"source": "empty"}, {"source": "file", "target": "/etc/key", "mode": "0440"}],
        "configs": [{"source": "text"}],
        "volumes": [],
    });
    let spec = spec(wish.clone());
    let mounts: Vec<_> = spec.mounts.iter().map(|mount| (mount.source.as_str(), mount.target.as_str())).collect();
    assert_eq!(mounts, [("/srv/shop/key", "/run/secrets/file")]);
    assert!(spec.mounts[0].read_only);
    let files: Vec<_> = injected_files(&project(), &service(wish))
        .into_iter()
        .map(|file| format!("{} {:?} {:o} {}", file.target, file.content, file.mode, file.uid))
        .collect();
    let expected = [
        "/run/secrets/sub/token Bytes(3 bytes) 400 7",
        "/etc/key File(/srv/shop/key) 440 0",
        "/text Bytes(5 bytes) 444 0",
    ];
    assert_eq!(files, expected);
    for (wish, message) in [
        (
            json!({"secrets": [{"source": "unset"}]}),
            "environment variable \"UNSET\" required by secret \"unset\" is not set",
        ),
        (json!({"secrets": [{"source": "swarm"}]}), "unsupported external secret swarm"),
        (
            json!({"read_only": true, "configs": [{"source": "text"}]}),
            "cannot create config \"text\" as /text in read-only service web",
        ),
        (json!({"configs": [{"source": "text", "uid": "me"}]}), "config \"text\": uid \"me\" is no number"),
    ] {
        assert_eq!(refused(wish), message);
    }
    let hidden = json!({"secrets": [{"source": "file"}],
                        "volumes": [{"type": "volume", "source": "data", "target": "/run/secrets/file"}]});
    assert!(self::spec(hidden).mounts.is_empty());
}

#[test]
fn networks_and_volumes_carry_their_labels() {
    let project = project();
    let network = network_spec(&project, "default", &project.networks["default"]);
    assert_eq!(network.name, "shop_default");
    assert_eq!(network.labels["com.docker.compose.network"], "default");
    let volume = volume_spec(&project, "data", &project.volumes["data"]);
    assert_eq!(volume.labels["com.docker.compose.volume"], "data");
    for labels in [network.labels, volume.labels] {
        assert_eq!(labels["com.docker.compose.project"], "shop");
        assert_eq!(labels["com.docker.compose.config-hash"].len(), 64);
    }
}

use serde_json::json;

use super::*;
use crate::engine::{HealthSpec, LogSpec, MountSpec, PortBinding, RestartPolicySpec};

/// A container as an engine shows it that was made from [`wished`], by whatever tool.
fn seen() -> Inspected {
    Inspected {
        container: json!({
            "Id": "0123456789abcdef",
            "Config": {
                "Image": "app:1", "Cmd": ["serve", "--token", "t"], "Entrypoint": null, "User": "", "WorkingDir": "/srv",
                "Hostname": "0123456789ab", "Tty": false, "StopSignal": "SIGTERM", "StopTimeout": 5,
                "Env": ["LEVEL=info", "DB_PASSWORD=x", "PATH=/bin", "KEPT=1"],
                "Labels": {"com.docker.compose.project": "shop", "of.image": "1", "team": "a"},
                "ExposedPorts": {"80/tcp": {}, "9000/tcp": {}},
                "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_000_000_000_i64},
            },
            "HostConfig": {
                "Memory": 67_108_864, "MemorySwap": 134_217_728, "NanoCpus": 500_000_000, "ShmSize": 67_108_864,
                "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}, "CapAdd": null, "Init": null,
                "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
                "Binds": ["shop_data:/data:rw"],
                "Mounts": [
                    {"Type": "volume", "Source": "0".repeat(64), "Target": "/cache"},
                    {"Type": "volume", "Source": "1".repeat(64), "Target": "/of-image"},
                ],
                "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}}, "NetworkMode": "shop_default",
                "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}], "Devices": [],
            },
            "NetworkSettings": {"Networks": {"shop_default": {}}},
        }),
        image: json!({
            "Env": ["PATH=/bin"], "Labels": {"of.image": "1"}, "WorkingDir": "/srv", "StopSignal": "SIGTERM",
            "ExposedPorts": {"9000/tcp": {}}, "Volumes": {"/of-image": {}},
        }),
    }
}

fn wished() -> ContainerSpec {
    let mut spec = ContainerSpec {
        image: "app:1".into(),
        command: Some(vec!["serve".into(), "--token".into(), "t".into()]),
        environment: vec!["LEVEL=info".into(), "DB_PASSWORD=x".into(), "KEPT=1".into()],
        labels: [("team".into(), "a".into()), ("com.docker.compose.project".into(), "shop".into())].into(),
        stop_timeout: Some(5),
        exposed_ports: vec!["80/tcp".into()],
        port_bindings: [("80/tcp".into(), vec![PortBinding { address: "127.0.0.1".into(), published: "8080".into() }])]
            .into(),
        binds: vec!["shop_data:/data:rw".into()],
        mounts: vec![MountSpec { kind: "volume".into(), target: "/cache".into(), ..MountSpec::default() }],
        network_mode: "shop_default".into(),
        endpoints: [("shop_default".into(), crate::engine::EndpointSpec::default())].into(),
        restart_policy: Some(RestartPolicySpec { name: "on-failure".into(), maximum_retry_count: 3 }),
        health_check: Some(HealthSpec {
            test: vec!["CMD".into(), "true".into()],
            interval: Some(std::time::Duration::from_secs(5)),
            ..HealthSpec::default()
        }),
        log: Some(LogSpec { driver: "json-file".into(), options: [("max-size".into(), "1m".into())].into() }),
        ..ContainerSpec::default()
    };
    spec.resources.memory = 67_108_864;
    spec.resources.nano_cpus = 500_000_000;
    spec.resources.ulimits = vec![crate::engine::UlimitSpec { name: "nofile".into(), soft: 100, hard: 200 }];
    spec
}

fn told(changes: &[FieldChange]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_container_that_is_as_it_was_asked_for_differs_in_nothing() {
    assert_eq!(told(&differences(&wished(), &seen())), [] as [&str; 0]);
}

#[test]
fn every_difference_is_told_with_both_sides() {
    let mut spec = wished();
    spec.image = "app:2".into();
    spec.command = Some(vec!["serve".into()]);
    spec.environment = vec!["LEVEL=debug".into(), "DB_PASSWORD=y".into(), "NEW=1".into(), "PATH".into()];
    spec.labels.insert("team".into(), "b".into());
    spec.user = "me".into();
    spec.working_dir = "/app".into();
    spec.hostname = "named".into();
    spec.tty = true;
    spec.stop_timeout = None;
    spec.port_bindings.clear();
    spec.binds = vec!["shop_data:/data:ro".into()];
    spec.mounts.clear();
    spec.restart_policy = None;
    spec.cap_add = vec!["CAP_SYS_TIME".into()];
    spec.health_check.as_mut().unwrap().interval = Some(std::time::Duration::from_millis(1500));
    spec.log.as_mut().unwrap().options.clear();
    spec.resources.memory = 0;
    spec.resources.nano_cpus = 250_000_000;
    spec.resources.ulimits.clear();
    insta::assert_snapshot!(told(&differences(&spec, &seen())).join("\n"));
}

#[test]
fn a_known_path_leads_to_both_sides() {
    let mut spec = wished();
    spec.environment = vec!["LEVEL=debug".into()];
    spec.resources.memory = 1 << 20;
    let table = [
        ("environment.LEVEL", vec![r#"environment.LEVEL: "info" → "debug""#]),
        ("environment.KEPT", vec![r#"environment.KEPT: "1" → none"#]),
        ("deploy.resources.limits.memory", vec!["deploy.resources.limits.memory: 67108864 → 1048576"]),
        ("deploy", vec!["deploy.resources.limits.memory: 67108864 → 1048576"]),
        (
            "environment",
            vec![
                "environment.DB_PASSWORD: *** → none",
                r#"environment.KEPT: "1" → none"#,
                r#"environment.LEVEL: "info" → "debug""#,
            ],
        ),
        ("develop", vec![]),
        ("user", vec![]),
    ];
    for (path, expected) in table {
        assert_eq!(told(&at(path, &spec, &seen())), expected, "{path}");
    }
}

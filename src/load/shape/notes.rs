//! What each attribute of the format means, for editors and for whoever asks.

/// What there is to say about an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// The end of its place, as long as it takes to tell it from others: `ports.target`, `target`.
    pub place: &'static str,
    pub text: &'static str,
    /// What counts where it is left out; empty when that is nothing, or depends on the image or the engine.
    pub default: &'static str,
}

/// What is said about an attribute; its place without names that files choose: `services`, `ports`, `target`.
pub fn note(place: &[&str]) -> Option<&'static Note> {
    (0..place.len()).find_map(|from| {
        let end = place[from..].join(".");
        NOTES.iter().find(|note| note.place == end)
    })
}

/// An attribute that only old files have.
#[cfg(test)]
pub fn is_deprecated(note: &Note) -> bool {
    note.text.starts_with("Obsolete")
}

macro_rules! notes {
    ($($place:literal: $text:literal $(= $default:literal)?;)*) => {
        &[$(Note { place: $place, text: $text, default: concat!($($default)?) }),*]
    };
}

pub(super) const NOTES: &[Note] = notes! {
    // The top.
    "configs": "Files that services get, by name; not secret.";
    "include": "Other compose files whose services and resources become part of this project.";
    "models": "AI models that services use, by name.";
    "name": "Name of the project: prefix of the names of containers, networks and volumes." = "the name of the folder";
    "networks": "Networks that services join, by name.";
    "secrets": "Secret files that services get, by name.";
    "services": "What runs, by name: each service is one or more containers of one image.";
    "version": "Obsolete: says nothing any more.";
    "volumes": "Storage that outlives containers, by name.";

    // include
    "include.env_file": "Env files for the variables of the included files." = ".env beside the first included file";
    "include.path": "The compose file; a list is one file and what is merged onto it.";
    "include.project_directory": "Folder that relative paths of the included files start from." = "the folder of the first included file";

    // Shared by several places.
    "driver": "Which driver does it.";
    "driver_opts": "Options of the driver.";
    "labels": "Labels: metadata for people and tools.";
    "external": "It is there already: it is neither made nor removed here." = "false";
    "external.name": "Obsolete: write `name` beside `external: true`.";
    "environment": "Environment variables; a name without a value takes the one of the shell or of .env.";
    "ulimits": "Limits of a process, by name: one number, or a soft and a hard one.";
    "ulimits.hard": "What a process may raise its limit to.";
    "ulimits.soft": "What a process is limited to.";
    "extra_hosts": "Entries of /etc/hosts: names and their addresses; `host-gateway` is the host.";
    "command": "What runs: a list of words, or a line that is split into words." = "CMD of the image";
    "user": "User, or user:group, that the process runs as." = "USER of the image";
    "privileged": "All rights that the host has." = "false";
    "working_dir": "Folder that the process starts in." = "WORKDIR of the image";
    "isolation": "How containers are kept apart (Windows).";
    "shm_size": "Size of /dev/shm: a number of bytes, or 64m." = "64m";

    // Grants: configs and secrets of a service or build.
    "configs.gid": "Group that owns the file." = "0";
    "configs.mode": "Permissions of the file." = "0444";
    "configs.source": "The config, by its name at the top.";
    "configs.target": "Path in the container." = "/ and the name of the config";
    "configs.uid": "User who owns the file." = "0";
    "secrets.gid": "Group that owns the file." = "0";
    "secrets.mode": "Permissions of the file." = "0444";
    "secrets.source": "The secret, by its name at the top.";
    "secrets.target": "Path in the container, or name below /run/secrets." = "/run/secrets/ and the name of the secret";
    "secrets.uid": "User who owns the file." = "0";

    // Commands beside the service's own.
    "post_start.command": "What runs: a list of words, or a line that is split into words.";
    "pre_stop.command": "What runs: a list of words, or a line that is split into words.";
    "exec.command": "What runs: a list of words, or a line that is split into words.";
    "post_start.user": "User that it runs as." = "that of the container";
    "pre_stop.user": "User that it runs as." = "that of the container";
    "exec.user": "User that it runs as." = "that of the container";
    "post_start.working_dir": "Folder that it starts in." = "that of the container";
    "pre_stop.working_dir": "Folder that it starts in." = "that of the container";
    "exec.working_dir": "Folder that it starts in." = "that of the container";

    "pre_start": "Commands that run, each in a container of its own, before the service starts.";
    "pre_start.command": "What runs: a list of words, or a line that is split into words.";
    "pre_start.image": "The image that it runs in." = "that of the service";
    "pre_start.user": "User that it runs as." = "that of the image";
    "pre_start.working_dir": "Folder that it starts in." = "that of the image";
    "pre_start.per_replica": "Whether it runs for each container, and not once for all." = "false";

    // convoke's own.
    "x-convoke-ready": "When a service is ready, as told from outside: by its port, an answer, or a line of its output.";
    "x-convoke-ready.http": "Port of the container that answers requests.";
    "x-convoke-ready.interval": "The longest pause between two looks.";
    "x-convoke-ready.log": "Regular expression that a line of its output matches.";
    "x-convoke-ready.path": "Path that is asked for." = "/";
    "x-convoke-ready.status": "Status of a good answer." = "any below 400";
    "x-convoke-ready.tcp": "Port of the container that takes connections.";
    "x-convoke-ready.timeout": "How long one look may take.";

    // A service.
    "annotations": "Annotations of the container.";
    "attach": "Whether a foreground `up` shows the logs." = "true";
    "services.blkio_config": "Shares and limits of disk access.";
    "blkio_config.device_read_bps": "Limits of reading, in bytes a second.";
    "blkio_config.device_read_iops": "Limits of reading, in operations a second.";
    "blkio_config.device_write_bps": "Limits of writing, in bytes a second.";
    "blkio_config.device_write_iops": "Limits of writing, in operations a second.";
    "blkio_config.weight": "Share of the disk's time, 10 to 1000." = "500";
    "blkio_config.weight_device": "Shares by device.";
    "device_read_bps.path": "The device.";
    "device_read_bps.rate": "Bytes a second: a number, or 12mb.";
    "device_read_iops.path": "The device.";
    "device_read_iops.rate": "Operations a second.";
    "device_write_bps.path": "The device.";
    "device_write_bps.rate": "Bytes a second: a number, or 12mb.";
    "device_write_iops.path": "The device.";
    "device_write_iops.rate": "Operations a second.";
    "weight_device.path": "The device.";
    "weight_device.weight": "Share of its time, 10 to 1000.";
    "build": "How to make the image: a folder alone, or everything about it.";
    "cap_add": "Kernel capabilities to add; ALL is all.";
    "cap_drop": "Kernel capabilities to drop; ALL is all.";
    "cgroup": "Cgroup namespace: of its own, or of the host.";
    "cgroup_parent": "Cgroup above that of the container.";
    "container_name": "Name of the only container, instead of project-service-number.";
    "cpu_count": "Number of processors (Windows).";
    "cpu_percent": "Share of all processors, in percent (Windows).";
    "cpu_period": "Length of a period of the scheduler, in microseconds.";
    "cpu_quota": "Processor time in each period, in microseconds.";
    "cpu_rt_period": "Length of a period of the real-time scheduler: microseconds, or a duration.";
    "cpu_rt_runtime": "Real-time processor time in each period: microseconds, or a duration.";
    "cpu_shares": "Weight beside other containers." = "1024";
    "cpus": "How many processors it may use: 0.5, 2.";
    "cpuset": "Which processors it may use: 0-3, 0,1.";
    "credential_spec": "Credentials of a managed service account (Windows).";
    "credential_spec.config": "A config that holds them.";
    "credential_spec.file": "A file that holds them.";
    "credential_spec.registry": "An entry of the registry of the host that holds them.";
    "depends_on": "Services that come first; stopping goes the other way.";
    "depends_on.condition": "What to wait for: that it has started, is healthy, or has ended well." = "service_started";
    "depends_on.required": "Whether it has to be there: without it, no more than a warning is given." = "true";
    "depends_on.restart": "Whether this service restarts when that one is replaced." = "false";
    "deploy": "How many containers, and within which limits.";
    "develop": "What to do when source files change.";
    "device_cgroup_rules": "Rules for devices that may be made later: `c 1:3 mr`.";
    "devices": "Devices of the host: HOST[:CONTAINER[:PERMISSIONS]].";
    "devices.permissions": "Any of r, w and m: read, write, make nodes." = "rwm";
    "devices.source": "Path on the host, or the name of a CDI device.";
    "devices.target": "Path in the container." = "the source";
    "dns": "Name servers.";
    "dns_opt": "Options for the resolver.";
    "dns_search": "Domains that names are looked up in.";
    "domainname": "Domain of the container.";
    "entrypoint": "What the command is handed to; set, it takes CMD of the image away." = "ENTRYPOINT of the image";
    "env_file": "Files with variables for the containers; `environment` wins over them.";
    "env_file.format": "`raw` takes values as they are written." = "default";
    "env_file.path": "The file.";
    "env_file.required": "Whether it has to be there." = "true";
    "expose": "Ports that other services reach; all are reached anyway.";
    "extends": "The service that this one starts from.";
    "extends.file": "The compose file that it stands in." = "this file";
    "extends.service": "Its name.";
    "external_links": "Containers of other projects: NAME, or NAME:ALIAS.";
    "gpus": "Graphics processors: `all`, or requests.";
    "gpus.capabilities": "What they must be able to do." = "gpu";
    "gpus.count": "How many; `all` is all." = "all";
    "gpus.device_ids": "Which ones.";
    "gpus.options": "Options of the driver.";
    "group_add": "Further groups of the user.";
    "healthcheck": "How to tell whether it works; other services can wait for it.";
    "healthcheck.disable": "Leaves out the check of the image." = "false";
    "healthcheck.interval": "Time between checks." = "30s";
    "healthcheck.retries": "How many failures in a row make it unhealthy." = "3";
    "healthcheck.start_interval": "Time between checks during `start_period`." = "5s";
    "healthcheck.start_period": "Time to start, in which failures do not count." = "0s";
    "healthcheck.test": "The check: a line for the shell, or a list that begins with CMD, CMD-SHELL or NONE.";
    "healthcheck.timeout": "How long a check may take." = "30s";
    "hostname": "Host name of the container." = "the id of the container";
    "image": "The image to run, or the name for the one that is built.";
    "init": "Whether a small init process reaps children and passes on signals." = "false";
    "ipc": "IPC namespace: shareable, private, host, service:NAME.";
    "label_file": "Files with labels; `labels` wins over them.";
    "links": "Obsolete: services of a network know each other by name. SERVICE, or SERVICE:ALIAS.";
    "logging": "Where logs go.";
    "logging.driver": "Which driver keeps the logs." = "what the engine is set to";
    "logging.options": "Options of the driver.";
    "mac_address": "MAC address of the container.";
    "mem_limit": "The most memory: a number of bytes, or 512m.";
    "mem_reservation": "Memory that is kept free for it.";
    "mem_swappiness": "How readily its memory is swapped, 0 to 100.";
    "memswap_limit": "The most memory and swap together; -1 is no limit.";
    "services.models": "Models that the service uses: their addresses come as variables.";
    "models.endpoint_var": "Variable for the address of the model.";
    "models.model_var": "Variable for the name of the model.";
    "network_mode": "Instead of networks: none, host, bridge, service:NAME, container:NAME.";
    "services.networks": "Networks that the service joins, by their names at the top." = "default";
    "networks.aliases": "Further names of the service on this network.";
    "networks.driver_opts": "Options of the driver.";
    "networks.gw_priority": "The network with the highest is the default gateway." = "0";
    "networks.interface_name": "Name of the interface in the container.";
    "networks.ipv4_address": "Fixed IPv4 address.";
    "networks.ipv6_address": "Fixed IPv6 address.";
    "networks.link_local_ips": "Further link-local addresses.";
    "networks.mac_address": "MAC address on this network.";
    "networks.priority": "Networks are joined in this order, the highest first." = "0";
    "oom_kill_disable": "Whether the kernel spares it when memory is short." = "false";
    "oom_score_adj": "How soon the kernel ends it when memory is short: -1000 is never, 1000 first." = "0";
    "pid": "Process namespace: host, service:NAME, container:NAME.";
    "pids_limit": "The most processes; -1 is no limit.";
    "platform": "os/architecture[/variant] of the image." = "that of the engine";
    "ports": "Ports that the host passes on: [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL].";
    "ports.app_protocol": "What is spoken on it: http.";
    "ports.host_ip": "Address of the host that it is passed on from." = "all";
    "ports.mode": "`ingress` balances over containers in a swarm, `host` does not." = "ingress";
    "ports.name": "A name for people.";
    "ports.protocol": "tcp or udp." = "tcp";
    "ports.published": "Port of the host, or a range to choose from." = "any that is free";
    "ports.target": "Port of the container.";
    "post_start": "Commands that run in the container once it has started.";
    "pre_stop": "Commands that run in the container before it is stopped.";
    "profiles": "Profiles that switch the service on; without any it always takes part.";
    "provider": "Something else than containers gives this service.";
    "provider.options": "What the provider is told.";
    "provider.type": "The program that provides it: docker-TYPE, or a path.";
    "pull_policy": "When to pull the image: always, never, missing, build, daily, weekly, every_DURATION." = "missing";
    "pull_refresh_after": "How old the image may get before it is pulled again.";
    "read_only": "Whether the container's own files cannot be changed." = "false";
    "restart": "When the engine starts it again: no, always, on-failure[:TIMES], unless-stopped." = "no";
    "runtime": "The OCI runtime." = "what the engine is set to";
    "scale": "How many containers." = "1";
    "services.configs": "Configs that the service gets, by their names at the top.";
    "services.secrets": "Secrets that the service gets, by their names at the top.";
    "security_opt": "Labels and profiles: apparmor=…, seccomp=…, no-new-privileges:true.";
    "stdin_open": "Whether standard input stays open." = "false";
    "stop_grace_period": "How long it may take to stop before it is killed." = "10s";
    "stop_signal": "The signal that asks it to stop." = "SIGTERM";
    "storage_opt": "Options of the storage driver.";
    "sysctls": "Kernel parameters of the container.";
    "services.tmpfs": "Folders in memory: PATH, or PATH:OPTIONS.";
    "tty": "Whether it gets a terminal." = "false";
    "use_api_socket": "Whether it can talk with the engine." = "false";
    "userns_mode": "User namespace: host.";
    "uts": "UTS namespace: host.";
    "services.volumes": "Volumes and folders: [SOURCE:]TARGET[:OPTIONS].";
    "volumes.bind": "Options of bind mounts.";
    "bind.create_host_path": "Whether a missing folder on the host is made." = "true";
    "bind.propagation": "How mounts below are passed on: rprivate, private, rshared, shared, rslave, slave." = "rprivate";
    "bind.recursive": "Whether mounts below come along, and read-only." = "enabled";
    "bind.selinux": "SELinux label: z is shared, Z is its own.";
    "volumes.consistency": "Obsolete: nothing reads it.";
    "volumes.image": "Options of image mounts.";
    "image.subpath": "Path in the image." = "all of it";
    "volumes.read_only": "Whether it cannot be changed." = "false";
    "volumes.source": "Volume by its name at the top, path on the host, or image; left out for a new volume.";
    "volumes.target": "Path in the container.";
    "volumes.tmpfs": "Options of folders in memory.";
    "tmpfs.mode": "Permissions of the folder." = "1777";
    "tmpfs.size": "Its size: a number of bytes, or 64m.";
    "volumes.type": "What it is: volume, bind, tmpfs, image, npipe or cluster.";
    "volumes.volume": "Options of volumes.";
    "volume.labels": "Labels of a new anonymous volume.";
    "volume.nocopy": "Whether what the image holds at the target is not copied into a new volume." = "false";
    "volume.subpath": "Path in the volume." = "all of it";
    "volumes_from": "Services or containers whose volumes it gets: SERVICE[:ro], container:NAME[:ro].";

    // build
    "build.additional_contexts": "Further folders, images or services that the build can copy from, by name.";
    "build.args": "Arguments of the build; a name without a value takes the one of the shell.";
    "build.cache_from": "Images and caches to start from.";
    "build.cache_to": "Where to leave the cache.";
    "build.context": "Folder or address of what the build sees." = ".";
    "build.dockerfile": "The build file, below the context." = "Dockerfile";
    "build.dockerfile_inline": "The build file itself.";
    "build.entitlements": "Privileges that the build may use.";
    "build.labels": "Labels of the image.";
    "build.network": "Network of its RUN steps.";
    "build.no_cache": "Whether it starts anew." = "false";
    "build.platforms": "Platforms that the image is made for.";
    "build.privileged": "Whether its RUN steps have all rights." = "false";
    "build.provenance": "Whether the image is attested: how it was made." = "false";
    "build.pull": "Whether images that it starts from are pulled even if they are there." = "false";
    "build.sbom": "Whether the image is attested: what is in it." = "false";
    "build.secrets": "Secrets that its RUN steps can mount.";
    "build.ssh": "SSH keys and agents that its RUN steps can use: default, or ID=PATH.";
    "build.tags": "Further names of the image.";
    "build.target": "The stage to build." = "the last one";

    // deploy
    "deploy.endpoint_mode": "How it is found in a swarm: vip or dnsrr.";
    "deploy.labels": "Labels of the service in a swarm, not of its containers.";
    "deploy.mode": "replicated, global, or the job kinds of either." = "replicated";
    "deploy.placement": "Where it may run in a swarm.";
    "placement.constraints": "What a node must be like.";
    "placement.max_replicas_per_node": "The most containers on one node.";
    "placement.preferences": "How containers spread over nodes.";
    "preferences.spread": "The label over whose values they spread.";
    "deploy.replicas": "How many containers." = "1";
    "deploy.resources": "What it may use, and what is kept for it.";
    "resources.limits": "What it may use at most.";
    "limits.cpus": "How many processors: 0.5, 2.";
    "limits.memory": "Memory: a number of bytes, or 512m.";
    "limits.pids": "Number of processes.";
    "resources.reservations": "What is kept for it.";
    "reservations.cpus": "How many processors: 0.5, 2.";
    "reservations.devices": "Devices that it needs.";
    "reservations.devices.capabilities": "What they must be able to do: gpu.";
    "reservations.devices.count": "How many; `all` is all." = "all";
    "reservations.devices.device_ids": "Which ones.";
    "reservations.devices.options": "Options of the driver.";
    "reservations.generic_resources": "Resources that nodes of a swarm declare.";
    "generic_resources.discrete_resource_spec": "A resource that is counted.";
    "discrete_resource_spec.kind": "Its name.";
    "discrete_resource_spec.value": "How many.";
    "reservations.memory": "Memory: a number of bytes, or 512m.";
    "deploy.restart_policy": "When containers start again; `restart` wins over it.";
    "restart_policy.condition": "none, on-failure or any." = "any";
    "restart_policy.delay": "How long to wait before it.";
    "restart_policy.max_attempts": "How often it is tried.";
    "restart_policy.window": "How long it must run to count as started.";
    "deploy.rollback_config": "How a swarm goes back after an update that failed.";
    "deploy.update_config": "How a swarm updates containers.";
    "rollback_config.delay": "Time between groups.";
    "rollback_config.failure_action": "continue or pause." = "pause";
    "rollback_config.max_failure_ratio": "How many may fail." = "0";
    "rollback_config.monitor": "How long each is watched.";
    "rollback_config.order": "Which comes first." = "stop-first";
    "rollback_config.parallelism": "How many at a time.";
    "update_config.delay": "Time between groups.";
    "update_config.failure_action": "continue, rollback or pause." = "pause";
    "update_config.max_failure_ratio": "How many may fail." = "0";
    "update_config.monitor": "How long each is watched.";
    "update_config.order": "Which comes first." = "stop-first";
    "update_config.parallelism": "How many at a time.";

    // develop
    "develop.watch": "Rules: which files, and what to do when they change.";
    "watch.action": "Build the image anew, copy into the container, restart it, or copy and then restart or run a command.";
    "watch.exec": "The command of `sync+exec`.";
    "watch.ignore": "Patterns of files that do not count.";
    "watch.include": "Patterns of the only files that count.";
    "watch.initial_sync": "Whether everything is copied at the beginning." = "false";
    "watch.path": "File or folder that is watched.";
    "watch.target": "Where files are copied to in the container.";

    // Resources at the top.
    "attachable": "Whether other containers than those of services can join." = "false";
    "enable_ipv4": "Whether it has IPv4 addresses." = "true";
    "enable_ipv6": "Whether it has IPv6 addresses." = "false";
    "internal": "Whether it leads nowhere outside." = "false";
    "ipam": "How addresses are given.";
    "ipam.config": "Pools of addresses.";
    "config.aux_addresses": "Addresses that are taken, by name.";
    "config.gateway": "Address of the gateway.";
    "config.ip_range": "The part that containers get addresses from.";
    "config.subnet": "All addresses: 10.5.0.0/16.";
    "ipam.options": "Options of the driver.";
    "networks.name": "Its name for the engine." = "project_name";
    "volumes.name": "Its name for the engine." = "project_name";
    "configs.name": "Its name for the engine." = "project_name";
    "secrets.name": "Its name for the engine." = "project_name";
    "configs.content": "What is in it; variables are put in.";
    "configs.environment": "The variable that holds its content.";
    "secrets.environment": "The variable that holds its content.";
    "configs.file": "The file that holds its content.";
    "secrets.file": "The file that holds its content.";
    "template_driver": "What puts variables into its content in a swarm.";
    "models.context_size": "How many tokens of context.";
    "models.model": "The model: an OCI reference.";
    "models.name": "A name for people.";
    "models.runtime_flags": "Flags for what runs it.";
};

//! Where a file that is put into a container can lie: in the container itself, or in a volume, since nothing can be put
//! into a root that is read-only, nor into memory that is only there once the container runs.

use crate::model::Service;

/// The folder through which a file comes to its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    Root,
    /// A volume or a folder of the host that the service mounts itself.
    Mounted(String),
    /// A volume of its own, made with the container and removed with it.
    Own(String),
    /// There is no folder that could be a volume: the file lies directly below the root.
    Impossible,
}

/// The folder for an absolute path inside a service's containers.
pub fn folder(service: &Service, target: &str) -> Folder {
    let tmpfs = service.tmpfs.iter().map(|entry| (entry.split(':').next().unwrap_or(entry), true));
    let mounts = service.volumes.iter().map(|mount| (mount.target.as_str(), mount.kind == "tmpfs"));
    let around = mounts.chain(tmpfs).filter(|(path, _)| is_inside(target, path)).max_by_key(|(path, _)| path.len());
    let parent = target.rsplit_once('/').map_or("", |(parent, _)| parent);
    match around {
        Some((path, false)) if service.read_only => Folder::Mounted(path.to_owned()),
        Some((_, true)) if !parent.is_empty() => Folder::Own(parent.to_owned()),
        None if service.read_only && !parent.is_empty() => Folder::Own(parent.to_owned()),
        None if service.read_only => Folder::Impossible,
        _ => Folder::Root,
    }
}

/// Whether a path lies below a folder.
fn is_inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_volume_is_made_only_where_nothing_else_takes_the_file() {
        let own = |path: &str| Folder::Own(path.to_owned());
        let plain = json!({});
        let read_only = json!({"read_only": true});
        let in_memory = json!({"tmpfs": ["/run:size=1m"], "volumes": [{"type": "tmpfs", "target": "/cache"}]});
        let mounted = json!({"read_only": true, "volumes": [{"type": "volume", "source": "v", "target": "/etc/app"}]});
        let table = [
            (&plain, "/run/secrets/key", Folder::Root),
            (&plain, "/motd", Folder::Root),
            (&read_only, "/run/secrets/key", own("/run/secrets")),
            (&read_only, "/motd", Folder::Impossible),
            (&in_memory, "/run/secrets/key", own("/run/secrets")),
            (&in_memory, "/cache/a/b", own("/cache/a")),
            (&in_memory, "/running/a", Folder::Root),
            (&mounted, "/etc/app/one.conf", Folder::Mounted("/etc/app".into())),
            (&mounted, "/etc/apple/one.conf", own("/etc/apple")),
        ];
        for (service, target, expected) in table {
            let service: Service = serde_json::from_value(service.clone()).expect("a service");
            assert_eq!(folder(&service, target), expected, "{target}");
        }
    }
}

//! One request → what `docker buildx bake` is told. Pure but for a look at which contexts are folders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{Grant, ServiceName};

use super::inputs::{self, Context};
use super::{BuildError, BuildRequest};

/// What bake is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bakefile {
    pub definition: Value,
    /// What the build may do and see beyond its own folder, for `--allow`.
    pub allowed: BTreeSet<String>,
    /// Variables that secrets are read from.
    pub environment: BTreeMap<String, String>,
    /// What cannot be passed on.
    pub warnings: Vec<String>,
}

impl Bakefile {
    /// # Errors
    /// When a secret has no source that a build can read, when a context is missing, or when services need one another.
    pub fn of(request: &BuildRequest<'_>, proxies: &BTreeMap<String, String>) -> Result<Self, BuildError> {
        Self::of_all(std::slice::from_ref(request), proxies)
    }

    /// The same for several images; one that is built upon another comes after it.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_all(requests: &[BuildRequest<'_>], proxies: &BTreeMap<String, String>) -> Result<Self, BuildError> {
        let mut writing = Writing { file: Self::default(), targets: Map::new(), open: Vec::new(), proxies };
        for request in requests {
            writing.target(request, true)?;
        }
        let names: Vec<_> = requests.iter().map(|request| target_name(request.service)).collect();
        let mut file = writing.file;
        file.definition = json!({ "group": { "default": { "targets": names } }, "target": writing.targets });
        Ok(file)
    }
}

struct Writing<'w> {
    file: Bakefile,
    targets: Map<String, Value>,
    /// The services being written, to find those that need themselves.
    open: Vec<ServiceName>,
    proxies: &'w BTreeMap<String, String>,
}

impl Writing<'_> {
    /// Adds a service's target, and those of the services whose images it builds upon. Only the one that was asked for
    /// is put out.
    fn target(&mut self, request: &BuildRequest<'_>, is_result: bool) -> Result<(), BuildError> {
        let name = target_name(request.service);
        if self.targets.contains_key(&name) {
            return Ok(());
        }
        if self.open.contains(request.service) {
            let chain: Vec<_> = self.open.iter().map(ServiceName::as_str).collect();
            let message = format!("services build upon one another: {} → {}", chain.join(" → "), request.service);
            return Err(request.error(message));
        }
        self.open.push(request.service.clone());
        let mut target = Map::new();
        self.source(request, &mut target)?;
        self.contexts(request, &mut target)?;
        self.options(request, &mut target);
        self.secrets(request, &mut target)?;
        let platforms = inputs::platforms(request)?;
        let output = match (is_result, platforms.len()) {
            (false, _) => "type=cacheonly",
            (true, 0 | 1) => "type=docker",
            (true, _) if request.push => "type=image,push=true",
            (true, _) => "type=image",
        };
        put(&mut target, "output", json!([output]));
        put(&mut target, "platforms", json!(platforms));
        if is_result {
            put(&mut target, "tags", json!(inputs::tags(request)));
        }
        self.open.pop();
        self.targets.insert(name, Value::Object(target));
        Ok(())
    }

    fn source(&mut self, request: &BuildRequest<'_>, target: &mut Map<String, Value>) -> Result<(), BuildError> {
        let mut dockerfile = request.build.dockerfile.clone();
        match Context::of(request)? {
            Context::Remote(address) => put(target, "context", text(&address)),
            Context::Folder(folder) => {
                let folder = inputs::existing(request, folder)?;
                self.allow_reading(&folder);
                put(target, "context", text(&folder.to_string_lossy()));
                let path = folder.join(inputs::dockerfile(request));
                if let Some(parent) = path.parent() {
                    self.allow_reading(parent);
                }
                dockerfile = path.to_string_lossy().into_owned();
            }
        }
        if request.build.dockerfile_inline.is_empty() {
            put(target, "dockerfile", text(&dockerfile));
        } else {
            put(target, "dockerfile-inline", text(&request.build.dockerfile_inline));
        }
        Ok(())
    }

    fn contexts(&mut self, request: &BuildRequest<'_>, target: &mut Map<String, Value>) -> Result<(), BuildError> {
        let mut contexts = Map::new();
        for (name, source) in &request.build.additional_contexts {
            let Some(service) = source.strip_prefix("service:") else {
                if Path::new(source).is_absolute() {
                    self.allow_reading(Path::new(source));
                }
                contexts.insert(name.clone(), text(source));
                continue;
            };
            // One that takes no part itself is built all the same, and only for this.
            let (services, others) = (&request.project.services, &request.project.disabled_services);
            let found = services.get_key_value(service).or_else(|| others.get_key_value(service));
            let Some((service, build)) = found.and_then(|(name, service)| Some((name, service.build.as_ref()?))) else {
                return Err(request.error(format!("additional context {name}: no service {service} is built here")));
            };
            self.target(&BuildRequest { service, build, image: "", ..*request }, false)?;
            contexts.insert(name.clone(), text(&format!("target:{}", target_name(service))));
        }
        put(target, "contexts", Value::Object(contexts));
        Ok(())
    }

    fn options(&mut self, request: &BuildRequest<'_>, target: &mut Map<String, Value>) {
        let build = request.build;
        put(target, "args", texts(&inputs::arguments(request, self.proxies)));
        put(target, "labels", texts(&inputs::image_labels(request)));
        put(target, "target", text(&build.target));
        put(target, "cache-from", list(build.cache_from.iter()));
        put(target, "cache-to", list(build.cache_to.iter()));
        put(target, "network", text(&build.network));
        put(target, "ssh", list(build.ssh.iter()));
        put(target, "no-cache", json!(request.no_cache || build.no_cache));
        put(target, "pull", json!(request.pull || build.pull));
        if build.shm_size.0 > 0 {
            put(target, "shm-size", json!(build.shm_size.0.to_string()));
        }
        let hosts = build.extra_hosts.iter().map(|(host, ips)| (host.clone(), ips.join(",")));
        put(target, "extra-hosts", texts(&hosts.collect()));
        let ulimits = build.ulimits.iter().map(|(name, limit)| {
            let (soft, hard) = inputs::bounds(limit);
            format!("{name}={soft}:{hard}")
        });
        put(target, "ulimits", list(ulimits));
        put(target, "attest", list(attestations(request).iter()));
        let mut entitlements: BTreeSet<String> = build.entitlements.iter().cloned().collect();
        if build.privileged {
            entitlements.insert("security.insecure".to_owned());
        }
        if build.network == "host" {
            entitlements.insert("network.host".to_owned());
        }
        put(target, "entitlements", list(entitlements.iter()));
        self.file.allowed.extend(entitlements);
        if !build.ssh.is_empty() {
            self.file.allowed.insert("ssh".to_owned());
        }
        for cache in build.cache_from.iter().chain(&build.cache_to) {
            self.allow_cache(cache);
        }
        if !build.isolation.is_empty() {
            self.file.warnings.push("`build.isolation` is left out: BuildKit has no such thing".to_owned());
        }
    }

    fn secrets(&mut self, request: &BuildRequest<'_>, target: &mut Map<String, Value>) -> Result<(), BuildError> {
        let mut secrets = Vec::new();
        for grant in &request.build.secrets {
            secrets.push(self.secret(request, grant)?);
        }
        put(target, "secret", list(secrets.iter()));
        Ok(())
    }

    fn secret(&mut self, request: &BuildRequest<'_>, grant: &Grant) -> Result<String, BuildError> {
        let name = &grant.source;
        let id = if grant.target.is_empty() { name } else { &grant.target };
        let Some(source) = request.project.secrets.get(name) else {
            return Err(request.error(format!("undefined build secret {name}")));
        };
        if !source.environment.is_empty() {
            let variable = &source.environment;
            let Some(value) = request.project.environment.get(variable) else {
                let message = format!("environment variable \"{variable}\" required by secret \"{name}\" is not set");
                return Err(request.error(message));
            };
            self.file.environment.insert(variable.clone(), value.clone());
            return Ok(format!("id={id},type=env,env={variable}"));
        }
        if source.file.is_empty() {
            return Err(request.error(format!("build secret {name}: only `file` and `environment` can be read")));
        }
        self.allow_reading(Path::new(&source.file));
        Ok(format!("id={id},type=file,src={}", source.file))
    }

    fn allow_reading(&mut self, path: &Path) {
        self.file.allowed.insert(format!("fs.read={}", path.display()));
    }

    /// Caches that are folders: `type=local,src=…,dest=…`
    fn allow_cache(&mut self, cache: &str) {
        for (key, value) in cache.split(',').filter_map(|part| part.split_once('=')) {
            match key {
                "src" => self.file.allowed.insert(format!("fs.read={value}")),
                "dest" => self.file.allowed.insert(format!("fs.write={value}")),
                _ => false,
            };
        }
    }
}

/// Bake's names have no dots.
fn target_name(service: &ServiceName) -> String {
    service.as_str().replace('.', "_")
}

fn attestations(request: &BuildRequest<'_>) -> Vec<String> {
    let asked = [("provenance", &request.build.provenance), ("sbom", &request.build.sbom)];
    let asked = asked.into_iter().filter(|(_, value)| !value.is_empty());
    let written = asked.map(|(kind, value)| match value.as_str() {
        "true" => format!("type={kind}"),
        "false" => format!("type={kind},disabled=true"),
        options => format!("type={kind},{options}"),
    });
    written.collect()
}

/// Leaves out what says nothing.
fn put(target: &mut Map<String, Value>, key: &str, value: Value) {
    let says_nothing = match &value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    };
    if !says_nothing {
        target.insert(key.to_owned(), value);
    }
}

/// Bake reads every text as a template; ours are none.
fn text(text: &str) -> Value {
    Value::String(text.replace("${", "$${").replace("%{", "%%{"))
}

fn texts(map: &BTreeMap<String, String>) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.clone(), text(value))).collect())
}

fn list(items: impl Iterator<Item = impl AsRef<str>>) -> Value {
    Value::Array(items.map(|item| text(item.as_ref())).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sample;
    use super::*;
    use crate::model::{Build, Bytes, GrantSource, Service, Ulimit};

    fn sample(folder: &Path) -> Sample {
        let mut sample = Sample::default();
        sample.build.context = folder.to_string_lossy().into_owned();
        sample
    }

    fn bake(sample: &Sample) -> Result<Bakefile, BuildError> {
        Bakefile::of(&sample.request(), &BTreeMap::new())
    }

    #[test]
    fn everything_that_a_build_can_say() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sample = sample(folder.path());
        let build = &mut sample.build;
        build.dockerfile = "docker/Dockerfile".into();
        build.args.insert("A".into(), Some("${B} %{if}".into()));
        build.target = "dev".into();
        build.tags = vec!["shop-web:2".into()];
        build.cache_from = vec!["type=local,src=/cache".into()];
        build.cache_to = vec!["type=local,dest=/cache,mode=max".into()];
        build.network = "host".into();
        build.privileged = true;
        build.shm_size = Bytes(64 << 20);
        build.ssh = vec!["default".into()];
        build.provenance = "mode=max".into();
        build.sbom = "false".into();
        build.ulimits.insert("nofile".into(), Ulimit { soft: 1, hard: 2, ..Ulimit::default() });
        build.extra_hosts.insert("db".into(), vec!["10.0.0.1".into(), "10.0.0.2".into()]);
        build.secrets.push(Grant { source: "key".into(), ..Grant::default() });
        build.secrets.push(Grant { source: "token".into(), target: "t".into(), ..Grant::default() });
        build.no_cache = true;
        build.isolation = "hyperv".into();
        sample.project.environment.insert("TOKEN".into(), "hush".into());
        let secret = |file: &str, environment: &str| GrantSource {
            file: file.into(),
            environment: environment.into(),
            ..GrantSource::default()
        };
        sample.project.secrets.insert("key".into(), secret("/key.pem", ""));
        sample.project.secrets.insert("token".into(), secret("", "TOKEN"));
        let file = bake(&sample).expect("a file");
        let shown = serde_json::to_string_pretty(&file.definition).expect("json");
        let allowed: Vec<_> = file.allowed.iter().cloned().collect();
        let shown = format!("{shown}\nallowed: {}\n{:?}\n{:?}", allowed.join(" "), file.environment, file.warnings);
        let shown = shown.replace(&*folder.path().to_string_lossy(), "FOLDER");
        insta::assert_snapshot!(shown.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn where_an_image_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let several: &[&str] = &["linux/amd64", "linux/arm64"];
        for (platforms, push, expected) in [
            (&[][..], false, "type=docker"),
            (&["linux/arm64"], true, "type=docker"),
            (several, false, "type=image"),
            (several, true, "type=image,push=true"),
        ] {
            let mut sample = sample(folder.path());
            sample.build.platforms = platforms.iter().map(|platform| (*platform).to_owned()).collect();
            let request = BuildRequest { push, ..sample.request() };
            let file = Bakefile::of(&request, &BTreeMap::new()).expect("a file");
            assert_eq!(file.definition["target"]["web"]["output"], json!([expected]), "{platforms:?} {push}");
        }
    }

    #[test]
    fn what_takes_no_part_is_built_upon_all_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sample = sample(folder.path());
        sample.build.additional_contexts.insert("base".into(), "service:base".into());
        sample.project.disabled_services.insert("base".into(), service(folder.path(), &[]).into());
        let file = bake(&sample).expect("a file");
        assert_eq!(file.definition["target"]["base"]["output"], json!(["type=cacheonly"]));
        assert_eq!(file.definition["group"]["default"]["targets"], json!(["web"]));
        let base = ServiceName::from("base");
        let build = Build { context: folder.path().to_string_lossy().into_owned(), ..Build::default() };
        let of_base = BuildRequest { service: &base, build: &build, image: "shop-base", ..sample.request() };
        let both = Bakefile::of_all(&[of_base, sample.request()], &BTreeMap::new()).expect("a file");
        assert_eq!(both.definition["group"]["default"]["targets"], json!(["base", "web"]));
        assert_eq!(both.definition["target"]["base"]["output"], json!(["type=docker"]));
    }

    fn service(folder: &Path, contexts: &[(&str, &str)]) -> Service {
        let additional_contexts = contexts.iter().map(|(name, from)| ((*name).into(), (*from).into())).collect();
        let context = folder.to_string_lossy().into_owned();
        let build = Build { context, additional_contexts, ..Build::default() };
        Service { build: Some(Box::new(build)), ..Service::default() }
    }

    #[test]
    fn images_of_other_services_are_targets_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sample = sample(folder.path());
        sample.project.services.insert("base.one".into(), service(folder.path(), &[]).into());
        sample.build.additional_contexts.insert("base".into(), "service:base.one".into());
        let file = bake(&sample).expect("a file");
        assert_eq!(file.definition["group"]["default"]["targets"], json!(["web"]));
        assert_eq!(file.definition["target"]["web"]["contexts"]["base"], "target:base_one");
        assert_eq!(file.definition["target"]["base_one"]["output"], json!(["type=cacheonly"]));
        assert_eq!(file.definition["target"]["base_one"]["tags"], Value::Null);
    }

    #[test]
    fn what_cannot_be_built_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ring = sample(folder.path());
        ring.project.services.insert("a".into(), service(folder.path(), &[("b", "service:b")]).into());
        ring.project.services.insert("b".into(), service(folder.path(), &[("a", "service:a")]).into());
        ring.build.additional_contexts.insert("a".into(), "service:a".into());
        let mut unset = sample(folder.path());
        unset.build.secrets.push(Grant { source: "s".into(), ..Grant::default() });
        let source = GrantSource { environment: "GONE".into(), ..GrantSource::default() };
        unset.project.secrets.insert("s".into(), source);
        let table = [
            (ring, "services build upon one another: web → a → b → a"),
            (unset, "environment variable \"GONE\" required by secret \"s\" is not set"),
            (sample(&folder.path().join("none")), "does not exist"),
        ];
        for (sample, message) in table {
            let error = bake(&sample).expect_err("refused");
            assert!(error.message.contains(message), "{}", error.message);
        }
    }
}

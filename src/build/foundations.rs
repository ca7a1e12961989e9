//! Which images of a project start from others of it, as their Dockerfiles say: `FROM shop-base`, `COPY --from=shop-tools`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::model::{Build, Project};
use crate::plan::{Foundations, full_name, spec};

/// What every service that is built is built upon. A Dockerfile that cannot be read says nothing here: the build tells it.
pub fn foundations(project: &Project) -> Foundations {
    let mut makers = BTreeMap::new();
    for (name, service) in &project.services {
        let Some(build) = &service.build else { continue };
        let image = spec::image_name(project, name, service);
        let names = build.tags.iter().chain([&image]).filter_map(|image| full_name(image));
        makers.extend(names.map(|image| (image, name)));
    }
    // One image alone stands on nobody.
    if makers.len() < 2 {
        return Foundations::new();
    }
    let mut foundations = Foundations::new();
    for (name, service) in &project.services {
        let Some(text) = service.build.as_ref().and_then(|build| dockerfile(build, &project.working_dir)) else {
            continue;
        };
        let named: BTreeSet<_> = images(&text).filter_map(full_name).collect();
        let makers = named.iter().filter_map(|image| makers.get(image)).filter(|maker| **maker != name);
        let makers: BTreeSet<_> = makers.map(|maker| (*maker).clone()).collect();
        if !makers.is_empty() {
            foundations.insert(name.clone(), makers);
        }
    }
    foundations
}

fn dockerfile(build: &Build, folder: &Path) -> Option<String> {
    if !build.dockerfile_inline.is_empty() {
        return Some(build.dockerfile_inline.clone());
    }
    let name = if build.dockerfile.is_empty() { "Dockerfile" } else { &build.dockerfile };
    std::fs::read_to_string(folder.join(&build.context).join(name)).ok()
}

/// The images that a Dockerfile names, and stages that may look like some.
fn images(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        match words.next()?.to_ascii_uppercase().as_str() {
            "FROM" => words.find(|word| !word.starts_with("--")),
            "COPY" | "ADD" => words.find_map(|word| word.strip_prefix("--from=")),
            "RUN" => words.filter(|word| word.starts_with("--mount=")).flat_map(|word| word.split(',')).find_map(from),
            _ => None,
        }
    })
}

fn from(part: &str) -> Option<&str> {
    part.trim_start_matches("--mount=").strip_prefix("from=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Service, ServiceName};

    #[test]
    fn images_stand_upon_those_that_their_dockerfiles_name() {
        let text = "# FROM nobody\nfrom --platform=linux/amd64 shop-base:latest AS one\nRUN --mount=type=bind,from=shop/tools x\n\
                    COPY --from=docker.io/shop/data:1 /a /b\nFROM ${NONE}\nFROM shop-web\nFROM redis\n";
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), "FROM shop-web\n").expect("a file");
        let inline = |text: &str| Build { dockerfile_inline: text.into(), ..Build::default() };
        let service = |image: &str, build: Build| Service {
            image: image.into(),
            build: Some(Box::new(build)),
            ..Service::default()
        };
        let tagged = Build { tags: vec!["shop/data:1".into()], ..inline("FROM scratch") };
        let services: [(&str, Service); 6] = [
            ("base", service("", inline("FROM scratch"))),
            ("data", service("", tagged)),
            ("file", service("", Build { context: folder.path().to_string_lossy().into_owned(), ..Build::default() })),
            ("gone", service("", Build { context: "/nowhere".into(), ..Build::default() })),
            ("tools", service("shop/tools", inline("FROM scratch"))),
            ("web", service("", inline(text))),
        ];
        let services = services.map(|(name, service)| (ServiceName::from(name), Box::new(service)));
        let project = Project { name: "shop".into(), services: services.into(), ..Project::default() };
        let found = foundations(&project);
        let found: Vec<_> = found
            .iter()
            .map(|(name, makers)| format!("{name}: {:?}", makers.iter().map(ServiceName::as_str).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, [r#"file: ["web"]"#, r#"web: ["base", "data", "tools"]"#]);
    }
}

//! The last runs of each project, kept in the person's state folder for `convoke timing`.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::timing::Run;

use super::settings::{Environment, variable};

/// What is kept of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    pub last: Option<Run>,
    /// The one before it, to compare with.
    pub before: Option<Run>,
}

/// The file of a project's runs; `None` where the environment names no home.
pub fn file(project: &str, environment: &Environment) -> Option<PathBuf> {
    let absolute = |name: &str| variable(environment, name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("convoke/runs").join(format!("{project}.json")))
}

/// The runs that are kept; none where there is no file, or none that can be read.
pub fn load(project: &str, environment: &Environment) -> Runs {
    let read = file(project, environment).and_then(|path| fs::read(path).ok());
    read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Keeps a run beside the one before it.
///
/// # Errors
/// When the file cannot be written. The old one is whole then.
pub fn keep(run: Run, environment: &Environment) -> io::Result<()> {
    let Some(path) = file(&run.project, environment) else { return Ok(()) };
    let runs = Runs { before: load(&run.project, environment).last, last: Some(run) };
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut written = fs::File::create(&beside)?;
    written.write_all(&serde_json::to_vec(&runs)?)?;
    fs::rename(&beside, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_are_kept_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = Environment::from([("HOME".to_owned(), folder.path().display().to_string())]);
        let run = |elapsed| Run { project: "shop".into(), elapsed, ..Run::default() };
        assert_eq!(load("shop", &environment), Runs::default());
        for elapsed in [1, 2, 3] {
            keep(run(elapsed), &environment).expect("a file");
        }
        assert_eq!(load("shop", &environment), Runs { last: Some(run(3)), before: Some(run(2)) });
        assert_eq!(load("other", &environment), Runs::default());
    }

    #[test]
    fn without_a_home_nothing_is_kept() {
        keep(Run::default(), &Environment::new()).expect("nothing to do");
        assert_eq!(file("shop", &Environment::from([("XDG_STATE_HOME".into(), "relative".into())])), None);
    }
}

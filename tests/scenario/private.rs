//! An engine of a scenario's own, which may be starved, stopped and started again: in a network of its own, with all it
//! keeps in one folder.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::engine::{Engine, PATIENCE};

/// What has to be installed for it.
const PROGRAMS: [&str; 4] = ["dockerd", "unshare", "ip", "mount"];
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub struct Private {
    pub engine: Engine,
    folder: TempDir,
    options: &'static [&'static str],
    /// How large its disk is, where it has one of its own: `24m`.
    disk: Option<&'static str>,
    process: Option<Child>,
}

/// Whether one can be started here.
pub fn is_possible() -> bool {
    let is_installed = |program: &&str| PATH.split(':').any(|folder| Path::new(folder).join(program).exists());
    rustix::process::getuid().is_root() && PROGRAMS.iter().all(is_installed)
}

impl Private {
    pub fn start(options: &'static [&'static str], disk: Option<&'static str>) -> Self {
        let folder = TempDir::new().expect("a folder for an engine");
        std::fs::write(folder.path().join("daemon.json"), "{}").expect("a file for an engine");
        std::fs::create_dir(folder.path().join("data")).expect("a folder for an engine");
        let engine = Engine { socket: folder.path().join("docker.sock") };
        let mut private = Self { engine, folder, options, disk, process: None };
        private.start_again();
        private
    }

    /// Starts it with what it kept, and waits until it answers.
    pub fn start_again(&mut self) {
        let folder = self.folder.path().display();
        let disk =
            self.disk.map_or(String::new(), |size| format!("mount -t tmpfs -o size={size} tmpfs {folder}/data &&"));
        let script = format!(
            "ip link set lo up && {disk} exec dockerd --config-file {folder}/daemon.json --host unix://{folder}/docker.sock \
             --data-root {folder}/data --exec-root {folder}/exec --pidfile {folder}/docker.pid \"$@\""
        );
        let mut command = Command::new("unshare");
        // Ctrl-C on the tests is none of its business.
        command
            .args(["--net", "--mount", "sh", "-c", &script, "sh"])
            .args(self.options)
            .env("PATH", PATH)
            .process_group(0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("an engine of our own");
        let mut log = BufReader::new(child.stderr.take().expect("a piped output"));
        let (mut seen, mut line) = (String::new(), String::new());
        while !line.contains("API listen on") {
            line.clear();
            let length = log.read_line(&mut line).expect("a readable output");
            assert!(length > 0, "the engine ended at once:\n{seen}");
            seen.push_str(&line);
        }
        // It writes on, and must not be kept waiting.
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.process = Some(child);
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(self.process.as_ref().expect("a running engine"))
    }

    /// Waits until it has ended, for which somebody has asked it.
    pub fn wait(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let pid = Pid::from_child(&process);
        let (watch, called_off) = mpsc::channel::<()>();
        thread::spawn(move || {
            if called_off.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                // It may have ended in this moment.
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        process.wait().expect("a child to wait for");
        drop(watch);
    }

    /// Ends it, if it runs.
    pub fn end(&mut self) {
        if let Some(process) = &self.process {
            // It may have ended by itself.
            let _ = kill_process(Pid::from_child(process), Signal::TERM);
            self.wait();
        }
    }

    /// Where its data is, seen from outside of its own view of the disks.
    pub fn data(&self) -> PathBuf {
        let inside = self.folder.path().join("data");
        let root = format!("/proc/{}/root", self.pid().as_raw_nonzero());
        Path::new(&root).join(inside.strip_prefix("/").expect("an absolute path"))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.end();
    }
}

//! Rings when something changes in a set of folders. What changed is not told: whoever is woken looks for himself, so that
//! nothing hangs on an event that came late, twice or never.
//!
//! The kernel is asked directly: folders that do not count take no watch, a folder that was replaced by another of the same
//! name is noticed by its number, and nobody in between loses it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// How often somebody looks where the system does not ring.
const LOOK: Duration = Duration::from_secs(1);

pub struct Alarm {
    bell: Option<Bell>,
}

/// What came of looking after a set of folders.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Armed {
    /// Some folders were not looked after before: something may have changed in them unheard.
    pub is_new: bool,
    /// Why there is no ringing any more, only looking.
    pub trouble: Option<String>,
}

impl Alarm {
    /// Where the system has no bell, somebody looks every second.
    pub fn new() -> Self {
        Self { bell: Bell::new().ok() }
    }

    /// Looks after these folders, and no others. Those that are gone by now are left out.
    pub fn arm(&mut self, folders: impl Iterator<Item = PathBuf>) -> Armed {
        let Some(bell) = &mut self.bell else { return Armed::default() };
        match bell.arm(folders) {
            Ok(is_new) => Armed { is_new, trouble: None },
            Err(error) => {
                self.bell = None;
                let trouble = format!(
                    "the system cannot tell of changes in all folders ({error}): they are looked at every second \
                     instead; fs.inotify.max_user_watches may be too small"
                );
                Armed { is_new: true, trouble: Some(trouble) }
            }
        }
    }

    /// Waits until something may have changed.
    pub async fn ring(&self) {
        match &self.bell {
            Some(bell) => bell.ring().await,
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

#[cfg(target_os = "linux")]
use linux::Bell;

#[cfg(target_os = "linux")]
mod linux {
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::fd::OwnedFd;
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use rustix::io::Errno;
    use tokio::sync::Notify;

    use super::{BTreeMap, BTreeSet, PathBuf, io};

    /// A thread waits for the kernel, and rings.
    pub struct Bell {
        queue: Arc<OwnedFd>,
        rung: Arc<Notify>,
        /// The number that the kernel gave to each folder's watch.
        watches: BTreeMap<PathBuf, i32>,
        /// The thread ends with its other end.
        _end: UnixStream,
    }

    impl Bell {
        pub fn new() -> io::Result<Self> {
            let queue = Arc::new(inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?);
            let rung = Arc::new(Notify::new());
            let (end, other) = UnixStream::pair()?;
            let (heard, ringing) = (Arc::clone(&queue), Arc::clone(&rung));
            std::thread::Builder::new().name("files".to_owned()).spawn(move || listen(&heard, &other, &ringing))?;
            Ok(Self { queue, rung, watches: BTreeMap::new(), _end: end })
        }

        /// Returns whether a folder was not looked after before.
        pub fn arm(&mut self, folders: impl Iterator<Item = PathBuf>) -> io::Result<bool> {
            let flags = WatchFlags::ATTRIB
                | WatchFlags::CLOSE_WRITE
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::DELETE_SELF
                | WatchFlags::MODIFY
                | WatchFlags::MOVE_SELF
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::ONLYDIR;
            let mut watches = BTreeMap::new();
            for folder in folders {
                match inotify::add_watch(&self.queue, &folder, flags) {
                    Ok(watch) => drop(watches.insert(folder, watch)),
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let is_new = watches.iter().any(|(folder, watch)| self.watches.get(folder) != Some(watch));
            let kept: BTreeSet<i32> = watches.values().copied().collect();
            for watch in self.watches.values().filter(|watch| !kept.contains(watch)) {
                // Those of folders that are gone are gone already.
                let _ = inotify::remove_watch(&self.queue, *watch);
            }
            self.watches = watches;
            Ok(is_new)
        }

        pub async fn ring(&self) {
            self.rung.notified().await;
        }
    }

    fn listen(queue: &OwnedFd, end: &UnixStream, rung: &Notify) {
        let mut events = [0; 4096];
        loop {
            let mut both = [PollFd::new(queue, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
            match poll(&mut both, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            if !both[1].revents().is_empty() {
                return;
            }
            // What exactly happened is of no interest.
            while matches!(rustix::io::read(queue, &mut events), Ok(_) | Err(Errno::INTR)) {}
            rung.notify_one();
        }
    }
}

/// Other systems have bells of their own, and are looked at instead.
#[cfg(not(target_os = "linux"))]
struct Bell;

#[cfg(not(target_os = "linux"))]
impl Bell {
    fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn arm(&mut self, _: impl Iterator<Item = PathBuf>) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn ring(&self) {
        std::future::pending().await
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn it_rings_for_what_it_looks_after_also_when_that_was_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("inner");
        let folders = || [folder.path().to_owned(), inner.clone()].into_iter();
        fs::create_dir(&inner).expect("a folder");
        let mut alarm = Alarm::new();
        assert!(alarm.arm(folders()).is_new);
        assert!(!alarm.arm(folders()).is_new);
        fs::write(inner.join("file"), "x").expect("a file");
        alarm.ring().await;
        fs::remove_dir_all(&inner).expect("removed");
        alarm.ring().await;
        assert!(!alarm.arm(folders()).is_new, "it is gone");
        fs::create_dir(&inner).expect("a folder");
        alarm.ring().await;
        assert!(alarm.arm(folders()).is_new, "it is another one");
        fs::write(inner.join("file"), "x").expect("a file");
        alarm.ring().await;
    }
}

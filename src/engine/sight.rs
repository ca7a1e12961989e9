//! What can be seen from outside: processes, what a container uses, which files changed, what an image is made of.

/// The processes of a container, as a table of the host's `ps`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Processes {
    pub titles: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// On the engine's host.
    pub pid: u64,
    /// With its arguments.
    pub command: String,
}

impl Processes {
    /// The processes one by one; none where the table does not tell their numbers and commands.
    pub fn each(&self) -> Vec<Process> {
        let column = |names: &[&str]| self.titles.iter().position(|title| names.contains(&title.as_str()));
        let (Some(pid), Some(command)) = (column(&["PID", "HPID"]), column(&["CMD", "COMMAND"])) else {
            return Vec::new();
        };
        let process =
            |row: &Vec<String>| Some(Process { pid: row.get(pid)?.parse().ok()?, command: row.get(command)?.clone() });
        self.rows.iter().filter_map(process).collect()
    }
}

/// What a container used up to a moment, and what it uses in that moment. Sizes are in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on processors since it was started, in nanoseconds, and the same a second earlier.
    pub processor: u64,
    pub processor_before: u64,
    /// Time that all of the host's processors had, in nanoseconds, and the same a second earlier. 0 is not known.
    pub host: u64,
    pub host_before: u64,
    pub processors: u64,
    /// Without what the kernel only keeps because nobody else wants the room.
    pub memory: u64,
    pub memory_limit: u64,
    /// Over all its networks.
    pub received: u64,
    pub sent: u64,
    /// From and to disks.
    pub read: u64,
    pub written: u64,
    pub processes: u64,
}

impl Usage {
    /// The share of one processor in the last second; 200 is two whole ones. `None` before there were two looks.
    pub fn processor_percent(&self) -> Option<f64> {
        if self.host_before == 0 {
            return None;
        }
        let used = self.processor.saturating_sub(self.processor_before) as f64;
        let there = self.host.saturating_sub(self.host_before) as f64;
        Some(if there > 0.0 { used / there * self.processors.max(1) as f64 * 100.0 } else { 0.0 })
    }

    /// The share of the memory that it may have.
    pub fn memory_percent(&self) -> f64 {
        if self.memory_limit == 0 { 0.0 } else { self.memory as f64 / self.memory_limit as f64 * 100.0 }
    }
}

/// What became of a path since the container was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Modified,
    Added,
    Deleted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    pub path: String,
    pub change: Change,
}

/// One layer of an image, or a step of its making that left none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageLayer {
    /// `<missing>` where the engine does not have it as an image of its own.
    pub id: String,
    /// Seconds since 1970.
    pub created: i64,
    pub created_by: String,
    pub tags: Vec<String>,
    /// Bytes.
    pub size: i64,
    pub comment: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_what_was_there_since_the_look_before() {
        let usage = Usage {
            processor: 300,
            processor_before: 100,
            host: 2000,
            host_before: 1000,
            processors: 4,
            memory: 256,
            memory_limit: 1024,
            ..Usage::default()
        };
        assert_eq!(usage.processor_percent(), Some(80.0));
        assert_eq!(usage.memory_percent(), 25.0);
        assert_eq!(Usage { host_before: 0, ..usage }.processor_percent(), None, "the first look");
        assert_eq!(Usage { host: 1000, ..usage }.processor_percent(), Some(0.0));
        assert_eq!(Usage { processor: 50, ..usage }.processor_percent(), Some(0.0), "it was started again");
        assert_eq!(Usage::default().memory_percent(), 0.0);
    }
}

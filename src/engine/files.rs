//! Files of containers on their way, as tar archives, and images made of containers.

use std::fmt;
use std::io;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

/// A tar archive that goes into a container.
pub struct Upload {
    /// Where it is unpacked; has to be there.
    pub folder: String,
    pub archive: BoxStream<'static, io::Result<Bytes>>,
    /// Everything then belongs to the container's own user.
    pub for_its_user: bool,
}

impl Upload {
    /// An archive that is whole already.
    pub fn of(folder: impl Into<String>, archive: Bytes) -> Self {
        Self { folder: folder.into(), archive: stream::iter([Ok(archive)]).boxed(), for_its_user: false }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What there is at a path of a container. Links are not followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathStat {
    pub name: String,
    /// Bytes.
    pub size: i64,
    pub is_folder: bool,
    /// Where it leads if it is a link.
    pub link: Option<String>,
}

/// How a container becomes an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitSpec {
    /// Empty: it gets no name.
    pub image: String,
    pub message: String,
    pub author: String,
    /// The container is paused meanwhile.
    pub pause: bool,
    /// Lines of a Dockerfile: `ENV A=1`.
    pub changes: Vec<String>,
}

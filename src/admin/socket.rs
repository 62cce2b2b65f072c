//! The control socket: a Unix socket that only memgate's own account can connect to.

use std::future::Future;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use axum::Router;
use thiserror::Error;
use tokio::net::UnixListener;

/// Longest path of a socket in bytes: what the system allows, less what binding needs for a moment.
pub const LONGEST_PATH: usize = 84;

/// Why the control socket cannot be listened on.
#[derive(Debug, Error)]
pub enum SocketError {
    #[error("another memgate listens on {}", .0.display())]
    InUse(PathBuf),
    #[error("{} is there and is no socket", .0.display())]
    NoSocket(PathBuf),
    #[error("cannot listen on {}: {source}", path.display())]
    Bind { path: PathBuf, source: io::Error },
}

/// A bound control socket. Its file goes with it.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Binds the socket with mode 0600, in place of one that a dead process left. Needs a tokio runtime.
    ///
    /// # Errors
    /// When somebody listens there, when another sort of file is there, or when the system refuses.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let fault = |source| SocketError::Bind { path: path.to_owned(), source };
        if let Ok(found) = path.symlink_metadata() {
            if !found.file_type().is_socket() {
                return Err(SocketError::NoSocket(path.to_owned()));
            }
            if UnixStream::connect(path).is_ok() {
                return Err(SocketError::InUse(path.to_owned()));
            }
        }
        let listener = bind_private(path).map_err(fault)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Serves until `shutdown` resolves.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, router: Router, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, path } = self;
        let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
        // Gone already, if somebody tidied up.
        let _ = std::fs::remove_file(&path);
        served
    }
}

/// Binds inside a directory that nobody else can enter and moves the socket to its place once its mode is set, so that there
/// is no moment in which others could connect.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    let private = parent.join(format!(".mg{}", std::process::id()));
    // One that a killed process of the same id left.
    let _ = std::fs::remove_dir_all(&private);
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let bound = (|| {
        let inner = private.join("s");
        let listener = UnixListener::bind(&inner)?;
        std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o600))?;
        std::fs::rename(&inner, path)?;
        Ok(listener)
    })();
    let _ = std::fs::remove_dir_all(&private);
    bound
}

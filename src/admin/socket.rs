//! The control socket: a Unix socket that only memgate's own account can connect to.

use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;
use tokio::sync::watch;

use super::control::{Control, control_router};

/// Longest path of a socket in bytes: what the system allows, less what binding needs for a moment.
pub(super) const LONGEST_PATH: usize = 84;

/// A bound control socket.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// Binds the control socket with mode 0600, in place of one that a dead process left. Needs a tokio runtime.
///
/// # Errors
/// When somebody listens there, when another sort of file is there, or when the system refuses.
pub fn bind_socket(path: &Path) -> io::Result<ControlSocket> {
    if let Ok(found) = path.symlink_metadata() {
        if !found.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another sort of file is there"));
        }
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another memgate listens there"));
        }
    }
    Ok(ControlSocket { listener: bind_private(path)?, path: path.to_owned() })
}

/// Serves the control API until `stopping` says so. The socket's file goes with it.
pub async fn serve_control(socket: ControlSocket, control: Control, mut stopping: watch::Receiver<bool>) {
    let ControlSocket { listener, path } = socket;
    let stop = async move {
        // A sender that is gone stops nobody any more: that is an end too.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, control_router(control)).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "the control socket failed");
    }
    // Gone already, if somebody tidied up.
    let _ = std::fs::remove_file(path);
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

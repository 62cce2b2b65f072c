//! A request whose body was read, and perhaps rewritten, before the upstream was chosen.
//!
//! pingora replays at most 64 KiB of a body that a filter has consumed. So the live session is wrapped in a custom session
//! that answers with the whole new body and passes everything else on. The wrapper hands the live session back when it is
//! dropped, so that keep-alive and error answers work on the real connection. The `Session` trait is doc-hidden, hence the
//! exact version pin on pingora; see `docs/adr/0002-replayed-body.md`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use parking_lot::Mutex;
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::Digest;
use pingora::protocols::http::custom::CustomMessageWrite;
use pingora::protocols::http::custom::server::Session as CustomSession;
use pingora::protocols::http::{HttpTask, ServerSession};
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::Session;

type MessageReader = Box<dyn futures::Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>;

/// Where the live session waits while a replay stands in for it.
#[derive(Debug, Default)]
pub struct Parked(Arc<Mutex<Option<LiveSession>>>);

/// Hides the session from `Debug`, which pingora does not implement for it.
struct LiveSession(Box<ServerSession>);

impl std::fmt::Debug for LiveSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LiveSession")
    }
}

impl Parked {
    /// Puts a replay of `body` in place of the live session.
    pub fn begin(&self, session: &mut Session, body: Bytes) {
        let live = std::mem::replace(&mut session.downstream_session, placeholder());
        let replay = Replay { live: Some(live), body, slot: Arc::clone(&self.0) };
        *session.downstream_session = ServerSession::new_custom(Box::new(replay));
    }

    /// Puts the live session back. Without a replay in place nothing happens.
    pub fn end(&self, session: &mut Session) {
        if !session.downstream_session.is_custom() {
            return;
        }
        drop(std::mem::replace(&mut session.downstream_session, placeholder()));
        if let Some(live) = self.0.lock().take() {
            session.downstream_session = live.0;
        }
    }
}

fn placeholder() -> Box<ServerSession> {
    Box::new(ServerSession::new_custom(Box::new(())))
}

struct Replay {
    live: Option<Box<ServerSession>>,
    body: Bytes,
    slot: Arc<Mutex<Option<LiveSession>>>,
}

impl Drop for Replay {
    fn drop(&mut self) {
        *self.slot.lock() = self.live.take().map(LiveSession);
    }
}

impl Replay {
    /// The live session is taken only by `drop`.
    fn live(&self) -> &ServerSession {
        match &self.live {
            Some(live) => live,
            None => unreachable!("a replay outlives its session only while it is dropped"),
        }
    }

    fn live_mut(&mut self) -> &mut ServerSession {
        match &mut self.live {
            Some(live) => live,
            None => unreachable!("a replay outlives its session only while it is dropped"),
        }
    }
}

#[async_trait]
impl CustomSession for Replay {
    fn req_header(&self) -> &RequestHeader {
        self.live().req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.live_mut().req_header_mut()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        Ok(None)
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        Ok(())
    }

    async fn write_response_header(&mut self, resp: Box<ResponseHeader>, _end: bool) -> Result<()> {
        self.live_mut().write_response_header(resp).await
    }

    async fn write_response_header_ref(&mut self, resp: &ResponseHeader, _end: bool) -> Result<()> {
        self.live_mut().write_response_header_ref(resp).await
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        self.live_mut().write_response_body(data, end).await
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.live_mut().write_response_trailers(trailers).await
    }

    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        self.live_mut().response_duplex_vec(tasks).await
    }

    fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.live_mut().set_read_timeout(timeout);
    }

    fn get_read_timeout(&self) -> Option<Duration> {
        self.live().get_read_timeout()
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.live_mut().set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.live().get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.live_mut().set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.live().get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.live().request_summary()
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.live().response_written()
    }

    async fn shutdown(&mut self, _code: u32, _ctx: &str) {
        self.live_mut().shutdown().await;
    }

    fn is_body_done(&mut self) -> bool {
        true
    }

    async fn finish(&mut self) -> Result<()> {
        self.live_mut().finish_body().await
    }

    fn is_body_empty(&mut self) -> bool {
        self.body.is_empty()
    }

    /// Waits for the client to leave, so that the upstream is let go of at once.
    async fn read_body_or_idle(&mut self, _no_body_expected: bool) -> Result<Option<Bytes>> {
        self.live_mut().read_body_or_idle(true).await
    }

    fn body_bytes_sent(&self) -> usize {
        self.live().body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.live().body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.live().digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.live_mut().digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.live().client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.live().server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.live().to_h1_raw()
    }

    fn enable_retry_buffering(&mut self) {}

    fn retry_buffer_truncated(&self) -> bool {
        false
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        Some(self.body.clone())
    }

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_reader(&mut self) -> Option<MessageReader> {
        None
    }

    fn restore_custom_message_reader(&mut self, _reader: MessageReader) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _writer: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }
}

//! HTTP/2 without TLS, on both sides: a client, and the fake upstream's second tongue.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use tokio::net::TcpStream;

use super::client::{Answer, Wire};
use super::request::Request;
use super::upstream::{Recorded, Script, Shared, Step, wait};
use super::within;

/// Sends one request on a connection of its own and reads the answer as far as it comes.
///
/// The body goes with a Content-Length unless the request is chunked. `None` when the request cannot be put into HTTP/2
/// or the peer resets the stream before answering.
pub async fn send(to: SocketAddr, request: &Request) -> Option<Answer> {
    let stream = within("connecting", TcpStream::connect(to)).await.ok()?;
    stream.set_nodelay(true).ok()?;
    send_over(stream, to, request).await
}

/// The same on a connection that is open already.
pub async fn send_over(stream: impl Wire + 'static, to: SocketAddr, request: &Request) -> Option<Answer> {
    let (client, connection) = within("the handshake", h2::client::handshake(stream)).await.ok()?;
    let driver = tokio::spawn(connection);
    let answer = within("an answer by HTTP/2", exchange(client, to, request)).await;
    driver.abort();
    answer
}

async fn exchange(client: h2::client::SendRequest<Bytes>, to: SocketAddr, request: &Request) -> Option<Answer> {
    let mut head = http::Request::builder().method(request.method.as_str()).uri(format!("http://{to}{}", request.target));
    for (name, value) in &request.headers {
        head = head.header(name.as_str(), value.as_slice());
    }
    if request.framing != super::request::Framing::Chunked && !request.body.is_empty() {
        head = head.header("content-length", request.body.len());
    }
    let mut client = client.ready().await.ok()?;
    let empty = request.body.is_empty() && request.trailers.is_empty();
    let (response, mut stream) = client.send_request(head.body(()).ok()?, empty).ok()?;
    let sending = async {
        if !empty {
            // A peer that answers early stops reading; its answer says why.
            let last = request.trailers.is_empty();
            if send_data(&mut stream, &request.body, last).await && !last {
                let mut trailers = http::HeaderMap::new();
                for (name, value) in &request.trailers {
                    trailers.append(http::HeaderName::try_from(name.as_str()).ok()?, value.parse().ok()?);
                }
                let _ = stream.send_trailers(trailers);
            }
        }
        Some(())
    };
    let receiving = async {
        let response = response.await.ok()?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let status = response.status().as_u16();
        let (body, complete) = read_data(response.into_body()).await;
        Some(Answer { status, headers, body, complete })
    };
    tokio::join!(sending, receiving).1
}

/// Sends a body as the window allows; false when the peer has stopped the stream.
async fn send_data(stream: &mut SendStream<Bytes>, mut body: &[u8], last: bool) -> bool {
    while !body.is_empty() {
        stream.reserve_capacity(body.len().min(64 << 10));
        let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else { return false };
        let (now, later) = body.split_at(room.min(body.len()));
        if stream.send_data(Bytes::copy_from_slice(now), last && later.is_empty()).is_err() {
            return false;
        }
        body = later;
    }
    true
}

/// Reads a body; false where it was reset.
async fn read_data(mut stream: RecvStream) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let Ok(data) = data else { return (body, false) };
        let _ = stream.flow_control().release_capacity(data.len());
        body.extend_from_slice(&data);
    }
    (body, true)
}

/// Serves one HTTP/2 connection of the fake upstream.
pub(super) async fn serve(stream: TcpStream, connection: usize, shared: &Shared) -> io::Result<()> {
    let mut h2 = h2::server::handshake(stream).await.map_err(io::Error::other)?;
    // One exchange at a time: the suites that use HTTP/2 upstreams send one.
    while let Some(accepted) = h2.accept().await {
        let (request, mut respond) = accepted.map_err(io::Error::other)?;
        let (head, body) = request.into_parts();
        let reading = read_data(body);
        // The connection must be driven while the body comes in.
        let (body, _) = tokio::select! {
            read = reading => read,
            _ = h2.accept() => return Ok(()),
        };
        let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_bytes().iter().map(|b| char::from(*b)).collect()))
            .collect();
        let recorded = Recorded { method: head.method.to_string(), target, headers, body, connection };
        let (status, content_type, steps) = match shared.record(recorded) {
            Script::Reply { status, content_type, body } => (status, content_type, vec![Step::Send(body)]),
            Script::Stream(steps) => (200, "text/event-stream", steps),
            Script::Close | Script::Never | Script::Raw(_) => return Ok(()),
        };
        let head =
            http::Response::builder().status(status).header("content-type", content_type).body(()).map_err(io::Error::other)?;
        let mut out = respond.send_response(head, false).map_err(io::Error::other)?;
        let playing = async {
            for step in &steps {
                match step {
                    Step::Send(bytes) => _ = send_data(&mut out, bytes, false).await,
                    Step::Cut => {
                        out.send_reset(h2::Reason::INTERNAL_ERROR);
                        return;
                    }
                    Step::Await(_) => wait(step).await,
                }
            }
            let _ = out.send_data(Bytes::new(), true);
        };
        tokio::select! {
            () = playing => {}
            _ = std::future::poll_fn(|cx| h2.poll_closed(cx)) => shared.count_leaver(),
        }
    }
    Ok(())
}

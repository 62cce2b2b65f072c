//! pingora's callbacks. Each delegates; the order in which pingora calls them is the way of a request:
//!
//! ```text
//! early_request_filter   deadlines of the connection
//! request_filter         receive, resolve, decide, admit, prepare; or answer with a refusal, or from the person's own API
//! upstream_peer          connect
//! upstream_request_filter  header for the upstream
//! upstream_response_filter  does another upstream take over?
//! response_filter        follow begins
//! response_body_filter   follow, learn at the end
//! fail_to_proxy          end what broke
//! logging                one audit record, metrics
//! ```

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};

use super::arrive::{self, Taken};
use super::balance;
use super::cors;
use super::exchange::{Exchange, Phase, UNDECIDED};
use super::finish;
use super::me;
use super::respond;
use super::services::{Runtime, Services};
use super::upstream;
use crate::telemetry::Stage;
use crate::telemetry::traces::TRACEPARENT;

/// The proxy.
#[derive(Debug)]
pub struct Gateway {
    pub runtime: Arc<ArcSwap<Runtime>>,
    pub services: Arc<Services>,
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(self.runtime.load_full(), Arc::clone(&self.services))
    }

    /// No modules: memgate neither compresses nor caches.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<()> {
        let limits = &exchange.runtime.limits;
        session.set_keepalive(if self.services.is_draining() { None } else { Some(limits.keepalive.as_secs().max(1)) });
        session.set_read_timeout(Some(limits.body_timeout));
        session.set_total_drain_timeout(Some(Duration::from_secs(2)));
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        match arrive::take_in(&self.services, session, exchange).await {
            Ok(Taken::Forward(forwarding)) => {
                exchange.phase = Phase::Forwarding(forwarding);
                Ok(false)
            }
            Ok(Taken::Answer(answer)) => {
                exchange.phase = Phase::Answered;
                me::give(&self.services, session, exchange, answer).await?;
                Ok(true)
            }
            Ok(Taken::Preflight) => {
                exchange.phase = Phase::Answered;
                cors::answer_preflight(session, exchange).await?;
                Ok(true)
            }
            Ok(Taken::Listing(listing)) => {
                exchange.phase = Phase::Answered;
                listing.give(session, exchange).await?;
                Ok(true)
            }
            Err(refusal) if refusal.code == balance::CLIENT_LEFT => Err(balance::left()),
            Err(refusal) => {
                exchange.phase = Phase::Answered;
                if exchange.record.reason == UNDECIDED {
                    exchange.record.reason = refusal.code;
                }
                exchange.record.error = Some(refusal.code);
                respond::count_refusal(&self.services.metrics, refusal.code);
                if !refusal.detail.is_empty() {
                    tracing::debug!(request = %exchange.record.request, code = refusal.code, detail = %refusal.detail, "refused");
                }
                respond::answer_refusal(session, exchange, &refusal).await?;
                Ok(true)
            }
        }
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        _end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let limit = exchange.runtime.limits.body;
        let Some(forwarding) = exchange.forwarding().filter(|f| f.replayed.is_none()) else { return Ok(()) };
        forwarding.streamed += body.as_ref().map_or(0, Bytes::len);
        if forwarding.streamed > limit {
            return Err(Error::explain(ErrorType::HTTPStatus(413), "request body over the limit").into_down());
        }
        Ok(())
    }

    async fn upstream_peer(&self, session: &mut Session, exchange: &mut Exchange) -> Result<Box<HttpPeer>> {
        balance::change_over(&self.services, session, exchange).await?;
        let runtime = Arc::clone(&exchange.runtime);
        let Some(forwarding) = exchange.forwarding() else {
            return Err(Error::explain(ErrorType::InternalError, "no upstream was chosen"));
        };
        let found = self.services.addresses.peer(&forwarding.upstream, &runtime.limits, forwarding.attempts).await;
        found.map_err(|mut error| {
            let again = balance::judge_resolving(&self.services, &error, exchange);
            error.set_retry(again);
            error
        })
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: std::os::unix::io::RawFd,
        _digest: Option<&pingora::protocols::Digest>,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if let Some(prepared) = exchange.forwarding().map(|forwarding| forwarding.prepared) {
            exchange.note_stage(Stage::UpstreamConnect, prepared);
        }
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        header: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        let query = session.req_header().uri.query();
        let runtime = Arc::clone(&exchange.runtime);
        if let Some(journey) = &exchange.journey {
            header.insert_header(TRACEPARENT, journey.to_upstream())?;
        }
        let Some(forwarding) = exchange.forwarding() else { return Ok(()) };
        upstream::rewrite_header(header, forwarding, query, &runtime.resolver)
    }

    async fn upstream_response_filter(
        &self,
        _session: &mut Session,
        header: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        balance::judge_answer(&self.services, header, exchange)
    }

    async fn response_filter(&self, session: &mut Session, header: &mut ResponseHeader, exchange: &mut Exchange) -> Result<()> {
        finish::begin_answer(&self.services, session, header, exchange)
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<Duration>> {
        finish::follow_answer(&self.services, body, end_of_stream, exchange);
        Ok(None)
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        exchange: &mut Exchange,
        mut error: Box<Error>,
    ) -> Box<Error> {
        error.set_retry(balance::judge_connecting(&self.services, &error, exchange));
        error
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        exchange: &mut Exchange,
        client_reused: bool,
    ) -> Box<Error> {
        error.retry.decide_reuse(client_reused);
        let passed = respond::has_answered(session);
        error.set_retry(balance::judge_error(&self.services, &error, client_reused, passed, exchange));
        error
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, exchange: &mut Exchange) -> FailToProxy {
        exchange.parked.end(session);
        finish::count_failure(&self.services, error, exchange);
        let error_code = respond::end_failed(session, exchange, error).await;
        FailToProxy { error_code, can_reuse_downstream: false }
    }

    /// pingora's own line would hold the path with its query.
    fn suppress_error_log(&self, _session: &Session, _exchange: &Exchange, _error: &Error) -> bool {
        true
    }

    fn request_summary(&self, _session: &Session, exchange: &Exchange) -> String {
        format!("request {}", exchange.record.request)
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, exchange: &mut Exchange) {
        exchange.parked.end(session);
        finish::settle(session, error, exchange);
        exchange.record_once();
    }
}

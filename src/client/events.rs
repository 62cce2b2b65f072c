//! What happens, as it happens: server-sent events (WHATWG HTML, 9.2).

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::{Method, Response};

use super::{Client, ClientError};
use crate::admin::api::{DecisionRow, Overview};

/// Most bytes of one event.
const LONGEST_EVENT: usize = 4 << 20;
/// memgate says something every few seconds; one that is silent for so long is gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// A request that was decided has ended.
    Decision(Box<DecisionRow>),
    /// How everything goes, every few seconds.
    Overview(Box<Overview>),
}

/// Events as they come.
#[derive(Debug)]
pub struct Events {
    response: Response,
    reader: Reader,
}

impl Client {
    /// Follows what happens from now on.
    pub async fn events(&self) -> Result<Events, ClientError> {
        let response = self.send(self.endless(Method::GET, &["events"])).await?;
        Ok(Events { response, reader: Reader::default() })
    }
}

impl Events {
    /// The next event; none when memgate has ended the stream. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the connection breaks or is silent for too long, or what comes cannot be read.
    pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
        loop {
            if let Some((name, data)) = self.reader.ready.pop_front() {
                match name.as_str() {
                    "decision" => return Ok(Some(Event::Decision(serde_json::from_str(&data)?))),
                    "overview" => return Ok(Some(Event::Overview(serde_json::from_str(&data)?))),
                    // A later memgate may tell more.
                    _ => continue,
                }
            }
            let chunk = tokio::time::timeout(LONGEST_SILENCE, self.response.chunk()).await.map_err(|_| ClientError::Silent)?;
            match chunk.map_err(|error| ClientError::Transport(error.without_url()))? {
                Some(chunk) => self.reader.feed(&chunk)?,
                None => return Ok(None),
            }
        }
    }
}

/// Puts events together from bytes, however they are cut. Lines end in LF or CRLF, as memgate writes them.
#[derive(Debug, Default)]
struct Reader {
    line: Vec<u8>,
    name: String,
    data: String,
    ready: VecDeque<(String, String)>,
}

impl Reader {
    fn feed(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.take_line(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            } else if self.line.len() + self.data.len() < LONGEST_EVENT {
                self.line.push(byte);
            } else {
                return Err(ClientError::TooLong);
            }
        }
        Ok(())
    }

    fn take_line(&mut self, line: &str) {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            if !data.is_empty() {
                self.ready.push_back((name, data));
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = b": hello\n\nevent: decision\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nid: 7\nretry: 5\ndata:x\n\nevent: lost\n\nevent: cut\ndata: o";
        for size in 1..text.len() {
            let mut reader = Reader::default();
            text.chunks(size).for_each(|chunk| reader.feed(chunk).unwrap());
            let read: Vec<_> = reader.ready.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
            assert_eq!(read, [("decision", "{\"a\":\n1}"), ("", "x")]);
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut reader = Reader::default();
        let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 16], b"\n"].concat();
        let fed = (0..100).try_for_each(|_| reader.feed(&line));
        assert!(matches!(fed, Err(ClientError::TooLong)));
        assert!(reader.data.len() <= LONGEST_EVENT);
    }
}

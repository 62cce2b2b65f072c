//! What a signature covers, and the text that it signs (RFC 9421, sections 2 and 2.5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use sfv::{BareItem, Dictionary, FieldType, InnerList, Item, ItemSerializer, ListEntry, ListSerializer, Parser};

use super::super::header::{self, View};
use super::super::{Arrival, Invalid};
use super::message::{Message, divide};
use super::{MAX_COMPONENTS, MAX_FIELD, MAX_PARTS, bad, incomplete};

/// Fields whose type is known to be a dictionary, so that `sf` can be honoured. Without the type a serialisation would be a guess.
const DICTIONARIES: &[&str] = &[
    header::CONTENT_DIGEST,
    "repr-digest",
    "want-content-digest",
    "want-repr-digest",
    header::HTTP_SIGNATURE,
    header::HTTP_SIGNATURE_INPUT,
    "priority",
];

/// The components that a signature covers, in its order, each once.
#[derive(Debug)]
pub(super) struct Components<'a> {
    list: &'a InnerList,
    parts: Vec<Component<'a>>,
}

/// One component identifier.
#[derive(Debug)]
struct Component<'a> {
    name: &'a str,
    how: How<'a>,
    /// As it stands at the beginning of its line.
    identifier: String,
}

/// Parameters that change a component's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How<'a> {
    Plain,
    /// `sf`: serialised strictly (section 2.1.1).
    Strict,
    /// `key`: one member of a dictionary (section 2.1.2).
    Member(&'a str),
    /// `bs`: every line in Base64 (section 2.1.3).
    Bytes,
    /// `name`: a parameter of the query (section 2.2.8).
    Parameter(&'a str),
}

impl<'a> Components<'a> {
    pub(super) fn read(list: &'a InnerList) -> Result<Self, Invalid> {
        if list.items.len() > MAX_COMPONENTS {
            return Err(bad(format!("The signature covers more than {MAX_COMPONENTS} components.")));
        }
        let mut parts = Vec::with_capacity(list.items.len());
        for (at, item) in list.items.iter().enumerate() {
            // Parameters compare without regard to their order.
            if list.items[..at].contains(item) {
                return Err(bad("The signature covers a component twice."));
            }
            parts.push(Component::read(item)?);
        }
        if parts.iter().filter(|part| !part.is_whole()).count() > MAX_PARTS {
            return Err(bad(format!(
                "The signature covers more than {MAX_PARTS} members of fields and parameters of the query. Cover the whole fields and \"@query\"."
            )));
        }
        Ok(Self { list, parts })
    }

    /// What memgate demands of a signature beside being right.
    pub(super) fn check_coverage(&self, arrival: &Arrival<'_>, user: &HeaderName) -> Result<(), Invalid> {
        let covers = |names: &[&str]| self.parts.iter().any(|part| names.contains(&part.name) && part.is_whole());
        let mut missing = Vec::new();
        if !covers(&["@method"]) {
            missing.push("\"@method\"".to_owned());
        }
        if !covers(&["@path", "@target-uri", "@request-target"]) {
            missing.push("the path (\"@path\", \"@target-uri\" or \"@request-target\")".to_owned());
        }
        if divide(arrival.target).1.is_some() && !covers(&["@query", "@target-uri", "@request-target"]) {
            missing.push("the query (\"@query\", \"@target-uri\" or \"@request-target\")".to_owned());
        }
        if !covers(&[user.as_str()]) {
            missing.push(format!("the user's header (\"{user}\")"));
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(incomplete(format!("The signature does not cover {}.", missing.join(", "))))
    }

    /// Whether the whole `Content-Digest` is covered.
    pub(super) fn covers_body(&self) -> bool {
        self.parts.iter().any(|part| part.name == header::CONTENT_DIGEST && part.is_whole())
    }

    /// The text that is signed (section 2.5), without a trailing line break.
    pub(super) fn base(&self, message: &Message<'_>) -> Result<Vec<u8>, Invalid> {
        let mut base = Vec::with_capacity(512);
        for part in &self.parts {
            let value = part.value(message)?;
            // A line break would let one component pass for two.
            if value.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
                return Err(bad(format!("The component {} holds a line break.", part.identifier)));
            }
            base.extend_from_slice(part.identifier.as_bytes());
            base.extend_from_slice(b": ");
            base.extend_from_slice(&value);
            base.push(b'\n');
        }
        base.extend_from_slice(b"\"@signature-params\": ");
        base.extend_from_slice(serialise(self.list).as_bytes());
        Ok(base)
    }
}

impl<'a> Component<'a> {
    fn read(item: &'a Item) -> Result<Self, Invalid> {
        let identifier = ItemSerializer::new().bare_item(&item.bare_item).parameters(&item.params).finish();
        let fault = |what: &str| bad(format!("The covered component {identifier} {what}."));
        let Some(name) = item.bare_item.as_string().map(sfv::StringRef::as_str) else {
            return Err(fault("is no string"));
        };
        let mut how = How::Plain;
        for (parameter, value) in &item.params {
            let text = value.as_string().map(sfv::StringRef::as_str);
            let next = match (parameter.as_str(), value, text) {
                ("sf", BareItem::Boolean(true), _) => How::Strict,
                ("bs", BareItem::Boolean(true), _) => How::Bytes,
                ("key", _, Some(member)) => How::Member(member),
                ("name", _, Some(name)) => How::Parameter(name),
                ("req", ..) => return Err(fault("is of a request, which only a response can refer to")),
                ("tr", ..) => return Err(fault("is in the trailers, which are no evidence")),
                _ => return Err(fault("has a parameter that is not known or has no such value")),
            };
            how = match (how, next) {
                (How::Plain, next) => next,
                // A member is serialised strictly anyway.
                (How::Strict, How::Member(member)) | (How::Member(member), How::Strict) => How::Member(member),
                _ => return Err(fault("has parameters that exclude each other")),
            };
        }
        let derived = name.starts_with('@');
        match (name, how) {
            ("@query-param", How::Parameter(_))
            | ("@method" | "@target-uri" | "@authority" | "@scheme" | "@path" | "@query" | "@request-target", How::Plain) => {}
            ("@query-param", _) => return Err(fault("lacks the parameter `name`")),
            (_, How::Parameter(_)) => return Err(fault("has a parameter `name`, which is for \"@query-param\"")),
            _ if derived => return Err(fault("is no component of a request that is known here")),
            _ if !is_field_name(name) => return Err(fault("is no header name in lower case")),
            _ => {}
        }
        Ok(Self { name, how, identifier })
    }

    /// The component covers all of what it names, not one member of it.
    fn is_whole(&self) -> bool {
        !matches!(self.how, How::Member(_) | How::Parameter(_))
    }

    fn value(&self, message: &Message<'_>) -> Result<Vec<u8>, Invalid> {
        let absent = || incomplete(format!("The signature covers {}, which the request does not have.", self.identifier));
        let text = match (self.name, self.how) {
            ("@query-param", How::Parameter(name)) => message.query_param(name),
            ("@method", _) => Some(message.arrival.method.to_owned()),
            ("@target-uri", _) => message.target_uri(),
            ("@authority", _) => message.authority(),
            ("@scheme", _) => Some(message.scheme().to_owned()),
            ("@path", _) => Some(message.path().to_owned()),
            ("@query", _) => Some(message.query().to_owned()),
            ("@request-target", _) => Some(message.arrival.target.to_owned()),
            _ => return self.field(message.view),
        };
        text.map(String::into_bytes).ok_or_else(absent)
    }

    fn field(&self, view: &View<'_>) -> Result<Vec<u8>, Invalid> {
        if !view.carries(self.name) {
            return Err(incomplete(format!("The signature covers the header {}, which the request does not have.", self.name)));
        }
        let fault = |what: &str| bad(format!("The signature covers {}, but the header {what}.", self.identifier));
        match self.how {
            How::Plain | How::Parameter(_) => Ok(combine(view, self.name)),
            How::Bytes => {
                let line = |line: &[u8]| format!(":{}:", STANDARD.encode(line.trim_ascii()));
                Ok(view.lines(self.name).map(line).collect::<Vec<_>>().join(", ").into_bytes())
            }
            How::Strict if !DICTIONARIES.contains(&self.name) => {
                Err(fault("is of a type that is not known here; leave `sf` out"))
            }
            How::Strict => {
                let text = parse(view, self.name).and_then(|dictionary| dictionary.serialize());
                text.map(String::into_bytes).ok_or_else(|| fault("is no dictionary of structured fields, or a very long one"))
            }
            How::Member(member) => {
                let parsed =
                    parse(view, self.name).ok_or_else(|| fault("is no dictionary of structured fields, or a very long one"))?;
                let entry = parsed.get(member).ok_or_else(|| fault("has no such member"))?;
                Ok(match entry {
                    ListEntry::Item(item) => item.serialize(),
                    ListEntry::InnerList(list) => serialise(list),
                }
                .into_bytes())
            }
        }
    }
}

/// All lines of a field as one value (section 2.1).
fn combine(view: &View<'_>, name: &str) -> Vec<u8> {
    view.lines(name).map(<[u8]>::trim_ascii).collect::<Vec<_>>().join(&b", "[..])
}

fn parse(view: &View<'_>, name: &str) -> Option<Dictionary> {
    let value = combine(view, name);
    if value.len() > MAX_FIELD { None } else { Parser::new(&value).parse().ok() }
}

fn serialise(list: &InnerList) -> String {
    let mut serialiser = ListSerializer::new();
    let mut inner = serialiser.inner_list();
    inner.items(&list.items);
    let _ = inner.finish().parameters(&list.params);
    serialiser.finish().unwrap_or_default()
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b))
}

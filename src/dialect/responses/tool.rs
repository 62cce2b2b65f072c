//! Tools that work in a container of the upstream's, by its id. Whoever names one reaches the files that a model made in it.

use crate::dialect::conversation::ParseError;
use crate::dialect::fields;
use crate::dialect::json::Reader;
use crate::dialect::keys::Keys;

const TOOL_KEYS: &[&str] = &["container", "environment"];
const ENVIRONMENT_KEYS: &[&str] = &["container_id"];

/// The containers that `tools` names. Whatever is no list of objects passes unread.
pub(super) fn read_containers(reader: &mut Reader<'_>) -> Result<Vec<String>, ParseError> {
    let mut named = Vec::new();
    if reader.peek() != Some(b'[') {
        reader.skip()?;
        return Ok(named);
    }
    reader.array(|reader| {
        if reader.peek() != Some(b'{') {
            return Ok(reader.skip()?);
        }
        let mut keys = Keys::new(TOOL_KEYS);
        let tool = reader.object(|reader, member| {
            match keys.recognise(&member.key)? {
                Some("container") => named.extend(fields::string(reader)?),
                Some(_) => named.extend(read_id(reader)?),
                None => reader.skip()?,
            }
            Ok::<_, ParseError>(())
        });
        tool.map(drop)
    })?;
    Ok(named)
}

fn read_id(reader: &mut Reader<'_>) -> Result<Option<String>, ParseError> {
    let mut id = None;
    if reader.peek() != Some(b'{') {
        reader.skip()?;
        return Ok(id);
    }
    let mut keys = Keys::new(ENVIRONMENT_KEYS);
    reader.object(|reader, member| {
        match keys.recognise(&member.key)? {
            Some(_) => id = fields::string(reader)?,
            None => reader.skip()?,
        }
        Ok::<_, ParseError>(())
    })?;
    Ok(id)
}

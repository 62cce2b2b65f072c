//! Sources as they are written: a word such as `open_webui`, or a mapping with that one key. The word stands for `{open_webui: {}}`.

use std::fmt;
use std::marker::PhantomData;

use schemars::Schema;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, VariantAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Value, json};

use super::preset::HeaderFile;
use super::source::SourceFile;

impl<'de> Deserialize<'de> for SourceFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

/// What `{open_webui: {secret: …}}` was called at first. Without the secret it must not come to mean the plain header.
const OPEN_WEBUI_TOKEN: &str = "open_webui_jwt";

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SourceFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("string or map")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<SourceFile, E> {
        SourceFile::deserialize(Choice { name: word.to_owned(), settings: NoSettings(PhantomData) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SourceFile, A::Error> {
        match map.next_key::<String>()? {
            Some(name) if name == OPEN_WEBUI_TOKEN => {
                let choice = Choice { name: "open_webui".to_owned(), settings: OneKey(map) };
                match SourceFile::deserialize(choice)? {
                    SourceFile::OpenWebui(file) if !file.is_signed() => Err(A::Error::missing_field("secret")),
                    source => Ok(source),
                }
            }
            Some(name) => SourceFile::deserialize(Choice { name, settings: OneKey(map) }),
            // Said of what is resolved: the key may have been cut out for a fault of its own.
            None => Ok(SourceFile::Empty),
        }
    }
}

/// An alternative by its name, with what settings it has.
struct Choice<S> {
    name: String,
    settings: S,
}

impl<'de, S: VariantAccess<'de>> Deserializer<'de> for Choice<S> {
    type Error = S::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, S::Error> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, S: VariantAccess<'de>> EnumAccess<'de> for Choice<S> {
    type Error = S::Error;
    type Variant = S;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, S), S::Error> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self.settings))
    }
}

/// The settings of a bare word.
struct NoSettings<E>(PhantomData<E>);

impl<'de, E: Error> VariantAccess<'de> for NoSettings<E> {
    type Error = E;

    fn unit_variant(self) -> Result<(), E> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, E> {
        seed.deserialize(MapDeserializer::new(std::iter::empty::<(&str, &str)>()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, E> {
        Err(E::custom("has no settings of this shape"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, E> {
        Err(E::custom("has no settings of this shape"))
    }
}

/// The settings behind the only key of a mapping.
struct OneKey<A>(A);

impl<'de, A: MapAccess<'de>> OneKey<A> {
    fn end(mut self) -> Result<(), A::Error> {
        match self.0.next_key::<String>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("invalid value: map, expected map with a single key")),
        }
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for OneKey<A> {
    type Error = A::Error;

    fn unit_variant(mut self) -> Result<(), A::Error> {
        self.0.next_value::<()>()?;
        self.end()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, A::Error> {
        let settings = self.0.next_value_seed(seed)?;
        self.end()?;
        Ok(settings)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("has no settings of this shape"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, A::Error> {
        Err(A::Error::custom("has no settings of this shape"))
    }
}

impl<'de> Deserialize<'de> for HeaderFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderVisitor)
    }
}

/// A header's name, or a mapping that says how it is read.
struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = HeaderFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("string or map")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<HeaderFile, E> {
        Ok(HeaderFile::named(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HeaderFile, A::Error> {
        HeaderFile::deserialize(MapAccessDeserializer::new(map))
    }
}

/// Sources whose settings may all be left out.
const WORDS: [&str; 3] = ["open_webui", "http_signature", "forward_auth"];

/// Adds to the schema of a source that some may be written as one word.
pub(super) fn allow_words(schema: &mut Schema) {
    let Some(Value::Array(choices)) = schema.get_mut("oneOf") else { return };
    for word in WORDS {
        let settings = choices.iter().find(|choice| !choice["properties"][word].is_null());
        let description = settings.map_or(Value::Null, |choice| choice["description"].clone());
        choices.push(json!({"description": description, "type": "string", "const": word}));
    }
}

/// Adds to the schema of a header that its name alone will do.
pub(super) fn allow_name(schema: &mut Schema) {
    let mapping = schema.clone().to_value();
    let description = mapping["description"].clone();
    *schema = Schema::try_from(json!({"description": description, "oneOf": [{"type": "string"}, mapping]})).unwrap_or_default();
}

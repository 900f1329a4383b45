//! Objects in which no name stands twice.
//!
//! Of two claims with one name readers take the first, the last or neither, so what one checked another may not
//! use (RFC 7519 §4). It knows no names.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};

/// A `T` that was read from such an object; not from an array, which serde takes for the fields of a struct too.
pub(super) struct Unique<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unique<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Unique<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in which no name stands twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Unique<T>, A::Error> {
        let watched = Watched { map, seen: Vec::new() };
        T::deserialize(MapAccessDeserializer::new(watched)).map(Unique)
    }
}

/// The members of an object, and the names of those that passed. A token has about ten.
struct Watched<'de, A> {
    map: A,
    seen: Vec<Cow<'de, str>>,
}

/// A name as it stands in the text, or a copy where the text has escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watched<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Name(name)) = self.map.next_key()? else { return Ok(None) };
        if self.seen.contains(&name) {
            return Err(A::Error::custom("a name stands twice"));
        }
        let key = seed.deserialize(name.as_ref().into_deserializer())?;
        self.seen.push(name);
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

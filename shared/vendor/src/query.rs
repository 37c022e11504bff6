//! The query parameters of the admin API and of the pages.

use serde::de::DeserializeOwned;
use serde::de::value::{Error, MapDeserializer};
use service::wire;

use crate::problem::{Problem, reason};

/// The only parameter that may be repeated: each is one more choice.
pub(crate) const TYPE: &str = "type";

#[derive(Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query string: `+` means a space, and everything is decoded once.
    ///
    /// # Errors
    ///
    /// When the result is not UTF-8, or a parameter other than [`TYPE`] is repeated.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = wire::decode(&name.replace('+', " "))?;
            let value = wire::decode(&value.replace('+', " "))?;
            if name != TYPE && pairs.iter().any(|(known, _)| *known == name) {
                return Err(reason::parameter_twice(&name));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The parameters as the fields of `T`, which are all texts. An absent parameter has the default value, and an
    /// unknown one is ignored.
    pub(crate) fn read<T: DeserializeOwned + Default>(&self) -> T {
        let pairs = self.0.iter();
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
        T::deserialize(MapDeserializer::<_, Error>::new(pairs)).unwrap_or_default()
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter; `None` if it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter; `None` if it is absent.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

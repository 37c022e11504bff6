//! A request to the admin API, as a route sees it.

use bytes::Bytes;
use http::Request;
use keyring::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use service::request;
use service::request::Preconditions;

use crate::actor::Operation;
use crate::once::{Done, Named};
use crate::operations::page::count;
use crate::operations::{Deed, Work, no_tenant};
use crate::problem::Problem;
use crate::query::Query;

/// The values of a path's variables.
pub(super) type Variables = Vec<(&'static str, String)>;

/// A request that was admitted.
pub(crate) struct Call<'c> {
    pub(crate) work: Work<'c>,
    pub(super) operation: Operation,
    pub(super) request: &'c Request<Bytes>,
    pub(super) variables: Variables,
    pub(crate) query: Query,
    /// What the caller called it.
    pub(super) name: Option<Named>,
}

impl<'c> Call<'c> {
    /// The value of a variable of the path.
    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The tenant of the path. Whether there is one is not known.
    ///
    /// # Errors
    ///
    /// 404, when no tenant can be called that.
    pub(crate) fn tenant(&self) -> Result<TenantId, Problem> {
        let name = self.variable("tenant");
        TenantId::parse(name).ok_or_else(|| no_tenant(name))
    }

    /// The entry behind which the page begins, and how many items it is to have.
    pub(crate) fn page(&self) -> Result<(Option<&str>, usize), Problem> {
        Ok((self.query.get("cursor"), count(&self.query)?))
    }

    /// The versions that the caller knows.
    pub(crate) fn known(&self) -> Preconditions {
        Preconditions::parse(self.request.headers())
    }

    /// Does what the request asks for, once if the request has a name, and notes it.
    pub(crate) async fn act<T, F>(
        &self,
        operation: impl FnOnce(Work<'c>) -> F,
    ) -> Result<Done<T>, Problem>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, Problem>>,
    {
        let variables = self.variables.iter();
        let variables = variables.map(|(name, value)| (*name, value.as_str()));
        let deed = Deed::new(self.operation, variables);
        self.work.act(&deed, self.name.as_ref(), operation).await
    }

    /// The body, read into what an operation takes.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let json = request::json(self.request.headers(), self.request.body())?;
        serde_path_to_error::deserialize(json).map_err(|error| {
            let fault = without_value(&error.inner().to_string());
            Problem::invalid(&pointer(error.path()), fault)
        })
    }

    /// The body, or the default where there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::body`].
    pub(crate) fn body_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        match self.request.body().is_empty() {
            true => Ok(T::default()),
            false => self.body(),
        }
    }
}

/// What serde says of a value of the wrong type, without the value: it may be a password or a token.
fn without_value(fault: &str) -> String {
    let wrong = ["invalid type: ", "invalid value: "]
        .into_iter()
        .find_map(|begin| Some((begin, fault.strip_prefix(begin)?)));
    let parts = wrong.and_then(|(begin, rest)| Some((begin, rest.rsplit_once(", expected ")?)));
    let Some((begin, (found, expected))) = parts else {
        return fault.to_owned();
    };
    let kind = found
        .split(['`', '"'])
        .next()
        .unwrap_or_default()
        .trim_end();
    format!("{begin}{kind}, expected {expected}")
}

/// The JSON pointer (RFC 6901) of a place in a body.
fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |pointer, part| match part {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => {
            let key = key.replace('~', "~0").replace('/', "~1");
            format!("{pointer}/{key}")
        }
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_wrong_type_is_not_repeated() {
        for (fault, said) in [
            (
                "invalid type: integer `987654321`, expected a string",
                "invalid type: integer, expected a string",
            ),
            (
                r#"invalid type: string "a, expected b", expected i64"#,
                "invalid type: string, expected i64",
            ),
            (
                "invalid value: floating point `1.5`, expected u64",
                "invalid value: floating point, expected u64",
            ),
            (
                "invalid type: null, expected a map",
                "invalid type: null, expected a map",
            ),
            ("missing field `id`", "missing field `id`"),
        ] {
            assert_eq!(without_value(fault), said);
        }
    }
}

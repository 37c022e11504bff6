//! A request to the admin API, as an operation sees it.

use std::sync::Arc;

use bytes::Bytes;
use directory::Meter;
use directory::tenant_keys::By;
use directory::tenants::{Status, Tenant};
use http::Request;
use keyring::TenantId;
use scim_core::ErrorKind;
use scim_core::error::quote;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::auth::Caller;
use super::routes::Variables;
use super::{Admin, Problem};
use service::clock::Ids;
use service::{Origin, Service, request};

/// How many items a page has when nothing is said, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;

/// A request that was admitted.
pub(crate) struct Call<'c> {
    pub(crate) admin: &'c Admin,
    pub(crate) request: &'c Request<Bytes>,
    pub(crate) origin: &'c Origin,
    pub(crate) variables: Variables,
    pub(crate) query: Query,
    pub(crate) caller: Caller,
    /// For whom: a customer's session acts by the admin key that made its link.
    pub(crate) by: By,
    /// What absolute addresses begin with, without a slash at the end.
    pub(crate) site: String,
    pub(crate) meter: &'c Arc<Meter>,
    /// Where ids come from; a repeated request with an idempotency key gets the same ones.
    pub(crate) ids: Ids,
}

impl Call<'_> {
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

    /// How many items the page is to have.
    ///
    /// # Errors
    ///
    /// When it is no number from 1 to 500.
    pub(crate) fn count(&self) -> Result<usize, Problem> {
        let Some(text) = self.query.get("count") else {
            return Ok(PAGE);
        };
        let count = text.parse().ok();
        count
            .filter(|count| (1..=LARGEST_PAGE).contains(count))
            .ok_or_else(|| {
                Problem::new(
                    ErrorKind::InvalidValue,
                    format!(
                        "`count` is {}; it must be a number from 1 to {LARGEST_PAGE}",
                        quote(text)
                    ),
                )
                .into()
            })
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

/// A tenant as it is now.
///
/// # Errors
///
/// 404 when there is none, or it is being deleted.
pub(crate) async fn existing(
    service: &Service,
    tenant: &TenantId,
    meter: &Meter,
) -> Result<Tenant, Problem> {
    let found = service.tenants().read(tenant, meter).await?;
    let found = found.filter(|tenant| tenant.status != Status::Closing);
    found.ok_or_else(|| no_tenant(tenant.as_str()))
}

/// There is no such tenant.
pub(crate) fn no_tenant(name: &str) -> Problem {
    Problem::new(
        ErrorKind::NotFound,
        format!("there is no tenant {}", quote(name)),
    )
}

/// The parameters of a query.
#[derive(Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string: `+` is a blank, and everything is decoded once.
    ///
    /// # Errors
    ///
    /// When it is no UTF-8, or a parameter is given twice.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = request::decode(&name.replace('+', " "))?;
            let value = request::decode(&value.replace('+', " "))?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Problem::new(
                    ErrorKind::InvalidValue,
                    format!("the parameter {} is given twice", quote(&name)),
                )
                .into());
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter that is given and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that is given.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
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

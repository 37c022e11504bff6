//! The context of a page: the visitor, the request and the operations.

use data_encoding::BASE32_DNSSEC;
use jiff::Timestamp;
use keyring::TenantId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::{PageAddress, Side};
use super::form::{Form, FormField};
use super::frame::Frame;
use super::guard::Visitor;
use super::request::PageRequest;
use super::words;
use crate::actor::Operation;
use crate::idempotency::IdempotentRequest;
use crate::operations::{RequestedOperation, Work, no_tenant};
use crate::problem::{Problem, reason};

pub(crate) struct PageContext<'c> {
    pub(crate) request: &'c PageRequest<'c>,
    pub(crate) address: &'c PageAddress,
    pub(crate) visitor: Visitor,
    pub(crate) form: Form,
}

impl<'c> PageContext<'c> {
    pub(crate) fn new(
        request: &'c PageRequest<'c>,
        address: &'c PageAddress,
        visitor: Visitor,
    ) -> Self {
        Self {
            request,
            address,
            visitor,
            form: Form::default(),
        }
    }

    /// The value of a path variable.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.address.variable(name)
    }

    /// The query parameters of the page.
    pub(crate) fn parameters<T: DeserializeOwned + Default>(&self) -> T {
        self.request.query.read()
    }

    /// The tenant id in the path; the tenant may not exist.
    pub(crate) fn tenant(&self) -> Result<TenantId, Problem> {
        let name = self.variable("tenant");
        TenantId::parse(name).ok_or_else(|| no_tenant(name))
    }

    /// Whether the visitor is on a customer's page.
    pub(crate) fn is_customer(&self) -> bool {
        self.address.side == Side::Customer
    }

    /// The common start of the paths of the tenant's pages.
    pub(crate) fn home(&self) -> String {
        let (base, tenant) = (&self.request.base, self.variable("tenant"));
        match self.is_customer() {
            true => format!("{base}/setup/{tenant}"),
            false => format!("{base}/tenants/{tenant}"),
        }
    }

    /// The token that every form of the session contains.
    pub(crate) fn form_token(&self) -> String {
        let secret = self.visitor.secret();
        secret.map_or_else(String::new, directory::sessions::SessionSecret::form_token)
    }

    /// A new name for a form, so that a form that is sent twice takes effect once.
    pub(crate) fn once(&self) -> String {
        let ids = self.request.vendor.service.ids();
        BASE32_DNSSEC.encode(&ids.bytes::<16>())
    }

    /// The frame for the visitor.
    pub(crate) fn frame(&self) -> Frame<'_> {
        match (&self.visitor, self.address.side) {
            (Visitor::Known { actor, .. }, Side::Vendor) => Frame::vendor(
                &self.request.base,
                self.form_token(),
                actor.name().to_owned(),
            ),
            (Visitor::Known { .. }, Side::Customer) => {
                Frame::customer(&self.request.base, self.form_token(), self.home())
            }
            _ => self.request.frame(),
        }
    }

    /// The distance of an instant, in words.
    pub(crate) fn ago(&self, instant: Timestamp) -> maud::Markup {
        words::ago(instant, self.request.now)
    }

    /// The context of operations for the signed-in actor.
    pub(crate) fn work(&self) -> Result<Work<'_>, Problem> {
        let request = self.request;
        match &self.visitor {
            Visitor::Known { actor, .. } => Ok(Work {
                vendor: request.vendor,
                actor,
                origin: request.origin,
                meter: request.meter,
                site: &request.site,
                ids: request.vendor.service.ids().clone(),
            }),
            Visitor::Nobody => Err(reason::no_page()),
        }
    }

    /// Runs the operation of a form or of a file's address. A form that is sent twice runs it once.
    pub(crate) async fn perform<'s, T, F>(
        &'s self,
        operation: Operation,
        doing: impl FnOnce(Work<'s>) -> F,
    ) -> Result<T, Problem>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, Problem>>,
    {
        let variables = self.address.variables.iter();
        let variables = variables.map(|(name, value)| (name.as_str(), value.as_str()));
        let requested = RequestedOperation::new(operation, variables);
        let name = self.name()?;
        let done = self
            .work()?
            .perform(&requested, name.as_ref(), doing)
            .await?;
        Ok(done.view)
    }

    /// The name of the form within its session.
    fn name(&self) -> Result<Option<IdempotentRequest>, Problem> {
        let (Some(name), Some(secret)) = (self.form.given(FormField::Once), self.visitor.secret())
        else {
            return Ok(None);
        };
        let secret = secret.expose().as_bytes();
        IdempotentRequest::new(secret, name.as_bytes(), self.request.http).map(Some)
    }
}

/// Parameters as a query string with its question mark; empty parameters are left out.
pub(crate) fn query_string<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = parameters
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    }
}

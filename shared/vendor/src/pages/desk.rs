//! The context of a page: the visitor, the request and the operations.

use data_encoding::BASE32_DNSSEC;
use jiff::Timestamp;
use keyring::TenantId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::{PageAddress, Side};
use super::form::Form;
use super::frame::Frame;
use super::guard::Entrant;
use super::visit::Visit;
use super::words;
use crate::actor::Operation;
use crate::once::Named;
use crate::operations::{Deed, Work, no_tenant};
use crate::problem::{Problem, reason};

pub(crate) struct Desk<'d> {
    pub(crate) visit: &'d Visit<'d>,
    pub(crate) address: &'d PageAddress,
    pub(crate) entrant: Entrant,
    pub(crate) form: Form,
}

impl<'d> Desk<'d> {
    pub(crate) fn new(visit: &'d Visit<'d>, address: &'d PageAddress, entrant: Entrant) -> Self {
        Self {
            visit,
            address,
            entrant,
            form: Form::default(),
        }
    }

    /// The value of a path variable.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.address.variable(name)
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
        let (base, tenant) = (&self.visit.base, self.variable("tenant"));
        match self.is_customer() {
            true => format!("{base}/setup/{tenant}"),
            false => format!("{base}/tenants/{tenant}"),
        }
    }

    /// The token that every form of the session contains.
    pub(crate) fn form_token(&self) -> String {
        let secret = self.entrant.secret();
        secret.map_or_else(String::new, directory::sessions::SessionSecret::form_token)
    }

    /// A new name for a form, so that a form that is sent twice takes effect once.
    pub(crate) fn once(&self) -> String {
        let ids = self.visit.admin.service.ids();
        BASE32_DNSSEC.encode(&ids.bytes::<16>())
    }

    /// The frame for the visitor.
    pub(crate) fn frame(&self) -> Frame<'_> {
        match (&self.entrant, self.address.side) {
            (Entrant::Known { actor, .. }, Side::Vendor) => {
                Frame::vendor(&self.visit.base, self.form_token(), actor.name().to_owned())
            }
            (Entrant::Known { .. }, Side::Customer) => {
                Frame::customer(&self.visit.base, self.form_token(), self.home())
            }
            _ => self.visit.frame(),
        }
    }

    /// The distance of an instant, in words.
    pub(crate) fn ago(&self, instant: Timestamp) -> maud::Markup {
        words::ago(instant, self.visit.now)
    }

    /// The context of operations for the signed-in actor.
    pub(crate) fn work(&self) -> Result<Work<'_>, Problem> {
        let visit = self.visit;
        match &self.entrant {
            Entrant::Known { actor, .. } => Ok(Work {
                admin: visit.admin,
                actor,
                origin: visit.origin,
                meter: visit.meter,
                site: &visit.site,
                ids: visit.admin.service.ids().clone(),
            }),
            Entrant::Nobody => Err(reason::no_page()),
        }
    }

    /// Runs the operation of a form or of a file's address. A form that is sent twice runs it once.
    pub(crate) async fn act<'s, T, F>(
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
        let deed = Deed::new(operation, variables);
        let name = self.name()?;
        let done = self.work()?.act(&deed, name.as_ref(), doing).await?;
        Ok(done.view)
    }

    /// The name of the form within its session.
    fn name(&self) -> Result<Option<Named>, Problem> {
        let (Some(name), Some(secret)) = (self.form.given("once"), self.entrant.secret()) else {
            return Ok(None);
        };
        let secret = secret.expose().as_bytes();
        Named::new(secret, name.as_bytes(), self.visit.request).map(Some)
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

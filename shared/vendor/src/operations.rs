//! The operations of the vendor's side, one module per topic. Each operation is a function from a typed input to a
//! typed view, which the API writes as JSON and the pages as HTML.
//!
//! Each operation checks the actor's permission itself. The callers of an operation that changes or exports data go
//! through [`Work::perform`]: it runs a named operation once, and notes it in the tenant's activity.

use std::sync::Arc;

use directory::Directory;
use directory::Meter;
use directory::journal::Journal;
use directory::tenants::{Age, Closing, NotLoaded, Tenant};
use http::Method;
use jiff::Timestamp;
use keyring::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::clock::Ids;
use service::{Origin, Service};

use crate::actor::{Actor, Operation};
use crate::idempotency::{IdempotentRequest, Performed};
use crate::problem::{Problem, reason};
use crate::vendor_side::VendorSide;

pub(crate) mod activity;
pub(crate) mod admin_keys;
pub(crate) mod destinations;
pub(crate) mod events;
pub(crate) mod failures;
pub(crate) mod keys;
pub(crate) mod lifecycle;
pub(crate) mod links;
pub(crate) mod page;
pub(crate) mod passwords;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod preload;
pub(crate) mod settings;
pub(crate) mod tenants;
pub(crate) mod times;

use activity::Note;

/// The context of an operation.
#[derive(Clone)]
pub(crate) struct Work<'w> {
    pub(crate) vendor: &'w VendorSide,
    pub(crate) actor: &'w Actor,
    pub(crate) origin: &'w Origin,
    pub(crate) meter: &'w Arc<Meter>,
    /// The start of absolute URLs, without a trailing slash.
    pub(crate) site: &'w str,
    /// The source of ids; the retry of a named request gets the same ids.
    pub(crate) ids: Ids,
}

/// An operation and its target.
pub(crate) struct RequestedOperation<'d> {
    pub(crate) operation: Operation,
    pub(crate) tenant: Option<&'d str>,
    /// The target within the tenant: the name and value of a path variable.
    pub(crate) about: Option<(&'d str, &'d str)>,
}

impl<'d> RequestedOperation<'d> {
    /// The operation, with its path's variables as the target.
    pub(crate) fn new(
        operation: Operation,
        variables: impl Iterator<Item = (&'d str, &'d str)>,
    ) -> Self {
        let mut requested = Self {
            operation,
            tenant: None,
            about: None,
        };
        for (name, value) in variables {
            match name {
                "tenant" => requested.tenant = Some(value),
                name => requested.about = Some((name, value)),
            }
        }
        requested
    }

    /// Whether a name makes the operation run once. Other methods are idempotent anyway.
    pub(crate) fn is_named(&self) -> bool {
        self.operation.method() == Method::POST
    }
}

impl<'w> Work<'w> {
    /// Rejects an operation that the actor may not do.
    pub(crate) fn check(
        &self,
        operation: Operation,
        tenant: Option<&TenantId>,
    ) -> Result<(), Problem> {
        self.actor.check(operation, tenant.map(TenantId::as_str))
    }

    /// Runs an operation, once if it is named, and notes it in the tenant's activity.
    pub(crate) async fn perform<T, F>(
        &self,
        requested: &RequestedOperation<'_>,
        name: Option<&IdempotentRequest>,
        operation: impl FnOnce(Self) -> F,
    ) -> Result<Performed<T>, Problem>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, Problem>>,
    {
        self.actor.check(requested.operation, requested.tenant)?;
        let note = Note::of(self, requested);
        let done = match name.filter(|_| requested.is_named()) {
            Some(name) => {
                let request = (&**self.meter, self.origin.request_id.as_str());
                let with = |ids| {
                    operation(Self {
                        ids,
                        ..self.clone()
                    })
                };
                Box::pin(name.once(self.service(), request, with)).await?
            }
            None => Performed::now(operation(self.clone()).await?),
        };
        let Some(note) = note.filter(|_| !done.is_replayed) else {
            return Ok(done);
        };
        let hands_out = note.hands_out();
        match note.write(self).await {
            // A change stands even without a note. Personal data is exported only with one.
            false if hands_out => Err(reason::export_unrecorded()),
            _ => Ok(done),
        }
    }

    pub(crate) fn service(&self) -> &'w Service {
        &self.vendor.service
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.vendor.service.now()
    }

    /// The tenant as stored.
    async fn tenant(&self, id: &TenantId, closing: Closing) -> Result<Tenant, Problem> {
        let tenants = self.service().tenants();
        let loaded = tenants.load(id, Age::Current, closing, self.meter).await;
        loaded
            .map(Arc::unwrap_or_clone)
            .map_err(|not_loaded| match not_loaded {
                NotLoaded::Absent => no_tenant(id.as_str()),
                NotLoaded::Closing => reason::tenant_closing(),
                NotLoaded::Failed(error) => error.into(),
            })
    }

    /// The tenant's failure log, which also contains its activity.
    fn log(&self, tenant: &TenantId) -> Journal {
        Journal::new(self.service().table(tenant, self.meter))
    }

    /// The tenant's directory with its rules applied.
    fn directory(&self, tenant: &Tenant) -> Directory {
        self.people(&tenant.id).by(tenant.settings.rules())
    }

    /// The tenant's directory without its rules; new versions name the actor.
    fn people(&self, tenant: &TenantId) -> Directory {
        let author = self.actor.author(&self.origin.request_id);
        self.service().directory(tenant, self.meter, author)
    }
}

pub(crate) fn no_tenant(name: &str) -> Problem {
    reason::no_tenant(name)
}

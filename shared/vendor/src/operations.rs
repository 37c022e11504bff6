//! What is done on the vendor's side: a module a topic. Each operation is a function of a typed input, and gives a typed
//! view of what came of it, which the API writes as JSON and the pages as HTML.
//!
//! An operation refuses by itself what its actor may not do. What changes something, or hands it out, is called by way of
//! [`Work::act`], which does it once if it has a name, and notes it in the tenant's activity.

use std::sync::Arc;

use directory::Directory;
use directory::Meter;
use directory::tenants::{Status, Tenant};
use http::Method;
use jiff::Timestamp;
use keyring::TenantId;
use scim_core::ErrorKind;
use scim_core::error::quote;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::clock::Ids;
use service::{Origin, Service};

use crate::actor::{Actor, Operation};
use crate::admin::Admin;
use crate::once::{Done, Named};
use crate::problem::Problem;

pub(crate) mod activity;
pub(crate) mod admin_keys;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod page;
pub(crate) mod passwords;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod preload;
pub(crate) mod requests;
pub(crate) mod settings;
pub(crate) mod switch;
pub(crate) mod tenants;
pub(crate) mod times;

use activity::Note;

/// What an operation works with.
#[derive(Clone)]
pub(crate) struct Work<'w> {
    pub(crate) admin: &'w Admin,
    pub(crate) actor: &'w Actor,
    pub(crate) origin: &'w Origin,
    pub(crate) meter: &'w Arc<Meter>,
    /// What absolute addresses begin with, without a slash at the end.
    pub(crate) site: &'w str,
    /// Where ids come from; a repeated request with a name gets the same ones.
    pub(crate) ids: Ids,
}

/// What somebody is about to do.
pub(crate) struct Deed<'d> {
    pub(crate) operation: Operation,
    /// The tenant that it is done to.
    pub(crate) tenant: Option<&'d str>,
    /// What of it: the name of a variable of the path, and its value.
    pub(crate) about: Option<(&'d str, &'d str)>,
}

impl<'d> Deed<'d> {
    /// An operation with the variables of its path.
    pub(crate) fn new(
        operation: Operation,
        variables: impl Iterator<Item = (&'d str, &'d str)>,
    ) -> Self {
        let mut deed = Self {
            operation,
            tenant: None,
            about: None,
        };
        for (name, value) in variables {
            match name {
                "tenant" => deed.tenant = Some(value),
                name => deed.about = Some((name, value)),
            }
        }
        deed
    }

    /// Whether a name makes it happen once: changes of what is there come to the same when they are repeated.
    pub(crate) fn is_named(&self) -> bool {
        self.operation.method() == Method::POST
    }
}

impl<'w> Work<'w> {
    /// Refuses what the actor may not do.
    pub(crate) fn check(
        &self,
        operation: Operation,
        tenant: Option<&TenantId>,
    ) -> Result<(), Problem> {
        self.actor.check(operation, tenant.map(TenantId::as_str))
    }

    /// Does something, once if it has a name, and notes what was done to a tenant.
    pub(crate) async fn act<T, F>(
        &self,
        deed: &Deed<'_>,
        name: Option<&Named>,
        operation: impl FnOnce(Self) -> F,
    ) -> Result<Done<T>, Problem>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, Problem>>,
    {
        self.actor.check(deed.operation, deed.tenant)?;
        let note = Note::of(self, deed);
        let done = match name.filter(|_| deed.is_named()) {
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
            None => Done::now(operation(self.clone()).await?),
        };
        let Some(note) = note.filter(|_| !done.is_replayed) else {
            return Ok(done);
        };
        let hands_out = note.hands_out();
        match note.write(self).await {
            // What was changed is changed, noted or not; people's data leaves only with a note that says so.
            false if hands_out => Err(Problem::new(
                ErrorKind::Unavailable,
                "the activity cannot note at the moment that this was handed out, so it is not; try again later",
            )),
            _ => Ok(done),
        }
    }

    pub(crate) fn service(&self) -> &'w Service {
        &self.admin.service
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.admin.service.now()
    }

    /// The tenant, as it is.
    async fn found(&self, id: &TenantId) -> Result<Tenant, Problem> {
        let found = self.service().tenants().read(id, self.meter).await?;
        found.ok_or_else(|| no_tenant(id.as_str()))
    }

    /// The tenant, unless it is being deleted, which is as good as gone.
    async fn existing(&self, id: &TenantId) -> Result<Tenant, Problem> {
        let tenant = self.found(id).await?;
        match tenant.status {
            Status::Closing => Err(no_tenant(id.as_str())),
            Status::On | Status::Off => Ok(tenant),
        }
    }

    /// The tenant, to change it: 409 while it is being deleted.
    async fn found_open(&self, id: &TenantId) -> Result<Tenant, Problem> {
        let tenant = self.found(id).await?;
        match tenant.status {
            Status::Closing => Err(Problem::new(
                ErrorKind::Conflict,
                "the tenant is being deleted; nothing can be changed any more",
            )),
            Status::On | Status::Off => Ok(tenant),
        }
    }

    /// The users and groups of a tenant, by its rules.
    fn directory(&self, tenant: &Tenant) -> Directory {
        let directory = self.service().directory_of(&tenant.id, self.meter);
        directory.by(tenant.settings.rules())
    }
}

/// There is no such tenant.
pub(crate) fn no_tenant(name: &str) -> Problem {
    Problem::new(
        ErrorKind::NotFound,
        format!("there is no tenant {}", quote(name)),
    )
}

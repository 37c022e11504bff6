//! Serves the endpoints: each is an operation of [`resources`](crate::resources), [`bulk`](crate::bulk) or discovery.

use directory::Directory;
use http::Method;
use scim_core::effort::Effort;
use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::{ResourceKind, ScimError};

use crate::Service;
use crate::bulk::Bulk;
use crate::clock::{Clock, Ids};
use crate::gate::Caller;
use crate::resources::Resources;
use crate::resources::list::Listing;
use crate::wire::routes::Endpoint;
use crate::wire::{Failure, Incoming, Parameters, Success};

mod describe;

pub(crate) use describe::configuration;

impl Service {
    /// Serves a request of an admitted caller.
    ///
    /// # Errors
    ///
    /// The failure of the endpoint.
    pub async fn serve(
        &self,
        incoming: &Incoming<'_>,
        caller: &Caller,
        directory: Directory,
    ) -> Result<Success, Failure> {
        let parameters = incoming.parameters.as_ref().map_err(Clone::clone)?;
        let endpoint = incoming.endpoint().ok_or_else(reason::no_endpoint)?;
        if endpoint.is_discovery() && parameters.filter.is_some() {
            return Err(reason::no_filter_here().into());
        }
        caller.check_scope(endpoint, incoming.method())?;
        let (catalogue, base) = (caller.tenant.catalogue(), incoming.base.as_str());
        let id = incoming.variable();
        let serving = || {
            Ok::<_, ScimError>(Serving {
                incoming,
                parameters,
                projection: parameters.projection()?,
                caller,
                effort: Effort::of_request(),
                directory: directory.by(caller.tenant.settings.rules()),
                clock: &self.clock,
                ids: &self.ids,
            })
        };
        Ok(match endpoint {
            Endpoint::ServiceProviderConfig => configuration(base, caller.tenant.largest_page()),
            Endpoint::ResourceTypes => describe::resource_types(catalogue, base)?,
            Endpoint::ResourceType => describe::resource_type(id, catalogue, base)?,
            Endpoint::Schemas => describe::schemas(catalogue, base)?,
            Endpoint::Schema => describe::schema(id, catalogue, base)?,
            Endpoint::List(kind) => serving()?.list(&[kind]).await?,
            Endpoint::ListAll => serving()?.list(&ResourceKind::ALL).await?,
            Endpoint::Search(kind) => serving()?.search(&[kind]).await?,
            Endpoint::SearchAll => serving()?.search(&ResourceKind::ALL).await?,
            Endpoint::Create(kind) => serving()?.create(kind).await?,
            Endpoint::Read(kind) => serving()?.read(kind, id).await?,
            Endpoint::Replace(kind) => serving()?.replace(kind, id).await?,
            Endpoint::Modify(kind) => serving()?.modify(kind, id).await?,
            Endpoint::Delete(kind) => serving()?.delete(kind, id).await?,
            Endpoint::Bulk => serving()?.bulk().await?,
            Endpoint::Me => serving()?.me().await?,
        })
    }
}

/// The request of a resource's endpoint.
struct Serving<'s> {
    incoming: &'s Incoming<'s>,
    parameters: &'s Parameters,
    projection: Projection,
    caller: &'s Caller,
    effort: Effort,
    directory: Directory,
    clock: &'s Clock,
    ids: &'s Ids,
}

impl Serving<'_> {
    fn resources(&self, kind: ResourceKind) -> Resources<'_> {
        Resources {
            coding: self.incoming.coding,
            ..Resources::new(
                &self.directory,
                (&self.caller.tenant, kind),
                &self.incoming.base,
                &self.effort,
                self.clock,
                self.ids,
            )
        }
    }

    async fn create(&self, kind: ResourceKind) -> Result<Success, ScimError> {
        let body = self.incoming.json()?;
        self.resources(kind).create(body, &self.projection).await
    }

    async fn read(&self, kind: ResourceKind, id: &str) -> Result<Success, ScimError> {
        let (resources, given) = (self.resources(kind), &self.incoming.preconditions);
        resources.read(id, &self.projection, given).await
    }

    async fn replace(&self, kind: ResourceKind, id: &str) -> Result<Success, ScimError> {
        let body = self.incoming.json()?;
        let (resources, given) = (self.resources(kind), &self.incoming.preconditions);
        resources.replace(id, body, &self.projection, given).await
    }

    async fn modify(&self, kind: ResourceKind, id: &str) -> Result<Success, ScimError> {
        let body = self.incoming.json()?;
        let (resources, given) = (self.resources(kind), &self.incoming.preconditions);
        resources.modify(id, body, &self.projection, given).await
    }

    async fn delete(&self, kind: ResourceKind, id: &str) -> Result<Success, ScimError> {
        let (resources, given) = (self.resources(kind), &self.incoming.preconditions);
        resources.delete(id, given).await
    }

    async fn list(&self, kinds: &[ResourceKind]) -> Result<Success, ScimError> {
        let listing = self.listing(kinds);
        listing.list(self.parameters, &self.projection).await
    }

    async fn search(&self, kinds: &[ResourceKind]) -> Result<Success, ScimError> {
        // Every part of a search request is optional, and SCIM-SDK sends no body to list everything.
        let parameters = match self.incoming.body().is_empty() {
            true => Parameters::default(),
            false => Parameters::search_request(self.incoming.json()?)?,
        };
        let projection = parameters.projection()?;
        self.listing(kinds).list(&parameters, &projection).await
    }

    /// The requested resource types that the tenant has. A list of no type is empty instead of an error, because
    /// providers test their connection with lists.
    fn listing(&self, kinds: &[ResourceKind]) -> Listing<'_> {
        let there_are = self.caller.tenant.catalogue().kinds();
        let offered = kinds.iter().filter(|kind| there_are.contains(kind));
        Listing {
            directory: &self.directory,
            clock: self.clock,
            ids: self.ids,
            types: offered.map(|kind| self.resources(*kind)).collect(),
            caller: self.caller,
        }
    }

    async fn bulk(&self) -> Result<Success, ScimError> {
        let (tenant, base) = (&self.caller.tenant, &self.incoming.base);
        let bulk = Bulk::new(&self.directory, tenant, base, self.clock, self.ids)?;
        bulk.run(self.incoming.json()?).await
    }

    /// The user that the key stands for, RFC 7644 §3.11: served directly, with its permanent location.
    async fn me(&self) -> Result<Success, Failure> {
        let Some(id) = self.caller.credential.subject() else {
            return Err(reason::nobody_at_me().into());
        };
        let (kind, given) = (ResourceKind::User, &self.incoming.preconditions);
        Ok(match *self.incoming.method() {
            Method::GET => {
                let users = self.resources(kind);
                users.read(id, &self.projection, given).await?
            }
            Method::PUT => self.replace(kind, id).await?,
            Method::PATCH => self.modify(kind, id).await?,
            Method::DELETE => self.resources(kind).delete(id, given).await?,
            Method::POST => return Err(reason::creation_at_me().into()),
            _ => return Err(Failure::allowed("GET, PUT, PATCH, DELETE")),
        })
    }
}

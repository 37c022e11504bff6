//! Serves the endpoints of resources.

use bytes::Bytes;
use directory::Directory;
use http::{Method, Request};
use scim_core::effort::Effort;
use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::{ResourceKind, ScimError};
use serde_json::Value;

use crate::auth::Caller;
use crate::bulk::Bulk;
use crate::clock::{Clock, Ids};
use crate::coding::Coding;
use crate::request::{self, Parameters, Preconditions};
use crate::resources::Resources;
use crate::resources::list::Listing;
use crate::response::{Failure, Outcome};
use crate::routes::Endpoint;

pub(crate) struct Serving<'s> {
    pub(crate) request: &'s Request<Bytes>,
    pub(crate) parameters: Parameters,
    pub(crate) projection: Projection,
    pub(crate) preconditions: Preconditions,
    pub(crate) caller: &'s Caller,
    pub(crate) base: &'s str,
    pub(crate) effort: Effort,
    pub(crate) directory: Directory,
    pub(crate) clock: &'s Clock,
    pub(crate) ids: &'s Ids,
}

impl Serving<'_> {
    fn body(&self) -> Result<Value, ScimError> {
        request::json(self.request.headers(), self.request.body())
    }

    fn resources(&self, kind: ResourceKind) -> Resources<'_> {
        let effort = &self.effort;
        let coding = Coding::accepted(self.request.headers());
        Resources {
            coding,
            ..Resources::new(
                &self.directory,
                (&self.caller.settings, kind),
                self.base,
                effort,
                self.clock,
                self.ids,
            )
        }
    }

    fn listing(&self, kinds: &[ResourceKind]) -> Listing<'_> {
        Listing {
            directory: &self.directory,
            clock: self.clock,
            ids: self.ids,
            types: kinds.iter().map(|kind| self.resources(*kind)).collect(),
            caller: self.caller,
        }
    }

    /// The requested resource types that the tenant has. A list of no type is empty instead of an error, because
    /// providers test their connection with lists.
    fn offered(&self, kinds: &[ResourceKind]) -> Vec<ResourceKind> {
        let there_are = self.caller.settings.catalogue().kinds();
        let kinds = kinds.iter().copied();
        kinds.filter(|kind| there_are.contains(kind)).collect()
    }

    /// Serves an endpoint; `id` is the variable of its path.
    pub(crate) async fn answer(&self, endpoint: Endpoint, id: &str) -> Result<Outcome, Failure> {
        let (projection, given) = (&self.projection, &self.preconditions);
        Ok(match endpoint {
            Endpoint::List(kind) => self.list(&[kind]).await?,
            Endpoint::ListAll => self.list(&ResourceKind::ALL).await?,
            Endpoint::Search(kind) => self.search(&[kind]).await?,
            Endpoint::SearchAll => self.search(&ResourceKind::ALL).await?,
            Endpoint::Create(kind) => {
                let body = self.body()?;
                self.resources(kind).create(body, projection).await?
            }
            Endpoint::Read(kind) => self.resources(kind).read(id, projection, given).await?,
            Endpoint::Replace(kind) => {
                let body = self.body()?;
                let resources = self.resources(kind);
                resources.replace(id, body, projection, given).await?
            }
            Endpoint::Modify(kind) => {
                let body = self.body()?;
                let resources = self.resources(kind);
                resources.modify(id, body, projection, given).await?
            }
            Endpoint::Delete(kind) => self.resources(kind).delete(id, given).await?,
            Endpoint::Bulk => {
                let settings = self.caller.settings.as_ref();
                let (clock, ids) = (self.clock, self.ids);
                let bulk = Bulk::new(&self.directory, settings, self.base, clock, ids)?;
                bulk.run(self.body()?).await?
            }
            Endpoint::Me => self.me().await?,
            Endpoint::ServiceProviderConfig
            | Endpoint::ResourceTypes
            | Endpoint::ResourceType
            | Endpoint::Schemas
            | Endpoint::Schema => {
                return Err(reason::no_endpoint().into());
            }
        })
    }

    async fn list(&self, kinds: &[ResourceKind]) -> Result<Outcome, ScimError> {
        let listing = self.listing(&self.offered(kinds));
        listing.list(&self.parameters, &self.projection).await
    }

    async fn search(&self, kinds: &[ResourceKind]) -> Result<Outcome, ScimError> {
        // Every part of a search request is optional, and SCIM-SDK sends no body to list everything.
        let parameters = match self.request.body().is_empty() {
            true => Parameters::default(),
            false => Parameters::search_request(self.body()?)?,
        };
        let projection = parameters.projection()?;
        let listing = self.listing(&self.offered(kinds));
        listing.list(&parameters, &projection).await
    }

    /// The user that the key stands for, RFC 7644 §3.11: served directly, with its permanent location.
    async fn me(&self) -> Result<Outcome, Failure> {
        let Some(id) = self.caller.credential.subject() else {
            return Err(reason::nobody_at_me().into());
        };
        let (projection, given) = (&self.projection, &self.preconditions);
        let users = self.resources(ResourceKind::User);
        Ok(match *self.request.method() {
            Method::GET => users.read(id, projection, given).await?,
            Method::PUT => users.replace(id, self.body()?, projection, given).await?,
            Method::PATCH => users.modify(id, self.body()?, projection, given).await?,
            Method::DELETE => users.delete(id, given).await?,
            Method::POST => return Err(reason::creation_at_me().into()),
            _ => return Err(Failure::allowed("GET, PUT, PATCH, DELETE")),
        })
    }
}

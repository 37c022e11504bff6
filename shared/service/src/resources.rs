//! Find, decide, write: the operations on resources, the same for every resource type.

use directory::tenants::Tenant;
use directory::{Directory, DirectoryError, GroupRef, PasswordHash, Stored, backoff};
use scim_core::effort::Effort;
use scim_core::error::reason;
use scim_core::members::MembershipDelta;
use scim_core::patch::{self, PasswordChange, PatchError, PatchRequest, Patched};
use scim_core::projection::Projection;
use scim_core::resource::{self, Password, check_required};
use scim_core::{Attributes, Draft, ResourceId, ResourceKind, ResourceType, ScimError, active};
use serde_json::Value;

use crate::clock::{Clock, Ids};
use crate::limits::CHANGE_ATTEMPTS;
use crate::wire::{Coding, Preconditions, Success, explain};

mod create;
pub mod list;
mod policy;
mod show;

/// The operations on one resource type of one tenant.
#[derive(Clone, Copy)]
pub struct Resources<'r> {
    pub directory: &'r Directory,
    pub of: &'r ResourceType,
    pub tenant: &'r Tenant,
    pub base: &'r str,
    /// The remaining effort of the request.
    pub effort: &'r Effort,
    pub clock: &'r Clock,
    pub ids: &'r Ids,
    /// The coding of the response, which determines how much fits into it.
    pub coding: Coding,
}

impl<'r> Resources<'r> {
    #[must_use]
    pub fn new(
        directory: &'r Directory,
        (tenant, kind): (&'r Tenant, ResourceKind),
        base: &'r str,
        effort: &'r Effort,
        clock: &'r Clock,
        ids: &'r Ids,
    ) -> Self {
        Self {
            directory,
            of: tenant.catalogue().resource_type(kind),
            tenant,
            base,
            effort,
            clock,
            ids,
            coding: Coding::default(),
        }
    }

    fn id(&self, text: &str) -> Result<ResourceId, ScimError> {
        ResourceId::parse(text).ok_or_else(|| self.absent(text))
    }

    fn absent(&self, id: &str) -> ScimError {
        reason::no_resource(self.of.kind.name(), id)
    }

    async fn current(&self, id: ResourceId) -> Result<Stored, ScimError> {
        self.directory
            .get(self.of.kind, id)
            .await
            .map_err(explain)?
            .ok_or_else(|| self.absent(id.as_str()))
    }

    /// POST.
    pub async fn create(&self, body: Value, projection: &Projection) -> Result<Success, ScimError> {
        self.check_offered()?;
        let draft = Draft::parse(body, self.of)?;
        let projection = &projection.written(draft.on_request(self.of));
        self.check_policy(None, &draft.attributes)?;
        let odd = resource::invalid_references(self.of, None, &draft.attributes);
        let stored = self.create_or_adopt(draft).await?;
        let location = stored.resource.location(self.base);
        let version = stored.resource.meta.version;
        // A new user is in no group, unless the application created the user earlier; a new group may have members.
        let body = match self.of.kind {
            ResourceKind::User => {
                let groups = self.groups_at_creation(&stored, projection).await?;
                self.represent(stored, self.groups(&groups), projection)
            }
            ResourceKind::Group => self.shown(self.show_group(stored, projection)).await?,
        };
        let created = Success::Created {
            location,
            version,
            body,
        };
        Ok(noted(created, odd))
    }

    /// GET of one resource.
    pub async fn read(
        &self,
        id: &str,
        projection: &Projection,
        preconditions: &Preconditions,
    ) -> Result<Success, ScimError> {
        self.check_offered()?;
        let (stored, groups) = self.attempt(0, self.id(id)?, projection).await?;
        if preconditions.client_has(stored.resource.meta.version) {
            return Ok(Success::NotModified(stored.resource.meta.version));
        }
        self.resource(stored, groups, projection).await
    }

    /// PUT.
    pub async fn replace(
        &self,
        id: &str,
        body: Value,
        projection: &Projection,
        preconditions: &Preconditions,
    ) -> Result<Success, ScimError> {
        self.check_offered()?;
        let id = self.id(id)?;
        let draft = Draft::parse_change(body, self.of)?;
        let projection = &projection.written(draft.on_request(self.of));
        let password = match &draft.password {
            Some(secret) => PasswordHash::Set(self.hash(secret)?),
            None => PasswordHash::Keep,
        };
        for attempt in 0..CHANGE_ATTEMPTS {
            let (current, groups) = self.attempt(attempt, id, projection).await?;
            preconditions.check(current.resource.meta.version)?;
            self.check_own(&current)?;
            draft.check_immutable(&current.resource.attributes, self.of)?;
            let mut attributes = draft.attributes.clone();
            active::keep(self.of.kind, &current.resource.attributes, &mut attributes);
            check_required(&attributes, self.of)?;
            self.check_policy(Some(&current), &attributes)?;
            let change = ResourceChange {
                attributes,
                members: (self.of.kind == ResourceKind::Group)
                    .then(|| MembershipDelta::to(draft.members.clone())),
                password: password.clone(),
                is_fenced: preconditions.is_given(),
            };
            let before = Some(&current.resource.attributes);
            let odd = resource::invalid_references(self.of, before, &change.attributes);
            if let Some(stored) = self.write(current, change).await? {
                let shown = self.resource(stored, groups, projection);
                return Ok(noted(self.shown(shown).await?, odd));
            }
        }
        Err(explain(DirectoryError::Contended))
    }

    /// PATCH. The response contains users. It contains groups only if the request asks for attributes, because member
    /// lists are large (RFC 7644 §3.5.2 allows both).
    pub async fn modify(
        &self,
        id: &str,
        body: Value,
        projection: &Projection,
        preconditions: &Preconditions,
    ) -> Result<Success, ScimError> {
        self.check_offered()?;
        let id = self.id(id)?;
        let request = self.accepted(PatchRequest::parse(body)?);
        for attempt in 0..CHANGE_ATTEMPTS {
            let (current, groups) = self.attempt(attempt, id, projection).await?;
            preconditions.check(current.resource.meta.version)?;
            self.check_own(&current)?;
            let patched = self.patched(&request, &current).await?;
            self.check_policy(Some(&current), &patched.attributes)?;
            let projection = &projection.written(patched.on_request);
            let password = match &patched.password {
                PasswordChange::Keep => PasswordHash::Keep,
                PasswordChange::Remove => PasswordHash::Remove,
                PasswordChange::Set(secret) => PasswordHash::Set(self.hash(secret)?),
            };
            let change = ResourceChange {
                attributes: patched.attributes,
                members: Some(patched.members).filter(|delta| !delta.is_empty()),
                password,
                is_fenced: preconditions.is_given(),
            };
            let before = Some(&current.resource.attributes);
            let odd = resource::invalid_references(self.of, before, &change.attributes);
            if let Some(stored) = self.write(current, change).await? {
                let shown = match self.of.kind {
                    ResourceKind::Group if !projection.is_only() => {
                        Success::Changed(stored.resource.meta.version)
                    }
                    _ => {
                        let shown = self.resource(stored, groups, projection);
                        self.shown(shown).await?
                    }
                };
                return Ok(noted(shown, odd));
            }
        }
        Err(explain(DirectoryError::Contended))
    }

    async fn patched(
        &self,
        request: &PatchRequest,
        current: &Stored,
    ) -> Result<Patched, ScimError> {
        let attributes = &current.resource.attributes;
        let representation = current.resource.represent(self.of, self.base);
        let apply = |members| {
            patch::apply(
                request,
                self.of,
                attributes,
                &representation,
                members,
                self.effort,
            )
        };
        match apply(None) {
            Ok(patched) => return Ok(patched),
            Err(PatchError::Refused(error)) => return Err(error),
            Err(PatchError::NeedsMembers) => {}
        }
        let members: Vec<Value> = self
            .directory
            .members_of(current.resource.id)
            .await
            .map_err(explain)?
            .into_iter()
            .map(|member| member.to_json(self.base))
            .collect();
        apply(Some(&members)).map_err(|fault| match fault {
            PatchError::Refused(error) => error,
            PatchError::NeedsMembers => reason::answer_too_large(),
        })
    }

    /// Writes a change if there is one; `None` when the resource changed meanwhile.
    async fn write(
        &self,
        current: Stored,
        change: ResourceChange,
    ) -> Result<Option<Stored>, ScimError> {
        let is_same = change.attributes == current.resource.attributes;
        let now = self.clock.now();
        let write = self.ids.write();
        let result = match change.members {
            Some(delta) => {
                let id = current.resource.id;
                let mut edges = self.directory.edges_for(id, delta).await.map_err(explain)?;
                if change.is_fenced {
                    edges.fence_version();
                }
                self.directory
                    .change_group(&current, change.attributes, edges, now, &write)
                    .await
            }
            None if is_same && change.password == PasswordHash::Keep && !current.waiting => {
                return Ok(Some(current));
            }
            None => self
                .directory
                .replace(&current, change.attributes, change.password, now, &write)
                .await
                .map(Some),
        };
        match result {
            Ok(Some(changed)) => Ok(Some(changed)),
            Ok(None) => Ok(Some(current)),
            Err(DirectoryError::Stale) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    /// DELETE.
    pub async fn delete(
        &self,
        id: &str,
        preconditions: &Preconditions,
    ) -> Result<Success, ScimError> {
        self.check_offered()?;
        let id = self.id(id)?;
        for attempt in 0..CHANGE_ATTEMPTS {
            self.pause(attempt).await?;
            let found = self.directory.to_delete(self.of.kind, id).await;
            let Some((current, groups)) = found.map_err(explain)? else {
                // The client may repeat a deletion whose response was lost; this clears the rest of it.
                let (now, write) = (self.clock.now(), self.ids.write());
                return match self.directory.finish_deletion(id, now, &write).await {
                    // Background work clears the rest.
                    Ok(()) | Err(DirectoryError::OutOfTime) => Err(self.absent(id.as_str())),
                    Err(error) => Err(explain(error)),
                };
            };
            preconditions.check(current.resource.meta.version)?;
            self.check_own(&current)?;
            let deleted = self
                .directory
                .delete(&current, groups, self.clock.now(), &self.ids.write())
                .await;
            match deleted {
                Ok(()) => return Ok(Success::NoContent),
                Err(DirectoryError::Stale) => {}
                Err(error) => return Err(explain(error)),
            }
        }
        Err(explain(DirectoryError::Contended))
    }

    /// Reads the resource and the groups of the response in parallel, for one attempt.
    async fn attempt(
        &self,
        number: u32,
        id: ResourceId,
        projection: &Projection,
    ) -> Result<(Stored, Vec<GroupRef>), ScimError> {
        self.pause(number).await?;
        let beside = self.directory.branch();
        let groups = async move {
            match self.of.kind {
                ResourceKind::User if self.wants_groups(projection) => {
                    let groups = beside.groups_between(id, id).await;
                    let mut groups = groups.map_err(explain)?;
                    Ok(groups.remove(&id).unwrap_or_default())
                }
                _ => Ok(Vec::new()),
            }
        };
        tokio::try_join!(self.current(id), groups)
    }

    /// Waits before a retry if there is time for one.
    async fn pause(&self, number: u32) -> Result<(), ScimError> {
        backoff(number).await;
        match number > 0 && self.directory.is_late() {
            true => Err(explain(DirectoryError::OutOfTime)),
            false => Ok(()),
        }
    }

    fn hash(&self, password: &Password) -> Result<String, ScimError> {
        directory::password::hash(password, self.ids.bytes()).map_err(explain)
    }
}

/// Adds the places of references that are not URIs to a successful change.
fn noted(made: Success, odd: Vec<String>) -> Success {
    match odd.is_empty() {
        true => made,
        false => Success::WithOddReferences(Box::new(made), odd),
    }
}

/// The result of a PUT or PATCH on a resource.
struct ResourceChange {
    attributes: Attributes,
    /// `None` when the request does not mention members.
    members: Option<MembershipDelta>,
    password: PasswordHash,
    /// Whether the change applies only to the version that was read.
    is_fenced: bool,
}

//! Creation: of a new resource, of a kept user who is restored, or of a user of the application who is adopted.

use directory::tenants::Adopt;
use directory::{DirectoryError, GroupRef, NewResource, PasswordHash, ResourceOrigin, Stored};
use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::{Attributes, Draft, ResourceId, ResourceKind, ScimError};
use serde_json::Value;

use super::Resources;
use crate::limits::CHANGE_ATTEMPTS;
use crate::wire::explain;

impl Resources<'_> {
    /// Creates the resource of a client's request.
    pub(super) async fn create_or_adopt(&self, draft: Draft) -> Result<Stored, ScimError> {
        let id = self.ids.resource();
        let password = draft.password.as_ref();
        let password = password.map(|secret| self.hash(secret)).transpose()?;
        for attempt in 0..CHANGE_ATTEMPTS {
            if attempt > 0 {
                self.pause(attempt).await?;
            }
            let created = self.try_to_create(id, &draft, password.clone()).await;
            match created {
                Ok(stored) => return Ok(stored),
                Err(DirectoryError::Stale | DirectoryError::Gone) => {}
                Err(error) => return Err(self.explain_taken(error, &draft.attributes).await),
            }
        }
        Err(explain(DirectoryError::Contended))
    }

    async fn try_to_create(
        &self,
        id: ResourceId,
        draft: &Draft,
        password: Option<String>,
    ) -> Result<Stored, DirectoryError> {
        let (now, write) = (self.clock.now(), self.ids.write());
        let links = self.tenant.settings.adopt == Adopt::Link;
        if self.of.kind == ResourceKind::User
            && links
            && let Some(waiting) = self.directory.waiting(&draft.attributes).await?
        {
            let attributes = merged(&waiting.resource.attributes, &draft.attributes);
            let password = password.map_or(PasswordHash::Keep, PasswordHash::Set);
            let adopted = self
                .directory
                .replace(&waiting, attributes, password, now, &write);
            return adopted.await;
        }
        let new = NewResource {
            kind: self.of.kind,
            id,
            attributes: draft.attributes.clone(),
            password,
            members: draft.members.clone(),
            origin: self.origin(draft).await?,
        };
        self.directory.create(new, now, &write).await
    }

    async fn origin(&self, draft: &Draft) -> Result<ResourceOrigin, DirectoryError> {
        if self.of.kind != ResourceKind::User {
            return Ok(ResourceOrigin::Client);
        }
        let Some(kept) = self.directory.kept(&draft.attributes).await? else {
            return Ok(ResourceOrigin::Client);
        };
        let (now, write) = (self.clock.now(), self.ids.write());
        self.directory.ready(&kept, now, &write).await?;
        Ok(ResourceOrigin::Kept(kept))
    }

    /// Why the creation failed. A `userName` that a user of the application has gets an error of its own.
    async fn explain_taken(&self, error: DirectoryError, created: &Attributes) -> ScimError {
        let DirectoryError::Taken { attribute, value } = &error else {
            return explain(error);
        };
        if self.of.kind != ResourceKind::User || *attribute == "emails" {
            return explain(error);
        }
        match self.directory.waiting(created).await {
            Ok(Some(_)) => reason::taken_by_own_user(value),
            Ok(None) | Err(_) => explain(error),
        }
    }

    /// The groups of a user at creation: only an adopted user can have any.
    pub(super) async fn groups_at_creation(
        &self,
        stored: &Stored,
        projection: &Projection,
    ) -> Result<Vec<GroupRef>, ScimError> {
        if self.tenant.settings.adopt != Adopt::Link || !self.wants_groups(projection) {
            return Ok(Vec::new());
        }
        let id = stored.resource.id;
        let groups = self.directory.groups_between(id, id).await;
        let mut groups = groups.map_err(explain)?;
        Ok(groups.remove(&id).unwrap_or_default())
    }
}

/// The attributes of an adopted user, overwritten by those of the request. Attributes that the request does not
/// mention stay.
fn merged(before: &Attributes, given: &Attributes) -> Attributes {
    let mut attributes = before.clone();
    for (name, value) in given {
        match (attributes.get_mut(name), value) {
            (Some(Value::Object(before)), Value::Object(given)) => {
                let given = given.iter();
                before.extend(given.map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {
                attributes.insert(name.clone(), value.clone());
            }
        }
    }
    attributes
}

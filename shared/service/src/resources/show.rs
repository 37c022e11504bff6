//! Resources as a client sees them: with their memberships, and the attributes that it wants.

use directory::directory::{GroupRef, MemberRef, Spread};
use directory::items::Stored;
use scim_core::projection::Projection;
use scim_core::{ResourceKind, ScimError};
use serde_json::Value;

use super::Resources;
use crate::response::{Outcome, answer_too_large, explain};

impl Resources<'_> {
    pub(super) async fn resource(
        &self,
        stored: Stored,
        groups: Vec<GroupRef>,
        projection: &Projection,
    ) -> Result<Outcome, ScimError> {
        let location = stored.resource.location(self.base);
        let version = stored.resource.meta.version;
        let body = match self.of.kind {
            ResourceKind::User => self.represent(stored, self.groups(&groups), projection),
            ResourceKind::Group => self.show_group(stored, projection).await?,
        };
        Ok(Outcome::Resource {
            location,
            version,
            body,
        })
    }

    /// A group as the client sees it.
    pub(super) async fn show_group(
        &self,
        stored: Stored,
        projection: &Projection,
    ) -> Result<Value, ScimError> {
        if !projection.wants("members", self.of) {
            return Ok(self.represent(stored, Vec::new(), projection));
        }
        self.check_shown(stored.members, projection)?;
        let id = stored.resource.id;
        let (stored, members) = self
            .directory
            .with_members(stored)
            .await
            .map_err(explain)?
            .ok_or_else(|| self.absent(id.as_str()))?;
        Ok(self.represent(stored, self.members(members), projection))
    }

    /// Resources as the client sees them.
    pub(super) async fn show_all(
        &self,
        page: Vec<Stored>,
        spread: Spread,
        projection: &Projection,
    ) -> Result<Vec<Value>, ScimError> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(Vec::new());
        };
        match self.of.kind {
            ResourceKind::User if self.wants_groups(projection) => {
                let groups = match spread {
                    Spread::Neighbours => {
                        let (first, last) = (first.resource.id, last.resource.id);
                        self.directory.groups_between(first, last).await
                    }
                    Spread::Scattered => {
                        let ids: Vec<_> = page.iter().map(|one| one.resource.id).collect();
                        self.directory.groups_of(&ids).await
                    }
                };
                let mut groups = groups.map_err(explain)?;
                Ok(page
                    .into_iter()
                    .map(|stored| {
                        let groups = groups.remove(&stored.resource.id).unwrap_or_default();
                        self.represent(stored, self.groups(&groups), projection)
                    })
                    .collect())
            }
            ResourceKind::Group if projection.wants("members", self.of) => {
                let members = page.iter().map(|group| group.members).sum();
                self.check_shown(members, projection)?;
                let groups = self.directory.with_members_each(page, spread).await;
                Ok(groups
                    .map_err(explain)?
                    .into_iter()
                    .map(|(stored, members)| {
                        self.represent(stored, self.members(members), projection)
                    })
                    .collect())
            }
            _ => Ok(page
                .into_iter()
                .map(|stored| self.represent(stored, Vec::new(), projection))
                .collect()),
        }
    }

    pub(super) fn groups(&self, groups: &[GroupRef]) -> Vec<Value> {
        groups
            .iter()
            .map(|group| group.to_json(self.base))
            .collect()
    }

    fn members(&self, members: Vec<MemberRef>) -> Vec<Value> {
        members
            .into_iter()
            .map(|member| member.to_json(self.base))
            .collect()
    }

    pub(super) fn represent(
        &self,
        stored: Stored,
        related: Vec<Value>,
        projection: &Projection,
    ) -> Value {
        let mut resource = stored.resource;
        if !related.is_empty() {
            let name = match self.of.kind {
                ResourceKind::User => "groups",
                ResourceKind::Group => "members",
            };
            resource
                .attributes
                .insert(name.to_owned(), Value::Array(related));
        }
        let whole = resource.into_representation(self.of, self.base);
        Value::Object(projection.apply(self.of, whole))
    }

    /// Refuses an answer whose members cannot fit, before they are read.
    pub(super) fn check_shown(
        &self,
        members: u64,
        projection: &Projection,
    ) -> Result<(), ScimError> {
        let is_shown = self.of.kind == ResourceKind::Group && projection.wants("members", self.of);
        match is_shown && members > self.coding.most_members() {
            true => Err(answer_too_large()),
            false => Ok(()),
        }
    }
}

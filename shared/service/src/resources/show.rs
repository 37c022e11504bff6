//! The representation of resources: with their memberships, and only the requested attributes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use bytes::Bytes;
use directory::{GroupRef, MemberRef, Spread, Stored, until_then};
use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::{Attributes, ResourceId, ResourceKind, ScimError};
use serde_json::{Value, json};

use super::Resources;
use crate::limits::{REPRESENTED_AT_ONCE, WRITTEN_AT_ONCE};
use crate::wire::{Coding, MemberParts, Success, explain, gzip};

impl Resources<'_> {
    pub(super) async fn resource(
        &self,
        stored: Stored,
        groups: Vec<GroupRef>,
        projection: &Projection,
    ) -> Result<Success, ScimError> {
        let (stored, members) = match self.of.kind {
            ResourceKind::User => (stored, Vec::new()),
            ResourceKind::Group => self.whole(stored, projection).await?,
        };
        let location = stored.resource.location(self.base);
        let version = stored.resource.meta.version;
        if members.len() > WRITTEN_AT_ONCE && self.coding == Coding::Gzip {
            return Ok(Success::Coded {
                location,
                version,
                body: self.coded(stored, members, projection)?,
            });
        }
        let related = match self.of.kind {
            ResourceKind::User => self.groups(&groups),
            ResourceKind::Group => self.members(members),
        };
        Ok(Success::Resource {
            location,
            version,
            body: self.represent(stored, related, projection),
        })
    }

    /// The representation of a committed change; an error if it cannot be read in time.
    pub(super) async fn shown<T>(
        &self,
        show: impl Future<Output = Result<T, ScimError>>,
    ) -> Result<T, ScimError> {
        match self.directory.shown_by() {
            Some(by) => until_then(by, show)
                .await
                .ok_or_else(reason::change_not_shown)?,
            None => show.await,
        }
    }

    pub(super) async fn show_group(
        &self,
        stored: Stored,
        projection: &Projection,
    ) -> Result<Value, ScimError> {
        let (stored, members) = self.whole(stored, projection).await?;
        Ok(self.represent(stored, self.members(members), projection))
    }

    /// A group, with its members if the request asks for them.
    async fn whole(
        &self,
        stored: Stored,
        projection: &Projection,
    ) -> Result<(Stored, Vec<MemberRef>), ScimError> {
        if !projection.wants("members", self.of) {
            return Ok((stored, Vec::new()));
        }
        self.check_shown(stored.members, projection)?;
        let id = stored.resource.id;
        let whole = self.directory.with_members(stored).await;
        whole
            .map_err(explain)?
            .ok_or_else(|| self.absent(id.as_str()))
    }

    /// A large group, compressed while it is written: all members as JSON values would take forty times the memory of
    /// the response.
    fn coded(
        &self,
        stored: Stored,
        mut members: Vec<MemberRef>,
        projection: &Projection,
    ) -> Result<Bytes, ScimError> {
        let rest = members.split_off(REPRESENTED_AT_ONCE.min(members.len()));
        let whole = self.represent(stored, self.members(members), projection);
        let more = rest.chunks(REPRESENTED_AT_ONCE).flat_map(|some| {
            let some = Value::Array(self.members(some.to_vec()));
            let some = Attributes::from_iter([("members".to_owned(), some)]);
            match projection.apply(self.of, some).remove("members") {
                Some(Value::Array(shown)) => shown,
                _ => Vec::new(),
            }
        });
        let written = gzip(|out| write_with(out, &whole, "members", more));
        written.map_err(|_| reason::answer_too_large())
    }

    pub(super) async fn show_all(
        &self,
        page: Vec<Stored>,
        spread: Spread,
        projection: &Projection,
    ) -> Result<Vec<Value>, ScimError> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        match self.of.kind {
            ResourceKind::User if self.wants_groups(projection) => {
                let mut groups = self.groups_of_page(&page, spread).await?;
                Ok(page
                    .into_iter()
                    .map(|stored| {
                        let groups = groups.remove(&stored.resource.id).unwrap_or_default();
                        self.represent(stored, self.groups(&groups), projection)
                    })
                    .collect())
            }
            ResourceKind::Group if projection.wants("members", self.of) => {
                let members: u64 = page.iter().map(|group| group.members).sum();
                if members > self.coding.most_listed_members() {
                    return Err(reason::answer_too_large());
                }
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

    /// The groups of each user of a page, by the user's id.
    async fn groups_of_page(
        &self,
        page: &[Stored],
        spread: Spread,
    ) -> Result<BTreeMap<ResourceId, Vec<GroupRef>>, ScimError> {
        if spread == Spread::Neighbours
            && let (Some(first), Some(last)) = (page.first(), page.last())
        {
            let (first, last) = (first.resource.id, last.resource.id);
            let groups = self.directory.groups_between(first, last).await;
            return groups.map_err(explain);
        }
        let ids: Vec<_> = page.iter().map(|one| one.resource.id).collect();
        self.directory.groups_of(&ids).await.map_err(explain)
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

    /// Rejects a group whose members cannot fit into a response, before they are read.
    pub(super) fn check_shown(
        &self,
        members: u64,
        projection: &Projection,
    ) -> Result<(), ScimError> {
        if self.of.kind != ResourceKind::Group || !projection.wants("members", self.of) {
            return Ok(());
        }
        let one = json!([{ "value": "", "$ref": "", "type": "" }]);
        let one = Attributes::from_iter([("members".to_owned(), one)]);
        let one = Value::Object(projection.apply(self.of, one));
        let shown = match one.pointer("/members/0/$ref") {
            Some(_) => MemberParts::Whole,
            None => MemberParts::WithoutRef,
        };
        match members > self.coding.most_members(shown) {
            true => Err(reason::answer_too_large()),
            false => Ok(()),
        }
    }
}

/// Writes an object and appends more values to one of its lists.
fn write_with(
    out: &mut impl Write,
    object: &Value,
    list: &str,
    more: impl Iterator<Item = Value>,
) -> io::Result<()> {
    let mut more = Some(more);
    for (at, (name, value)) in object.as_object().into_iter().flatten().enumerate() {
        out.write_all(if at == 0 { b"{" } else { b"," })?;
        serde_json::to_writer(&mut *out, name)?;
        out.write_all(b":")?;
        match (value, more.take_if(|_| name == list)) {
            (Value::Array(first), Some(more)) => {
                let mut all = first.iter().map(Cow::Borrowed).chain(more.map(Cow::Owned));
                write_list(out, &mut all)?;
            }
            (value, _) => serde_json::to_writer(&mut *out, value)?,
        }
    }
    out.write_all(b"}")
}

fn write_list(
    out: &mut impl Write,
    values: &mut dyn Iterator<Item = Cow<'_, Value>>,
) -> io::Result<()> {
    for (at, value) in values.enumerate() {
        out.write_all(if at == 0 { b"[" } else { b"," })?;
        serde_json::to_writer(&mut *out, &value)?;
    }
    out.write_all(b"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_written_with_more_in_one_of_its_lists() {
        let object =
            json!({ "a": "\"", "members": [{ "n": 0 }], "other": [7], "meta": { "x": null } });
        for number in [0, 1, 3] {
            let mut expected = object.clone();
            let more: Vec<Value> = (1..=number).map(|n| json!({ "n": n })).collect();
            expected["members"]
                .as_array_mut()
                .unwrap()
                .extend(more.clone());
            let mut out = Vec::new();
            write_with(&mut out, &object, "members", more.into_iter()).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected.to_string());
        }
    }
}

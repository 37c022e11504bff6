//! Turns operations on `members` into a membership delta.

use serde_json::Value;

use super::super::Op;
use super::target::WRITTEN;
use super::{PatchError, PatchWork};
use crate::effort::steps;
use crate::error::{ScimError, reason};
use crate::filter::eval::{Comparand, Condition, Predicate, conditions, selects};
use crate::filter::{Logic, Operator, Path};
use crate::ids::ResourceId;
use crate::members::{self, Base};
use crate::schema::ResolvedAttribute;

impl PatchWork<'_> {
    pub(super) fn membership(
        &mut self,
        op: Op,
        target: ResolvedAttribute<'_>,
        path: Option<&Path>,
        value: Option<Value>,
    ) -> Result<(), PatchError> {
        if target.sub.is_some() {
            return Err(unchangeable().into());
        }
        let Some(values) = path.and_then(|path| path.values.as_deref()) else {
            return Ok(self.listed(op, value)?);
        };
        if op != Op::Remove {
            return Err(unchangeable().into());
        }
        let conditions = conditions(values, target)?;
        match named_ids(&conditions) {
            Some(ids) => self.remove_all(ids.into_iter().filter_map(ResourceId::parse)),
            None => self.remove_matching(&conditions)?,
        }
        Ok(())
    }

    fn listed(&mut self, op: Op, value: Option<Value>) -> Result<(), ScimError> {
        match (op, value) {
            (Op::Remove, None | Some(Value::Null)) => self.members.clear(),
            (Op::Remove, Some(value)) => self.remove_all(members::parse_removed(value)?),
            (Op::Add | Op::Replace, value) => {
                let added = members::parse(value.unwrap_or_default())?;
                if op == Op::Replace {
                    self.members.clear();
                }
                for member in added {
                    self.members.add(member);
                }
            }
        }
        Ok(())
    }

    fn remove_all(&mut self, ids: impl IntoIterator<Item = ResourceId>) {
        for id in ids {
            self.members.remove(id);
        }
    }

    /// Removes the members that match a filter on more than their ids, among the current members and those that earlier
    /// operations have added.
    fn remove_matching(&mut self, conditions: &Logic<Condition<'_>>) -> Result<(), PatchError> {
        self.effort.spend(WRITTEN * steps(self.members.add.len()))?;
        let added: Vec<Value> = self
            .members
            .add
            .iter()
            .map(|(id, kind)| {
                members::represent(*id, kind.unwrap_or(crate::ResourceKind::User), "")
            })
            .collect();
        let present = match (self.members.base, self.known_members) {
            (Base::Nobody, _) => &[][..],
            (Base::Present, Some(known)) => known,
            (Base::Present, None) => return Err(PatchError::NeedsMembers),
        };
        let mut removed = Vec::new();
        for member in present.iter().chain(&added) {
            if selects(conditions, member, self.effort)? {
                let id = member.get("value").and_then(Value::as_str);
                removed.extend(id.and_then(ResourceId::parse));
            }
        }
        self.remove_all(removed);
        Ok(())
    }
}

/// The ids in a filter, if it is `value eq "…"` or several of these joined by `or`.
fn named_ids<'c>(conditions: &'c Logic<Condition<'_>>) -> Option<Vec<&'c str>> {
    match conditions {
        Logic::Leaf(Condition {
            sub: Some(sub),
            predicate: Predicate::Compare(Operator::Eq, Comparand::Text(id)),
        }) if sub.name == "value" => Some(vec![id]),
        Logic::Or(all) => all
            .iter()
            .map(named_ids)
            .collect::<Option<Vec<_>>>()
            .map(|ids| ids.concat()),
        _ => None,
    }
}

fn unchangeable() -> ScimError {
    reason::member_changed()
}

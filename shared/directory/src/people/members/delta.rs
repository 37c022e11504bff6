//! The members that join and leave a group with one version, as the group's item states them.
//!
//! The stream keeps the order of the records of one item only. So a group's item itself says what its version changed, and
//! the images of the group alone, in order, give its members as sets: who joins twice is one member, and who leaves
//! without being a member changes nothing.
//!
//! The attribute begins with the first eight characters of the write's id, so that it belongs to that version: code that
//! does not know the attribute leaves an old one behind. Then each member has 17 bytes, a byte of flags and the id. Of a
//! change of more members the attribute has only the number of its *lists*, items of their own that are written before the
//! commit and expire by themselves.

use jiff::Timestamp;
use scim_core::event::{MemberChange, MemberSets};
use scim_core::{ResourceId, ResourceKind};

use super::Edges;
use crate::limits::{DELTA_INLINE, DELTA_LIST};
use crate::table::keys::attribute::{EXPIRES, delta};
use crate::table::{self, Item, Value, WriteId, bytes, keys, n, stream_note_expiry};
use keyring::TenantId;

/// How many characters of a write's id the attribute begins with.
const WRITE_BYTES: usize = 8;
/// The flag of a member that leaves.
const LEAVES: u8 = 1;
/// The flag of a group.
const GROUP: u8 = 2;
/// The flag of a member that leaves and whose type the request did not need to know.
const UNKNOWN: u8 = 4;

/// A member that joins or leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DeltaMember {
    Joins(ResourceId, ResourceKind),
    /// The type is `None` if it is not known.
    Leaves(ResourceId, Option<ResourceKind>),
}

impl DeltaMember {
    /// The member as the attribute has it.
    fn written(self) -> [u8; 17] {
        let (flags, id) = match self {
            Self::Joins(id, ResourceKind::User) => (0, id),
            Self::Joins(id, ResourceKind::Group) => (GROUP, id),
            Self::Leaves(id, Some(ResourceKind::User)) => (LEAVES, id),
            Self::Leaves(id, Some(ResourceKind::Group)) => (LEAVES | GROUP, id),
            Self::Leaves(id, None) => (LEAVES | UNKNOWN, id),
        };
        let id = id.to_bytes();
        std::array::from_fn(|at| match at.checked_sub(1) {
            None => flags,
            Some(at) => id.get(at).copied().unwrap_or_default(),
        })
    }
}

/// The members that join and leave with one version of a group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Delta(Vec<DeltaMember>);

impl Delta {
    pub(crate) const NONE: Self = Self(Vec::new());

    /// One member that leaves.
    pub(crate) fn leaves(id: ResourceId, kind: Option<ResourceKind>) -> Self {
        Self(vec![DeltaMember::Leaves(id, kind)])
    }

    /// The edges of a change.
    pub(crate) fn of(edges: &Edges) -> Self {
        let joins = edges.add.iter();
        let joins = joins.map(|(id, joining)| DeltaMember::Joins(*id, joining.kind));
        let leaves = edges.remove.iter();
        let leaves = leaves.map(|(id, kind)| DeltaMember::Leaves(*id, *kind));
        Self(joins.chain(leaves).collect())
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the members do not fit the group's item.
    pub(crate) fn is_long(&self) -> bool {
        self.0.len() > DELTA_INLINE
    }

    /// The attribute of the version that a write makes. The lists of a long delta must have been written.
    pub(crate) fn attribute(&self, write: &WriteId) -> Value {
        let mut written = write.as_str().as_bytes().to_vec();
        written.truncate(WRITE_BYTES);
        match self.is_long() {
            true => {
                let lists = self.0.chunks(DELTA_LIST).len();
                let lists = u16::try_from(lists).unwrap_or(u16::MAX);
                written.extend(lists.to_be_bytes());
            }
            false => written.extend(members(&self.0)),
        }
        bytes(written)
    }

    /// The lists of a long delta; none of a short one.
    pub(crate) fn lists(
        &self,
        tenant: &TenantId,
        group: ResourceId,
        write: &WriteId,
        now: Timestamp,
    ) -> Vec<Item> {
        if !self.is_long() {
            return Vec::new();
        }
        let expires = stream_note_expiry(now);
        let lists = self.0.chunks(DELTA_LIST).enumerate();
        lists
            .map(|(number, list)| {
                let key = keys::delta_list(tenant, group, write.as_str(), number);
                let list = (delta::MEMBERS, bytes(members(list)));
                table::item(&key, [list, (EXPIRES, n(expires))])
            })
            .collect()
    }
}

/// What the attribute of a version says.
pub(crate) fn read_delta(attribute: &[u8], write: &str) -> MemberChange {
    let read = || {
        let (stamp, rest) = attribute.split_at_checked(WRITE_BYTES)?;
        if stamp != write.as_bytes().get(..WRITE_BYTES)? {
            return None;
        }
        if let Ok(lists) = <[u8; 2]>::try_from(rest) {
            return Some(MemberChange::Listed(u16::from_be_bytes(lists).into()));
        }
        let mut members = MemberSets::default();
        add_members(&mut members, rest)?;
        Some(MemberChange::Known(members))
    };
    read().unwrap_or(MemberChange::Unknown)
}

/// Adds the members of a list, or of an attribute behind its beginning; `None` if they cannot be read.
pub(crate) fn add_members(sets: &mut MemberSets, written: &[u8]) -> Option<()> {
    let members = written.chunks_exact(17);
    if !members.remainder().is_empty() {
        return None;
    }
    for member in members {
        let (flags, id) = member.split_first()?;
        let id = ResourceId::from_bytes(id.try_into().ok()?);
        let kind = match flags & GROUP {
            0 => ResourceKind::User,
            _ => ResourceKind::Group,
        };
        match (flags & LEAVES, flags & UNKNOWN) {
            (0, _) => sets.join(id, kind),
            (_, 0) => sets.leave(id, Some(kind)),
            _ => sets.leave(id, None),
        }
    }
    Some(())
}

impl FromIterator<DeltaMember> for Delta {
    fn from_iter<I: IntoIterator<Item = DeltaMember>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

fn members(members: &[DeltaMember]) -> Vec<u8> {
    members.iter().flat_map(|member| member.written()).collect()
}

#[cfg(test)]
mod tests {
    use scim_core::event::GroupMember;

    use super::*;

    fn id(n: u8) -> ResourceId {
        ResourceId::from_bytes([n; 16])
    }

    fn attribute(delta: &Delta, write: &WriteId) -> Vec<u8> {
        let mut item = Item::default();
        item.set("j", delta.attribute(write));
        table::binary(&item, "j").unwrap().to_vec()
    }

    fn known(change: &MemberChange) -> (Vec<GroupMember>, Vec<GroupMember>) {
        let MemberChange::Known(delta) = change else {
            panic!("{change:?}");
        };
        (delta.joined().collect(), delta.left().collect())
    }

    #[test]
    fn a_short_delta_is_read_from_the_attribute() {
        let write = WriteId::new([7; 16]);
        let mut edges = Edges::of(id(0));
        edges.add(id(1), Some(ResourceKind::Group));
        edges.add(id(2), None);
        edges.remove.insert(id(3), None);
        edges.remove.insert(id(4), Some(ResourceKind::User));
        let written = attribute(&Delta::of(&edges), &write);
        assert_eq!(written.len(), 8 + 4 * 17);
        let (joined, left) = known(&read_delta(&written, write.as_str()));
        let member = |kind, n| GroupMember { kind, id: id(n) };
        let (user, group) = (Some(ResourceKind::User), Some(ResourceKind::Group));
        assert_eq!(joined, [member(group, 1), member(user, 2)]);
        assert_eq!(left, [member(None, 3), member(user, 4)]);
    }

    #[test]
    fn the_attribute_of_another_write_says_nothing() {
        let (one, other) = (WriteId::new([7; 16]), WriteId::new([8; 16]));
        let written = attribute(&Delta::leaves(id(1), None), &one);
        for (bytes, write) in [
            (&written[..], other.as_str()),
            (&written[..12], one.as_str()),
            (&written[..7], one.as_str()),
            (&[], one.as_str()),
            (&written, ""),
        ] {
            assert_eq!(read_delta(bytes, write), MemberChange::Unknown);
        }
    }

    #[test]
    fn a_long_delta_is_in_lists() {
        let (write, tenant) = (WriteId::new([7; 16]), TenantId::parse("acme").unwrap());
        let member = |n: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            DeltaMember::Joins(ResourceId::from_bytes(bytes), ResourceKind::User)
        };
        let few: Delta = (0..u32::try_from(DELTA_INLINE).unwrap())
            .map(member)
            .collect();
        assert!(
            few.lists(&tenant, id(0), &write, Timestamp::UNIX_EPOCH)
                .is_empty()
        );
        let many: Delta = (0..25_000).map(member).collect();
        let lists = many.lists(&tenant, id(0), &write, Timestamp::UNIX_EPOCH);
        assert_eq!(lists.len(), 3);
        let said = read_delta(&attribute(&many, &write), write.as_str());
        assert_eq!(said, MemberChange::Listed(3));
        let mut read = MemberSets::default();
        for list in &lists {
            assert!(list.size() < 400 * 1024);
            add_members(&mut read, table::binary(list, delta::MEMBERS).unwrap()).unwrap();
        }
        assert_eq!(read.joined().count(), 25_000);
    }
}

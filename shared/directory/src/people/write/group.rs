//! Changes groups: their attributes, their members, or both.

use jiff::Timestamp;
use scim_core::Attributes;

use super::group_version::Changing;
use crate::limits::{MOST_ACTIONS, MOST_ROUNDS};
use crate::people::directory::Directory;
use crate::people::item::Stored;
use crate::people::members::Edges;
use crate::table::{Actions, DirectoryError, Role, WriteId};

impl Directory {
    /// Changes a group: its attributes, its members, or both.
    ///
    /// Changes of only members do not depend on each other, so they are made on any version of the group; all other changes
    /// are conditional on the version of `current`. Returns `None` if nothing changed. The returned version is exact unless
    /// another request changed members meanwhile. An open plan is applied first.
    ///
    /// # Errors
    ///
    /// `Stale`, `Taken`, `NoSuchMember`, `Cycle`, `TooManyGroups`, `TooLarge`, `Contended`,
    /// `OutOfTime`.
    pub async fn change_group(
        &self,
        current: &Stored,
        attributes: Attributes,
        mut edges: Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Option<Stored>, DirectoryError> {
        if let Some(plan) = &current.plan {
            let finished = self.carry_out(current.resource.id, plan, now, write);
            let finished = finished.await;
            return Err(match finished {
                Ok(()) => DirectoryError::Stale,
                // The next writer continues the plan.
                Err(DirectoryError::Contended) => DirectoryError::OutOfTime,
                Err(error) => error,
            });
        }
        let changing = Changing::new(current, attributes, now);
        if edges.is_large() {
            let changed = self.change_largely(&changing, edges, now, write);
            return changed.await.map(Some);
        }
        for round in 0..MOST_ROUNDS {
            self.check_cycles(&mut edges).await?;
            if changing.is_same && edges.is_empty() {
                return Ok(None);
            }
            let mut actions = Actions::default();
            let head = self.group_head(&changing, &edges, edges.balance(), now, write)?;
            actions.update(head, Role::Resource);
            let (next, entries) = (&changing.next, (&changing.before, &changing.after));
            self.index(
                &mut actions,
                &next.resource,
                Some(entries.0),
                Some(entries.1),
            );
            self.ancestors(&mut actions, &edges);
            self.edges(&mut actions, &edges);
            if actions.len() > MOST_ACTIONS {
                // The group has too many ancestors for one transaction.
                let changed = self.change_largely(&changing, edges, now, write);
                return changed.await.map(Some);
            }
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                let members = current.members.saturating_add_signed(edges.balance());
                return Ok(Some(Stored {
                    members,
                    ..changing.next
                }));
            }
            if let Some(error) = changing.refusal(&refused) {
                return Err(error);
            }
            edges.settle(&refused)?;
        }
        Err(DirectoryError::Contended)
    }
}

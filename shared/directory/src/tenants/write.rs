//! Writes a new version of a tenant, together with other items that its settings affect.
//!
//! The setting `seats` and the limit that writes of users check are updated in one transaction, so that they cannot differ
//! even if the process dies.

use aws_sdk_dynamodb::types::Update;

use super::{Tenant, Tenants};
use crate::table::keys::attribute::seats::{LIMIT, TAKEN};
use crate::table::keys::attribute::tenant::VERSION;
use crate::table::{
    self, Actions, DirectoryError, Item, Meter, Put, Role, Transacted, WriteId, keys, n, update,
};
use keyring::TenantId;

impl Tenants {
    /// Replaces `current` with `next`.
    pub(super) async fn write(
        &self,
        current: &Tenant,
        next: &Tenant,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<Put, DirectoryError> {
        let mut item = next.item(write);
        let key = keys::tenant(&next.id);
        for name in [keys::PARTITION_KEY, keys::SORT_KEY] {
            item.remove(name);
        }
        let mut names: Vec<String> = item.keys().cloned().collect();
        names.sort_unstable();
        // `name` and `status` are reserved words in DynamoDB expressions.
        let set = names.iter().map(|name| format!("#{name} = :{name}"));
        let expression = format!("SET {}", set.collect::<Vec<_>>().join(", "));
        let was = format!("{VERSION} = :old");
        let mut change = update(
            self.store.table(),
            &key,
            &expression,
            Some(&was),
            vec![(":old", n(current.version))],
        )?;
        let values = change.expression_attribute_values.get_or_insert_default();
        values.extend(
            item.into_iter()
                .map(|(name, value)| (format!(":{name}"), value)),
        );
        let names = names.into_iter().map(|name| (format!("#{name}"), name));
        change.expression_attribute_names = Some(names.collect());
        let limit = next.settings.seats;
        if current.settings.seats == limit {
            return self.store.update(change, meter).await;
        }
        let mut actions = Actions::default();
        actions.update(change, Role::Resource);
        actions.update(limited(self.store.table(), &next.id, limit)?, Role::Certain);
        let items = actions.into_items();
        match self.store.transact(items, &write.token(0), meter).await? {
            Transacted::Done => Ok(Put::Done),
            Transacted::ConditionFailed(_) => {
                Ok(Put::ConditionFailed(self.store.get(&key, meter).await?))
            }
        }
    }
}

/// The seat item of a tenant that has no users yet.
pub(super) fn none_taken(tenant: &TenantId, limit: u32) -> Item {
    table::item(&keys::seats(tenant), [(TAKEN, n(0)), (LIMIT, n(limit))])
}

/// Sets the limit for active users, which are counted already; `None` removes the limit.
pub(crate) fn limited(
    table: &str,
    tenant: &TenantId,
    limit: Option<u32>,
) -> Result<Update, DirectoryError> {
    let (expression, values) = match limit {
        Some(limit) => (
            format!("SET {LIMIT} = :l, {TAKEN} = if_not_exists({TAKEN}, :none)"),
            vec![(":l", n(limit)), (":none", n(0))],
        ),
        None => (format!("REMOVE {LIMIT}"), Vec::new()),
    };
    update(table, &keys::seats(tenant), &expression, None, values)
}

//! A transaction in the making: its actions, and what it means when one of them is refused.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put as PutItem, TransactWriteItem, Update,
};
use scim_core::ResourceId;

use crate::table::error::DirectoryError;
use crate::table::item::{Item, n, s};
use crate::table::keys::Key;

/// Why an action of a transaction may fail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// The resource itself: it changed, or is gone.
    Resource,
    /// A group above it: it joined another one meanwhile.
    Above,
    /// The task that the write belongs to: it was given up.
    Task,
    /// Its unique name: somebody has it.
    Marker,
    /// The seats: none is free.
    Seat,
    /// An e-mail address: somebody claims it.
    Claim(String),
    /// The deleted user that comes back: it did already.
    Kept,
    /// The edge of a new member: there is one.
    Added(ResourceId),
    /// The item of a new member: there is none.
    Member(ResourceId),
    /// The edge of a former member: there is none.
    Removed(ResourceId),
    /// A group that is left: it is gone, or its members are being changed by a plan.
    Left(ResourceId),
    /// It cannot fail.
    Certain,
}

/// A transaction in the making.
#[derive(Default)]
pub(crate) struct Actions {
    items: Vec<TransactWriteItem>,
    roles: Vec<Role>,
}

const ABSENT: &str = "attribute_not_exists(pk)";
pub(crate) const PRESENT: &str = "attribute_exists(pk)";
/// No plan is open.
pub(crate) const UNPLANNED: &str = "attribute_not_exists(o)";
/// The fence is the one that was read: a resource that was never a member has none, and it never goes.
const SAME_FENCE: &str = "(attribute_not_exists(f) OR f = :f)";

fn unbuilt(error: &BuildError) -> DirectoryError {
    DirectoryError::Internal(format!("a request lacks a part: {error}"))
}

impl Actions {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    fn push(&mut self, item: TransactWriteItem, role: Role) {
        self.items.push(item);
        self.roles.push(role);
    }

    pub(crate) fn put(
        &mut self,
        table: &str,
        item: Item,
        role: Role,
    ) -> Result<(), DirectoryError> {
        let put = PutItem::builder()
            .table_name(table)
            .set_item(Some(item))
            .set_condition_expression((role != Role::Certain).then(|| ABSENT.to_owned()))
            .build()
            .map_err(|error| unbuilt(&error))?;
        self.push(TransactWriteItem::builder().put(put).build(), role);
        Ok(())
    }

    pub(crate) fn delete(
        &mut self,
        table: &str,
        key: &Key,
        condition: Option<(&str, &[(&str, AttributeValue)])>,
        role: Role,
    ) -> Result<(), DirectoryError> {
        let mut delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key.attributes()));
        if let Some((condition, values)) = condition {
            delete = delete.condition_expression(condition);
            for (name, value) in values {
                delete = delete.expression_attribute_values(*name, value.clone());
            }
        }
        let delete = delete.build().map_err(|error| unbuilt(&error))?;
        self.push(TransactWriteItem::builder().delete(delete).build(), role);
        Ok(())
    }

    /// Deletes an item that must be there.
    pub(crate) fn delete_present(
        &mut self,
        table: &str,
        key: &Key,
        role: Role,
    ) -> Result<(), DirectoryError> {
        self.delete(table, key, Some((PRESENT, &[])), role)
    }

    pub(crate) fn update(&mut self, update: Update, role: Role) {
        self.push(TransactWriteItem::builder().update(update).build(), role);
    }

    /// Demands that a group has not joined another one since its fence was read.
    pub(crate) fn check_fence(
        &mut self,
        table: &str,
        key: &Key,
        fence: u64,
    ) -> Result<(), DirectoryError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression(SAME_FENCE)
            .expression_attribute_values(":f", n(fence))
            .build()
            .map_err(|error| unbuilt(&error))?;
        let item = TransactWriteItem::builder().condition_check(check).build();
        self.push(item, Role::Above);
        Ok(())
    }

    /// Demands that a task is there and was not given up.
    pub(crate) fn check_task(&mut self, table: &str, key: &Key) -> Result<(), DirectoryError> {
        let alive = "attribute_exists(pk) AND attribute_not_exists(dead)";
        self.check(table, key, alive, Role::Task)
    }

    /// Demands that an item is there.
    pub(crate) fn check_present(
        &mut self,
        table: &str,
        key: &Key,
        role: Role,
    ) -> Result<(), DirectoryError> {
        self.check(table, key, PRESENT, role)
    }

    fn check(
        &mut self,
        table: &str,
        key: &Key,
        condition: &str,
        role: Role,
    ) -> Result<(), DirectoryError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .build()
            .map_err(|error| unbuilt(&error))?;
        let item = TransactWriteItem::builder().condition_check(check).build();
        self.push(item, role);
        Ok(())
    }

    pub(crate) fn items(&self) -> Vec<TransactWriteItem> {
        self.items.clone()
    }

    pub(crate) fn into_items(self) -> Vec<TransactWriteItem> {
        self.items
    }

    pub(crate) fn roles_at(&self, places: &[usize]) -> Vec<Role> {
        places
            .iter()
            .filter_map(|place| self.roles.get(*place).cloned())
            .collect()
    }
}

/// An update of one item.
pub(crate) fn update(
    table: &str,
    key: &Key,
    expression: &str,
    condition: Option<&str>,
    values: Vec<(&str, AttributeValue)>,
) -> Result<Update, DirectoryError> {
    let mut update = Update::builder()
        .table_name(table)
        .set_key(Some(key.attributes()))
        .update_expression(expression)
        .set_condition_expression(condition.map(str::to_owned));
    for (name, value) in values {
        update = update.expression_attribute_values(name, value);
    }
    update.build().map_err(|error| unbuilt(&error))
}

/// The same update, but only while the item has the fence that was read.
pub(crate) fn on_fence(mut update: Update, fence: u64) -> Update {
    let before = update.condition_expression.take();
    let condition = before.map_or_else(String::new, |condition| condition + " AND ");
    update.condition_expression = Some(condition + SAME_FENCE);
    update
        .expression_attribute_values
        .get_or_insert_default()
        .insert(":f".to_owned(), n(fence));
    update
}

/// The same update, which also takes an attribute away.
pub(crate) fn removing(mut update: Update, name: &str) -> Update {
    let comes_after = match update.update_expression.contains(" REMOVE ") {
        true => ", ",
        false => " REMOVE ",
    };
    update.update_expression.push_str(comes_after);
    update.update_expression.push_str(name);
    update
}

/// The same update of a group, but only while no plan is open for it.
pub(crate) fn unplanned(mut update: Update) -> Update {
    let before = update.condition_expression.take();
    let condition = before.map_or_else(String::new, |condition| condition + " AND ");
    update.condition_expression = Some(condition + UNPLANNED);
    update
}

/// The same update of a group, which opens a plan for it too.
pub(crate) fn opening(mut update: Update, plan: &str) -> Update {
    update.update_expression = update
        .update_expression
        .replacen("SET ", "SET o = :plan, ", 1);
    update
        .expression_attribute_values
        .get_or_insert_default()
        .insert(":plan".to_owned(), s(plan));
    update
}

//! Builds a transaction: its actions, and the meaning of each action's rejection.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put as PutItem, TransactWriteItem, Update,
};
use scim_core::ResourceId;

use crate::table::error::DirectoryError;
use crate::table::item::{Item, n, s};
use crate::table::keys::Key;
use crate::table::keys::attribute::resource::{FENCE, OPEN};
use crate::table::keys::attribute::task::DEAD;

/// The role of an action, which determines the meaning of its rejection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// The resource itself was changed or deleted.
    Resource,
    /// An ancestor group joined another group meanwhile.
    Ancestor,
    /// The write's task was abandoned.
    Task,
    /// The unique name is taken.
    Marker,
    /// No seat is free.
    Seat,
    /// The e-mail address is claimed.
    Claim(String),
    /// The kept user was restored or erased already.
    Kept,
    /// The edge of the new member exists already.
    Added(ResourceId),
    /// The new member does not exist, or not with this type.
    Member(ResourceId),
    /// The edge of the former member does not exist.
    Removed(ResourceId),
    /// The group to leave was deleted or has an open plan.
    Left(ResourceId),
    /// The action cannot be rejected.
    Certain,
}

/// The actions of a transaction and their roles.
#[derive(Default)]
pub(crate) struct Actions {
    items: Vec<TransactWriteItem>,
    roles: Vec<Role>,
}

pub(crate) const ABSENT: &str = "attribute_not_exists(pk)";
pub(crate) const PRESENT: &str = "attribute_exists(pk)";

/// The condition that no plan is open.
pub(crate) fn no_plan() -> String {
    format!("attribute_not_exists({OPEN})")
}

/// The condition that the fence is the one that was read. A resource that was never a member has no fence; a fence is never
/// removed.
fn same_fence() -> String {
    format!("(attribute_not_exists({FENCE}) OR {FENCE} = :f)")
}

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

    /// Deletes an item that must exist.
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

    /// Checks that a group has not joined another one since its fence was read.
    pub(crate) fn check_fence(
        &mut self,
        table: &str,
        key: &Key,
        fence: u64,
    ) -> Result<(), DirectoryError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression(same_fence())
            .expression_attribute_values(":f", n(fence))
            .build()
            .map_err(|error| unbuilt(&error))?;
        let item = TransactWriteItem::builder().condition_check(check).build();
        self.push(item, Role::Ancestor);
        Ok(())
    }

    /// Checks that a task exists and was not abandoned.
    pub(crate) fn check_task(&mut self, table: &str, key: &Key) -> Result<(), DirectoryError> {
        let alive = format!("{PRESENT} AND attribute_not_exists({DEAD})");
        self.check(table, key, &alive, Role::Task)
    }

    /// Checks that an item exists.
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

/// Builds an update of one item.
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

/// Adds the condition that the item still has the fence that was read.
pub(crate) fn on_fence(mut update: Update, fence: u64) -> Update {
    let before = update.condition_expression.take();
    let condition = before.map_or_else(String::new, |condition| condition + " AND ");
    update.condition_expression = Some(condition + &same_fence());
    update
        .expression_attribute_values
        .get_or_insert_default()
        .insert(":f".to_owned(), n(fence));
    update
}

/// Adds the removal of an attribute.
pub(crate) fn removing(mut update: Update, name: &str) -> Update {
    let comes_after = match update.update_expression.contains(" REMOVE ") {
        true => ", ",
        false => " REMOVE ",
    };
    update.update_expression.push_str(comes_after);
    update.update_expression.push_str(name);
    update
}

/// Adds the condition that the group has no open plan.
pub(crate) fn unplanned(mut update: Update) -> Update {
    let before = update.condition_expression.take();
    let condition = before.map_or_else(String::new, |condition| condition + " AND ");
    update.condition_expression = Some(condition + &no_plan());
    update
}

/// Adds the opening of a plan to a group's update.
pub(crate) fn opening(mut update: Update, plan: &str) -> Update {
    update.update_expression =
        update
            .update_expression
            .replacen("SET ", &format!("SET {OPEN} = :plan, "), 1);
    update
        .expression_attribute_values
        .get_or_insert_default()
        .insert(":plan".to_owned(), s(plan));
    update
}

//! Builds a transaction: its actions, and the meaning of each action's rejection.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put as PutItem, TransactWriteItem, Update};
use scim_core::ResourceId;

use crate::table::error::DirectoryError;
use crate::table::item::Item;
use crate::table::keys::Key;
use crate::table::keys::attribute::task::DEAD;
use crate::table::update::{ConditionExpression, ItemUpdate, lacks};

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

/// One action of a transaction.
#[derive(Clone, Debug)]
enum WriteAction {
    Put(Item, Option<ConditionExpression>),
    Update(ItemUpdate),
    Delete(Key, Option<ConditionExpression>),
    Check(Key, ConditionExpression),
}

/// The actions of a transaction and their roles.
#[derive(Default, Debug)]
pub(crate) struct Actions {
    actions: Vec<(WriteAction, Role)>,
}

impl Actions {
    pub(crate) const fn len(&self) -> usize {
        self.actions.len()
    }

    /// Writes an item, which must not exist unless the action is certain.
    pub(crate) fn put(&mut self, item: Item, role: Role) {
        let condition = (role != Role::Certain).then_some(ConditionExpression::Absent);
        self.actions.push((WriteAction::Put(item, condition), role));
    }

    /// Deletes an item, whether or not it exists.
    pub(crate) fn delete(&mut self, key: Key) {
        self.actions
            .push((WriteAction::Delete(key, None), Role::Certain));
    }

    /// Deletes an item for which the condition holds.
    pub(crate) fn delete_if(&mut self, key: Key, condition: ConditionExpression, role: Role) {
        self.actions
            .push((WriteAction::Delete(key, Some(condition)), role));
    }

    /// Deletes an item that must exist.
    pub(crate) fn delete_present(&mut self, key: Key, role: Role) {
        self.delete_if(key, ConditionExpression::Present, role);
    }

    pub(crate) fn update(&mut self, update: ItemUpdate, role: Role) {
        self.actions.push((WriteAction::Update(update), role));
    }

    /// Checks that a condition holds.
    pub(crate) fn check(&mut self, key: Key, condition: ConditionExpression, role: Role) {
        self.actions
            .push((WriteAction::Check(key, condition), role));
    }

    /// Checks that a task exists and was not abandoned.
    pub(crate) fn check_task(&mut self, key: Key) {
        self.check(
            key,
            ConditionExpression::Present.and(lacks(DEAD)),
            Role::Task,
        );
    }

    /// Checks that an item exists.
    pub(crate) fn check_present(&mut self, key: Key, role: Role) {
        self.check(key, ConditionExpression::Present, role);
    }

    /// The roles of the actions at these indexes.
    pub(crate) fn roles_at(&self, indexes: &[usize]) -> Vec<Role> {
        let role = |index: &usize| Some(self.actions.get(*index)?.1.clone());
        indexes.iter().filter_map(role).collect()
    }

    /// The actions as the SDK takes them.
    pub(super) fn to_items(&self, table: &str) -> Result<Vec<TransactWriteItem>, DirectoryError> {
        let items = self.actions.iter().map(|(action, _)| action.to_item(table));
        Ok(items.collect::<Result<_, _>>()?)
    }

    /// The IAM actions that the transaction needs.
    pub(super) fn permissions(&self) -> Vec<&'static str> {
        let used: BTreeSet<&'static str> = self
            .actions
            .iter()
            .map(|(action, _)| match action {
                WriteAction::Put(..) => "dynamodb:PutItem",
                WriteAction::Update(_) => "dynamodb:UpdateItem",
                WriteAction::Delete(..) => "dynamodb:DeleteItem",
                WriteAction::Check(..) => "dynamodb:ConditionCheckItem",
            })
            .collect();
        used.into_iter().collect()
    }
}

impl WriteAction {
    fn to_item(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        Ok(match self {
            Self::Put(what, condition) => {
                let given = ConditionExpression::expressed(condition.as_ref());
                let put = PutItem::builder()
                    .table_name(table)
                    .set_item(Some(what.clone().into_attributes()))
                    .set_condition_expression(given.condition)
                    .set_expression_attribute_names(given.names)
                    .set_expression_attribute_values(given.values);
                item.put(put.build()?).build()
            }
            Self::Update(what) => {
                let (update, given) = what.expressions();
                let update = Update::builder()
                    .table_name(table)
                    .set_key(Some(what.key().attributes()))
                    .update_expression(update)
                    .set_condition_expression(given.condition)
                    .set_expression_attribute_names(given.names)
                    .set_expression_attribute_values(given.values);
                item.update(update.build()?).build()
            }
            Self::Delete(key, condition) => {
                let given = ConditionExpression::expressed(condition.as_ref());
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(key.attributes()))
                    .set_condition_expression(given.condition)
                    .set_expression_attribute_names(given.names)
                    .set_expression_attribute_values(given.values);
                item.delete(delete.build()?).build()
            }
            Self::Check(key, condition) => {
                let given = ConditionExpression::expressed(Some(condition));
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key.attributes()))
                    .set_condition_expression(given.condition)
                    .set_expression_attribute_names(given.names)
                    .set_expression_attribute_values(given.values);
                item.condition_check(check.build()?).build()
            }
        })
    }
}

//! Queries, page by page: DynamoDB ends a page after 1 MB of items.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use scim_core::sort::Direction;

use super::{Range, Store};
use crate::table::error::{DirectoryError, from_sdk};
use crate::table::item::{Item, sort_key, text};
use crate::table::keys::{Key, PARTITION_KEY, SORT_KEY};
use crate::table::meter::Meter;

/// Where a query continues.
enum Continuation {
    First,
    /// After the item with this key.
    After(Key),
    /// Nowhere: the query is complete.
    Over,
}

/// The scope of a query.
enum PagesOf {
    /// The items of a range in the given order of their sort keys.
    Items(Range, Direction),
    /// The sort keys of a partition.
    Keys(String),
}

/// The pages of a query, one after the other.
pub(crate) struct Pages<'q> {
    store: &'q Store,
    scope: PagesOf,
    start: Continuation,
    is_consistent: bool,
    meter: &'q Meter,
}

impl Pages<'_> {
    /// The same query for half the units, which may miss what was written a moment ago.
    pub(crate) fn eventually(self) -> Self {
        Self {
            is_consistent: false,
            ..self
        }
    }

    /// The next page; `None` after the last one. A page may be empty.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Item>>, DirectoryError> {
        self.next_of(None).await
    }

    /// The next page with at most `most` items.
    pub(crate) async fn next_of(
        &mut self,
        most: Option<usize>,
    ) -> Result<Option<Vec<Item>>, DirectoryError> {
        let from = match std::mem::replace(&mut self.start, Continuation::Over) {
            Continuation::First => None,
            Continuation::After(key) => Some(key),
            Continuation::Over => return Ok(None),
        };
        self.meter.call(&["dynamodb:Query"]);
        // On the heap: a request builder is large, and would otherwise be part of every caller's stack frame.
        let sent = Box::pin(self.request(most, from).send()).await;
        let output = sent.map_err(|error| from_sdk(&error))?;
        self.meter.read(output.consumed_capacity());
        if let Some(last) = output.last_evaluated_key {
            let last = Item::new(last);
            self.start = Continuation::After(Key {
                pk: text(&last, PARTITION_KEY).unwrap_or_default().to_owned(),
                sk: sort_key(&last).to_owned(),
            });
        }
        let items = output.items.unwrap_or_default().into_iter();
        Ok(Some(items.map(Item::new).collect()))
    }

    fn request(&self, most: Option<usize>, from: Option<Key>) -> QueryFluentBuilder {
        let query = self
            .store
            .client
            .query()
            .table_name(&self.store.table)
            .consistent_read(self.is_consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .set_limit(most.map(|most| i32::try_from(most.max(1)).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(from.map(|key| key.attributes()));
        let value = |text: &String| AttributeValue::S(text.clone());
        match &self.scope {
            PagesOf::Items(range, direction) => query
                .key_condition_expression(format!(
                    "{PARTITION_KEY} = :pk AND {SORT_KEY} BETWEEN :from AND :to"
                ))
                .expression_attribute_values(":pk", value(&range.pk))
                .expression_attribute_values(":from", value(&range.from))
                .expression_attribute_values(":to", value(&range.to))
                .scan_index_forward(*direction == Direction::Ascending),
            PagesOf::Keys(pk) => query
                .key_condition_expression(format!("{PARTITION_KEY} = :pk"))
                .expression_attribute_values(":pk", value(pk))
                .projection_expression(SORT_KEY),
        }
    }

    /// Whether the last page was read.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.start, Continuation::Over)
    }

    /// The same query, continued after a key.
    pub(crate) fn after(mut self, key: Option<&Key>) -> Self {
        if let Some(key) = key {
            self.start = Continuation::After(key.clone());
        }
        self
    }
}

/// The keys of a partition, page by page.
pub(crate) struct KeyPages<'q> {
    pages: Pages<'q>,
    pk: String,
}

impl KeyPages<'_> {
    /// The next keys; `None` after the last ones.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Key>>, DirectoryError> {
        let items = self.pages.next().await?;
        let key = |item: &Item| Key {
            pk: self.pk.clone(),
            sk: sort_key(item).to_owned(),
        };
        Ok(items.map(|items| items.iter().map(key).collect()))
    }
}

impl Store {
    /// The items of a range in the given order of their sort keys.
    pub(crate) fn pages<'q>(
        &'q self,
        range: &Range,
        direction: Direction,
        meter: &'q Meter,
    ) -> Pages<'q> {
        Pages {
            store: self,
            scope: PagesOf::Items(range.clone(), direction),
            start: Continuation::First,
            is_consistent: true,
            meter,
        }
    }

    /// The keys of all items of a partition.
    pub(crate) fn key_pages<'q>(&'q self, pk: String, meter: &'q Meter) -> KeyPages<'q> {
        let pages = Pages {
            store: self,
            scope: PagesOf::Keys(pk.clone()),
            start: Continuation::First,
            is_consistent: true,
            meter,
        };
        KeyPages { pages, pk }
    }
}

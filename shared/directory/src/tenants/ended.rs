//! Keys that were revoked or expired early while their keyring accepted no change: the second way to revoke a key.
//!
//! Secrets Manager keeps every version of a secret for a day and accepts about 100 versions. A keyring with that many
//! changes accepts no revocation for hours, so the tenant's item lists the keys that have ended. Every request already
//! reads this item, at most a minute old, for the settings, so the list costs no extra read. The next change of the
//! tenant's keys in that keyring applies the entries there and removes them here.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::limits::ENDED_KEYS;
use crate::table::keys::attribute::tenant::ENDED;
use crate::table::{
    ConditionExpression, DirectoryError, Item, ItemUpdate, Put, TenantTable, keys, lacks, set_of,
    texts,
};
use keyring::{End, KeyId};

/// Keys that have ended but are still unchanged in their keyring.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct EndedKeys(BTreeMap<KeyId, End>);

impl EndedKeys {
    /// Reads the entries in a tenant's item.
    pub(crate) fn read(item: &Item) -> Self {
        let mut ended = BTreeMap::new();
        for (id, end) in texts(item, ENDED).filter_map(parse) {
            // `End::Revoked` sorts before every `End::At`.
            let known = ended.entry(id).or_insert(end);
            *known = end.min(*known);
        }
        Self(ended)
    }

    /// How a key ended, if it is listed.
    #[must_use]
    pub fn of(&self, key: KeyId) -> Option<End> {
        self.0.get(&key).copied()
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) const fn all(&self) -> &BTreeMap<KeyId, End> {
        &self.0
    }
}

fn parse(entry: &str) -> Option<(KeyId, End)> {
    match entry.split_once(' ') {
        None => Some((KeyId::parse(entry)?, End::Revoked)),
        Some((id, second)) => {
            let end = Timestamp::from_second(second.parse().ok()?).ok()?;
            Some((KeyId::parse(id)?, End::At(end)))
        }
    }
}

fn print((id, end): (KeyId, End)) -> String {
    match end {
        End::Revoked => id.to_string(),
        End::At(end) => format!("{id} {}", end.as_second()),
    }
}

/// Adds an ended key to the tenant's item; false if the list is full or the tenant no longer exists.
pub(crate) async fn note(
    table: &TenantTable,
    key: KeyId,
    end: End,
) -> Result<bool, DirectoryError> {
    let is_room = lacks(ENDED).or(ConditionExpression::SmallerThan(ENDED, ENDED_KEYS));
    let note = ItemUpdate::of(keys::tenant(table.tenant()))
        .add(ENDED, set_of([print((key, end))]))
        .when(ConditionExpression::Present.and(is_room));
    Ok(matches!(table.update(&note).await?, Put::Done))
}

/// Removes entries that the keyrings contain by now.
pub(crate) async fn take_off(
    table: &TenantTable,
    done: &BTreeMap<KeyId, End>,
) -> Result<(), DirectoryError> {
    let entries = done.iter().map(|(id, end)| print((*id, *end)));
    let off = ItemUpdate::of(keys::tenant(table.tenant()))
        .take_from(ENDED, set_of(entries))
        .when(ConditionExpression::Present);
    table.update(&off).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back_and_a_revocation_wins() {
        let id = |byte| KeyId::from_bytes([byte; 6]);
        let at = |second| End::At(Timestamp::from_second(second).unwrap());
        let entries = [
            (id(1), at(100)),
            (id(1), End::Revoked),
            (id(2), at(200)),
            (id(2), at(150)),
        ];
        let mut texts: Vec<String> = entries.into_iter().map(print).collect();
        texts.push("nonsense".to_owned());
        let mut item = Item::default();
        item.set(ENDED, set_of(texts));
        let ended = EndedKeys::read(&item);
        assert_eq!(ended.of(id(1)), Some(End::Revoked));
        assert_eq!(ended.of(id(2)), Some(at(150)));
        assert_eq!(ended.of(id(3)), None);
        assert_eq!(ended.len(), 2);
    }
}

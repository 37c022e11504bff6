//! Keys that ended while their keyring took no change: the second way to revoke one.
//!
//! Secrets Manager keeps every version of a secret for a day and takes about 100. A keyring that was changed so
//! often takes no revocation for hours, so the tenant's item says which keys have ended. Every request reads it, at
//! most a minute old, for the settings: that costs no read more. The next change of the tenant's keys in that
//! keyring carries it out there, and takes it off here.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::table::{DirectoryError, Item, Meter, Put, Store, keys, n, update};
use keyring::{End, KeyId, TenantId};

/// The attribute of a tenant's item: a set of `<key>` for those that were revoked, and of `<key> <second>` for those
/// that end then.
const ENDED: &str = "x";

/// The most that an item says: more than a tenant has live keys, and a few of each that were rotated.
const MOST: usize = 100;

/// Keys that ended, though their keyring does not say so yet.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Ended(BTreeMap<KeyId, End>);

impl Ended {
    /// What a tenant's item says.
    pub(crate) fn read(item: &Item) -> Self {
        let entries = item.get(ENDED).and_then(|value| value.as_ss().ok());
        let entries = entries.into_iter().flatten();
        let mut ended = BTreeMap::new();
        for (id, end) in entries.filter_map(|entry| parse(entry)) {
            // A revocation is sooner than any end.
            let known = ended.entry(id).or_insert(end);
            *known = end.min(*known);
        }
        Self(ended)
    }

    /// How a key ended, if this is said of it.
    #[must_use]
    pub fn of(&self, key: KeyId) -> Option<End> {
        self.0.get(&key).copied()
    }

    /// Of how many keys it is said.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is said.
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

/// Writes down that a key of a tenant ended; false when as many are written down as can be, or the tenant is gone.
pub(crate) async fn note(
    store: &Store,
    tenant: &TenantId,
    key: KeyId,
    end: End,
    meter: &Meter,
) -> Result<bool, DirectoryError> {
    let entry = AttributeValue::Ss(vec![print((key, end))]);
    let note = update(
        store.table(),
        &keys::tenant(tenant),
        "ADD x :x",
        Some("attribute_exists(pk) AND (attribute_not_exists(x) OR size(x) < :most)"),
        vec![(":x", entry), (":most", n(MOST))],
    )?;
    Ok(matches!(store.update(note, meter).await?, Put::Done))
}

/// Takes off what the keyrings say by now.
pub(crate) async fn take_off(
    store: &Store,
    tenant: &TenantId,
    done: &BTreeMap<KeyId, End>,
    meter: &Meter,
) -> Result<(), DirectoryError> {
    let entries = done.iter().map(|(id, end)| print((*id, *end))).collect();
    let off = update(
        store.table(),
        &keys::tenant(tenant),
        "DELETE x :x",
        Some("attribute_exists(pk)"),
        vec![(":x", AttributeValue::Ss(entries))],
    )?;
    store.update(off, meter).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back_and_a_revocation_wins() {
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
        let item = Item::from([(ENDED.to_owned(), AttributeValue::Ss(texts))]);
        let ended = Ended::read(&item);
        assert_eq!(ended.of(id(1)), Some(End::Revoked));
        assert_eq!(ended.of(id(2)), Some(at(150)));
        assert_eq!(ended.of(id(3)), None);
        assert_eq!(ended.len(), 2);
    }
}

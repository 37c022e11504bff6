//! Who makes a change, and in which request. Every new version of a resource says it, so that the change feed can answer
//! who did what.

use std::sync::Arc;

use keyring::KeyId;

use crate::limits::STAMP_BYTES;
use crate::table::keys::attribute::resource::{AUTHOR, REQUEST};
use crate::table::{Item, ItemUpdate, s};

/// The author of changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    name: Arc<str>,
    /// The id of the request; `None` for background work.
    request: Option<Arc<str>>,
}

impl Author {
    /// A provisioning client with one of the tenant's keys.
    #[must_use]
    pub fn key(key: &KeyId, request: &str) -> Self {
        Self::of(format!("key:{key}"), request)
    }

    /// The vendor, with an admin key.
    #[must_use]
    pub fn admin(key: &KeyId, request: &str) -> Self {
        Self::of(format!("admin:{key}"), request)
    }

    /// A customer's administrator who opened a setup link.
    #[must_use]
    pub fn setup_link(link: &KeyId, request: &str) -> Self {
        Self::of(format!("link:{link}"), request)
    }

    /// The work behind requests: it finishes what a request began.
    #[must_use]
    pub fn background() -> Self {
        Self {
            name: Arc::from("background"),
            request: None,
        }
    }

    fn of(name: String, request: &str) -> Self {
        let request = request
            .get(..request.floor_char_boundary(STAMP_BYTES))
            .unwrap_or_default();
        Self {
            name: name.into(),
            request: (!request.is_empty()).then(|| Arc::from(request)),
        }
    }

    /// Adds the author to a new version of a resource.
    pub(crate) fn sign(&self, item: &mut Item) {
        item.set(AUTHOR, s(&*self.name));
        if let Some(request) = &self.request {
            item.set(REQUEST, s(&**request));
        }
    }

    /// Adds the author to the update that makes a new version.
    pub(crate) fn sign_update(&self, update: ItemUpdate) -> ItemUpdate {
        let update = update.set(AUTHOR, s(&*self.name));
        match &self.request {
            Some(request) => update.set(REQUEST, s(&**request)),
            None => update.remove(REQUEST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::text;

    #[test]
    fn a_long_request_id_is_cut_between_characters() {
        let key = KeyId::parse("0123456789").unwrap();
        let mut item = Item::default();
        Author::key(&key, &"ü".repeat(60)).sign(&mut item);
        assert_eq!(text(&item, AUTHOR), Some("key:0123456789"));
        assert_eq!(text(&item, REQUEST), Some("ü".repeat(20).as_str()));
    }

    #[test]
    fn background_work_has_no_request() {
        let mut item = Item::default();
        Author::background().sign(&mut item);
        assert_eq!(text(&item, AUTHOR), Some("background"));
        assert!(!item.has(REQUEST));
    }
}

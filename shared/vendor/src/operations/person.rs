//! Exports and erases all data of one person.

use directory::Directory;
use directory::DirectoryError;
use directory::backoff;
use directory::journal::{Entry, Journal, Person, Recorded};
use directory::tenants::{Closing, Tenant};
use keyring::TenantId;
use scim_core::{Resource, ResourceId, ResourceKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Work;
use super::times::Instant;
use crate::actor::Operation;
use crate::limits::ERASE_ATTEMPTS;
use crate::problem::{Problem, defect, reason};

/// The stored user of a person.
enum StoredUser {
    User(Resource),
    /// A user that was deleted but is kept.
    Kept(Resource),
}

impl StoredUser {
    const fn resource(&self) -> &Resource {
        match self {
            Self::User(resource) | Self::Kept(resource) => resource,
        }
    }
}

/// Where the data of a person is.
struct PersonStore {
    tenant: Tenant,
    directory: Directory,
    log: Journal,
    id: ResourceId,
}

impl PersonStore {
    async fn of(work: &Work<'_>, tenant: &TenantId, user: &str) -> Result<Self, Problem> {
        let existing = work.tenant(tenant, Closing::Hide).await?;
        let id = ResourceId::parse(user).ok_or_else(|| no_user(user))?;
        Ok(Self {
            directory: work
                .people(tenant)
                .by(existing.settings.rules())
                .without_keeping(),
            log: work.log(tenant),
            tenant: existing,
            id,
        })
    }

    /// The person with the user's id and current name.
    fn person(&self, user: Option<&Resource>) -> Person {
        let name = user.and_then(|user| user.text("userName"));
        Person {
            id: Some(self.id),
            names: name.map(str::to_owned).into_iter().collect(),
        }
    }

    /// The user, or else the kept user.
    async fn user(&self) -> Result<Option<StoredUser>, DirectoryError> {
        let user = self.directory.get(ResourceKind::User, self.id).await?;
        Ok(match user {
            Some(user) => Some(StoredUser::User(user.resource)),
            None => self
                .directory
                .kept_user(self.id)
                .await?
                .map(StoredUser::Kept),
        })
    }
}

/// All stored data of a person.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportView {
    exported: Instant,
    tenant: String,
    user: Value,
    has_password: bool,
    requests: Vec<Value>,
}

/// The result of an erasure.
#[derive(Serialize, Deserialize)]
pub(crate) struct ErasedView {
    user: String,
    requests: usize,
}

/// Exports everything except the password's hash; says only whether there is one.
pub(crate) async fn export(
    work: &Work<'_>,
    tenant: &TenantId,
    user: &str,
) -> Result<ExportView, Problem> {
    work.check(Operation::ExportUser, Some(tenant))?;
    let place = PersonStore::of(work, tenant, user).await?;
    let now = work.now();
    let found = place.user().await?.ok_or_else(|| no_user(user))?;
    let shown = match &found {
        StoredUser::User(_) => {
            let path = ["Users", place.id.as_str()];
            work.scim_document(tenant, &path, &Vec::new())
                .await?
                .into_json()
        }
        StoredUser::Kept(user) => Value::Object(user.represent(
            place.tenant.catalogue().resource_type(ResourceKind::User),
            &format!("{}/{tenant}/scim/v2", work.site),
        )),
    };
    let has_password = place.directory.has_password(place.id).await?;
    let person = place.person(Some(found.resource()));
    let entries = place.log.about(&person, now).await?;
    Ok(ExportView {
        exported: Instant(now),
        tenant: tenant.to_string(),
        user: shown,
        has_password,
        requests: entries.iter().map(entry).collect::<Result<_, _>>()?,
    })
}

/// A complete entry of the failure log.
fn entry(entry: &Recorded<Entry>) -> Result<Value, Problem> {
    let unreadable = |_| defect("an entry of the failure log could not be written as JSON");
    let mut shown = serde_json::to_value(&entry.content).map_err(unreadable)?;
    for (name, value) in [
        ("first", json!(Instant(entry.first()))),
        ("last", json!(Instant(entry.last))),
        ("count", json!(entry.count)),
    ] {
        if let Some(members) = shown.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(shown)
}

/// Deletes the user with all memberships and log entries, even if the tenant keeps deleted users. The log is erased
/// before and after: as long as the user exists, a failed erasure can be repeated.
pub(crate) async fn erase(
    work: &Work<'_>,
    tenant: &TenantId,
    user: &str,
) -> Result<ErasedView, Problem> {
    work.check(Operation::EraseUser, Some(tenant))?;
    let place = PersonStore::of(work, tenant, user).await?;
    let found = place.user().await?;
    let person = place.person(found.as_ref().map(StoredUser::resource));
    let mut entries = place.log.erase(&person).await?;
    // A kept user is no longer a SCIM user but still personal data.
    let deleted = delete(work, &place).await? | place.directory.forget_kept(place.id).await?;
    if deleted {
        entries += place.log.erase(&person).await?;
    }
    match deleted || entries > 0 {
        true => Ok(ErasedView {
            user: place.id.as_str().to_owned(),
            requests: entries,
        }),
        false => Err(no_user(user)),
    }
}

/// Deletes the user and finishes all deferred work of the deletion; false if the user did not exist.
async fn delete(work: &Work<'_>, place: &PersonStore) -> Result<bool, Problem> {
    let (clock, ids) = (work.service().clock(), &work.ids);
    let mut deleted = false;
    for attempt in 0..ERASE_ATTEMPTS {
        backoff(attempt).await;
        let found = place
            .directory
            .to_delete(ResourceKind::User, place.id)
            .await?;
        let Some((user, groups)) = found else {
            break;
        };
        let (now, write) = (clock.now(), ids.write());
        match place.directory.delete(&user, groups, now, &write).await {
            Ok(()) => deleted = true,
            Err(DirectoryError::Stale) if attempt + 1 < ERASE_ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
    let write = ids.write();
    let finished = place
        .directory
        .finish_deletion(place.id, clock.now(), &write);
    finished.await?;
    Ok(deleted)
}

fn no_user(id: &str) -> Problem {
    reason::no_user(id)
}

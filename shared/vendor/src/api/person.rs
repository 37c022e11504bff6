//! One person: all that is stored of them, and that all of it goes.

use directory::journal::{Entry, Person, RequestLog};
use directory::tenants::Tenant;
use directory::{Directory, DirectoryError, backoff};
use http::Method;
use scim_core::error::quote;
use scim_core::{ErrorKind, Resource, ResourceId, ResourceKind};
use serde_json::{Value, json};

use super::auth::Scope;
use super::call::{Call, existing};
use super::people;
use super::routes::Route;
use super::{Answer, Problem};

const DATA: Option<Scope> = Some(Scope::Data);

pub(super) static ROUTES: &[Route] = &[
    Route::new(
        Method::GET,
        "/tenants/{tenant}/users/{user}/export",
        "exportUser",
        DATA,
        |call| Box::pin(export(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/users/{user}/erase",
        "eraseUser",
        DATA,
        |call| Box::pin(erase(call)),
    ),
];

/// How often an erasure begins again because the user is changed under it.
const ATTEMPTS: u32 = 8;

/// What is stored of a person.
enum Whose {
    /// A user of the tenant.
    User(Resource),
    /// A user who was deleted and is kept.
    Kept(Resource),
}

impl Whose {
    const fn resource(&self) -> &Resource {
        match self {
            Self::User(resource) | Self::Kept(resource) => resource,
        }
    }
}

/// Where all of a person is.
struct Place {
    tenant: Tenant,
    directory: Directory,
    log: RequestLog,
    id: ResourceId,
}

impl Place {
    async fn of(call: &Call<'_>) -> Result<Self, Problem> {
        let tenant = call.tenant()?;
        let service = &call.admin.service;
        let existing = existing(service, &tenant, call.meter).await?;
        let id = ResourceId::parse(call.variable("user")).ok_or_else(|| no_user(call))?;
        let (store, meter) = (service.store().clone(), call.meter.clone());
        Ok(Self {
            directory: service
                .directory(&tenant, call.meter)
                .by(existing.settings.rules())
                .without_keeping(),
            log: RequestLog::new(store, tenant, meter),
            tenant: existing,
            id,
        })
    }

    /// The person, by the id and the name that the user has now.
    fn person(&self, user: Option<&Resource>) -> Person {
        let name = user.and_then(|user| user.text("userName"));
        Person {
            id: Some(self.id),
            names: name.map(str::to_owned).into_iter().collect(),
        }
    }

    /// The user, or else the one who was deleted and is kept.
    async fn user(&self) -> Result<Option<Whose>, DirectoryError> {
        let user = self.directory.get(ResourceKind::User, self.id).await?;
        Ok(match user {
            Some(user) => Some(Whose::User(user.resource)),
            None => self.directory.kept_user(self.id).await?.map(Whose::Kept),
        })
    }
}

/// Everything but the hash of the password, of which it is said whether there is one.
async fn export(call: &Call<'_>) -> Result<Answer, Problem> {
    let place = Place::of(call).await?;
    let now = call.admin.service.now();
    let found = place.user().await?.ok_or_else(|| no_user(call))?;
    let shown = match &found {
        Whose::User(_) => people::get(call, &["Users", place.id.as_str()], &[]).await?,
        Whose::Kept(user) => Value::Object(user.represent(
            place.tenant.catalogue().resource_type(ResourceKind::User),
            &format!("{}/{}/scim/v2", call.site, call.variable("tenant")),
        )),
    };
    let has_password = place.directory.has_password(place.id).await?;
    let entries = place
        .log
        .about(&place.person(Some(found.resource())), now)
        .await?;
    let requests = entries.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::Shown(json!({
        "exported": now.to_string(),
        "tenant": call.variable("tenant"),
        "user": shown,
        "hasPassword": has_password,
        "requests": requests,
    })))
}

/// An entry of the requests log, whole.
fn entry(entry: &Entry) -> Result<Value, Problem> {
    let unreadable = |_| Problem::new(ErrorKind::Internal, "an entry of the log cannot be shown");
    let mut shown = serde_json::to_value(&entry.refusal).map_err(unreadable)?;
    for (name, value) in [
        ("first", json!(entry.first().to_string())),
        ("last", json!(entry.last.to_string())),
        ("count", json!(entry.count)),
    ] {
        if let Some(members) = shown.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(shown)
}

/// Deletes the user, whatever the tenant's identity provider means by deletion, with all memberships, and all
/// entries of the log. The log goes first and last: while the user is there, it can be asked again.
async fn erase(call: &Call<'_>) -> Result<Answer, Problem> {
    let place = Place::of(call).await?;
    let found = place.user().await?;
    let person = place.person(found.as_ref().map(Whose::resource));
    let mut entries = place.log.erase(&person).await?;
    // A user that was deleted and kept is no user any more, and a person all the same.
    let deleted = delete(call, &place).await? | place.directory.forget_kept(place.id).await?;
    if deleted {
        entries += place.log.erase(&person).await?;
    }
    match deleted || entries > 0 {
        true => Ok(Answer::Shown(json!({
            "user": place.id.as_str(),
            "requests": entries,
        }))),
        false => Err(no_user(call)),
    }
}

/// Deletes the user and carries out what a deletion leaves for later; false when there is none any more.
async fn delete(call: &Call<'_>, place: &Place) -> Result<bool, Problem> {
    let (clock, ids) = (call.admin.service.clock(), &call.ids);
    let mut deleted = false;
    for attempt in 0..ATTEMPTS {
        backoff(attempt, call.origin.request_id.len()).await;
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
            Err(DirectoryError::Stale) if attempt + 1 < ATTEMPTS => {}
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

fn no_user(call: &Call<'_>) -> Problem {
    Problem::new(
        ErrorKind::NotFound,
        format!("there is no user {}", quote(call.variable("user"))),
    )
}

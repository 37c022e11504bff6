//! Destinations: where events are delivered, as signed webhooks.
//!
//! Whoever chooses a destination sends personal data of every named tenant to a URL, for as long as the destination
//! exists. So this needs the scope `keys`, which gives access to the same data: it creates tokens. To look at
//! destinations, to test them, and to pause and resume them, `events` is enough.
//!
//! A destination has a secret from its first moment to its last: the secret is stored before it, and deleted after it.

use directory::DirectoryError;
use directory::journal::destinations::{
    DeliveryStart, Destination, DestinationId, DestinationState, DestinationTenants, Destinations,
};
use directory::limits::DESTINATIONS;
use jiff::SignedDuration;
use keyring::{KeyringError, WebhookSecret};
use scim_core::Version;
use scim_core::event::Subscription;
use serde::{Deserialize, Serialize};
use service::wire::Preconditions;

use super::Work;
use super::page::WholeList;
use super::times::Instant;
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::{LONGEST_SECRET_OVERLAP_SECONDS, SECRET_OVERLAP_SECONDS};
use crate::problem::{Problem, reason};

mod input;
mod test_event;

pub(crate) use input::{DestinationInput, DestinationPatch};
pub(crate) use test_event::send_test_event;

/// The only kind of destinations.
const WEBHOOK: &str = "webhook";

/// A destination as shown; with its secret only right after the secret was created.
#[derive(Serialize, Deserialize)]
pub(crate) struct DestinationView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) url: String,
    pub(crate) types: Subscription,
    pub(crate) tenants: DestinationTenants,
    pub(crate) batch: u8,
    pub(crate) from: DeliveryStart,
    pub(crate) state: String,
    pub(crate) created: Instant,
    pub(crate) version: u64,
    /// How many tenants' deliveries began to fail since the last success, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failures: Option<u32>,
    /// Why it was disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
}

impl DestinationView {
    fn of(destination: Destination, secret: Option<&WebhookSecret>) -> Self {
        let settings = destination.settings;
        Self {
            id: destination.id.to_string(),
            name: settings.name,
            kind: WEBHOOK.to_owned(),
            url: settings.url,
            types: settings.types,
            tenants: settings.tenants,
            batch: settings.batch,
            from: settings.from,
            state: destination.state.word().to_owned(),
            created: Instant(destination.created),
            version: destination.version,
            failures: Some(destination.failures).filter(|failures| *failures > 0),
            error: destination.error,
            secret: secret.map(|secret| secret.reveal().to_owned()),
        }
    }

    /// The version as an `ETag`.
    pub(crate) fn tag(&self) -> String {
        Version(self.version).to_string()
    }
}

/// Lists all destinations, oldest first.
pub(crate) async fn list(work: &Work<'_>) -> Result<WholeList<DestinationView>, Problem> {
    work.check(Operation::ListDestinations, None)?;
    let all = work.destinations().list().await?.into_iter();
    Ok(WholeList {
        items: all.map(|one| DestinationView::of(one, None)).collect(),
    })
}

pub(crate) async fn read(work: &Work<'_>, id: &str) -> Result<DestinationView, Problem> {
    work.check(Operation::ReadDestination, None)?;
    Ok(DestinationView::of(work.destination(id).await?, None))
}

/// Creates a destination with its secret.
pub(crate) async fn create(
    work: &Work<'_>,
    given: DestinationInput,
) -> Result<DestinationView, Problem> {
    work.check(Operation::CreateDestination, None)?;
    let settings = given.check(work).await?;
    let id = DestinationId::new(work.ids.bytes());
    let secret = WebhookSecret::from_bytes(work.ids.bytes());
    let (now, write) = (work.now(), work.ids.write());
    let destinations = work.destinations();
    let all = destinations.list().await?;
    // The retry of an interrupted request finds what the first attempt created.
    if let Some(made) = all.iter().find(|one| one.id == id) {
        return Ok(DestinationView::of(made.clone(), Some(&secret)));
    }
    check_name(&all, &settings.name)?;
    let is_full = u32::try_from(all.len()).is_ok_and(|number| number >= DESTINATIONS);
    if is_full {
        return Err(reason::too_many_destinations(DESTINATIONS));
    }
    let webhooks = &work.vendor.webhooks;
    let added = webhooks.add(id.as_str(), &secret, now).await;
    added.map_err(|error| secrets_problem(&error))?;
    let made = destinations.create(id.clone(), settings, now, &write);
    if let Some(made) = made.await? {
        return Ok(DestinationView::of(made, Some(&secret)));
    }
    work.remove_secrets(&id).await;
    Err(reason::too_many_destinations(DESTINATIONS))
}

/// Changes a destination if the precondition holds.
pub(crate) async fn change(
    work: &Work<'_>,
    id: &str,
    (patch, known): (DestinationPatch, &Preconditions),
) -> Result<DestinationView, Problem> {
    work.check(Operation::ChangeDestination, None)?;
    let seen = work.destination(id).await?;
    known.check(Version(seen.version))?;
    let settings = patch.check(work, &seen.settings).await?;
    let destinations = work.destinations();
    if settings.name != seen.settings.name {
        check_name(&destinations.list().await?, &settings.name)?;
    }
    let write = work.ids.write();
    let changed = destinations.change(&seen, settings, &write).await;
    let changed = changed.map_err(|error| changed_meanwhile(error, id))?;
    Ok(DestinationView::of(changed, None))
}

/// Deletes a destination, then its secrets.
pub(crate) async fn delete(
    work: &Work<'_>,
    id: &str,
    known: &Preconditions,
) -> Result<(), Problem> {
    work.check(Operation::DeleteDestination, None)?;
    let parsed = DestinationId::parse(id).ok_or_else(|| reason::no_destination(id))?;
    let destinations = work.destinations();
    let Some(seen) = destinations.load(&parsed).await? else {
        // An interrupted deletion may have left them.
        work.remove_secrets(&parsed).await;
        return Err(reason::no_destination(id));
    };
    known.check(Version(seen.version))?;
    let deleted = destinations.delete(&seen, &work.ids.write()).await;
    deleted.map_err(|error| changed_meanwhile(error, id))?;
    work.remove_secrets(&parsed).await;
    Ok(())
}

/// Sends nothing to a destination until it is resumed.
pub(crate) async fn pause(work: &Work<'_>, id: &str) -> Result<DestinationView, Problem> {
    work.check(Operation::PauseDestination, None)?;
    let seen = work.destination(id).await?;
    if seen.state == DestinationState::Paused {
        return Ok(DestinationView::of(seen, None));
    }
    let paused = work.destinations().pause(&seen, &work.ids.write()).await;
    let paused = paused.map_err(|error| changed_meanwhile(error, id))?;
    Ok(DestinationView::of(paused, None))
}

/// Sends to a destination again that was paused, disabled or failing.
pub(crate) async fn resume(work: &Work<'_>, id: &str) -> Result<DestinationView, Problem> {
    work.check(Operation::ResumeDestination, None)?;
    let seen = work.destination(id).await?;
    let resumed = work.destinations().resume(&seen, &work.ids.write()).await;
    let resumed = resumed.map_err(|error| changed_meanwhile(error, id))?;
    Ok(DestinationView::of(resumed, None))
}

/// The input of a rotation of a secret.
#[derive(Default)]
pub(crate) struct SecretRotation {
    overlap_seconds: Option<i64>,
}

impl FromBody for SecretRotation {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            overlap_seconds: body.optional_number("overlapSeconds"),
        }
    }
}

impl SecretRotation {
    fn overlap(&self) -> Result<SignedDuration, Problem> {
        const LONGEST: i64 = LONGEST_SECRET_OVERLAP_SECONDS;
        let seconds = self.overlap_seconds.unwrap_or(SECRET_OVERLAP_SECONDS);
        match (0..=LONGEST).contains(&seconds) {
            true => Ok(SignedDuration::from_secs(seconds)),
            false => Err(reason::other_secret_overlap(LONGEST).at("/overlapSeconds")),
        }
    }
}

/// Gives a destination a new secret; the one before also signs until the end of the overlap.
pub(crate) async fn rotate_secret(
    work: &Work<'_>,
    id: &str,
    rotation: &SecretRotation,
) -> Result<DestinationView, Problem> {
    work.check(Operation::RotateSecret, None)?;
    let now = work.now();
    let end = now.checked_add(rotation.overlap()?).unwrap_or(now);
    let seen = work.destination(id).await?;
    let secret = WebhookSecret::from_bytes(work.ids.bytes());
    let added = work.vendor.webhooks.add(id, &secret, end).await;
    added.map_err(|error| secrets_problem(&error))?;
    // The deletion of the destination may have removed its secrets meanwhile.
    if work.destinations().load(&seen.id).await?.is_none() {
        work.remove_secrets(&seen.id).await;
        return Err(reason::no_destination(id));
    }
    Ok(DestinationView::of(seen, Some(&secret)))
}

impl Work<'_> {
    pub(super) fn destinations(&self) -> Destinations {
        Destinations::new(self.service().store().clone(), self.meter.clone())
    }

    pub(super) async fn destination(&self, id: &str) -> Result<Destination, Problem> {
        let parsed = DestinationId::parse(id).ok_or_else(|| reason::no_destination(id))?;
        let loaded = self.destinations().load(&parsed).await?;
        loaded.ok_or_else(|| reason::no_destination(id))
    }

    /// Removes the secrets of a destination that does not exist. They sign nothing, so a failure is only logged.
    async fn remove_secrets(&self, id: &DestinationId) {
        if let Err(error) = self.vendor.webhooks.remove(id.as_str()).await {
            tracing::warn!(destination.id = %id, %error, "webhook_secret.unremoved");
        }
    }
}

/// Rejects a name that another destination has. Two requests at once can still give the same name to two, which only
/// confuses people.
fn check_name(all: &[Destination], name: &str) -> Result<(), Problem> {
    match all.iter().any(|one| one.settings.name == name) {
        true => Err(reason::destination_name_taken(name).at("/name")),
        false => Ok(()),
    }
}

fn changed_meanwhile(error: DirectoryError, id: &str) -> Problem {
    match error {
        DirectoryError::Stale => reason::destination_changed(),
        DirectoryError::Gone => reason::no_destination(id),
        error => error.into(),
    }
}

/// The problem of a failure to read or change the secrets of destinations.
fn secrets_problem(error: &KeyringError) -> Problem {
    tracing::error!(%error, "keyring.failed");
    match error {
        KeyringError::Unavailable(_) | KeyringError::Contended => {
            reason::webhook_secrets_unavailable()
        }
        KeyringError::Worn => reason::webhook_secrets_worn(),
        _ => reason::webhook_secrets_unreadable(),
    }
}

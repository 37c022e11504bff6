//! The activity: what administrators did to a tenant with an admin key, on the vendor's pages, or with a setup link.
//!
//! Each change, and each file with personal data, is noted once it is done. Notes are stored in the tenant's failure
//! log and expire like its entries. A note that cannot be written does not undo the change.

use directory::journal::{Act, EntryId, Recorded};
use directory::tenants::Closing;
use http::Method;
use keyring::TenantId;
use serde::Serialize;

use super::page::{ItemPage, log_cursor};
use super::times::Instant;
use super::{RequestedOperation, Work};
use crate::actor::Operation;
use crate::limits::NOTE_TIME;
use crate::problem::Problem;

/// Operations that are neither GET nor noted: one changes nothing, and the other deletes the log.
const UNNOTED: [Operation; 2] = [Operation::VerifyPassword, Operation::DeleteTenant];
/// Operations that export personal data as a file. They change nothing, but must be noted, so that it is known later
/// who got the data and when. Data that is only shown, on a page or to a program, appears in the function's log.
const HANDED_OUT: [Operation; 2] = [Operation::ExportUser, Operation::DownloadRequests];

/// The note of an operation on a tenant.
pub(super) struct Note {
    operation: Operation,
    tenant: TenantId,
    act: Act,
}

impl Note {
    /// The note of an operation; `None` if it is not noted.
    pub(super) fn of(work: &Work<'_>, requested: &RequestedOperation<'_>) -> Option<Self> {
        let operation = requested.operation;
        if !is_noted(operation) {
            return None;
        }
        // An erasure leaves no trace of the person, not even in its own note.
        let about = requested
            .about
            .filter(|_| operation != Operation::EraseUser);
        let purpose = work.actor.purpose();
        Some(Self {
            operation,
            tenant: TenantId::parse(requested.tenant?)?,
            act: Act {
                by: Some(work.actor.name().to_owned()),
                purpose: Some(purpose.to_owned()).filter(|purpose| !purpose.is_empty()),
                operation: operation.name().to_owned(),
                method: operation.method().as_str().to_owned(),
                path: Some(operation.path().to_owned()),
                words: words(operation).to_owned(),
                about: about.map(|(kind, id)| (kind.to_owned(), id.to_owned())),
            },
        })
    }

    /// Whether the operation exports personal data.
    pub(super) fn hands_out(&self) -> bool {
        HANDED_OUT.contains(&self.operation)
    }

    /// Writes the note; returns whether that succeeded.
    pub(super) async fn write(self, work: &Work<'_>) -> bool {
        let (service, now) = (work.service(), work.now());
        let entry = Recorded {
            id: EntryId::new(now, service.ids().bytes()),
            content: self.act,
            count: 1,
            last: now,
            request_id: work.origin.request_id.clone(),
        };
        let log = work.log(&self.tenant);
        let noted = log.put_act(&entry, service.entries_kept());
        let is_noted = matches!(tokio::time::timeout(NOTE_TIME, noted).await, Ok(Ok(())));
        if !is_noted {
            tracing::warn!(tenant.id = %self.tenant, "activity.unwritten");
        }
        is_noted
    }
}

/// Whether the activity contains an operation.
fn is_noted(operation: Operation) -> bool {
    match operation.method() {
        Method::GET => HANDED_OUT.contains(&operation),
        _ => !UNNOTED.contains(&operation),
    }
}

/// What was done, in words.
const fn words(operation: Operation) -> &'static str {
    match operation {
        Operation::CreateTenant => "tenant created",
        Operation::ChangeTenant => "settings changed",
        Operation::TurnTenantOn => "provisioning turned on",
        Operation::TurnTenantOff => "provisioning turned off",
        Operation::CreateKey => "token created",
        Operation::RotateKey => "token rotated",
        Operation::RevokeKey => "token revoked",
        Operation::CreateLink => "setup link created",
        Operation::RevokeLink => "setup link revoked",
        Operation::PreloadUsers => "existing users preloaded",
        Operation::ExportUser => "user exported",
        Operation::EraseUser => "user erased",
        Operation::DownloadRequests => "failure log downloaded",
        other => other.name(),
    }
}

/// A note as shown.
#[derive(Serialize)]
pub(crate) struct ActivityView {
    pub(crate) id: String,
    pub(crate) at: Instant,
    /// The name of the actor's key or link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<String>,
    pub(crate) operation: String,
    /// The operation in words.
    pub(crate) did: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) request: String,
}

impl ActivityView {
    fn of(entry: Recorded<Act>) -> Self {
        let act = entry.content;
        Self {
            id: entry.id.to_string(),
            at: Instant(entry.last),
            by: act.by,
            purpose: act.purpose,
            operation: act.operation,
            did: act.words,
            about: act.about.map(|(_, id)| id),
            request: entry.request_id,
        }
    }
}

/// Lists a tenant's activity, newest first.
pub(crate) async fn list(
    work: &Work<'_>,
    tenant: &TenantId,
    (after, count): (Option<&str>, usize),
) -> Result<ItemPage<ActivityView>, Problem> {
    work.check(Operation::ListActivity, Some(tenant))?;
    work.tenant(tenant, Closing::Allow).await?;
    let after = after.map(log_cursor).transpose()?;
    let log = work.log(tenant);
    let page = log.acts(count, after.as_ref(), work.now()).await?;
    Ok(ItemPage {
        items: page.entries.into_iter().map(ActivityView::of).collect(),
        next: page.next.map(|next| next.as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_noted_operation_on_a_tenant_has_words() {
        let noted = Operation::ALL.iter().filter(|one| is_noted(**one));
        let noted: Vec<&Operation> = noted
            .filter(|one| one.path().starts_with("/tenants"))
            .collect();
        for operation in &noted {
            assert_ne!(words(**operation), operation.name());
        }
        assert!(noted.len() > 10);
    }
}

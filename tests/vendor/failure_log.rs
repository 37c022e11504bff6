//! The failure log: rejected and failed requests, and what to do.

use std::sync::Arc;

use directory::journal::{EntryFilter, Journal, LoggedFailure, Recorded};
use directory::{Store, TenantTable};
use jiff::Timestamp;
use keyring::TenantId;
use local::stack::TABLE;

use crate::support::table::tenant_of;
use crate::support::{Client, Target};

mod api;
mod flood;
mod log;
mod noted;
mod people;
mod rows;
mod tokens;

/// A tenant's log, read directly from the table.
fn log_of(target: &Target, tenant: &str) -> Journal {
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Arc::new(Store::new(dynamodb, TABLE.to_owned()));
    let tenant = TenantId::parse(tenant).expect("the name of a tenant");
    Journal::new(TenantTable::new(store, tenant, Arc::default()))
}

/// All entries of a client's tenant, newest first.
pub(crate) async fn entries(target: &Target, client: &Client) -> Vec<Recorded<LoggedFailure>> {
    let log = log_of(target, tenant_of(client));
    let all = EntryFilter::default();
    let page = log.failures(&all, 2_000, None, Timestamp::MIN).await;
    let page = page.expect("the log can be read");
    assert_eq!(page.next, None);
    page.entries
}

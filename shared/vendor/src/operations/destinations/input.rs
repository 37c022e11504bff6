//! Checks the input for a new destination, and for a change of one.

use std::collections::BTreeSet;

use delivery::outbound::TargetError;
use directory::journal::destinations::{DeliveryStart, DestinationSettings, DestinationTenants};
use directory::limits::{DELIVERED_AT_ONCE, DESTINATION_TENANTS};
use directory::tenants::Closing;
use futures_util::stream::{self, StreamExt as _};
use keyring::TenantId;
use scim_core::ErrorKind;
use scim_core::event::{EventType, Subscription};

use super::super::Work;
use super::super::tenants::checked_name;
use super::WEBHOOK;
use crate::body::{BodyReader, FromBody, WordOrTexts};
use crate::limits::TENANT_LOOKUPS;
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, fault, reason, rejected};

/// The word for all tenants.
const ALL: &str = "all";

/// The input for a new destination.
pub(crate) struct DestinationInput {
    name: String,
    kind: String,
    url: String,
    types: Vec<String>,
    tenants: Option<WordOrTexts>,
    batch: Option<i64>,
    from: Option<String>,
}

impl FromBody for DestinationInput {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            name: body.text("name"),
            kind: body.text("kind"),
            url: body.text("url"),
            types: body.texts("types"),
            tenants: body.word_or_texts("tenants"),
            batch: body.optional_number("batch"),
            from: body.optional_text("from"),
        }
    }
}

/// The change of a destination. What is absent stays as it is.
pub(crate) struct DestinationPatch {
    name: Option<String>,
    url: Option<String>,
    types: Option<Vec<String>>,
    tenants: Option<WordOrTexts>,
    batch: Option<i64>,
}

impl FromBody for DestinationPatch {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            name: body.optional_text("name"),
            url: body.optional_text("url"),
            types: body.optional_texts("types"),
            tenants: body.optional_word_or_texts("tenants"),
            batch: body.optional_number("batch"),
        }
    }
}

/// Tenants as given: with the place of each, for those that do not exist.
struct NamedTenants {
    tenants: DestinationTenants,
    places: Vec<(usize, TenantId)>,
}

impl DestinationInput {
    /// Checks all members.
    pub(super) async fn check(self, work: &Work<'_>) -> Result<DestinationSettings, Problem> {
        let name = checked_name(&self.name);
        let kind = match self.kind.as_str() {
            WEBHOOK => Ok(()),
            other => Err(reason::other_kind(other).at("/kind")),
        };
        let url = checked_url(work, self.url);
        let types = checked_types(&self.types);
        let tenants = match self.tenants {
            Some(given) => checked_tenants(given),
            None => Err(reason::tenants_missing().at("/tenants")),
        };
        let batch = self.batch.map_or(Ok(1), checked_batch);
        let from = match self.from.as_deref() {
            None | Some("now") => Ok(DeliveryStart::Now),
            Some("beginning") => Ok(DeliveryStart::Beginning),
            Some(other) => Err(reason::other_start(other).at("/from")),
        };
        rejected([
            fault(&name),
            fault(&kind),
            fault(&url),
            fault(&types),
            fault(&tenants),
            fault(&batch),
            fault(&from),
        ])?;
        let named = tenants?;
        work.check_tenants(&named.places).await?;
        Ok(DestinationSettings {
            name: name?,
            url: url?,
            types: types?,
            tenants: named.tenants,
            batch: batch?,
            from: from?,
        })
    }
}

impl DestinationPatch {
    /// Checks all members.
    pub(super) async fn check(
        self,
        work: &Work<'_>,
        current: &DestinationSettings,
    ) -> Result<DestinationSettings, Problem> {
        let name = self.name.as_deref().map(checked_name).transpose();
        let url = self.url.map(|url| checked_url(work, url)).transpose();
        let types = self.types.as_deref().map(checked_types).transpose();
        let tenants = self.tenants.map(checked_tenants).transpose();
        let batch = self.batch.map(checked_batch).transpose();
        rejected([
            fault(&name),
            fault(&url),
            fault(&types),
            fault(&tenants),
            fault(&batch),
        ])?;
        let mut next = current.clone();
        next.name = name?.unwrap_or(next.name);
        next.url = url?.unwrap_or(next.url);
        next.types = types?.unwrap_or(next.types);
        next.batch = batch?.unwrap_or(next.batch);
        if let Some(mut named) = tenants? {
            // A tenant that was deleted since may stay in the list.
            named.places.retain(|(_, id)| !current.tenants.has(id));
            work.check_tenants(&named.places).await?;
            next.tenants = named.tenants;
        }
        Ok(next)
    }
}

fn checked_url(work: &Work<'_>, url: String) -> Result<String, Problem> {
    match (work.vendor.target)(&url) {
        Ok(_) => Ok(url),
        Err(error) => Err(url_problem(error).at("/url")),
    }
}

/// Why events cannot go to a URL.
pub(super) fn url_problem(error: TargetError) -> Problem {
    match error {
        TargetError::Length(bytes) => reason::url_too_long(bytes),
        TargetError::NotAUrl => reason::not_a_url(),
        TargetError::Scheme => reason::url_not_https(),
        TargetError::Port(port) => reason::other_port(port),
        TargetError::Credentials => reason::url_with_credentials(),
        TargetError::Fragment => reason::url_with_fragment(),
        TargetError::Address(address) => reason::address_not_public(OwnWords::ours(address)),
        TargetError::Name => reason::name_not_public(),
    }
}

/// The families of the events in the feed of a tenant. No other event is delivered.
fn delivered_families() -> [&'static str; 3] {
    [
        EventType::UserCreated.family(),
        EventType::GroupCreated.family(),
        EventType::DirectoryBaseline.family(),
    ]
}

/// Parses types and removes duplicates.
fn checked_types(given: &[String]) -> Result<Subscription, Problem> {
    let families = || {
        let names = delivered_families().map(|family| format!("`{family}.*`"));
        OwnWords::list(names.iter().map(String::as_str))
    };
    if given.is_empty() {
        return Err(reason::types_missing(families()).at("/types"));
    }
    let is_delivered = |text: &str| {
        let family = text.split('.').next().unwrap_or_default();
        let is_known = text == "*" || delivered_families().contains(&family);
        is_known && Subscription::parse([text]).is_ok()
    };
    let unknown = given.iter().enumerate();
    rejected(
        unknown
            .filter(|(_, text)| !is_delivered(text))
            .map(|(index, text)| {
                let problem = reason::unknown_delivered_type(text, families());
                problem.at(&format!("/types/{index}"))
            }),
    )?;
    let mut distinct: Vec<&str> = Vec::new();
    for text in given {
        if !distinct.contains(&text.as_str()) {
            distinct.push(text);
        }
    }
    let parsed = Subscription::parse(distinct);
    parsed.map_err(|_| reason::types_missing(families()).at("/types"))
}

fn checked_tenants(given: WordOrTexts) -> Result<NamedTenants, Problem> {
    let names = match given {
        WordOrTexts::Word(word) if word == ALL => {
            return Ok(NamedTenants {
                tenants: DestinationTenants::All,
                places: Vec::new(),
            });
        }
        WordOrTexts::Word(word) => return Err(reason::other_tenants(&word).at("/tenants")),
        WordOrTexts::Texts(names) => names,
    };
    if names.is_empty() {
        return Err(reason::tenants_missing().at("/tenants"));
    }
    if names.len() > DESTINATION_TENANTS {
        let problem = reason::too_many_tenants(names.len(), DESTINATION_TENANTS);
        return Err(problem.at("/tenants"));
    }
    let parsed = names.iter().enumerate();
    let parsed: Vec<Result<(usize, TenantId), Problem>> = parsed
        .map(|(index, name)| match TenantId::parse(name) {
            Some(id) => Ok((index, id)),
            None => Err(unknown_tenant(index, name)),
        })
        .collect();
    rejected(parsed.iter().filter_map(fault))?;
    let places: Vec<(usize, TenantId)> = parsed.into_iter().collect::<Result<_, _>>()?;
    let tenants: BTreeSet<TenantId> = places.iter().map(|(_, id)| id.clone()).collect();
    Ok(NamedTenants {
        tenants: DestinationTenants::Listed(tenants),
        places,
    })
}

fn checked_batch(given: i64) -> Result<u8, Problem> {
    let batch = u8::try_from(given).ok();
    batch
        .filter(|batch| (1..=DELIVERED_AT_ONCE).contains(batch))
        .ok_or_else(|| reason::other_batch(DELIVERED_AT_ONCE).at("/batch"))
}

fn unknown_tenant(index: usize, name: &str) -> Problem {
    reason::unknown_tenant(name).at(&format!("/tenants/{index}"))
}

impl Work<'_> {
    /// Rejects tenants that do not exist.
    async fn check_tenants(&self, places: &[(usize, TenantId)]) -> Result<(), Problem> {
        let each: Vec<_> = places
            .iter()
            .map(|(index, id)| self.missing(*index, id))
            .collect();
        let missing: Vec<Result<Option<Problem>, Problem>> =
            stream::iter(each).buffered(TENANT_LOOKUPS).collect().await;
        let missing: Vec<Option<Problem>> = missing.into_iter().collect::<Result<_, _>>()?;
        rejected(missing)
    }

    async fn missing(&self, index: usize, id: &TenantId) -> Result<Option<Problem>, Problem> {
        match self.tenant(id, Closing::Hide).await {
            Ok(_) => Ok(None),
            Err(problem) if problem.kind() == ErrorKind::NotFound => {
                Ok(Some(unknown_tenant(index, id.as_str())))
            }
            Err(problem) => Err(problem),
        }
    }
}

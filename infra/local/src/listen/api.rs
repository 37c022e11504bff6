//! The Events API of a running stack, as a reader uses it.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scim_core::event::Position;
use serde::Deserialize;
use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Where a stack is, and the key for it. It has no `Debug`, because it contains a secret.
#[derive(Clone)]
pub struct StackAccess {
    /// Without a path.
    pub url: String,
    pub key: String,
}

pub(super) struct EventsApi {
    access: StackAccess,
    http: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

/// A page of a feed.
#[derive(Deserialize)]
pub(super) struct EventsPage {
    pub(super) events: Vec<Value>,
    pub(super) next: Position,
    pub(super) head: Position,
}

/// Why listening does not begin or go on.
#[derive(Debug)]
pub enum ApiError {
    /// Nothing answers.
    NotThere(String),
    /// The admin key is not valid.
    Key,
    /// There is no such tenant.
    NoTenant(String),
    /// The events behind the position are not there any longer.
    Gone { oldest: Position, head: Position },
    /// The request was rejected for another reason: the sentence.
    Rejected(StatusCode, String),
    /// The answer is not that of the Events API.
    Other(String),
    /// The receiver answered 410: it wants no more events.
    Unwanted,
    /// The machine cannot make a connection, or standard output is closed.
    Machine(Box<dyn Error + Send + Sync>),
}

impl ApiError {
    /// Whether the same may succeed later.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::NotThere(_) => true,
            Self::Rejected(status, _) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}

impl EventsApi {
    pub(super) fn new(access: StackAccess) -> Result<Self, ApiError> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            access,
            http: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    pub(super) fn now_at(&mut self, access: StackAccess) {
        self.access = access;
    }

    pub(super) fn url(&self) -> &str {
        &self.access.url
    }

    /// Whether the stack is on this machine.
    pub(super) fn is_here(&self) -> bool {
        self.access.url.starts_with("http://")
    }

    /// The names of all tenants.
    pub(super) async fn tenants(&self) -> Result<Vec<String>, ApiError> {
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        #[derive(Deserialize)]
        struct TenantsPage {
            items: Vec<Named>,
            next: Option<String>,
        }
        let mut names = Vec::new();
        let mut cursor = None;
        loop {
            let from = cursor.map(|cursor| format!("&cursor={}", encoded(cursor)));
            let path = format!("/tenants?count=500{}", from.unwrap_or_default());
            let page: TenantsPage = self.read(&path, "").await?;
            names.extend(page.items.into_iter().map(|named| named.id));
            match page.next {
                None => return Ok(names),
                next => cursor = next,
            }
        }
    }

    /// The last position of a tenant's feed.
    pub(super) async fn head(&self, tenant: &str) -> Result<Position, ApiError> {
        match self.page(tenant, Position::BEGINNING, 1, None).await {
            Ok(page) => Ok(page.head),
            Err(ApiError::Gone { head, .. }) => Ok(head),
            Err(error) => Err(error),
        }
    }

    /// The events behind a position.
    pub(super) async fn page(
        &self,
        tenant: &str,
        after: Position,
        limit: usize,
        types: Option<&str>,
    ) -> Result<EventsPage, ApiError> {
        let (name, after) = (encoded(tenant), after.value());
        let types = types.map(|types| format!("&type={}", encoded(types)));
        let types = types.unwrap_or_default();
        let path = format!("/tenants/{name}/events?after={after}&limit={limit}{types}");
        self.read(&path, tenant).await
    }

    async fn read<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        tenant: &str,
    ) -> Result<T, ApiError> {
        let StackAccess { url, key } = &self.access;
        let not_there =
            |error: &dyn Error| ApiError::NotThere(format!("{url}: {}", root_of(error)));
        let request = Request::get(format!("{url}/admin/v1{path}"))
            .header("authorization", format!("Bearer {key}"))
            .body(Empty::new())?;
        let answering = async {
            let response = self.http.request(request).await;
            let (head, body) = response.map_err(|error| not_there(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| not_there(&error))?;
            Ok::<_, ApiError>((head.status, body.to_bytes()))
        };
        let answered = tokio::time::timeout(TIMEOUT, answering).await;
        let (status, body) = answered.map_err(|elapsed| not_there(&elapsed))??;
        match status.is_success() {
            true => serde_json::from_slice(&body)
                .map_err(|_| ApiError::Other("this is not a Muster stack".to_owned())),
            false => Err(rejected(status, &body, tenant)),
        }
    }
}

/// The error in a problem document.
fn rejected(status: StatusCode, body: &[u8], tenant: &str) -> ApiError {
    let problem: &Value = &serde_json::from_slice(body).unwrap_or_default();
    let position = |name: &str| problem[name].as_u64().and_then(Position::new);
    match (status, position("oldest"), position("head")) {
        (StatusCode::UNAUTHORIZED, ..) => ApiError::Key,
        (StatusCode::NOT_FOUND, ..) => ApiError::NoTenant(tenant.to_owned()),
        (StatusCode::GONE, Some(oldest), Some(head)) => ApiError::Gone { oldest, head },
        _ => {
            let said = problem["detail"].as_str().or(problem["title"].as_str());
            ApiError::Rejected(status, said.unwrap_or("without a reason").to_owned())
        }
    }
}

/// The innermost error, which says most.
fn root_of(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn encoded(text: impl AsRef<str>) -> String {
    utf8_percent_encode(text.as_ref(), NON_ALPHANUMERIC).to_string()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere(reason) => write!(f, "the stack does not answer ({reason})"),
            Self::Key => f.write_str("the stack does not accept the admin key"),
            Self::NoTenant(tenant) => write!(f, "there is no tenant {tenant}"),
            Self::Gone { oldest, head } => {
                let (oldest, head) = (oldest.value(), head.value());
                write!(
                    f,
                    "the events behind this position are gone: the feed begins at {oldest}. Read all users and groups, and go \
                     on with --after {head}"
                )
            }
            Self::Rejected(status, sentence) => write!(f, "{}: {sentence}", status.as_u16()),
            Self::Other(text) => f.write_str(text),
            Self::Unwanted => f.write_str("the receiver answered 410: it wants no more events"),
            Self::Machine(error) => error.fmt(f),
        }
    }
}

impl Error for ApiError {}

impl From<io::Error> for ApiError {
    fn from(error: io::Error) -> Self {
        Self::Machine(error.into())
    }
}

impl From<http::Error> for ApiError {
    fn from(error: http::Error) -> Self {
        Self::Machine(error.into())
    }
}

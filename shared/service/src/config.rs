//! The environment of a function, read once. No other file of the functions reads it.

use directory::Clients;
use keyring::aws::{Access, Trust};

use crate::clock::{Clock, Ids};
use crate::{Binary, Function, Service};

/// The configuration of a function, as `template.yaml` sets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// `MUSTER_TABLE`: the name of the table.
    pub table: String,
    /// `MUSTER_KEYRING_PREFIX`: the common prefix of the names of all keyring secrets.
    pub keyring_prefix: String,
    /// `MUSTER_ADMIN_PREFIX`: the common prefix of the names of the secrets with admin keys. Only the role of the
    /// function `admin` may read them.
    pub admin_prefix: String,
    /// `MUSTER_WEBHOOK_PREFIX`: the common prefix of the names of the secrets that sign webhooks. Only the role of the
    /// function `admin` may read them.
    pub webhook_prefix: String,
    /// `MUSTER_KMS_KEY`: the customer managed KMS key that encrypts new keyrings, if any.
    pub kms_key: Option<String>,
    /// `MUSTER_PUBLIC_URL`: the public address of the service without a trailing slash, if it differs from that of
    /// the request.
    pub public_url: Option<String>,
    /// `MUSTER_RATE`: the most requests per second of a tenant, over ten seconds; no limit if absent.
    pub rate: Option<u32>,
    /// `MUSTER_REQUEST_DAYS`: after how many days an entry of the failure log expires; 30 if absent.
    pub request_days: Option<u32>,
}

impl Config {
    /// The names of all variables. A test compares them with the template.
    pub const VARIABLES: [&str; 8] = [
        "MUSTER_TABLE",
        "MUSTER_KEYRING_PREFIX",
        "MUSTER_ADMIN_PREFIX",
        "MUSTER_WEBHOOK_PREFIX",
        "MUSTER_KMS_KEY",
        "MUSTER_PUBLIC_URL",
        "MUSTER_RATE",
        "MUSTER_REQUEST_DAYS",
    ];

    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// The name of a variable that is missing or invalid.
    pub fn from_environment() -> Result<Self, String> {
        let [
            table,
            keyring_prefix,
            admin_prefix,
            webhook_prefix,
            kms_key,
            public_url,
            rate,
            request_days,
        ] = Self::VARIABLES;
        let number = |name: &str| {
            let number = given(name).map(|number| number.parse()).transpose();
            number.map_err(|_| format!("{name} is not a whole number"))
        };
        Ok(Self {
            table: needed(table)?,
            keyring_prefix: needed(keyring_prefix)?,
            admin_prefix: needed(admin_prefix)?,
            webhook_prefix: needed(webhook_prefix)?,
            kms_key: given(kms_key),
            public_url: given(public_url).map(|url| url.trim_end_matches('/').to_owned()),
            rate: number(rate)?,
            request_days: number(request_days)?,
        })
    }

    /// The service with this configuration.
    #[must_use]
    pub fn service(self, clients: Clients) -> Service {
        Service::new(self, clients, Clock::system(), Ids::system())
    }
}

/// The function that this process is. Lambda passes the template's `Handler` in `_HANDLER`; `cargo lambda watch` passes
/// none, and the process serves all that its binary can.
///
/// # Errors
///
/// When the binary contains no such function.
pub fn function(binary: Binary) -> Result<Function, String> {
    binary.function(given("_HANDLER").as_deref())
}

/// How a function reaches AWS under Lambda or `cargo lambda watch`.
///
/// # Errors
///
/// The name of a missing variable.
pub fn access() -> Result<Access, String> {
    // An environment that names certificates of its own, as OpenSSL does, wants these and no others.
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
    Ok(Access {
        region: needed("AWS_REGION")?,
        key: needed("AWS_ACCESS_KEY_ID")?,
        secret: needed("AWS_SECRET_ACCESS_KEY")?,
        session: given("AWS_SESSION_TOKEN"),
        dynamodb: given("AWS_ENDPOINT_URL_DYNAMODB"),
        secrets: given("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        trust: match named.into_iter().find_map(given) {
            Some(_) => Trust::System,
            None => Trust::Usual,
        },
    })
}

fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn needed(name: &str) -> Result<String, String> {
    given(name).ok_or_else(|| format!("{name} is not set"))
}

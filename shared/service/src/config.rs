//! The environment of a function, read once. No other file reads it.

use directory::Clients;
use keyring::aws::{Access, Trust};

use crate::Service;
use crate::clock::{Clock, Ids};

/// What the template tells a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The name of the table: `MUSTER_TABLE`.
    pub table: String,
    /// What the names of all keyring secrets begin with: `MUSTER_KEYRING_PREFIX`.
    pub keyring_prefix: String,
    /// What the names of the secrets with admin keys begin with: `MUSTER_ADMIN_PREFIX`. Only the role of the function
    /// `admin` may read them.
    pub admin_prefix: String,
    /// The customer's KMS key that new keyrings are encrypted with, if there is one: `MUSTER_KMS_KEY`.
    pub kms_key: Option<String>,
    /// The public address in front of the service, if it is not that of the request:
    /// `MUSTER_PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<String>,
    /// How many requests a second a tenant may make, over ten seconds: `MUSTER_RATE`; none is no limit.
    pub rate: Option<u32>,
    /// After how many days an entry of the requests log is deleted: `MUSTER_REQUEST_DAYS`, otherwise 30.
    pub request_days: Option<u32>,
}

impl Config {
    /// The names of the variables, for the test that compares them with the template.
    pub const VARIABLES: [&str; 7] = [
        "MUSTER_TABLE",
        "MUSTER_KEYRING_PREFIX",
        "MUSTER_ADMIN_PREFIX",
        "MUSTER_KMS_KEY",
        "MUSTER_PUBLIC_URL",
        "MUSTER_RATE",
        "MUSTER_REQUEST_DAYS",
    ];

    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// The name of a variable that is missing or cannot be read.
    pub fn from_environment() -> Result<Self, String> {
        let [
            table,
            keyring_prefix,
            admin_prefix,
            kms_key,
            public_url,
            rate,
            request_days,
        ] = Self::VARIABLES;
        let number = |name: &str| {
            let number = given(name).map(|number| number.parse()).transpose();
            number.map_err(|_| format!("{name} is no whole number"))
        };
        Ok(Self {
            table: needed(table)?,
            keyring_prefix: needed(keyring_prefix)?,
            admin_prefix: needed(admin_prefix)?,
            kms_key: given(kms_key),
            public_url: given(public_url).map(|url| url.trim_end_matches('/').to_owned()),
            rate: number(rate)?,
            request_days: number(request_days)?,
        })
    }

    /// The service with these settings.
    #[must_use]
    pub fn service(self, clients: Clients) -> Service {
        Service::new(self, clients, Clock::system(), Ids::system())
    }
}

/// How Lambda, or `cargo lambda watch`, has a function reach AWS.
///
/// # Errors
///
/// The name of a variable that is missing.
pub fn access() -> Result<Access, String> {
    // What names certificates of its own, as OpenSSL does, wants these and no others.
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

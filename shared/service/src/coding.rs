//! How an answer is coded on its way, RFC 9110 §8.4 and §12.5.3: with gzip where the client takes it.
//!
//! Data out is what a large answer costs most, and Lambda bounds it: with gzip an answer holds four times as many
//! members.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

/// The smallest body that is compressed, in bytes: below it fits one packet anyway.
const SMALLEST: usize = 1024;

/// The coding of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Coding {
    /// As it is.
    #[default]
    Identity,
    /// gzip.
    Gzip,
}

impl Coding {
    /// The coding that a client takes.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Self {
        let mut named = None;
        let mut others = None;
        let values = headers.get_all(header::ACCEPT_ENCODING).into_iter();
        for given in values.filter_map(|value| value.to_str().ok()) {
            for one in given.split(',') {
                let (name, weight) = one.split_once(';').unwrap_or((one, ""));
                let is_taken = is_taken(weight);
                match name.trim().to_ascii_lowercase().as_str() {
                    "gzip" | "x-gzip" => named = Some(is_taken),
                    "*" => others = Some(is_taken),
                    _ => {}
                }
            }
        }
        match named.or(others) {
            Some(true) => Self::Gzip,
            Some(false) | None => Self::Identity,
        }
    }

    /// The largest body, in bytes as it is sent. Lambda takes 6 MB: of JSON in which every quote of a text body is
    /// escaped, or of the base64 of a compressed one.
    pub(crate) const fn largest(self) -> usize {
        match self {
            Self::Identity => 5 * 1024 * 1024,
            Self::Gzip => 4_400_000,
        }
    }

    /// How many members fit into an answer: each takes about 170 bytes, and 27 when compressed; a function's memory
    /// must hold them as well.
    pub(crate) const fn most_members(self) -> u64 {
        match self {
            Self::Identity => 25_000,
            Self::Gzip => 100_000,
        }
    }

    /// The body as it is sent, if it is worth a coding.
    pub(crate) fn code(self, body: &[u8]) -> Option<Bytes> {
        if self == Self::Identity || body.len() < SMALLEST {
            return None;
        }
        // The fastest level: the ids in a body are random, which no level makes smaller.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).ok()?;
        encoder.finish().ok().map(Bytes::from)
    }
}

/// Whether the parameters of a coding leave it a weight above nothing.
fn is_taken(parameters: &str) -> bool {
    let weight = parameters.split(';').find_map(|one| {
        let (name, weight) = one.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("q")
            .then_some(weight.trim())
    });
    weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_used_when_the_client_says_so_and_not_otherwise() {
        for (given, expected) in [
            ("gzip", Coding::Gzip),
            ("GZIP, deflate, br", Coding::Gzip),
            ("deflate, gzip;q=0.5", Coding::Gzip),
            ("br;q=1.0, *;q=0.1", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("gzip; q=0.000, *", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("identity", Coding::Identity),
            ("", Coding::Identity),
            ("gzip;q=much", Coding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, given.parse().unwrap());
            assert_eq!(Coding::accepted(&headers), expected, "{given}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn as_many_members_as_are_shown_fit_into_an_answer() {
        use scim_core::ResourceKind;
        use scim_core::members::represent;
        let base = "https://k3f9x0example.execute-api.eu-central-1.amazonaws.com/acme/scim/v2";
        for coding in [Coding::Identity, Coding::Gzip] {
            let members = (0..coding.most_members()).map(|_| {
                let id = crate::clock::Ids::system().resource();
                represent(id, ResourceKind::User, base)
            });
            let members = serde_json::Value::Array(members.collect());
            let body = members.to_string();
            let sent = coding.code(body.as_bytes());
            let length = sent.map_or(body.len(), |sent| sent.len());
            let room = coding.largest() - 100_000;
            assert!(length < room, "{coding:?}: {length} of {room}");
        }
    }
}

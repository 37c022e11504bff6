//! The content coding of responses, RFC 9110 §8.4 and §12.5.3: gzip if the client accepts it.
//!
//! Outgoing data is the largest cost of a large response, and Lambda limits its size: compressed, a response can hold
//! several times as many members.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

use crate::limits;

/// The coding of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Coding {
    /// No coding.
    #[default]
    Identity,
    Gzip,
}

impl Coding {
    /// The coding that a client accepts.
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

    /// The largest body as sent, in bytes.
    #[must_use]
    pub const fn largest_body(self) -> usize {
        match self {
            Self::Identity => limits::RESPONSE_BYTES,
            Self::Gzip => limits::GZIP_RESPONSE_BYTES,
        }
    }

    /// The most members of one group that a response may fit; the exact check happens once the body is built.
    pub(crate) const fn most_members(self, parts: MemberParts) -> u64 {
        match (self, parts) {
            (Self::Identity, _) => limits::MEMBERS,
            (Self::Gzip, MemberParts::Whole) => limits::GZIP_MEMBERS,
            (Self::Gzip, MemberParts::WithoutRef) => limits::GZIP_MEMBERS_WITHOUT_REF,
        }
    }

    /// The most members in a list of groups.
    pub(crate) const fn most_listed_members(self) -> u64 {
        match self {
            Self::Identity => limits::MEMBERS,
            Self::Gzip => limits::GZIP_LISTED_MEMBERS,
        }
    }

    /// Compresses a body; `None` if that is not worth it.
    pub(crate) fn code(self, body: &[u8]) -> Option<Bytes> {
        if self == Self::Identity || body.len() < limits::COMPRESSED_BYTES {
            return None;
        }
        gzip(|encoder| encoder.write_all(body)).ok()
    }
}

/// Which parts of a member the response shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MemberParts {
    /// All of them.
    Whole,
    /// All but `$ref`, which is the largest.
    WithoutRef,
}

/// Compresses what `write` produces while it is produced. A slower level than the fastest would save only a
/// twentieth.
pub(crate) fn gzip(
    write: impl FnOnce(&mut GzEncoder<Vec<u8>>) -> io::Result<()>,
) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    write(&mut encoder)?;
    encoder.finish().map(Bytes::from)
}

/// Whether the parameters of a coding give it a weight above 0.
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
    fn gzip_is_used_only_if_the_client_accepts_it() {
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

    /// The length in bytes of a list of members as sent.
    fn length(coding: Coding, members: u64, shown: MemberParts) -> usize {
        use scim_core::ResourceKind;
        use scim_core::members::represent;
        let base = "https://k3f9x0example.execute-api.eu-central-1.amazonaws.com/acme/scim/v2";
        let mut ids: Vec<_> = (0..members)
            .map(|_| crate::clock::Ids::system().resource())
            .collect();
        ids.sort_unstable();
        let members = ids.into_iter().map(|id| match shown {
            MemberParts::Whole => represent(id, ResourceKind::User, base),
            MemberParts::WithoutRef => serde_json::json!({ "value": id.as_str() }),
        });
        let body = serde_json::Value::Array(members.collect()).to_string();
        let sent = coding.code(body.as_bytes());
        sent.map_or(body.len(), |sent| sent.len())
    }

    #[test]
    fn the_largest_member_count_nearly_fills_a_response() {
        for (coding, shown) in [
            (Coding::Identity, MemberParts::Whole),
            (Coding::Gzip, MemberParts::Whole),
            (Coding::Gzip, MemberParts::WithoutRef),
        ] {
            // Few enough for a fast test.
            let each = length(coding, 20_000, shown) / 2_000;
            let most = usize::try_from(coding.most_members(shown)).unwrap();
            let percent = most * each / (coding.largest_body() / 10);
            assert!(
                (85..=115).contains(&percent),
                "{coding:?} {shown:?}: {each} / 10 bytes, {percent} %"
            );
        }
    }

    #[test]
    fn what_lambda_sends_of_the_largest_answers_is_below_its_limit() {
        const LAMBDA: usize = 6 * 1024 * 1024;
        let headers = 4_096;
        assert!(Coding::Gzip.largest_body().div_ceil(3) * 4 + headers < LAMBDA);
        assert!(Coding::Identity.largest_body() + headers < LAMBDA);
    }
}

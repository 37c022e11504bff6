//! How an answer is coded on its way, RFC 9110 §8.4 and §12.5.3: with gzip where the client takes it.
//!
//! Data out is what a large answer costs most, and Lambda bounds it: with gzip an answer holds four times as many
//! members.

use std::io::{self, Write};

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
    #[must_use]
    pub const fn largest(self) -> usize {
        match self {
            Self::Identity => 5 * 1024 * 1024,
            Self::Gzip => 4_700_000,
        }
    }

    /// How many members of one group may fit into an answer, which is refused in the end if they do not: each takes
    /// about 190 bytes, and when compressed 27, or 22 without its `$ref`. Half of an id is random, which no level makes
    /// smaller.
    pub(crate) const fn most_members(self, shown: Shown) -> u64 {
        match (self, shown) {
            (Self::Identity, _) => 25_000,
            (Self::Gzip, Shown::Whole) => 180_000,
            (Self::Gzip, Shown::Parts) => 220_000,
        }
    }

    /// How many members may be in a list of groups: they are all in memory before they are written, at about a
    /// kilobyte each.
    pub(crate) const fn most_listed_members(self) -> u64 {
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
        gzip(|encoder| encoder.write_all(body)).ok()
    }
}

/// How much of each member is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shown {
    /// All of it.
    Whole,
    /// Not its `$ref`, which is most of it.
    Parts,
}

/// What is written, compressed while it is. The fastest level: a slower one saves a twentieth.
pub(crate) fn gzip(
    write: impl FnOnce(&mut GzEncoder<Vec<u8>>) -> io::Result<()>,
) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    write(&mut encoder)?;
    encoder.finish().map(Bytes::from)
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

    /// The length of an answer with so many members, as it is sent.
    fn length(coding: Coding, members: u64, shown: Shown) -> usize {
        use scim_core::ResourceKind;
        use scim_core::members::represent;
        let base = "https://k3f9x0example.execute-api.eu-central-1.amazonaws.com/acme/scim/v2";
        let mut ids: Vec<_> = (0..members)
            .map(|_| crate::clock::Ids::system().resource())
            .collect();
        ids.sort_unstable();
        let members = ids.into_iter().map(|id| match shown {
            Shown::Whole => represent(id, ResourceKind::User, base),
            Shown::Parts => serde_json::json!({ "value": id.as_str() }),
        });
        let body = serde_json::Value::Array(members.collect()).to_string();
        let sent = coding.code(body.as_bytes());
        sent.map_or(body.len(), |sent| sent.len())
    }

    #[test]
    fn as_many_members_as_may_fit_into_an_answer_all_but_do() {
        for (coding, shown) in [
            (Coding::Identity, Shown::Whole),
            (Coding::Gzip, Shown::Whole),
            (Coding::Gzip, Shown::Parts),
        ] {
            // So few that a test is quick about it.
            let each = length(coding, 20_000, shown) / 2_000;
            let most = usize::try_from(coding.most_members(shown)).unwrap();
            let percent = most * each / (coding.largest() / 10);
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
        assert!(Coding::Gzip.largest().div_ceil(3) * 4 + headers < LAMBDA);
        assert!(Coding::Identity.largest() + headers < LAMBDA);
    }
}

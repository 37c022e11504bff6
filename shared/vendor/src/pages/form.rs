//! Forms as browsers send them: `application/x-www-form-urlencoded`.

use bytes::Bytes;
use http::{HeaderMap, header};
use scim_core::ScimError;

use crate::limits::FORM_BYTES;
use crate::problem::{Problem, reason};
use service::wire::decode;

#[derive(Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Parses a body.
    pub(crate) fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Self, Problem> {
        let media_type = headers.get(header::CONTENT_TYPE);
        let media_type = media_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (media_type, _) = media_type.split_once(';').unwrap_or((media_type, ""));
        let is_form = media_type
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if !is_form && !body.is_empty() {
            return Err(reason::not_a_form());
        }
        if body.len() > FORM_BYTES {
            return Err(reason::form_too_large(body.len(), FORM_BYTES));
        }
        let text = std::str::from_utf8(body).map_err(|_| reason::form_not_utf8())?;
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let field = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let read = |text: &str| decode(&text.replace('+', " "));
            Ok((read(name)?, read(value)?.replace("\r\n", "\n")))
        };
        Ok(Self(pairs.map(field).collect::<Result<_, ScimError>>()?))
    }

    /// The value of a field, trimmed; empty if the field was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The value of a field; `None` if it is empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Whether a checkbox is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// All values of a field, such as those of checkboxes with the same name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn parse(media_type: &'static str, body: &'static str) -> Result<Form, Problem> {
        let media_type = HeaderValue::from_static(media_type);
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, media_type)]);
        Form::parse(&headers, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let form = parse(form, "a=1+2%2B&b=%C3%A4%0D%0A&c&a=3&=x").unwrap();
        assert_eq!(
            (form.text("a"), form.text("b"), form.text("c")),
            ("1 2+", "ä", "")
        );
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1 2+", "3"]);
        assert!(form.is_ticked("a") && !form.is_ticked("c") && form.given("d").is_none());
    }

    #[test]
    fn other_media_types_and_encodings_are_rejected() {
        assert!(parse("application/json", "{}").is_err());
        assert!(parse("text/plain", "a=b").is_err());
        assert!(parse("application/x-www-form-urlencoded", "a=%ff").is_err());
    }
}

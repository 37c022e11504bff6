//! Forms as browsers send them: `application/x-www-form-urlencoded`.

use bytes::Bytes;
use http::{HeaderMap, header};
use maud::Render;
use scim_core::ScimError;

use crate::limits::FORM_BYTES;
use crate::problem::{Problem, reason};
use service::wire::decode;

/// The fields of all forms: what a page shows is what its handler reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FormField {
    /// The token of the session, which a page of another site does not know.
    FormToken,
    /// The name under which a form takes effect once.
    Once,
    Purpose,
    Scope,
    Life,
    Sources,
    Token,
    Overlap,
    Groups,
    UserNameIsEmail,
    UniqueEmails,
    Attributes,
    Name,
    Extensions,
    Key,
    /// The page that was asked for before signing in.
    To,
    Confirm,
    Id,
    Provider,
    Search,
    User,
    Status,
    Seats,
    Rate,
    LargestPage,
    Emails,
    UnknownAttributes,
    Delete,
    Adopt,
    Operation,
    Outcome,
}

impl FormField {
    /// The name in the page and in the request.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FormToken => "form",
            Self::Once => "once",
            Self::Purpose => "purpose",
            Self::Scope => "scope",
            Self::Life => "life",
            Self::Sources => "sources",
            Self::Token => "token",
            Self::Overlap => "overlap",
            Self::Groups => "groups",
            Self::UserNameIsEmail => "userNameIsEmail",
            Self::UniqueEmails => "uniqueEmails",
            Self::Attributes => "attributes",
            Self::Name => "name",
            Self::Extensions => "extensions",
            Self::Key => "key",
            Self::To => "to",
            Self::Confirm => "confirm",
            Self::Id => "id",
            Self::Provider => "provider",
            Self::Search => "search",
            Self::User => "user",
            Self::Status => "status",
            Self::Seats => "seats",
            Self::Rate => "rate",
            Self::LargestPage => "largestPage",
            Self::Emails => "emails",
            Self::UnknownAttributes => "unknownAttributes",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Operation => "operation",
            Self::Outcome => "outcome",
        }
    }
}

impl Render for FormField {
    fn render_to(&self, page: &mut String) {
        page.push_str(self.name());
    }
}

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
    pub(crate) fn text(&self, field: FormField) -> &str {
        let found = self.0.iter().find(|(known, _)| known == field.name());
        found.map_or("", |(_, value)| value.trim())
    }

    /// The value of a field; `None` if it is empty.
    pub(crate) fn given(&self, field: FormField) -> Option<&str> {
        Some(self.text(field)).filter(|text| !text.is_empty())
    }

    /// Whether a checkbox is ticked.
    pub(crate) fn is_ticked(&self, field: FormField) -> bool {
        self.given(field).is_some()
    }

    /// All values of a field, such as those of checkboxes with the same name.
    pub(crate) fn all(&self, field: FormField) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == field.name())
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
        let form = parse(form, "scope=1+2%2B&name=%C3%A4%0D%0A&groups&scope=3&=x").unwrap();
        let (scope, groups) = (FormField::Scope, FormField::Groups);
        assert_eq!(
            (
                form.text(scope),
                form.text(FormField::Name),
                form.text(groups)
            ),
            ("1 2+", "ä", "")
        );
        assert_eq!(form.all(scope).collect::<Vec<_>>(), ["1 2+", "3"]);
        assert!(form.is_ticked(scope) && !form.is_ticked(groups));
        assert!(form.given(FormField::Life).is_none());
    }

    #[test]
    fn other_media_types_and_encodings_are_rejected() {
        assert!(parse("application/json", "{}").is_err());
        assert!(parse("text/plain", "a=b").is_err());
        assert!(parse("application/x-www-form-urlencoded", "a=%ff").is_err());
    }
}

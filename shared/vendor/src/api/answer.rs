//! What came out of a request to the admin API, as an http response.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value};

use super::Problem;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A success.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What was asked for.
    Shown(Value),
    /// What was asked for, in a version that `If-Match` takes.
    Versioned(String, Value),
    /// Something was created, and where it is.
    Created(String, Value),
    /// It will be done.
    Accepted(Value),
    /// Nothing to say.
    Done,
    /// What was answered before.
    Repeated(Response<Bytes>),
    /// A file to keep.
    File {
        /// Its name.
        name: String,
        /// Its media type.
        media_type: &'static str,
        /// Its content.
        content: String,
    },
}

impl Answer {
    /// A page of a list, and the cursor of the next one if there is one.
    pub(super) fn page(items: Vec<Value>, next: Option<&str>) -> Self {
        let mut page = Map::from_iter([("items".to_owned(), Value::Array(items))]);
        page.extend(next.map(|next| ("next".to_owned(), Value::from(next))));
        Self::Shown(Value::Object(page))
    }

    /// The response. None of them is to be kept by caches: tokens are shown once.
    ///
    /// # Errors
    ///
    /// When a header cannot be made, which would be a defect.
    pub fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let (status, body, extra) = match self {
            Self::Shown(body) => (StatusCode::OK, Some(body), None),
            Self::Versioned(tag, body) => (StatusCode::OK, Some(body), Some((header::ETAG, tag))),
            Self::Created(location, body) => {
                let extra = (header::LOCATION, location);
                (StatusCode::CREATED, Some(body), Some(extra))
            }
            Self::Accepted(body) => (StatusCode::ACCEPTED, Some(body), None),
            Self::Done => (StatusCode::NO_CONTENT, None, None),
            Self::Repeated(response) => return Ok(response),
            Self::File {
                name,
                media_type,
                content,
            } => return file(&name, media_type, content),
        };
        let mut response =
            Response::new(body.map_or_else(Bytes::new, |body| body.to_string().into()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        if let Some((name, value)) = extra {
            headers.insert(name, value_of(value)?);
        }
        Ok(response)
    }
}

/// The answer to a form: another page of this site.
pub(crate) fn see_other(path: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(303).unwrap_or_default();
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

fn file(name: &str, media_type: &'static str, content: String) -> Result<Response<Bytes>, Problem> {
    let mut response = Response::new(Bytes::from(content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    let disposition = format!("attachment; filename=\"{name}\"");
    headers.insert(header::CONTENT_DISPOSITION, value_of(disposition)?);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    Ok(response)
}

fn value_of(text: String) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(text).map_err(|_| {
        Problem::new(
            scim_core::ErrorKind::Internal,
            "the answer has no header for what it names",
        )
    })
}

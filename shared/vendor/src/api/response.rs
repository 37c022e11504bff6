//! What came out of a request to the admin API, as an http response.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use crate::once::Done;
use crate::problem::{Problem, REPLAYED, TRUE};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A success.
pub(crate) struct Answer {
    status: StatusCode,
    /// What was asked for, in JSON.
    body: Option<Bytes>,
    header: Option<(HeaderName, String)>,
    is_replayed: bool,
    /// A file to keep, which is no JSON.
    file: Option<&'static str>,
}

impl Answer {
    fn json(status: StatusCode, view: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(view).map_err(|_| {
            let detail = "the answer cannot be written as JSON";
            Problem::new(scim_core::ErrorKind::Internal, detail)
        })?;
        Ok(Self {
            status,
            body: Some(body.into()),
            header: None,
            is_replayed: false,
            file: None,
        })
    }

    /// What was asked for.
    pub(crate) fn shown(view: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, view)
    }

    /// A document that stands by itself.
    pub(crate) fn document(document: &Value) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(document.to_string().into()),
            header: None,
            is_replayed: false,
            file: None,
        }
    }

    /// What was asked for, in a version that `If-Match` takes.
    pub(crate) fn versioned(tag: String, view: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self {
            header: Some((header::ETAG, tag)),
            ..Self::shown(view)?
        })
    }

    /// Something was created, and where it is.
    pub(crate) fn created(location: String, view: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self {
            header: Some((header::LOCATION, location)),
            ..Self::json(StatusCode::CREATED, view)?
        })
    }

    /// It will be done.
    pub(crate) fn accepted(view: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::ACCEPTED, view)
    }

    /// Nothing to say.
    pub(crate) const fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            header: None,
            is_replayed: false,
            file: None,
        }
    }

    /// A file to keep.
    pub(crate) fn file(name: &str, media_type: &'static str, content: String) -> Self {
        let disposition = format!("attachment; filename=\"{name}\"");
        Self {
            status: StatusCode::OK,
            body: Some(content.into()),
            header: Some((header::CONTENT_DISPOSITION, disposition)),
            is_replayed: false,
            file: Some(media_type),
        }
    }

    /// What was done, as `show` answers it; whether it was done before is said beside.
    pub(crate) fn of<T>(
        done: Done<T>,
        show: impl FnOnce(T) -> Result<Self, Problem>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            is_replayed: done.is_replayed,
            ..show(done.view)?
        })
    }

    /// The response. None of them is to be kept by caches: tokens are shown once.
    ///
    /// # Errors
    ///
    /// When a header cannot be made, which would be a defect.
    pub(crate) fn into_response(self) -> Result<Response<Bytes>, Problem> {
        let has_body = self.body.is_some();
        let mut response = Response::new(self.body.unwrap_or_default());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            let media_type = self.file.map_or(JSON, HeaderValue::from_static);
            headers.insert(header::CONTENT_TYPE, media_type);
        }
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        if let Some((name, value)) = self.header {
            headers.insert(name, value_of(value)?);
        }
        if self.file.is_some() {
            let nosniff = HeaderValue::from_static("nosniff");
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
        }
        if self.is_replayed {
            headers.insert(REPLAYED, TRUE);
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

fn value_of(text: String) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(text).map_err(|_| {
        Problem::new(
            scim_core::ErrorKind::Internal,
            "the answer has no header for what it names",
        )
    })
}

//! Converts results of the admin API to `http` responses.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use crate::idempotency::Performed;
use crate::problem::{Problem, REPLAYED, TRUE, defect};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

pub(crate) struct ApiResponse {
    status: StatusCode,
    body: Option<Bytes>,
    header: Option<(HeaderName, String)>,
    is_replayed: bool,
    /// The media type of a file to save, which is not JSON.
    file: Option<&'static str>,
}

impl ApiResponse {
    fn json(status: StatusCode, view: &impl Serialize) -> Result<Self, Problem> {
        let body =
            serde_json::to_vec(view).map_err(|_| defect("a view could not be written as JSON"))?;
        Ok(Self {
            status,
            body: Some(body.into()),
            header: None,
            is_replayed: false,
            file: None,
        })
    }

    /// A view with status 200.
    pub(crate) fn shown(view: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, view)
    }

    /// A complete JSON document.
    pub(crate) fn document(document: &Value) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(document.to_string().into()),
            header: None,
            is_replayed: false,
            file: None,
        }
    }

    /// A view with its `ETag` for `If-Match`.
    pub(crate) fn versioned(tag: String, view: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self {
            header: Some((header::ETAG, tag)),
            ..Self::shown(view)?
        })
    }

    /// A created object with its location.
    pub(crate) fn created(location: String, view: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self {
            header: Some((header::LOCATION, location)),
            ..Self::json(StatusCode::CREATED, view)?
        })
    }

    /// The operation will be completed in the background.
    pub(crate) fn accepted(view: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::ACCEPTED, view)
    }

    /// A success without content.
    pub(crate) const fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            header: None,
            is_replayed: false,
            file: None,
        }
    }

    /// A file to save.
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

    /// The response to an operation that `show` represents, marked if it repeats an earlier one.
    pub(crate) fn of<T>(
        done: Performed<T>,
        show: impl FnOnce(T) -> Result<Self, Problem>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            is_replayed: done.is_replayed,
            ..show(done.view)?
        })
    }

    /// The response. Caches must not store it, because tokens are shown once.
    ///
    /// # Errors
    ///
    /// When a header cannot be built: a defect.
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

fn value_of(text: String) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(text).map_err(|_| defect("a response header could not be built"))
}

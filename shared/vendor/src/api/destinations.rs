//! Destinations of events in JSON.

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::destinations::{self, DestinationView, SecretRotation};
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[
    ApiRoute::new(Operation::ListDestinations, |request| {
        Box::pin(list(request))
    }),
    ApiRoute::new(Operation::CreateDestination, |request| {
        Box::pin(create(request))
    }),
    ApiRoute::new(Operation::ReadDestination, |request| {
        Box::pin(read(request))
    }),
    ApiRoute::new(Operation::ChangeDestination, |request| {
        Box::pin(change(request))
    }),
    ApiRoute::new(Operation::DeleteDestination, |request| {
        Box::pin(delete(request))
    }),
    ApiRoute::new(Operation::RotateSecret, |request| {
        Box::pin(rotate_secret(request))
    }),
    ApiRoute::new(Operation::TestDestination, |request| {
        Box::pin(send_test_event(request))
    }),
    ApiRoute::new(Operation::PauseDestination, |request| {
        Box::pin(pause(request))
    }),
    ApiRoute::new(Operation::ResumeDestination, |request| {
        Box::pin(resume(request))
    }),
];

/// The destination in the path.
fn id<'c>(request: &'c ApiRequest<'_>) -> &'c str {
    request.variable("destination")
}

async fn list(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    ApiResponse::shown(&destinations::list(&request.work).await?)
}

async fn create(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let made = |work| async move { destinations::create(&work, request.body()?).await };
    ApiResponse::of(request.perform(made).await?, |made| {
        let location = format!("{}/admin/v1/destinations/{}", request.work.site, made.id);
        ApiResponse::created(location, &made)
    })
}

async fn read(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    versioned(&destinations::read(&request.work, id(request)).await?)
}

async fn change(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let changed = |work| async move {
        let (patch, known) = (request.body()?, request.known());
        destinations::change(&work, id(request), (patch, &known)).await
    };
    ApiResponse::of(request.perform(changed).await?, |changed| {
        versioned(&changed)
    })
}

async fn delete(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let deleted =
        |work| async move { destinations::delete(&work, id(request), &request.known()).await };
    ApiResponse::of(
        request.perform(deleted).await?,
        |()| Ok(ApiResponse::done()),
    )
}

async fn rotate_secret(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let rotated = |work| async move {
        let rotation: SecretRotation = request.body_or_default()?;
        destinations::rotate_secret(&work, id(request), &rotation).await
    };
    ApiResponse::of(request.perform(rotated).await?, |rotated| {
        versioned(&rotated)
    })
}

async fn send_test_event(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tested = |work| async move { destinations::send_test_event(&work, id(request)).await };
    ApiResponse::of(request.perform(tested).await?, |tested| {
        ApiResponse::shown(&tested)
    })
}

async fn pause(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let paused = |work| async move { destinations::pause(&work, id(request)).await };
    ApiResponse::of(request.perform(paused).await?, |paused| versioned(&paused))
}

async fn resume(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let resumed = |work| async move { destinations::resume(&work, id(request)).await };
    ApiResponse::of(request.perform(resumed).await?, |resumed| {
        versioned(&resumed)
    })
}

fn versioned(destination: &DestinationView) -> Result<ApiResponse, Problem> {
    ApiResponse::versioned(destination.tag(), destination)
}

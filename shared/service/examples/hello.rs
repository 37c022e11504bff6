//! The function that costs nothing but `lambda_http`, as its documentation has it: what `cargo run --release -- cold-start`
//! compares a function of ours with.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(hello)).await
}

async fn hello(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from("hello")))
}

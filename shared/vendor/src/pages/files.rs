//! The page that serves style sheets, scripts and pictures.

use super::assets;
use super::desk::Desk;
use super::page::{Page, Who};
use super::reply::Reply;
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[Page::get(
    "/assets/{name}",
    "console.asset",
    Who::Anyone,
    |desk| Box::pin(async { asset(desk) }),
)];

fn asset(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let found = assets::named(desk.variable("name"));
    found
        .map(|asset| Reply::asset(asset.media_type, asset.content))
        .ok_or_else(reason::no_file)
}

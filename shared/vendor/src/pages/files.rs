//! The page that serves style sheets, scripts and pictures.

use super::assets;
use super::context::PageContext;
use super::page::{Page, Who};
use super::reply::Reply;
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[Page::get(
    "/assets/{name}",
    "console.asset",
    Who::Anyone,
    |context| Box::pin(async { asset(context) }),
)];

fn asset(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let found = assets::named(context.variable("name"));
    found
        .map(|asset| Reply::asset(asset.media_type, asset.content))
        .ok_or_else(reason::no_file)
}

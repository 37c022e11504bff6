//! The style sheets, scripts and pictures of the pages. Their names change with their content, so browsers can cache
//! them for ever.

use std::sync::LazyLock;

use data_encoding::BASE32_DNSSEC;
use ring::digest::{SHA256, digest};

use super::desk::Desk;
use super::reply::Reply;
use super::routes::{Page, Who};
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[Page::get(
    "/assets/{name}",
    "console.asset",
    Who::Anyone,
    |desk| Box::pin(async { asset(desk) }),
)];

pub(crate) struct Asset {
    media_type: &'static str,
    content: &'static str,
    /// The last segment of its path.
    pub(crate) name: String,
}

impl Asset {
    fn new(stem: &str, ending: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest = BASE32_DNSSEC.encode(digest(&SHA256, content.as_bytes()).as_ref());
        let digest = digest.get(..16).unwrap_or_default();
        Self {
            media_type,
            content,
            name: format!("{stem}.{digest}.{ending}"),
        }
    }
}

pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("assets/style.css");
    Asset::new("style", "css", "text/css; charset=utf-8", content)
});

/// The script, which pages can do without.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("assets/copy.js");
    Asset::new("copy", "js", "text/javascript; charset=utf-8", content)
});

pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("assets/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", content)
});

fn asset(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let name = desk.variable("name");
    let found = [&*STYLE, &*SCRIPT, &*ICON]
        .into_iter()
        .find(|asset| asset.name == name);
    found
        .map(|asset| Reply::asset(asset.media_type, asset.content))
        .ok_or_else(reason::no_file)
}

//! The style sheets, scripts and pictures of the pages. Their names change with their content, so browsers can cache
//! them for ever.

use std::sync::LazyLock;

use data_encoding::BASE32_DNSSEC;
use ring::digest::{SHA256, digest};

pub(crate) struct Asset {
    pub(crate) media_type: &'static str,
    pub(crate) content: &'static str,
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

/// The asset with this name.
pub(crate) fn named(name: &str) -> Option<&'static Asset> {
    let all = [&*STYLE, &*SCRIPT, &*ICON];
    all.into_iter().find(|asset| asset.name == name)
}

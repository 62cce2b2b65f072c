//! Style, script and icon, from the binary. Their addresses carry a hash of what they hold, so browsers keep them for good.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use sha2::{Digest, Sha256};

/// A file that pages refer to.
pub(super) struct Asset {
    pub(super) path: String,
    sort: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(name: &str, ending: &str, sort: &'static str, text: &'static str) -> Self {
        let hash = hex::encode(Sha256::digest(text));
        Self { path: format!("/assets/{name}-{}.{ending}", &hash[..16]), sort, text }
    }
}

pub(super) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "style",
        "css",
        "text/css; charset=utf-8",
        concat!(include_str!("static/style.css"), include_str!("people/people.css")),
    )
});
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("script", "js", "text/javascript; charset=utf-8", include_str!("static/script.js")));
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("static/icon.svg")));

/// Their routes. They tell nothing of anybody, so no gate asks who wants them.
pub(super) fn router() -> Router {
    let serve = |router: Router, asset: &'static Asset| {
        let headers = [(header::CONTENT_TYPE, asset.sort), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        router.route(&asset.path, get(move || async move { (headers, asset.text) }))
    };
    [&*STYLE, &*SCRIPT, &*ICON].into_iter().fold(Router::new(), serve)
}

//! Addresses of pictures that pages may show.

use url::{Host, Url};

/// Whether pages may show what is there: they are served by https, and a browser shows nothing else
/// in them. A shop under development is its own machine's affair.
pub fn may_be_shown(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return false,
    };
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    is_anonymous && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_somewhere_a_page_may_show_it_from() {
        for good in [
            "https://images.example/a.png",
            "https://images.example:8443/a?b=c#d",
            "http://localhost:3000/a.png",
            "http://127.0.0.1/a.png",
            "http://[::1]/a.png",
        ] {
            assert!(may_be_shown(good), "{good}");
        }
        for bad in [
            "http://images.example/a.png",
            "https://me:secret@images.example/a.png",
            "https://me@images.example/a.png",
            "ftp://images.example/a.png",
            "data:image/png;base64,AAAA",
            "javascript:alert(1)",
            "//images.example/a.png",
            "a.png",
        ] {
            assert!(!may_be_shown(bad), "{bad}");
        }
    }
}

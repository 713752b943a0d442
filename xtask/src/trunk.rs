//! Reads the `data-trunk` links of index.html, so that one page serves Trunk and our own build.

/// One `<link data-trunk ...>` and where it stands in the page.
#[derive(Debug, PartialEq)]
pub struct Link<'a> {
    pub rel: &'a str,
    pub href: &'a str,
    pub start: usize,
    pub end: usize,
}

/// Every link marked `data-trunk`, in the order of the page.
pub fn links(html: &str) -> Vec<Link<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = html[from..].find("<link ") {
        let start = from + at;
        let Some(length) = html[start..].find('>') else { break };
        let end = start + length + 1;
        let tag = &html[start..end];
        if tag.contains("data-trunk") {
            let (rel, href) = (attribute(tag, "rel"), attribute(tag, "href"));
            found.push(Link { rel, href, start, end });
        }
        from = end;
    }
    found
}

/// Puts what `replacement` returns in the place of every link.
pub fn replace<E>(
    html: &str,
    mut replacement: impl FnMut(&Link<'_>) -> Result<String, E>,
) -> Result<String, E> {
    let mut page = String::with_capacity(html.len());
    let mut from = 0;
    for link in links(html) {
        page.push_str(&html[from..link.start]);
        page.push_str(&replacement(&link)?);
        from = link.end;
    }
    page.push_str(&html[from..]);
    Ok(page)
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let needle = format!(" {name}=\"");
    tag.find(&needle).and_then(|at| tag[at + needle.len()..].split('"').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<link rel=\"icon\" href=\"a.svg\" />\n\
        <link data-trunk rel=\"rust\" href=\"web/Cargo.toml\" data-wasm-opt=\"0\" />\n\
        <link data-trunk rel=\"css\" href=\"web/style/page.css\">";

    #[test]
    fn only_marked_links_are_found() {
        let found: Vec<_> = links(PAGE).into_iter().map(|l| (l.rel, l.href)).collect();
        assert_eq!(found, [("rust", "web/Cargo.toml"), ("css", "web/style/page.css")]);
    }

    #[test]
    fn a_replacement_leaves_the_rest_as_it_is() {
        let page = replace::<()>(PAGE, |link| Ok(format!("[{}]", link.rel)));
        let expected = "<link rel=\"icon\" href=\"a.svg\" />\n[rust]\n[css]";
        assert_eq!(page, Ok(expected.to_owned()));
    }
}

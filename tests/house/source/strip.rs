//! Removes comments, strings and characters from Rust text and keeps its length.

pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

pub(super) fn blank(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect()
}

/// Returns the text without comments, and the text without comments, strings and characters.
pub(super) fn strip(text: &str) -> (String, String) {
    let (mut code, mut bare) = (String::new(), String::new());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let before = &text[..at];
        let piece = if rest.starts_with("//") {
            Piece::Comment(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            Piece::Comment(block_comment(rest))
        } else if let Some(length) = raw_string(before, rest) {
            Piece::Text(length)
        } else if rest.starts_with('"') {
            Piece::Text(quoted(rest, '"'))
        } else if let Some(length) = character(rest) {
            Piece::Text(length)
        } else {
            Piece::Code(run(rest))
        };
        let (Piece::Comment(length) | Piece::Text(length) | Piece::Code(length)) = piece;
        let given = &rest[..length];
        code.push_str(&if matches!(piece, Piece::Comment(_)) {
            blank(given)
        } else {
            given.to_owned()
        });
        bare.push_str(&if matches!(piece, Piece::Code(_)) {
            given.to_owned()
        } else {
            blank(given)
        });
        at += length;
    }
    (code, bare)
}

/// The length of the code up to the possible start of a comment, a string or a character.
fn run(rest: &str) -> usize {
    let first = rest.chars().next().map_or(1, char::len_utf8);
    rest[first..]
        .find(['/', '"', '\'', 'r'])
        .map_or(rest.len(), |length| first + length)
}

enum Piece {
    Comment(usize),
    Text(usize),
    Code(usize),
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        let (step, change) = match here {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn raw_string(before: &str, rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('r')?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    let is_start = !before.trim_end_matches('b').ends_with(is_name);
    if !is_start || !inner[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = 1 + hashes + 1;
    Some(
        rest[body..]
            .find(&end)
            .map_or(rest.len(), |at| body + at + end.len()),
    )
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.strip_prefix('\'')?.chars();
    match (chars.next()?, chars.next()) {
        ('\\', _) => Some(quoted(rest, '\'')),
        (c, Some('\'')) => Some(2 + c.len_utf8()),
        _ => None,
    }
}

/// The start of the item after its attributes.
pub(crate) fn item_start(bare: &str, attribute: usize) -> usize {
    let mut at = attribute;
    loop {
        at += bare[at..].len() - bare[at..].trim_start().len();
        if !bare[at..].starts_with("#[") {
            return at;
        }
        at = closing(bare, at + 1);
    }
}

pub(super) fn item_end(bare: &str, item: usize) -> usize {
    match bare[item..].find([';', '{']).map(|at| item + at) {
        Some(at) if bare[at..].starts_with('{') => closing(bare, at),
        Some(at) => at + 1,
        None => bare.len(),
    }
}

/// The position after the bracket that closes this one.
pub(crate) fn closing(bare: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in bare[open..].char_indices() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + c.len_utf8();
        }
    }
    bare.len()
}

/// The name in `mod name;`.
pub(super) fn declared(item: &str) -> Option<&str> {
    let (_, name) = item.strip_suffix(';')?.rsplit_once("mod ")?;
    Some(name.trim())
}

/// The path, without `.rs`, of a module that a file declares.
pub(super) fn below(path: &str, name: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    match stem.rsplit_once('/') {
        Some((folder, "lib" | "main")) => format!("{folder}/{name}"),
        _ => format!("{stem}/{name}"),
    }
}

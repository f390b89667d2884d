//! Objectives are short sentences; this reads one word by word.

use std::borrow::Cow;

use super::quantity::QuantityError;

/// What a bare word cannot hold.
const MARKS: [char; 5] = ['<', '>', '=', '"', '\''];

/// What is left of a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phrase<'a> {
    rest: &'a str,
}

impl<'a> Phrase<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim() }
    }

    /// What has not been read yet.
    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    /// The next bare word; none at the end, and before a mark.
    pub(super) fn peek(&self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| c.is_whitespace() || MARKS.contains(&c)).unwrap_or(self.rest.len());
        (end > 0).then(|| &self.rest[..end])
    }

    pub(super) fn word(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.skip(word.len());
        Some(word)
    }

    /// Takes `word`, if it is the next.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let next = self.peek() == Some(word);
        if next {
            self.skip(word.len());
        }
        next
    }

    /// Takes `mark`, if it is the next.
    pub(super) fn take_mark(&mut self, mark: char) -> bool {
        let next = self.rest.starts_with(mark);
        if next {
            self.skip(mark.len_utf8());
        }
        next
    }

    /// A word in quotes, if that is the next. In double quotes `\"` and `\\` stand for the sign itself, as in TOML.
    pub(super) fn quoted(&mut self) -> Result<Option<String>, QuantityError> {
        let Some(quote) = self.rest.chars().next().filter(|c| ['"', '\''].contains(c)) else { return Ok(None) };
        let mut text = String::new();
        let mut signs = self.rest.char_indices().skip(1);
        while let Some((at, sign)) = signs.next() {
            match sign {
                '\\' if quote == '"' => text.extend(signs.next().map(|(_, escaped)| escaped)),
                _ if sign == quote => {
                    self.skip(at + sign.len_utf8());
                    return Ok(Some(text));
                }
                _ => text.push(sign),
            }
        }
        Err(QuantityError::new(format!("the quote in `{}` has no end; close it with {quote}", self.rest)))
    }

    /// Words in quotes, or bare ones up to a word that `ends` the name.
    pub(super) fn name(&mut self, ends: impl Fn(&str) -> bool) -> Result<Option<String>, QuantityError> {
        if let Some(quoted) = self.quoted()? {
            return Ok(Some(quoted));
        }
        let mut words = Vec::new();
        while let Some(word) = self.peek().filter(|word| !ends(word)) {
            words.push(word);
            self.skip(word.len());
        }
        Ok((!words.is_empty()).then(|| words.join(" ")))
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start();
    }
}

/// Returns a name as [`Phrase::name`] reads it back: bare, if it is nothing but words that do not `end` it.
pub(super) fn written_name(name: &str, ends: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let mut phrase = Phrase::new(name);
    match phrase.name(&ends) {
        Ok(Some(read)) if read == name && phrase.rest().is_empty() => Cow::Borrowed(name),
        Ok(_) | Err(_) => Cow::Owned(in_quotes(name)),
    }
}

/// Returns a text in double quotes.
pub(super) fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

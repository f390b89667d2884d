/// Returns `; did you mean …?` with the valid word nearest to `word`, or the list of valid words when none is near.
pub(crate) fn did_you_mean<'a>(word: &str, valid: impl Iterator<Item = &'a str>) -> String {
    let valid: Vec<&str> = valid.collect();
    match nearest_to(word, valid.iter().copied()) {
        Some(candidate) => format!("; did you mean `{candidate}`?"),
        None if valid.is_empty() => String::new(),
        None => format!("; valid are {}", valid.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// Returns the valid word nearest to `word`; none when none is near.
pub(crate) fn nearest_to<'a>(word: &str, valid: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    valid
        // Further than a third of the word is a guess that would mislead.
        .map(|candidate| (candidate, candidate.len().max(word.len()).div_ceil(3)))
        // Words differ by at least as much as their lengths do. Whatever a stranger sends as a word, only short ones are compared in full.
        .filter(|(candidate, furthest)| candidate.chars().count().abs_diff(length) <= *furthest)
        .map(|(candidate, furthest)| (strsim::damerau_levenshtein(word, candidate), candidate, furthest))
        .min_by_key(|(distance, ..)| *distance)
        .filter(|(distance, _, furthest)| distance <= furthest)
        .map(|(_, candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_if_one_is_near() {
        #[track_caller]
        fn check(word: &str, expected: Option<&str>) {
            assert_eq!(nearest_to(word, ["duration", "rate", "process"].into_iter()), expected);
        }
        check("durration", Some("duration"));
        check("raet", Some("rate"));
        check("settle", None);
        check("", None);
        check(&"duration".repeat(200_000), None);
    }
}

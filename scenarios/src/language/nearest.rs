/// Returns `; did you mean …?` with the valid word nearest to `word`, or the list of valid words when none is near.
pub(crate) fn did_you_mean<'a>(word: &str, valid: impl Iterator<Item = &'a str>) -> String {
    let valid: Vec<&str> = valid.collect();
    let nearest = valid
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .min_by_key(|(distance, _)| *distance)
        // Further than a third of the word is a guess that would mislead.
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(3));
    match nearest {
        Some((_, candidate)) => format!("; did you mean `{candidate}`?"),
        None if valid.is_empty() => String::new(),
        None => format!("; valid are {}", valid.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

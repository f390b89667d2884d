//! The endpoint that a lost call may have meant.

use super::difference::{Row, two_columns};

/// An endpoint of the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Such as `POST`.
    pub method: &'static str,
    /// Its path, with what varies in braces: `/v1/sessions/{id}/submit`.
    pub path: &'static str,
}

/// What a wrong, missing or superfluous part of a path costs.
const PART: usize = 1000;
/// What a wrong method costs: less than a part, for the path says more about what was meant.
const METHOD: usize = 500;
/// How many parts of a path are compared; no endpoint of a vendor has so many.
const PARTS_MAX: usize = 16;
/// How many bytes of a part are compared.
const PART_BYTES_MAX: usize = 64;

/// Returns the difference between a call that found no endpoint and the most similar of `endpoints`, in two columns.
///
/// Of several that are equally near, it is the first.
#[must_use]
pub fn nearest_endpoint(method: &str, path: &str, endpoints: &[Endpoint]) -> String {
    let cost = |endpoint: &&Endpoint| path_cost(endpoint.path, path) + if endpoint.method == method { 0 } else { METHOD };
    let title = "Request was not matched";
    let rows = match endpoints.iter().min_by_key(cost) {
        None => vec![Row { expected: "there are no endpoints".to_owned(), actual: format!("{method}\n{path}"), remark: None }],
        Some(nearest) => vec![
            row(nearest.method, method, nearest.method == method, "HTTP method does not match"),
            row(&format!("[path template] {}", nearest.path), path, path_cost(nearest.path, path) == 0, "URL does not match"),
        ],
    };
    two_columns(title, ["Closest endpoint", "Request"], &rows)
}

fn row(expected: &str, actual: &str, fits: bool, remark: &str) -> Row {
    Row { expected: expected.to_owned(), actual: actual.to_owned(), remark: (!fits).then(|| remark.to_owned()) }
}

/// Returns what it costs to turn `path` into one of `template`, part by part; nothing when it is one already.
fn path_cost(template: &str, path: &str) -> usize {
    let wanted: Vec<&str> = template.split('/').collect();
    let given: Vec<&str> = path.split('/').collect();
    let beyond = given.len().saturating_sub(PARTS_MAX) * PART;
    // The usual table of edit distances, one line of it at a time.
    let mut costs: Vec<usize> = (0..=wanted.len()).map(|parts| parts * PART).collect();
    for part in given.iter().take(PARTS_MAX) {
        let mut diagonal = costs[0];
        costs[0] += PART;
        for (place, wanted) in wanted.iter().enumerate() {
            let replaced = diagonal + part_cost(wanted, part);
            diagonal = costs[place + 1];
            costs[place + 1] = replaced.min(diagonal + PART).min(costs[place] + PART);
        }
    }
    costs.last().copied().unwrap_or_default() + beyond
}

fn part_cost(wanted: &str, given: &str) -> usize {
    if wanted == given || (wanted.starts_with('{') && !given.is_empty()) {
        return 0;
    }
    let given = &given[..given.floor_char_boundary(PART_BYTES_MAX)];
    // At least a little: they differ, if only beyond what is compared.
    (PART * strsim::levenshtein(wanted, given) / wanted.chars().count().max(given.chars().count()).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINTS: [Endpoint; 5] = [
        Endpoint { method: "POST", path: "/v1/sessions" },
        Endpoint { method: "GET", path: "/v1/sessions/{id}" },
        Endpoint { method: "DELETE", path: "/v1/sessions/{id}" },
        Endpoint { method: "POST", path: "/v1/sessions/{id}/documents" },
        Endpoint { method: "POST", path: "/v1/sessions/{id}/submit" },
    ];

    #[test]
    fn the_difference_is_shown_in_two_columns() {
        assert_eq!(
            nearest_endpoint("PUT", "/v1/session/ses_1/submit", &ENDPOINTS),
            include_str!("../../tests/golden/nearest_endpoint.txt")
        );
    }

    #[track_caller]
    fn check(method: &str, path: &str, nearest: &str) {
        let print = nearest_endpoint(method, path, &ENDPOINTS);
        assert!(print.contains(&format!("[path template] {nearest} ")), "{print}");
    }

    #[test]
    fn the_path_says_more_than_the_method() {
        check("PATCH", "/v1/sessions", "/v1/sessions");
        check("GET", "/v1/sessions/ses_1/submit", "/v1/sessions/{id}/submit");
        check("POST", "/v2/sessions", "/v1/sessions");
        check("POST", "/v1/sessions/ses_1/submitt", "/v1/sessions/{id}/submit");
        check("POST", "/sessions/ses_1/document", "/v1/sessions/{id}/documents");
    }

    #[test]
    fn of_two_methods_at_one_path_the_right_one_is_nearest() {
        let print = nearest_endpoint("DELETE", "/v2/sessions/ses_1", &ENDPOINTS);
        assert!(print.contains("\nDELETE ") && !print.contains("HTTP method does not match"), "{print}");
    }

    #[test]
    fn a_strange_path_is_no_trouble() {
        let _ = nearest_endpoint("GET", &"/x".repeat(10_000), &ENDPOINTS);
        let _ = nearest_endpoint("GET", &"é".repeat(10_000), &ENDPOINTS);
        assert!(nearest_endpoint("GET", "/", &[]).contains("there are no endpoints"));
    }
}

//! Bracketed forms, as this vendor's libraries and curl users write them, in bodies and in queries.
//!
//! `options[document][allowed_types][0]=passport&metadata[k]=v&expand[]=a`: brackets nest, a list has its indices or none, and a name may be percent-encoded
//! as a whole. What was read is taken out field by field; what is left then is unknown, and refused.

use std::borrow::Cow;

use super::errors::{invalid, missing, unknown};
use crate::refusal::Refusal;

/// How many parameters a form may have. One more is refused.
const PARAMETERS_MAX: usize = 512;
/// How deep its brackets may nest. Deeper ones are refused.
const DEPTH_MAX: usize = 6;
/// The longest text of a parameter that has no bound of its own, in characters.
pub(super) const TEXT_MAX: usize = 5000;

/// The parameters below one name, or all of them, in the order in which they were written.
///
/// A list, and searched from its beginning: forms are short, and the longest that is read is short enough.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// What stands before their names: `options[document]`, or nothing.
    within: String,
    nodes: Vec<(String, Node)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Node {
    Text(String),
    Fields(Fields),
}

/// A parameter that may be there, be emptied, or not be mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given<T> {
    Absent,
    /// Written with an empty value.
    Unset,
    Value(T),
}

impl<T> Given<T> {
    /// The value, if there is one: what is emptied at a creation is not there.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unset => None,
        }
    }
}

impl Fields {
    /// Reads a form. Of a parameter that comes twice, the later one counts.
    pub(super) fn parse(form: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        for (number, (name, value)) in form_urlencoded::parse(form).enumerate() {
            if number == PARAMETERS_MAX {
                return Err(invalid(None, format!("A request may have at most {PARAMETERS_MAX} parameters.")));
            }
            let steps = steps(&name).ok_or_else(|| invalid(Some(&name), format!("Invalid parameter name: {name}")))?;
            fields.enter(&name, &steps, value.into_owned())?;
        }
        Ok(fields)
    }

    fn enter(&mut self, name: &str, steps: &[&str], value: String) -> Result<(), Refusal> {
        let [step, deeper @ ..] = steps else { return Ok(()) };
        let conflict = || invalid(Some(name), format!("{name} is written both as a value and as a hash."));
        let step = if step.is_empty() { Cow::Owned(self.nodes.len().to_string()) } else { Cow::Borrowed(*step) };
        let place = match self.place(&step) {
            Some(place) => place,
            None => {
                let node = match deeper {
                    [] => Node::Text(String::new()),
                    [..] => Node::Fields(Self { within: self.name(&step), nodes: Vec::new() }),
                };
                self.nodes.push((step.into_owned(), node));
                self.nodes.len() - 1
            }
        };
        match (&mut self.nodes[place].1, deeper) {
            (Node::Text(text), []) => *text = value,
            (Node::Fields(fields), [_, ..]) => return fields.enter(name, deeper, value),
            (Node::Text(_), [_, ..]) | (Node::Fields(_), []) => return Err(conflict()),
        }
        Ok(())
    }

    fn place(&self, step: &str) -> Option<usize> {
        self.nodes.iter().position(|(known, _)| known == step)
    }

    fn node(&self, step: &str) -> Option<&Node> {
        self.place(step).map(|place| &self.nodes[place].1)
    }

    fn take(&mut self, step: &str) -> Option<Node> {
        self.place(step).map(|place| self.nodes.remove(place).1)
    }

    /// The full name of one of these parameters, for a complaint.
    pub(super) fn name(&self, step: &str) -> String {
        if self.within.is_empty() { step.to_owned() } else { format!("{}[{step}]", self.within) }
    }

    /// Takes out a text of at most `longest` characters.
    pub(super) fn text(&mut self, step: &str, longest: usize) -> Result<Given<String>, Refusal> {
        let node = self.take(step);
        self.read(step, node, longest)
    }

    fn read(&self, step: &str, node: Option<Node>, longest: usize) -> Result<Given<String>, Refusal> {
        match node {
            None => Ok(Given::Absent),
            Some(Node::Text(text)) if text.is_empty() => Ok(Given::Unset),
            // No text has more characters than bytes.
            Some(Node::Text(text)) if text.len() <= longest || text.chars().count() <= longest => Ok(Given::Value(text)),
            Some(Node::Text(_)) => {
                let name = self.name(step);
                Err(invalid(Some(&name), format!("Invalid string: {name} may be at most {longest} characters long.")))
            }
            Some(Node::Fields(_)) => Err(invalid(Some(&self.name(step)), format!("Invalid string: {}", self.name(step)))),
        }
    }

    /// Takes out a text that must be there.
    pub(super) fn required(&mut self, step: &str, longest: usize) -> Result<String, Refusal> {
        self.text(step, longest)?.value().ok_or_else(|| missing(&self.name(step)))
    }

    /// Takes out one of a few words.
    pub(super) fn choice<T: Copy>(&mut self, step: &str, words: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let text = self.text(step, TEXT_MAX)?.value();
        text.map(|text| chosen(|| self.name(step), &text, words)).transpose()
    }

    /// Takes out a list of texts with their names: `[0]`, `[1]`, or `[]` as often as there are texts.
    pub(super) fn list(&mut self, step: &str, longest: usize) -> Result<Vec<(String, String)>, Refusal> {
        self.each(step, longest, |fields, step, text| Ok((fields.name(step), text)))
    }

    /// Takes out a list of words.
    pub(super) fn choices<T: Copy>(&mut self, step: &str, words: &[(&str, T)]) -> Result<Vec<T>, Refusal> {
        self.each(step, TEXT_MAX, |fields, step, text| chosen(|| fields.name(step), &text, words))
    }

    /// Takes out a list, and returns what `read` makes of each of its texts, by their indices.
    fn each<T>(&mut self, step: &str, longest: usize, read: impl Fn(&Self, &str, String) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
        match self.take(step) {
            None => Ok(Vec::new()),
            Some(Node::Text(text)) if text.is_empty() => Ok(Vec::new()),
            Some(Node::Text(_)) => Err(invalid(Some(&self.name(step)), "Invalid array".to_owned())),
            Some(Node::Fields(mut fields)) => {
                let index = |step: &str| step.parse().unwrap_or(usize::MAX);
                fields.nodes.sort_by(|(a, _), (b, _)| index(a).cmp(&index(b)).then_with(|| a.cmp(b)));
                let mut things = Vec::with_capacity(fields.nodes.len());
                for (step, node) in std::mem::take(&mut fields.nodes) {
                    let text = fields.read(&step, Some(node), longest)?.value().ok_or_else(|| missing(&fields.name(&step)))?;
                    things.push(read(&fields, &step, text)?);
                }
                Ok(things)
            }
        }
    }

    /// Takes out `true` or `false`.
    pub(super) fn boolean(&mut self, step: &str) -> Result<Option<bool>, Refusal> {
        match self.text(step, TEXT_MAX)?.value().as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(invalid(Some(&self.name(step)), format!("Invalid boolean: {}", shortened(other)))),
        }
    }

    /// Takes out a whole number.
    pub(super) fn integer(&mut self, step: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(step, TEXT_MAX)?.value() else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid(Some(&self.name(step)), format!("Invalid integer: {}", shortened(&text))))
    }

    /// Takes out the parameters below a name.
    pub(super) fn fields(&mut self, step: &str) -> Result<Given<Self>, Refusal> {
        match self.take(step) {
            None => Ok(Given::Absent),
            Some(Node::Fields(fields)) => Ok(Given::Value(fields)),
            Some(Node::Text(text)) if text.is_empty() => Ok(Given::Unset),
            Some(Node::Text(_)) => Err(invalid(Some(&self.name(step)), "Invalid hash".to_owned())),
        }
    }

    /// Takes out what may be a text or have parameters of its own below it.
    pub(super) fn text_or_fields(&mut self, step: &str) -> Result<(Option<String>, Self), Refusal> {
        match self.node(step) {
            Some(Node::Fields(_)) => Ok((None, self.fields(step)?.value().unwrap_or_default())),
            Some(Node::Text(_)) | None => Ok((self.text(step, TEXT_MAX)?.value(), Self::default())),
        }
    }

    /// Takes out everything: names and texts, which are the customer's own.
    pub(super) fn all_texts(mut self, longest: usize) -> Result<Vec<(String, String)>, Refusal> {
        let texts = std::mem::take(&mut self.nodes).into_iter().map(|(step, node)| {
            let text = self.read(&step, Some(node), longest)?.value();
            Ok((step, text.unwrap_or_default()))
        });
        texts.collect()
    }

    /// Looks at a text without taking it out.
    pub(super) fn peek(&self, step: &str) -> Option<&str> {
        match self.node(step)? {
            Node::Text(text) => Some(text),
            Node::Fields(_) => None,
        }
    }

    /// Forgets a parameter that is known and of no consequence, whatever it says.
    pub(super) fn ignore(&mut self, step: &str) {
        self.take(step);
    }

    /// Refuses what was not taken out.
    pub(super) fn nothing_else(self) -> Result<(), Refusal> {
        match self.nodes.first() {
            None => Ok(()),
            Some((step, node)) => Err(unknown(&self.first_within(step, node))),
        }
    }

    /// The full name of the first parameter of a node.
    fn first_within(&self, step: &str, node: &Node) -> String {
        match node {
            Node::Fields(fields) => match fields.nodes.first() {
                Some((step, node)) => fields.first_within(step, node),
                None => self.name(step),
            },
            Node::Text(_) => self.name(step),
        }
    }
}

fn chosen<T: Copy>(name: impl FnOnce() -> String, text: &str, words: &[(&str, T)]) -> Result<T, Refusal> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let name = name();
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        invalid(Some(&name), format!("Invalid {name}: must be one of {}", all.join(", ")))
    })
}

/// A customer's text as far as a message repeats it.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

/// Returns the parts of a bracketed name: `a[b][]` has `a`, `b` and an empty one.
fn steps(name: &str) -> Option<Vec<&str>> {
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let mut steps = vec![first];
    while !rest.is_empty() {
        let (step, after) = rest.strip_prefix('[')?.split_once(']')?;
        steps.push(step);
        rest = after;
    }
    let sound = !first.is_empty() && steps.len() <= DEPTH_MAX && steps.iter().all(|step| !step.contains('['));
    sound.then_some(steps)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::refusal::Rebuff;

    fn read(form: &str) -> Fields {
        Fields::parse(form.as_bytes()).unwrap()
    }

    fn refused<T: std::fmt::Debug>(refusal: Result<T, Refusal>) -> Rebuff {
        match refusal {
            Err(Refusal::Own(rebuff)) => *rebuff,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn brackets_are_read_as_the_libraries_and_curl_users_write_them() {
        for form in [
            "options[document][allowed_types][0]=passport&options[document][allowed_types][1]=id_card",
            "options%5Bdocument%5D%5Ballowed_types%5D%5B0%5D=passport&options%5Bdocument%5D%5Ballowed_types%5D%5B1%5D=id_card",
            "options[document][allowed_types][]=passport&options[document][allowed_types][]=id_card",
        ] {
            let mut fields = read(form);
            let mut document = fields.fields("options").unwrap().value().unwrap().fields("document").unwrap().value().unwrap();
            let types: Vec<String> = document.list("allowed_types", 20).unwrap().into_iter().map(|(_, text)| text).collect();
            assert_eq!(types, ["passport", "id_card"], "{form}");
        }
    }

    #[test]
    fn an_empty_value_unsets() {
        let mut fields = read("a=&b=x&options[document]=");
        assert_eq!(fields.text("a", 9).unwrap(), Given::Unset);
        assert_eq!(fields.text("b", 9).unwrap(), Given::Value("x".to_owned()));
        assert_eq!(fields.text("c", 9).unwrap(), Given::Absent);
        assert_eq!(fields.fields("options").unwrap().value().unwrap().fields("document").unwrap(), Given::Unset);
    }

    #[test]
    fn what_is_wrong_is_blamed_by_its_full_name() {
        let words = [("passport", 1), ("id_card", 2)];
        let wrong = refused(read("types[0]=passport&types[1]=pasport").choices("types", &words));
        assert_eq!(
            (wrong.param.as_deref(), wrong.message.as_str()),
            (Some("types[1]"), "Invalid types[1]: must be one of passport, id_card")
        );
        let unknown = refused(read("options[dokument][x]=1").nothing_else());
        assert_eq!((unknown.code, unknown.param.as_deref()), (Some("parameter_unknown"), Some("options[dokument][x]")));
        assert_eq!(refused(read("limit=ten").integer("limit")).message, "Invalid integer: ten");
        assert_eq!(refused(read("flag=yes").boolean("flag")).message, "Invalid boolean: yes");
        assert_eq!(refused(read("").required("type", 9)).code, Some("parameter_missing"));
        assert_eq!(refused(read("a=toolong").text("a", 3)).param.as_deref(), Some("a"));
    }

    #[test]
    fn depth_and_number_are_bounded() {
        assert!(Fields::parse(b"a[b][c][d][e][f]=1").is_ok());
        for bad in ["a[b][c][d][e][f][g]=1", "[a]=1", "a[b=1", "a]b[=1", "a[b]c=1", "a[[b]]=1", "a=1&a[b]=2", "a[b]=1&a=2"] {
            assert!(Fields::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let many: String = (0..=PARAMETERS_MAX).map(|number| format!("p{number}=1&")).collect();
        assert!(Fields::parse(many.as_bytes()).is_err());
    }

    /// What may stand in a form: texts below names, nested.
    fn tree() -> impl Strategy<Value = BTreeMap<String, BTreeMap<String, Vec<String>>>> {
        let list = prop::collection::vec(".{1,8}", 1..4);
        let inner = prop::collection::btree_map("[a-z_ é]{1,6}", list, 1..4);
        prop::collection::btree_map("[a-z_]{1,6}", inner, 0..4)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tree in tree(), indexed: bool) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (outer, inner) in &tree {
                for (name, list) in inner {
                    for (place, text) in list.iter().enumerate() {
                        let place = if indexed { place.to_string() } else { String::new() };
                        form.append_pair(&format!("{outer}[{name}][{place}]"), text);
                    }
                }
            }
            let mut fields = Fields::parse(form.finish().as_bytes()).unwrap();
            for (outer, inner) in tree {
                let mut within = fields.fields(&outer).unwrap().value().unwrap();
                for (name, list) in inner {
                    let read: Vec<String> = within.list(&name, TEXT_MAX).unwrap().into_iter().map(|(_, text)| text).collect();
                    prop_assert_eq!(read, list);
                }
                within.nothing_else().unwrap();
            }
            fields.nothing_else().unwrap();
        }

        #[test]
        fn whatever_comes_is_read_or_refused(form in ".{0,200}") {
            let _ = Fields::parse(form.as_bytes());
        }
    }
}

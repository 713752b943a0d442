//! Sets of fields: which fields of an object a manager owns, and their JSON form `fieldsV1`.
// Models structured-merge-diff/fieldpath/set.go and serialize.go.

mod element;

pub use element::PathElement;

use serde_json::{Map, Value};

/// Deeper sets are cut off instead of walked.
const MAX_DEPTH: usize = 200;

/// Fields by path. A field may be a member without those above or below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldSet {
    /// Sorted.
    members: Vec<PathElement>,
    /// Sorted; none is empty.
    children: Vec<(PathElement, FieldSet)>,
}

/// Walks two sorted lists together: what stands in the first only, in both, in the second only.
fn zip<'a, A, B>(
    a: &'a [A],
    b: &'a [B],
    key_a: impl Fn(&A) -> &PathElement,
    key_b: impl Fn(&B) -> &PathElement,
    mut each: impl FnMut(Option<&'a A>, Option<&'a B>),
) {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(x), Some(y)) => key_a(x).cmp(key_b(y)),
        };
        match order {
            std::cmp::Ordering::Less => each(a.next(), None),
            std::cmp::Ordering::Equal => each(a.next(), b.next()),
            std::cmp::Ordering::Greater => each(None, b.next()),
        }
    }
}

type Child = (PathElement, FieldSet);

fn child_key(child: &Child) -> &PathElement {
    &child.0
}

fn own_key(element: &PathElement) -> &PathElement {
    element
}

impl FieldSet {
    pub fn of(paths: &[&[&str]]) -> Self {
        let mut set = FieldSet::default();
        for path in paths {
            let path: Vec<PathElement> = path.iter().map(|name| PathElement::field(name)).collect();
            set.insert(&path);
        }
        set
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    /// Adds a field; those above it are not added.
    pub fn insert(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [last] => {
                if let Err(at) = self.members.binary_search(last) {
                    self.members.insert(at, last.clone());
                }
            }
            [first, rest @ ..] => {
                let at = match self.children.binary_search_by(|child| child.0.cmp(first)) {
                    Ok(at) => at,
                    Err(at) => {
                        self.children.insert(at, (first.clone(), FieldSet::default()));
                        at
                    }
                };
                if let Some((_, child)) = self.children.get_mut(at) {
                    child.insert(rest);
                }
            }
        }
    }

    pub fn has_member(&self, element: &PathElement) -> bool {
        self.members.binary_search(element).is_ok()
    }

    pub fn has(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.has_member(last),
            [first, rest @ ..] => self.child(first).is_some_and(|child| child.has(rest)),
        }
    }

    /// What of the set lies below an element.
    pub fn child(&self, element: &PathElement) -> Option<&FieldSet> {
        let at = self.children.binary_search_by(|child| child.0.cmp(element)).ok()?;
        self.children.get(at).map(|(_, child)| child)
    }

    pub fn union(&self, other: &FieldSet) -> FieldSet {
        let mut out = FieldSet::default();
        zip(&self.members, &other.members, own_key, own_key, |a, b| {
            out.members.extend(a.or(b).cloned());
        });
        zip(&self.children, &other.children, child_key, child_key, |a, b| match (a, b) {
            (Some((element, a)), Some((_, b))) => out.children.push((element.clone(), a.union(b))),
            (a, b) => out.children.extend(a.or(b).cloned()),
        });
        out
    }

    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        let mut out = FieldSet::default();
        zip(&self.members, &other.members, own_key, own_key, |a, b| {
            out.members.extend(a.filter(|_| b.is_some()).cloned());
        });
        zip(&self.children, &other.children, child_key, child_key, |a, b| {
            if let (Some((element, a)), Some((_, b))) = (a, b) {
                out.push_child(element, a.intersection(b));
            }
        });
        out
    }

    /// The fields that the other set does not have; fields below its members stay.
    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        self.without(other, false)
    }

    /// The same, without what lies below the other's members.
    pub fn recursive_difference(&self, other: &FieldSet) -> FieldSet {
        self.without(other, true)
    }

    fn without(&self, other: &FieldSet, recursive: bool) -> FieldSet {
        let mut out = FieldSet::default();
        zip(&self.members, &other.members, own_key, own_key, |a, b| {
            out.members.extend(a.filter(|_| b.is_none()).cloned());
        });
        zip(&self.children, &other.children, child_key, child_key, |a, b| match (a, b) {
            (Some((element, _)), _) if recursive && other.has_member(element) => {}
            (Some((element, a)), Some((_, b))) => {
                out.push_child(element, a.without(b, recursive));
            }
            (Some((element, a)), None) => out.children.push((element.clone(), a.clone())),
            (None, _) => {}
        });
        out
    }

    fn push_child(&mut self, element: &PathElement, child: FieldSet) {
        if !child.is_empty() {
            self.children.push((element.clone(), child));
        }
    }

    /// The set with more members at each level: the children for which `named` says so.
    /// `below` goes from one level's context to the next.
    pub fn with_members<C: Copy>(
        &self,
        context: C,
        named: &dyn Fn(C, &PathElement) -> bool,
        below: &dyn Fn(C, &PathElement) -> C,
    ) -> FieldSet {
        let mut out = FieldSet { members: self.members.clone(), children: Vec::new() };
        for (element, child) in &self.children {
            if named(context, element) {
                out.insert(std::slice::from_ref(element));
            }
            let child = child.with_members(below(context, element), named, below);
            out.children.push((element.clone(), child));
        }
        out
    }

    /// Calls with every path of the set, members before what lies below.
    pub fn for_each(&self, f: &mut dyn FnMut(&[PathElement])) {
        self.walk(&mut Vec::new(), f);
    }

    fn walk(&self, path: &mut Vec<PathElement>, f: &mut dyn FnMut(&[PathElement])) {
        for member in &self.members {
            path.push(member.clone());
            f(path);
            path.pop();
        }
        for (element, child) in &self.children {
            path.push(element.clone());
            child.walk(path, f);
            path.pop();
        }
    }

    /// `{"f:metadata": {"f:labels": {".": {}, "f:app": {}}}}`.
    pub fn to_fields_v1(&self) -> Value {
        let mut map = Map::new();
        for member in &self.members {
            map.insert(member.encode(), Value::Object(Map::new()));
        }
        for (element, child) in &self.children {
            let mut inner = child.to_fields_v1();
            if let (true, Value::Object(inner)) = (self.has_member(element), &mut inner) {
                inner.insert(".".to_owned(), Value::Object(Map::new()));
            }
            map.insert(element.encode(), inner);
        }
        Value::Object(map)
    }

    /// Unknown kinds of elements are left out, as upstream does.
    pub fn from_fields_v1(value: &Value) -> FieldSet {
        FieldSet::read(value, 0)
    }

    fn read(value: &Value, depth: usize) -> FieldSet {
        let mut set = FieldSet::default();
        let Some(map) = value.as_object().filter(|_| depth < MAX_DEPTH) else { return set };
        for (key, inner) in map {
            let Some(element) = PathElement::decode(key) else { continue };
            let child = FieldSet::read(inner, depth + 1);
            let is_leaf = child.is_empty() || inner.get(".").is_some();
            if is_leaf {
                set.members.push(element.clone());
            }
            if !child.is_empty() {
                set.children.push((element, child));
            }
        }
        set.members.sort();
        set.members.dedup();
        set.children.sort_by(|a, b| a.0.cmp(&b.0));
        set.children.dedup_by(|a, b| a.0 == b.0);
        set
    }
}

/// `.spec.containers[name="main"].args`.
pub fn path_text(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(value: Value) -> FieldSet {
        FieldSet::from_fields_v1(&value)
    }

    #[test]
    fn sets_read_and_write_their_json_form() {
        let value = json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
                "f:finalizers": {"v:\"a\"": {}}},
        });
        assert_eq!(set(value.clone()).to_fields_v1(), value);
        let mut paths = Vec::new();
        set(value).for_each(&mut |path| paths.push(path_text(path)));
        assert!(paths.contains(&".spec.ports[port=80,protocol=\"TCP\"].port".to_owned()));
        assert!(paths.contains(&".spec.finalizers[=\"a\"]".to_owned()));
    }

    #[test]
    fn sets_are_joined_and_cut() {
        let a = set(json!({"f:a": {".": {}, "f:b": {}, "f:c": {}}, "f:d": {}}));
        let b = set(json!({"f:a": {"f:b": {}}, "f:e": {}}));
        let all = json!({"f:a": {".": {}, "f:b": {}, "f:c": {}}, "f:d": {}, "f:e": {}});
        assert_eq!(a.union(&b).to_fields_v1(), all);
        assert_eq!(a.intersection(&b).to_fields_v1(), json!({"f:a": {"f:b": {}}}));
        let left = json!({"f:a": {".": {}, "f:c": {}}, "f:d": {}});
        assert_eq!(a.difference(&b).to_fields_v1(), left);
        let top = set(json!({"f:a": {}}));
        assert_eq!(
            a.difference(&top).to_fields_v1(),
            json!({"f:a": {"f:b": {}, "f:c": {}}, "f:d": {}})
        );
        assert_eq!(a.recursive_difference(&top).to_fields_v1(), json!({"f:d": {}}));
    }
}

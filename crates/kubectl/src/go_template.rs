//! `-o go-template`: Go's template language over an object.
// Models Go's text/template/exec.go and cli-runtime/pkg/printers/template.go.

mod format;
mod functions;
mod parse;

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::fail::{Fail, Outcome};
use parse::{Arg, Command, Node, Pipe, Template};

/// Most nodes one template may run.
const STEPS_MAX: usize = 1_000_000;
/// Templates that may call each other.
const DEPTH_MAX: usize = 100;

/// What is missing in an object, as Go prints it.
const NO_VALUE: &str = "<no value>";

pub fn check(template: &str) -> Outcome {
    parsed(template).map(|_| ())
}

fn parsed(text: &str) -> Outcome<Template> {
    parse::parse(text).map_err(|(line, why)| {
        Fail::Error(format!("error parsing template {text}, template: output:{line}: {why}"))
    })
}

/// Runs a template over an object. A template that fails tells on standard output what it was
/// about, so both texts are given back: what was said, and the error.
pub fn execute(text: &str, data: &Value, allow_missing: bool) -> (String, Outcome) {
    let template = match parsed(text) {
        Ok(template) => template,
        Err(fail) => return (String::new(), Err(fail)),
    };
    let root = as_decoded(data);
    let mut run = Run {
        text,
        template: &template,
        allow_missing,
        out: String::new(),
        steps: 0,
        depth: 0,
        variables: vec![("$".to_owned(), Some(root.clone()))],
    };
    let result = run.nodes(&template.nodes, &Some(root.clone()));
    let mut out = run.out;
    match result {
        Ok(_) => (out, Ok(())),
        Err(why) => {
            out.push_str(&format!(
                "Error executing template: {why}. Printing more information for debugging the \
                 template:\n\ttemplate was:\n\t\t{text}\n\traw data was:\n\t\t{data}\n\tobject \
                 given to template engine was:\n\t\t{}\n\n",
                format::plain(&root)
            ));
            let text = apimachinery::strconv::quote(text);
            (out, Err(Fail::Error(format!("error executing template {text}: {why}"))))
        }
    }
}

/// JSON as Go decodes it: every number is a float64.
fn as_decoded(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
        }
        Value::Array(items) => items.iter().map(as_decoded).collect(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| (key.clone(), as_decoded(value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// A value, or that there is none.
type Val = Option<Value>;

/// Whether a loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    On,
    Break,
    Continue,
}

struct Run<'a> {
    text: &'a str,
    template: &'a Template,
    allow_missing: bool,
    out: String,
    steps: usize,
    depth: usize,
    variables: Vec<(String, Val)>,
}

fn is_true(value: &Val) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
    }
}

impl Run<'_> {
    /// An error at a place of the template.
    fn at(&self, (start, end): (usize, usize), why: &str) -> String {
        let before = self.text.get(..start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, str::len);
        let context: String = self.text.get(start..end).unwrap_or("").chars().take(20).collect();
        format!("template: output:{line}:{column}: executing \"output\" at <{context}>: {why}")
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Val) -> Result<Next, String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return Err("template: output:1: the template takes too many steps".to_owned());
            }
            let next = self.node(node, dot)?;
            if next != Next::On {
                return Ok(next);
            }
        }
        Ok(Next::On)
    }

    fn node(&mut self, node: &Node, dot: &Val) -> Result<Next, String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Break => return Ok(Next::Break),
            Node::Continue => return Ok(Next::Continue),
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    let text = value.as_ref().map_or(NO_VALUE.to_owned(), format::plain);
                    self.out.push_str(&text);
                }
            }
            Node::If(pipe, body, other) | Node::With(pipe, body, other) => {
                let mark = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let inner = if matches!(node, Node::With(..)) { &value } else { dot };
                let next = match is_true(&value) {
                    true => self.nodes(body, inner),
                    false => self.nodes(other, dot),
                };
                self.variables.truncate(mark);
                return next;
            }
            Node::Range(pipe, body, other) => return self.range(pipe, (body, other), dot),
            Node::Template(name, pipe) => {
                let value = match pipe {
                    Some(pipe) => self.pipe(pipe, dot)?,
                    None => None,
                };
                return self.call(name, value);
            }
        }
        Ok(Next::On)
    }

    fn call(&mut self, name: &str, dot: Val) -> Result<Next, String> {
        let template = self.template;
        let Some(nodes) = template.defined.get(name) else {
            return Err(format!("template: output:1: template {name:?} not defined"));
        };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!(
                "template: output:1: exceeded maximum template depth ({DEPTH_MAX})"
            ));
        }
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
        self.nodes(nodes, &dot)?;
        self.variables = outer;
        self.depth -= 1;
        Ok(Next::On)
    }

    fn range(
        &mut self,
        pipe: &Pipe,
        (body, other): (&[Node], &[Node]),
        dot: &Val,
    ) -> Result<Next, String> {
        let mark = self.variables.len();
        let value = self.value_of(pipe, dot)?;
        let items: Vec<(Value, Value)> = match value {
            Some(Value::Array(items)) => (0i64..).map(Value::from).zip(items).collect(),
            Some(Value::Object(map)) => map.into_iter().map(|(k, v)| (k.into(), v)).collect(),
            Some(Value::Number(number)) if number.is_i64() => {
                let end = number.as_i64().unwrap_or(0);
                (0..end).take(STEPS_MAX).map(|i| (i.into(), i.into())).collect()
            }
            None | Some(Value::Null) => Vec::new(),
            Some(other) => {
                let why = format!("range can't iterate over {}", format::plain(&other));
                return Err(self.at(pipe.span, &why));
            }
        };
        if items.is_empty() {
            self.nodes(other, dot)?;
        }
        for (key, item) in items {
            let item = Some(item);
            match pipe.variables.as_slice() {
                [one] => self.variables.push((one.clone(), item.clone())),
                [first, second] => {
                    self.variables.push((first.clone(), Some(key)));
                    self.variables.push((second.clone(), item.clone()));
                }
                _ => {}
            }
            let next = self.nodes(body, &item)?;
            self.variables.truncate(mark);
            if next == Next::Break {
                break;
            }
        }
        self.variables.truncate(mark);
        Ok(Next::On)
    }

    /// The value of a pipe, with its variables set.
    fn pipe(&mut self, pipe: &Pipe, dot: &Val) -> Result<Val, String> {
        let value = self.value_of(pipe, dot)?;
        if let [name] = pipe.variables.as_slice() {
            let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
            match known {
                Some((_, old)) if pipe.assigns => *old = value.clone(),
                _ => self.variables.push((name.clone(), value.clone())),
            }
        }
        Ok(value)
    }

    fn value_of(&mut self, pipe: &Pipe, dot: &Val) -> Result<Val, String> {
        let mut last: Option<Val> = None;
        for command in &pipe.commands {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.flatten())
    }

    /// One command of a pipe; `last` is what the one before it gave.
    fn command(&mut self, command: &Command, dot: &Val, last: Option<Val>) -> Result<Val, String> {
        let Some((head, rest)) = command.args.split_first() else { return Ok(None) };
        let Arg::Function(name, span) = head else {
            if !rest.is_empty() || last.is_some() {
                let why = format!("can't give argument to non-function {}", self.source(head));
                return Err(self.at(head.span(), &why));
            }
            return self.arg(head, dot);
        };
        // `and` and `or` look at no more than they need.
        let mut values = Vec::new();
        for arg in rest {
            let value = self.arg(arg, dot)?;
            let decides = match name.as_str() {
                "and" => !is_true(&value),
                "or" => is_true(&value),
                _ => false,
            };
            if decides {
                return Ok(value);
            }
            values.push(value);
        }
        values.extend(last);
        functions::call(name, values)
            .map_err(|why| self.at(*span, &format!("error calling {name}: {why}")))
    }

    fn source(&self, arg: &Arg) -> &str {
        let (start, end) = arg.span();
        self.text.get(start..end).unwrap_or("")
    }

    fn arg(&mut self, arg: &Arg, dot: &Val) -> Result<Val, String> {
        match arg {
            Arg::Dot(_) => Ok(dot.clone()),
            Arg::Nil(_) => Ok(None),
            Arg::Literal(value, _) => Ok(Some(value.clone())),
            Arg::Field(path, span) => self.fields(dot.clone(), path, *span),
            Arg::Variable(name, path, span) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                let value = known.and_then(|(_, value)| value.clone());
                self.fields(value, path, *span)
            }
            Arg::Function(name, span) => functions::call(name, Vec::new())
                .map_err(|why| self.at(*span, &format!("error calling {name}: {why}"))),
            Arg::Pipe(pipe, path, span) => {
                let value = self.value_of(pipe, dot)?;
                self.fields(value, path, *span)
            }
        }
    }

    fn fields(&self, start: Val, path: &[String], span: (usize, usize)) -> Result<Val, String> {
        let mut value = start;
        for name in path {
            value = match value {
                Some(Value::Object(mut map)) => {
                    let found = map.remove(name);
                    if found.is_none() && !self.allow_missing {
                        let why = format!("map has no entry for key {name:?}");
                        return Err(self.at(span, &why));
                    }
                    found
                }
                None | Some(Value::Null) => None,
                Some(_) => {
                    let why = format!("can't evaluate field {name} in type interface {{}}");
                    return Err(self.at(span, &why));
                }
            };
        }
        Ok(value)
    }
}

/// Templates that `define` names.
type Defined = BTreeMap<String, Vec<Node>>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::execute;

    #[test]
    fn templates_say_what_go_says() {
        let data = json!({
            "kind": "Pod", "items": [{"n": "a", "c": 1}, {"n": "b", "c": 2_000_000}],
            "labels": {"x": "1", "y": "2"}, "ok": true,
        });
        for (template, want) in [
            ("{{.kind}} {{.none}} {{.none.at.all}}", "Pod <no value> <no value>"),
            ("{{range $i, $x := .items}}{{$i}}{{$x.n}}{{.c}} {{end}}", "0a1 1b2e+06 "),
            ("{{range $k, $v := .labels}}{{$k}}={{$v}},{{end}}", "x=1,y=2,"),
            ("{{range .none}}x{{else}}y{{end}}", "y"),
            ("{{if eq .kind \"Job\" \"Pod\"}}1{{else if .ok}}2{{end}}", "1"),
            ("{{with .labels}}{{.x}}{{end}} {{$a := 1}}{{$a = 2}}{{$a}}", "1 2"),
            ("{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .kind}}", "[Pod]"),
            ("{{ .kind | printf \"%s-%d\" \"a\" | len }}", "17"),
            ("a {{- \"x\" -}} b {{/* c */}}{{(index .items 1).n}}", "axb b"),
            (
                "{{printf \"%q %v %5d|%-3s|%t\" .kind .items 7 \"z\" .ok}}",
                "\"Pod\" [map[c:1 n:a] map[c:2e+06 n:b]]     7|z  |true",
            ),
            ("{{index .labels \"y\"}} {{and .ok 0}} {{or \"\" \"q\"}} {{not .ok}}", "2 0 q false"),
            ("{{range .items}}{{if eq .n \"b\"}}{{break}}{{end}}{{.n}}{{end}}", "a"),
            ("{{lt 1 2}} {{ge \"b\" \"a\"}} {{ne 1 1}} {{len .items}}", "true true false 2"),
            ("{{base64decode \"aGk=\"}} {{exists . \"kind\"}} {{urlquery \"a b\"}}", "hi true a+b"),
        ] {
            let (out, result) = execute(template, &data, true);
            assert!(result.is_ok(), "{template}: {result:?}");
            assert_eq!(out, want, "{template}");
        }
    }

    #[test]
    fn mistakes_are_named_as_go_names_them() {
        for (template, want) in [
            ("{{foo}}", "function \"foo\" not defined"),
            ("{{.a", "unclosed action"),
            ("{{range .a}}", "unexpected EOF"),
            ("{{end}}", "unexpected {{end}}"),
            ("{{$x}}", "undefined variable \"$x\""),
            ("{{\"a}}", "unterminated quoted string"),
            ("{{.kind.x}}", "can't evaluate field x in type interface {}"),
            ("{{eq .n 1}}", "incompatible types for comparison"),
        ] {
            let (_, result) = execute(template, &json!({"kind": "Pod", "n": 1}), true);
            let text = result.err().map(|fail| fail.message()).unwrap_or_default();
            assert!(text.ends_with(want), "{template}: {text}");
        }
    }
}

//! The text filters that stand behind a pipe: cat, grep, head, tail, wc, sort, uniq, awk, cut,
//! tr, base64.

use crate::bytes;
use crate::session::Cx;
use crate::shell::pattern::Pattern;

pub type Filter = fn(&mut Cx<'_>, &[String], &str) -> i32;

pub fn filter(name: &str) -> Option<Filter> {
    Some(match name {
        "awk" => super::awk::awk,
        "base64" => base64,
        "cat" => cat,
        "cut" => cut,
        "grep" | "egrep" => grep,
        "head" => head,
        "sed" => sed,
        "sort" => sort,
        "tail" => tail,
        "tr" => tr,
        "uniq" => uniq,
        "wc" => wc,
        _ => return None,
    })
}

/// The text of the named files, or standard input if none is named.
pub fn input(cx: &mut Cx<'_>, program: &str, names: &[&str], stdin: &str) -> (String, i32) {
    if names.is_empty() {
        return (stdin.to_owned(), 0);
    }
    let (mut text, mut code) = (String::new(), 0);
    for name in names {
        if *name == "-" {
            text.push_str(stdin);
        } else if let Some(file) = cx.session.files.read(name) {
            text.push_str(file);
        } else if cx.session.files.is_folder(name) {
            cx.complain(&format!("{program}: {name}: Is a directory"));
            code = 1;
        } else if *name != "/dev/null" {
            cx.complain(&format!("{program}: {name}: No such file or directory"));
            code = 1;
        }
    }
    (text, code)
}

/// Options (a dash and letters) and the rest. Letters in `with_value` take a value.
pub fn options<'a>(args: &'a [String], with_value: &str) -> (Vec<(char, &'a str)>, Vec<&'a str>) {
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(body) = arg.strip_prefix('-').filter(|body| !body.is_empty()) else {
            rest.push(arg.as_str());
            continue;
        };
        if body == "-" {
            rest.extend(args.by_ref().map(String::as_str));
            break;
        }
        for (at, letter) in body.char_indices() {
            if with_value.contains(letter) {
                let value = body.get(at + letter.len_utf8()..).unwrap_or("");
                let value = match value {
                    "" => args.next().map_or("", String::as_str),
                    value => value,
                };
                found.push((letter, value));
                break;
            }
            found.push((letter, ""));
        }
    }
    (found, rest)
}

fn has(options: &[(char, &str)], letter: char) -> bool {
    options.iter().any(|(found, _)| *found == letter)
}

fn cat(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, names) = options(args, "");
    let (text, code) = input(cx, "cat", &names, stdin);
    if has(&options, 'n') {
        let lines: Vec<String> =
            (1..).zip(text.lines()).map(|(number, line)| format!("{number:6}\t{line}\n")).collect();
        cx.out.stdout(&lines.concat());
    } else {
        cx.out.stdout(&text);
    }
    code
}

fn grep(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, mut rest) = options(args, "eABCm");
    let mut patterns: Vec<&str> =
        options.iter().filter(|(letter, _)| *letter == 'e').map(|(_, value)| *value).collect();
    if patterns.is_empty() {
        if rest.is_empty() {
            cx.complain("Usage: grep [OPTION]... PATTERNS [FILE]...");
            return 2;
        }
        patterns.push(rest.remove(0));
    }
    let mut parsed = Vec::new();
    for pattern in patterns {
        let ignore_case = has(&options, 'i');
        match has(&options, 'F') {
            true => parsed.push(Pattern::fixed(pattern, ignore_case)),
            false => match Pattern::parse(pattern, has(&options, 'E'), ignore_case) {
                Ok(pattern) => parsed.push(pattern),
                Err(why) => {
                    cx.complain(&format!("grep: {why}"));
                    return 2;
                }
            },
        }
    }
    let (text, code) = input(cx, "grep", &rest, stdin);
    let number = |letter: char| {
        let given = options.iter().rev().find(|(found, _)| *found == letter);
        given.and_then(|(_, value)| value.parse::<usize>().ok()).unwrap_or(0)
    };
    let around = number('C');
    let (before, after) = (number('B').max(around), number('A').max(around));
    let lines: Vec<&str> = text.lines().collect();
    let hits: Vec<bool> = lines.iter().map(|line| is_hit(&parsed, &options, line)).collect();
    let count = hits.iter().filter(|hit| **hit).count();
    if has(&options, 'q') {
        return i32::from(count == 0);
    }
    if has(&options, 'c') {
        cx.say(&count.to_string());
        return i32::from(count == 0);
    }
    for (at, line) in lines.iter().enumerate() {
        let near = hits.get(at.saturating_sub(after)..(at + before + 1).min(hits.len()));
        if !near.is_some_and(|near| near.contains(&true)) {
            continue;
        }
        let shown = match has(&options, 'o') {
            true => matches_of(&parsed, line),
            false => vec![(*line).to_owned()],
        };
        for text in shown {
            let number = if has(&options, 'n') { format!("{}:", at + 1) } else { String::new() };
            cx.say(&format!("{number}{text}"));
        }
    }
    if count == 0 { code.max(1) } else { code }
}

fn is_hit(patterns: &[Pattern], options: &[(char, &str)], line: &str) -> bool {
    let chars: Vec<char> = line.chars().collect();
    let is_word = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let hit = patterns.iter().any(|pattern| {
        let Some((start, end)) = pattern.find(&chars, 0) else { return false };
        let whole = !has(options, 'x') || (start == 0 && end == chars.len());
        let before = start.checked_sub(1).and_then(|at| chars.get(at));
        let word = !has(options, 'w') || !(is_word(before) || is_word(chars.get(end)));
        whole && word
    });
    hit != has(options, 'v')
}

fn matches_of(patterns: &[Pattern], line: &str) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    for pattern in patterns {
        let mut from = 0;
        while let Some((start, end)) = pattern.find(&chars, from) {
            if end > start {
                found.push(chars.get(start..end).unwrap_or(&[]).iter().collect());
            }
            from = end.max(start + 1);
        }
    }
    found
}

/// How many lines `head` and `tail` are asked for, and the files.
fn count(args: &[String]) -> (String, Vec<&str>) {
    let (options, rest) = options(args, "nc");
    let given = options.iter().rev().find(|(letter, _)| *letter == 'n').map(|(_, value)| *value);
    // `head -5`
    let digits: String =
        options.iter().map(|(letter, _)| *letter).filter(char::is_ascii_digit).collect();
    let number = match given {
        Some(value) => value.to_owned(),
        None if !digits.is_empty() => digits,
        None => "10".to_owned(),
    };
    (number, rest)
}

fn head(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (number, names) = count(args);
    let (text, code) = input(cx, "head", &names, stdin);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let wanted = match number.strip_prefix('-') {
        Some(less) => lines.len().saturating_sub(less.parse().unwrap_or(0)),
        None => match number.parse() {
            Ok(wanted) => wanted,
            Err(_) => {
                cx.complain(&format!("head: invalid number of lines: ‘{number}’"));
                return 1;
            }
        },
    };
    cx.out.stdout(&lines.into_iter().take(wanted).collect::<String>());
    code
}

fn tail(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (number, names) = count(args);
    let (text, code) = input(cx, "tail", &names, stdin);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let skip = match number.strip_prefix('+') {
        Some(first) => first.parse::<usize>().unwrap_or(1).saturating_sub(1),
        None => match number.parse::<usize>() {
            Ok(wanted) => lines.len().saturating_sub(wanted),
            Err(_) => {
                cx.complain(&format!("tail: invalid number of lines: ‘{number}’"));
                return 1;
            }
        },
    };
    cx.out.stdout(&lines.into_iter().skip(skip).collect::<String>());
    code
}

fn wc(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, names) = options(args, "");
    let (text, code) = input(cx, "wc", &names, stdin);
    let counts = [
        ('l', text.matches('\n').count()),
        ('w', text.split_whitespace().count()),
        ('c', text.len()),
    ];
    let wanted: Vec<String> = counts
        .iter()
        .filter(|(letter, _)| options.is_empty() || has(&options, *letter))
        .map(|(_, count)| count.to_string())
        .collect();
    let line = match wanted.as_slice() {
        [one] => one.clone(),
        many => many.iter().map(|count| format!("{count:>7}")).collect::<Vec<_>>().join(" "),
    };
    match names.as_slice() {
        [name] => cx.say(&format!("{line} {name}")),
        _ => cx.say(&line),
    }
    code
}

/// Columns of encoded text, unless `-w` says otherwise.
const BASE64_COLUMNS: usize = 76;

fn base64(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let plain = |arg: &String| match arg.strip_prefix("--wrap=") {
        Some(columns) => format!("-w{columns}"),
        None if arg == "--decode" => "-d".to_owned(),
        None => arg.clone(),
    };
    let args: Vec<String> = args.iter().map(plain).collect();
    let (options, names) = options(&args, "w");
    let (text, code) = input(cx, "base64", &names, stdin);
    if has(&options, 'd') {
        let Some(decoded) = apimachinery::base64::decode(&text) else {
            cx.complain("base64: invalid input");
            return 1;
        };
        cx.out.stdout(&bytes::to_text(&decoded));
        return code;
    }
    let width = options.iter().find(|(letter, _)| *letter == 'w');
    let width = width.and_then(|(_, value)| value.parse().ok()).unwrap_or(BASE64_COLUMNS);
    let coded = bytes::base64(&bytes::of_text(&text));
    if width == 0 {
        cx.out.stdout(&coded);
        return code;
    }
    for line in coded.as_bytes().chunks(width) {
        cx.say(&String::from_utf8_lossy(line));
    }
    code
}

fn sort(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, names) = options(args, "kt");
    let (text, code) = input(cx, "sort", &names, stdin);
    let mut lines: Vec<&str> = text.lines().collect();
    let column = options.iter().find(|(letter, _)| *letter == 'k').and_then(|(_, value)| {
        let digits = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
        digits.parse::<usize>().ok()
    });
    let key = |line: &str| -> String {
        match column {
            Some(column) => {
                let fields: Vec<&str> =
                    line.split_whitespace().skip(column.saturating_sub(1)).collect();
                fields.join(" ")
            }
            None => line.to_owned(),
        }
    };
    let number = |line: &str| -> i64 {
        let key = key(line);
        let digits: String = key
            .trim_start()
            .chars()
            .enumerate()
            .take_while(|(at, c)| c.is_ascii_digit() || (*at == 0 && *c == '-'))
            .map(|(_, c)| c)
            .collect();
        digits.parse().unwrap_or(0)
    };
    if has(&options, 'n') {
        lines.sort_by(|a, b| number(a).cmp(&number(b)).then_with(|| a.cmp(b)));
    } else {
        lines.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
    }
    if has(&options, 'u') {
        lines.dedup();
    }
    if has(&options, 'r') {
        lines.reverse();
    }
    cx.out.stdout(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    code
}

fn uniq(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, names) = options(args, "");
    let (text, code) = input(cx, "uniq", &names, stdin);
    let mut runs: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        match runs.last_mut() {
            Some((count, last)) if *last == line => *count += 1,
            _ => runs.push((1, line)),
        }
    }
    for (count, line) in runs {
        match has(&options, 'c') {
            true => cx.say(&format!("{count:7} {line}")),
            false => cx.say(line),
        }
    }
    code
}

fn cut(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, names) = options(args, "dfc");
    let (text, code) = input(cx, "cut", &names, stdin);
    let value = |letter| options.iter().find(|(found, _)| *found == letter).map(|(_, v)| *v);
    let (delimiter, fields, by_char) = match (value('f'), value('c')) {
        (Some(fields), _) => (value('d').unwrap_or("\t"), fields, false),
        (None, Some(fields)) => ("", fields, true),
        (None, None) => {
            cx.complain("cut: you must specify a list of bytes, characters, or fields");
            return 1;
        }
    };
    let wanted = |number: usize| {
        fields.split(',').any(|part| match part.split_once('-') {
            Some((low, high)) => {
                number >= low.parse().unwrap_or(1) && number <= high.parse().unwrap_or(usize::MAX)
            }
            None => part.parse() == Ok(number),
        })
    };
    for line in text.lines() {
        if by_char {
            let kept: String =
                (1..).zip(line.chars()).filter(|(n, _)| wanted(*n)).map(|(_, c)| c).collect();
            cx.say(&kept);
        } else if delimiter.is_empty() || !line.contains(delimiter) {
            cx.say(line);
        } else {
            let kept: Vec<&str> = (1..)
                .zip(line.split(delimiter))
                .filter(|(number, _)| wanted(*number))
                .map(|(_, field)| field)
                .collect();
            cx.say(&kept.join(delimiter));
        }
    }
    code
}

/// The characters of a set: `a-z` and `[:upper:]` are all in between.
fn tr_set(text: &str) -> String {
    let text = text
        .replace("[:lower:]", "a-z")
        .replace("[:upper:]", "A-Z")
        .replace("[:digit:]", "0-9")
        .replace("[:space:]", " \t\n\r")
        .replace("[:alpha:]", "A-Za-z")
        .replace("[:alnum:]", "0-9A-Za-z");
    let mut set = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(end)) if end >= c => {
                set.extend(c..=end);
                chars = ahead;
            }
            _ => set.push(c),
        }
    }
    set
}

fn tr(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let unescape = |text: &str| tr_set(&text.replace("\\n", "\n").replace("\\t", "\t"));
    let text: String = match args {
        [flag, set] if flag == "-s" => {
            let set = unescape(set);
            let mut last = None;
            let keeps = |c: &char| {
                let again = last == Some(*c) && set.contains(*c);
                last = Some(*c);
                !again
            };
            stdin.chars().filter(keeps).collect()
        }
        [flag, set] if flag == "-d" => {
            let set = unescape(set);
            stdin.chars().filter(|c| !set.contains(*c)).collect()
        }
        [from, to] => {
            let (from, to): (Vec<char>, Vec<char>) =
                (unescape(from).chars().collect(), unescape(to).chars().collect());
            let map = |c: char| match from.iter().position(|f| *f == c) {
                Some(at) => to.get(at).or(to.last()).copied().unwrap_or(c),
                None => c,
            };
            stdin.chars().map(map).collect()
        }
        _ => {
            cx.complain("tr: only `tr SET1 SET2' and `tr -d SET' are supported in this terminal");
            return 1;
        }
    };
    cx.out.stdout(&text);
    0
}

/// `sed 's/this/that/g'`, the one command of sed that is here; `-i` writes the files anew.
fn sed(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, mut rest) = options(args, "e");
    let script = options.iter().find(|(letter, _)| *letter == 'e').map(|(_, value)| *value);
    let script = match script {
        Some(script) => script,
        None if rest.is_empty() => {
            cx.complain("Usage: sed [OPTION]... {script} [input-file]...");
            return 1;
        }
        None => rest.remove(0),
    };
    let mut chars = script.chars();
    let (command, mark) = (chars.next(), chars.next());
    let parts: Vec<&str> = match (command, mark) {
        (Some('s'), Some(mark)) => {
            script.get(1 + mark.len_utf8()..).unwrap_or("").split(mark).collect()
        }
        _ => Vec::new(),
    };
    let ([from, to, flags], false) = (parts.as_slice(), has(&options, 'n')) else {
        cx.complain("sed: only 's/this/that/' is supported in this terminal");
        return 1;
    };
    let pattern = match Pattern::parse(from, has(&options, 'E'), flags.contains('i')) {
        Ok(pattern) => pattern,
        Err(why) => {
            cx.complain(&format!("sed: -e expression #1: {why}"));
            return 1;
        }
    };
    let all = flags.contains('g');
    if !has(&options, 'i') {
        let (text, code) = input(cx, "sed", &rest, stdin);
        cx.out.stdout(&substituted(&pattern, &text, to, all));
        return code;
    }
    let mut worst = 0;
    for name in rest {
        let (text, code) = input(cx, "sed", &[name], "");
        if code == 0 {
            cx.session.files.write(name, substituted(&pattern, &text, to, all));
        }
        worst = worst.max(code);
    }
    worst
}

fn substituted(pattern: &Pattern, text: &str, to: &str, all: bool) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        out.push_str(&replaced(pattern, line.trim_end_matches('\n'), to, all));
        out.push_str(if line.ends_with('\n') { "\n" } else { "" });
    }
    out
}

fn replaced(pattern: &Pattern, line: &str, to: &str, all: bool) -> String {
    let chars: Vec<char> = line.chars().collect();
    let part = |range: std::ops::Range<usize>| -> String {
        chars.get(range).unwrap_or(&[]).iter().collect()
    };
    let (mut out, mut from) = (String::new(), 0);
    while let Some((start, end)) = pattern.find(&chars, from) {
        out.push_str(&part(from..start));
        out.push_str(&to.replace('&', &part(start..end)));
        from = end;
        if end == start {
            out.push_str(&part(end..end + 1));
            from = end + 1;
        }
        if !all || from > chars.len() {
            break;
        }
    }
    out + &part(from.min(chars.len())..chars.len())
}

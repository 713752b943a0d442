//! Indexes of an indexed job as its status writes them: `0,2-4,7`.
// Models the interval functions of pkg/apis/batch/validation/validation.go.

use apimachinery::strconv;

/// How many indexes a text names, or what is wrong with it.
pub fn validate(text: &str, completions: i32) -> Result<i32, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut last, mut total) = (None, 0i32);
    for part in text.split(',') {
        let (first, end) = interval(part, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        total = total.saturating_add(end.saturating_sub(first).saturating_add(1));
        last = Some(end);
    }
    Ok(total)
}

fn index(text: &str, completions: i32) -> Result<i32, String> {
    let Some(number) = strconv::parse_int64(text) else {
        let quoted = strconv::quote(text);
        return Err(format!("cannot convert string to integer for index: {quoted}"));
    };
    match i32::try_from(number) {
        Ok(number) if number < completions => Ok(number),
        _ => Err(format!("too large index: {}", strconv::quote(text))),
    }
}

fn interval(text: &str, completions: i32) -> Result<(i32, i32), String> {
    let Some((first, last)) = text.split_once('-') else {
        let only = index(text, completions)?;
        return Ok((only, only));
    };
    if last.contains('-') {
        let quoted = strconv::quote(text);
        return Err(format!(
            "the fragment {quoted} violates the requirement that an index interval can have at \
             most two parts separated by '-'"
        ));
    }
    let (first, last) = (index(first, completions)?, index(last, completions)?);
    if first >= last {
        return Err(format!("non-increasing order, previous: {first}, current: {last}"));
    }
    Ok((first, last))
}

/// The first index that stands in both texts.
pub fn overlap(one: &str, other: &str, completions: i32) -> Option<i32> {
    let parse = |text: &str| -> Vec<(i32, i32)> {
        text.split(',').filter_map(|part| interval(part, completions).ok()).collect()
    };
    let (one, other) = (parse(one), parse(other));
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        if a.0 <= b.1 && b.0 <= a.1 {
            return Some(a.0.max(b.0));
        }
        if a.0 <= b.0 { i += 1 } else { j += 1 }
    }
    None
}

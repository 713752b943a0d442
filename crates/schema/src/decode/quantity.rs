//! Whether text is a quantity, and what the API says when it is not.

const FORMAT: &str = "quantities must match the regular expression \
                      '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX: &str = "unable to parse quantity's suffix";

const SUFFIXES: [&str; 16] =
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

// Models apimachinery/pkg/api/resource ParseQuantity.
pub fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err(FORMAT);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let rest = after_digits(unsigned);
    let suffix = rest.strip_prefix('.').map_or(rest, after_digits);
    let exponent = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let number = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FORMAT);
    }
    let exponential = suffix.strip_prefix(['e', 'E']).is_some_and(|n| n.parse::<i64>().is_ok());
    if !SUFFIXES.contains(&suffix) && !exponential {
        return Err(SUFFIX);
    }
    Ok(())
}

fn after_digits(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_digit())
}

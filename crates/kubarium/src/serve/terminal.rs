//! A shell on a terminal: what `kubectl exec -it POD -- sh` talks to. Lines are edited here, as a
//! pseudo terminal does, and run one by one in the container.

/// What comes of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Show this.
    Echo(String),
    /// A line is complete.
    Line(String),
    /// The end of input.
    End,
}

pub const PROMPT: &str = "# ";

const INTERRUPT: char = '\u{3}';
const END_OF_INPUT: char = '\u{4}';
const BACKSPACE: char = '\u{8}';
const DELETE: char = '\u{7f}';

/// The line being typed.
#[derive(Debug, Default)]
pub struct Line(String);

impl Line {
    pub fn key(&mut self, key: char) -> Typed {
        match key {
            '\r' | '\n' => Typed::Line(std::mem::take(&mut self.0)),
            END_OF_INPUT if self.0.is_empty() => Typed::End,
            INTERRUPT => {
                self.0.clear();
                Typed::Echo(format!("^C\r\n{PROMPT}"))
            }
            BACKSPACE | DELETE => match self.0.pop() {
                Some(_) => Typed::Echo("\u{8} \u{8}".to_owned()),
                None => Typed::Echo(String::new()),
            },
            key if key.is_control() => Typed::Echo(String::new()),
            key => {
                self.0.push(key);
                Typed::Echo(key.to_string())
            }
        }
    }
}

/// Output as a terminal wants it.
pub fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Whether a command is a shell that reads its commands from its input.
pub fn is_shell(command: &[&str]) -> bool {
    let words: Vec<&str> = command.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let shell = |word: &str| matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash"));
    matches!(words.as_slice(), [word] if shell(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_lines() {
        let mut line = Line::default();
        let mut typed: Vec<Typed> = "lx\u{7f}s\r".chars().map(|key| line.key(key)).collect();
        assert_eq!(typed.pop(), Some(Typed::Line("ls".to_owned())));
        assert_eq!(typed[2], Typed::Echo("\u{8} \u{8}".to_owned()));
        assert_eq!(line.key('\u{4}'), Typed::End);
        assert!(is_shell(&["/bin/sh"]) && is_shell(&["bash", "-i"]));
        assert!(!is_shell(&["sh", "-c", "ls"]) && !is_shell(&["cat"]));
    }
}

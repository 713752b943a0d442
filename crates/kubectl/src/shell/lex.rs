//! From the text of a line to words, operators and redirects.

use crate::session::Stream;

#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    /// `$NAME`; quoted ones are not cut into words.
    Variable {
        name: String,
        quoted: bool,
    },
    /// `$(…)`
    Output {
        line: String,
        quoted: bool,
    },
}

/// One word of a line, before expansion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    pub pieces: Vec<Piece>,
    /// Some of it was quoted, so that it counts even when it is empty.
    pub quoted: bool,
}

impl Word {
    pub fn literal(text: &str) -> Self {
        Word { pieces: vec![Piece::Text(text.to_owned())], quoted: true }
    }

    fn push(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.to_string())),
        }
    }

    /// The text of a word without anything to expand.
    pub fn plain(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            _ => String::new(),
        };
        self.pieces.iter().map(text).collect()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Redirect {
    Input(Word),
    /// A here-document or here-string.
    Text(Word),
    /// `stream` is `None` for `&>`: both.
    Output {
        stream: Option<Stream>,
        append: bool,
        target: Word,
    },
    /// `2>&1` and `>&2`
    Merge {
        from: Stream,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Word(Word),
    /// `|`, `&&`, `||`, `;`, `&` or a line break.
    Operator(&'static str),
    Redirect(Redirect),
    /// Where the text of the here-document with this number goes.
    Here(usize),
}

/// A here-document whose text is still to come.
struct Pending {
    tag: String,
    expands: bool,
    strips_tabs: bool,
}

struct Lexer<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    tokens: Vec<Token>,
    pending: Vec<Pending>,
    texts: Vec<Word>,
}

pub fn unexpected(line: usize, token: &str) -> String {
    format!("bash: -c: line {line}: syntax error near unexpected token `{token}'\n")
}

/// Cuts a line into tokens, with the texts of its here-documents and the number of its last line.
pub fn tokens(line: &str) -> Result<(Vec<Token>, Vec<Word>, usize), String> {
    let mut lexer = Lexer {
        chars: line.chars().peekable(),
        line: 1,
        tokens: Vec::new(),
        pending: Vec::new(),
        texts: Vec::new(),
    };
    lexer.run()?;
    Ok((lexer.tokens, lexer.texts, lexer.line))
}

impl Lexer<'_> {
    fn eat(&mut self, c: char) -> bool {
        self.chars.next_if_eq(&c).is_some()
    }

    fn operator(&mut self, operator: &'static str) {
        self.tokens.push(Token::Operator(operator));
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.chars.peek().copied() {
            match c {
                ' ' | '\t' | '\r' => {
                    self.chars.next();
                }
                '\n' => {
                    self.chars.next();
                    self.operator("\n");
                    self.line += 1;
                    self.here_documents();
                }
                '#' => while self.chars.next_if(|c| *c != '\n').is_some() {},
                '|' => {
                    self.chars.next();
                    let operator = if self.eat('|') { "||" } else { "|" };
                    self.operator(operator);
                }
                ';' => {
                    self.chars.next();
                    self.operator(";");
                }
                '&' => self.ampersand()?,
                '<' => self.input()?,
                '>' => {
                    self.chars.next();
                    self.output(Some(Stream::Stdout))?;
                }
                '(' | ')' => return Err(unexpected(self.line, &c.to_string())),
                _ => self.word_token()?,
            }
        }
        self.here_documents();
        Ok(())
    }

    fn ampersand(&mut self) -> Result<(), String> {
        self.chars.next();
        if self.eat('&') {
            self.operator("&&");
        } else if self.eat('>') {
            self.output(None)?;
        } else {
            self.operator("&");
        }
        Ok(())
    }

    fn word_token(&mut self) -> Result<(), String> {
        let word = self.word()?;
        let stream = match word.plain().as_str() {
            "1" if !word.quoted => Some(Stream::Stdout),
            "2" if !word.quoted => Some(Stream::Stderr),
            _ => None,
        };
        if stream.is_some() && self.eat('>') {
            return self.output(stream);
        }
        self.tokens.push(Token::Word(word));
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.chars.next_if(|c| *c == ' ' || *c == '\t').is_some() {}
    }

    /// The word behind a redirect.
    fn target(&mut self) -> Result<Word, String> {
        self.skip_blanks();
        match self.chars.peek().copied() {
            None | Some('\n') => Err(unexpected(self.line, "newline")),
            Some(c) if "|&;<>()".contains(c) => Err(unexpected(self.line, &c.to_string())),
            _ => self.word(),
        }
    }

    fn output(&mut self, stream: Option<Stream>) -> Result<(), String> {
        let append = self.eat('>');
        if !append && self.eat('&') {
            let target = self.target()?.plain();
            let from = stream.unwrap_or(Stream::Stdout);
            return match (target.as_str(), from) {
                ("1", Stream::Stderr) | ("2", Stream::Stdout) => {
                    self.tokens.push(Token::Redirect(Redirect::Merge { from }));
                    Ok(())
                }
                ("1" | "2", _) => Ok(()),
                (other, _) => Err(format!("bash: {other}: Bad file descriptor\n")),
            };
        }
        let target = self.target()?;
        self.tokens.push(Token::Redirect(Redirect::Output { stream, append, target }));
        Ok(())
    }

    fn input(&mut self) -> Result<(), String> {
        self.chars.next();
        if !self.eat('<') {
            let target = self.target()?;
            self.tokens.push(Token::Redirect(Redirect::Input(target)));
            return Ok(());
        }
        if self.eat('<') {
            let mut word = self.target()?;
            word.pieces.push(Piece::Text("\n".to_owned()));
            self.tokens.push(Token::Redirect(Redirect::Text(word)));
            return Ok(());
        }
        let strips_tabs = self.eat('-');
        let word = self.target()?;
        self.tokens.push(Token::Here(self.pending.len()));
        self.pending.push(Pending { tag: word.plain(), expands: !word.quoted, strips_tabs });
        Ok(())
    }

    /// Reads the texts of the here-documents that the line named.
    fn here_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while self.chars.peek().is_some() {
                let mut line: String =
                    std::iter::from_fn(|| self.chars.next_if(|c| *c != '\n')).collect();
                let ended = self.chars.next().is_some();
                self.line += 1;
                if pending.strips_tabs {
                    line = line.trim_start_matches('\t').to_owned();
                }
                if line == pending.tag {
                    break;
                }
                // Text may end with the tag without a line break when there is no other end.
                if !ended && let Some(text) = line.strip_suffix(&pending.tag) {
                    body.push_str(text);
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            let word = match pending.expands {
                true => here_word(&body),
                false => Word::literal(&body),
            };
            self.texts.push(word);
        }
    }

    fn word(&mut self) -> Result<Word, String> {
        let mut word = Word::default();
        while let Some(c) = self.chars.peek().copied() {
            match c {
                ' ' | '\t' | '\r' | '\n' | '|' | '&' | ';' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    self.chars.next();
                    self.single(&mut word)?;
                }
                '"' => {
                    self.chars.next();
                    self.double(&mut word)?;
                }
                '\\' => {
                    self.chars.next();
                    match self.chars.next() {
                        Some('\n') => self.line += 1,
                        Some(next) => {
                            word.push(next);
                            word.quoted = true;
                        }
                        None => word.push('\\'),
                    }
                }
                '$' => self.dollar(&mut word, false)?,
                '`' => self.backquote(&mut word, false)?,
                c => {
                    self.chars.next();
                    word.push(c);
                }
            }
        }
        Ok(word)
    }

    fn no_end(&self, quote: char) -> String {
        format!(
            "bash: -c: line {}: unexpected EOF while looking for matching `{quote}'\n",
            self.line
        )
    }

    fn single(&mut self, word: &mut Word) -> Result<(), String> {
        let error = self.no_end('\'');
        word.quoted = true;
        if word.pieces.is_empty() {
            word.pieces.push(Piece::Text(String::new()));
        }
        loop {
            match self.chars.next() {
                Some('\'') => return Ok(()),
                Some(c) => word.push(c),
                None => return Err(error),
            }
        }
    }

    fn double(&mut self, word: &mut Word) -> Result<(), String> {
        let error = self.no_end('"');
        word.quoted = true;
        if word.pieces.is_empty() {
            word.pieces.push(Piece::Text(String::new()));
        }
        while let Some(c) = self.chars.peek().copied() {
            match c {
                '"' => {
                    self.chars.next();
                    return Ok(());
                }
                '\\' => {
                    self.chars.next();
                    match self.chars.next() {
                        Some('\n') => {}
                        Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                        Some(c) => {
                            word.push('\\');
                            word.push(c);
                        }
                        None => return Err(error),
                    }
                }
                '$' => self.dollar(word, true)?,
                '`' => self.backquote(word, true)?,
                c => {
                    self.chars.next();
                    word.push(c);
                }
            }
        }
        Err(error)
    }

    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<(), String> {
        self.chars.next();
        match self.chars.peek().copied() {
            Some('(') => {
                self.chars.next();
                let line = self.until_parenthesis()?;
                word.pieces.push(Piece::Output { line, quoted });
            }
            Some('{') => {
                self.chars.next();
                let name: String =
                    std::iter::from_fn(|| self.chars.next_if(|c| *c != '}')).collect();
                if self.chars.next().is_none() {
                    return Err(self.no_end('}'));
                }
                word.pieces.push(Piece::Variable { name, quoted });
            }
            Some(c) if c == '?' || c == '!' || c == '_' || c.is_ascii_alphabetic() => {
                let mut name = String::from(c);
                self.chars.next();
                if c != '?' && c != '!' {
                    let is_part = |c: &char| *c == '_' || c.is_ascii_alphanumeric();
                    while let Some(c) = self.chars.next_if(is_part) {
                        name.push(c);
                    }
                }
                word.pieces.push(Piece::Variable { name, quoted });
            }
            _ => word.push('$'),
        }
        Ok(())
    }

    /// Reads up to the parenthesis that closes `$(`.
    fn until_parenthesis(&mut self) -> Result<String, String> {
        let (mut text, mut depth, mut quote) = (String::new(), 1, None);
        for c in self.chars.by_ref() {
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(text);
                    }
                }
                _ => {}
            }
            text.push(c);
        }
        Err(self.no_end(')'))
    }

    fn backquote(&mut self, word: &mut Word, quoted: bool) -> Result<(), String> {
        self.chars.next();
        let line: String = std::iter::from_fn(|| self.chars.next_if(|c| *c != '`')).collect();
        if self.chars.next().is_none() {
            return Err(self.no_end('`'));
        }
        word.pieces.push(Piece::Output { line, quoted });
        Ok(())
    }
}

/// The text of a here-document with its variables.
fn here_word(body: &str) -> Word {
    let mut lexer = Lexer {
        chars: body.chars().peekable(),
        line: 1,
        tokens: Vec::new(),
        pending: Vec::new(),
        texts: Vec::new(),
    };
    let mut word = Word { pieces: Vec::new(), quoted: true };
    while let Some(c) = lexer.chars.peek().copied() {
        let result = match c {
            '$' => lexer.dollar(&mut word, true),
            '\\' => {
                lexer.chars.next();
                match lexer.chars.next() {
                    Some('\n') => {}
                    Some(c @ ('\\' | '$' | '`')) => word.push(c),
                    Some(c) => {
                        word.push('\\');
                        word.push(c);
                    }
                    None => word.push('\\'),
                }
                Ok(())
            }
            c => {
                lexer.chars.next();
                word.push(c);
                Ok(())
            }
        };
        if result.is_err() {
            return Word::literal(body);
        }
    }
    word
}

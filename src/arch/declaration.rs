//! Reading types and declarations.

use std::rc::Rc;

use super::ast::{Expr, Init, Stmt, TypeName};
use super::ctype::{Layout, Member, Type};
use super::lex::{Kind, Token};
use super::parse::Parser;
use super::trouble::{Result, Trouble};
use crate::program::Symbol;

/// A function's parameters and body.
#[derive(Debug)]
pub struct Function {
    /// What it returns.
    pub returns: Type,
    /// Types and names.
    pub parameters: Vec<(Type, Symbol)>,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// What stands in front of names.
struct Specifiers {
    base: Option<TypeName>,
    is_typedef: bool,
}

const QUALIFIERS: &[&str] = &[
    "const",
    "volatile",
    "static",
    "inline",
    "extern",
    "register",
    "auto",
    "restrict",
    "__inline",
    "__inline__",
    "__const",
    "__volatile__",
    "__restrict",
    "__extension__",
    "__always_inline",
    "_Noreturn",
];

impl Parser<'_, '_, '_> {
    /// True if a type begins at a token.
    pub(super) fn is_type_at(&mut self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at).copied().filter(Token::is_word) else {
            return false;
        };
        let word = token.text.as_str();
        if QUALIFIERS.contains(&word) || is_keyword(word) {
            return true;
        }
        // A variable may have a type's name, a member always can.
        let is_followed = |mark: &str| self.tokens.get(at + 1).is_some_and(|next| next.is(mark));
        !is_followed("(") && !is_followed("=") && self.unit.is_type(token.text)
    }

    /// A type without a name, as in casts.
    pub(super) fn type_name(&mut self) -> Result<TypeName> {
        let specifiers = self.specifiers()?;
        let Some(base) = specifiers.base else {
            return Err(self.unexpected("a type"));
        };
        let of = self.pointers(base)?;
        if self.is("(") {
            return Err(Trouble::new("a type of functions"));
        }
        self.dimensions(of)
    }

    /// Variables of a block.
    pub(super) fn declaration(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        let specifiers = self.specifiers()?;
        let Some(base) = specifiers.base else {
            return Err(self.unexpected("a type"));
        };
        if self.take(";") {
            return Ok(());
        }
        loop {
            let of = self.pointers(base.clone())?;
            let name = self.name()?;
            let of = self.dimensions(of)?;
            self.attributes()?;
            let init = match self.take("=") {
                true => Some(self.initializer()?),
                false => None,
            };
            out.push(Stmt::Declare(of, name, init));
            if !self.take(",") {
                break;
            }
        }
        self.expect(";")
    }

    /// A whole definition of a function.
    pub fn function(&mut self) -> Result<Function> {
        let specifiers = self.specifiers()?;
        let returns = match specifiers.base {
            Some(base) => self.pointers(base)?,
            None => TypeName::Known(Type::integer(32, true)),
        };
        let TypeName::Known(returns) = returns else {
            return Err(Trouble::new("a function that returns typeof()"));
        };
        self.attributes()?;
        while !self
            .tokens
            .get(self.at + 1)
            .is_some_and(|next| next.is("("))
        {
            // An annotation that no header defines.
            self.name()?;
        }
        self.name()?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.is(")") {
            if self.take("...") {
                break;
            }
            let specifiers = self.specifiers()?;
            let Some(base) = specifiers.base else {
                return Err(self.unexpected("a type"));
            };
            let TypeName::Known(of) = self.pointers(base)? else {
                return Err(Trouble::new("a parameter of type typeof()"));
            };
            if !self.is(")") && !self.is(",") {
                let name = self.name()?;
                self.attributes()?;
                let of = match self.dimensions(TypeName::Known(of))? {
                    TypeName::Known(Type::Array(of, _)) => Type::Pointer(of),
                    TypeName::Known(of) => of,
                    TypeName::Of(_) => return Err(Trouble::new("a parameter of type typeof()")),
                };
                parameters.push((of, name));
            }
            if !self.take(",") {
                break;
            }
        }
        self.expect(")")?;
        while !self.is("{") {
            self.at += 1;
            if self.at >= self.tokens.len() {
                return Err(self.unexpected("{"));
            }
        }
        let body = self.block()?;
        Ok(Function {
            returns,
            parameters,
            body,
        })
    }

    /// The type that a `typedef`, or the object that a declaration, gives to `name`.
    pub fn declared(&mut self, name: Symbol) -> Result<Type> {
        let specifiers = self.specifiers()?;
        let Some(base) = specifiers.base else {
            return Err(self.unexpected("a type"));
        };
        loop {
            let of = self.pointers(base.clone())?;
            if self.is("(") {
                return Err(Trouble::new("a pointer to a function"));
            }
            self.attributes()?;
            let own = self.name()?;
            let of = self.dimensions(of)?;
            if own == name {
                return match of {
                    TypeName::Known(of) => Ok(of),
                    TypeName::Of(_) => Err(Trouble::new("a typeof() outside of functions")),
                };
            }
            let is_typedef = specifiers.is_typedef;
            while !self.take(",") {
                // Annotations stand between a name and its end.
                self.at += 1;
                if is_typedef || self.at >= self.tokens.len() {
                    return Err(self.unexpected("a declaration"));
                }
            }
        }
    }

    /// The type of a structure by its definition.
    pub fn tagged(&mut self) -> Result<Type> {
        let specifiers = self.specifiers()?;
        match specifiers.base {
            Some(TypeName::Known(of)) => Ok(of),
            _ => Err(self.unexpected("a structure")),
        }
    }

    fn attributes(&mut self) -> Result<()> {
        while let Some(token) = self.tokens.get(self.at).copied() {
            if !token.is_word() || !token.text.as_str().starts_with("__attribute") {
                return Ok(());
            }
            self.at += 1;
            self.skip_parentheses()?;
        }
        Ok(())
    }

    fn skip_parentheses(&mut self) -> Result<()> {
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at) {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.unexpected(")"))
    }

    fn specifiers(&mut self) -> Result<Specifiers> {
        let mut specifiers = Specifiers {
            base: None,
            is_typedef: false,
        };
        let mut words: Vec<&'static str> = Vec::new();
        while let Some(token) = self.tokens.get(self.at).copied().filter(Token::is_word) {
            let word = token.text.as_str();
            match word {
                "typedef" => specifiers.is_typedef = true,
                "struct" | "union" => {
                    self.at += 1;
                    specifiers.base = Some(TypeName::Known(self.structure(word == "union")?));
                    continue;
                }
                "enum" => {
                    self.at += 1;
                    self.skip_enum()?;
                    specifiers.base = Some(TypeName::Known(Type::integer(32, false)));
                    continue;
                }
                "typeof" | "__typeof__" | "__typeof" => {
                    self.at += 1;
                    self.expect("(")?;
                    let of = match self.is_type_at(self.at) {
                        true => self.type_name()?,
                        false => TypeName::Of(Box::new(self.expression()?)),
                    };
                    self.expect(")")?;
                    specifiers.base = Some(of);
                    continue;
                }
                _ if word.starts_with("__attribute") => {
                    self.attributes()?;
                    continue;
                }
                _ if QUALIFIERS.contains(&word) => {}
                _ if is_keyword(word) => words.push(word),
                _ if specifiers.base.is_some() || !words.is_empty() => break,
                _ => match self.unit.typedef(token.text, self.live)? {
                    Some(of) => specifiers.base = Some(TypeName::Known(of)),
                    None => {
                        let next = self.tokens.get(self.at + 1);
                        if !next.is_some_and(Token::is_word) {
                            break;
                        }
                        // An annotation that no header defines.
                    }
                },
            }
            self.at += 1;
        }
        if !words.is_empty() {
            let long_width = self.unit.long_width;
            specifiers.base = Some(TypeName::Known(basic(&words, long_width)));
        }
        Ok(specifiers)
    }

    fn pointers(&mut self, mut of: TypeName) -> Result<TypeName> {
        loop {
            if self.take("*") {
                of = match of {
                    TypeName::Known(of) => TypeName::Known(Type::Pointer(Rc::new(of))),
                    TypeName::Of(expr) => TypeName::Of(Box::new(Expr::Unary("&", expr))),
                };
            } else if self
                .tokens
                .get(self.at)
                .is_some_and(|t| t.is_word() && QUALIFIERS.contains(&t.text.as_str()))
            {
                self.at += 1;
            } else {
                return Ok(of);
            }
        }
    }

    fn dimensions(&mut self, of: TypeName) -> Result<TypeName> {
        if !self.take("[") {
            return Ok(of);
        }
        let n = match self.is("]") {
            true => 0,
            false => {
                let size = self.conditional()?;
                self.unit.constant(&size).unwrap_or(0)
            }
        };
        self.expect("]")?;
        let TypeName::Known(inner) = self.dimensions(of)? else {
            return Err(Trouble::new("an array of typeof()"));
        };
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        Ok(TypeName::Known(Type::Array(Rc::new(inner), n)))
    }

    fn skip_enum(&mut self) -> Result<()> {
        if self.tokens.get(self.at).is_some_and(Token::is_word) {
            self.at += 1;
        }
        let mut depth = 0;
        while self.is("{") || depth > 0 {
            depth += i32::from(self.is("{")) - i32::from(self.is("}"));
            self.at += 1;
            if self.at > self.tokens.len() {
                return Err(self.unexpected("}"));
            }
        }
        Ok(())
    }

    fn structure(&mut self, is_union: bool) -> Result<Type> {
        self.attributes()?;
        let mut tag = None;
        while let Some(token) = self.tokens.get(self.at).copied().filter(Token::is_word) {
            tag = Some(token.text);
            self.at += 1;
            if self.is("{") || !self.tokens.get(self.at).is_some_and(Token::is_word) {
                break;
            }
            // The name of an object, not an annotation.
            if token.text.as_str().starts_with("__") {
                continue;
            }
            break;
        }
        if !self.take("{") {
            let tag = tag.ok_or_else(|| self.unexpected("a structure"))?;
            return self.unit.tag(tag, self.live);
        }
        self.enter()?;
        let mut layout = Layout::default();
        while !self.take("}") {
            self.members(is_union, &mut layout)?;
        }
        self.depth -= 1;
        self.attributes()?;
        Ok(Type::Struct(Rc::new(layout)))
    }

    fn members(&mut self, is_union: bool, layout: &mut Layout) -> Result<()> {
        if self.take(";") {
            return Ok(());
        }
        let specifiers = self.specifiers()?;
        let Some(TypeName::Known(base)) = specifiers.base else {
            return Err(self.unexpected("a member"));
        };
        loop {
            let TypeName::Known(of) = self.pointers(TypeName::Known(base.clone()))? else {
                return Err(self.unexpected("a member"));
            };
            let mut of = of;
            let mut name = None;
            if self.is("(") {
                // A pointer to a function: nobody computes with it.
                of = Type::Pointer(Rc::new(Type::Void));
                while !self.is(";") && self.at < self.tokens.len() {
                    self.at += 1;
                }
            } else if !self.is(";") && !self.is(":") {
                name = Some(self.name()?);
                let TypeName::Known(dimensioned) = self.dimensions(TypeName::Known(of))? else {
                    return Err(self.unexpected("a member"));
                };
                of = dimensioned;
            }
            let mut width = of.width(self.unit.long_width) as u32;
            if self.take(":") {
                let size = self.conditional()?;
                let size = self.unit.constant(&size);
                let size = size.ok_or(Trouble::new("a bit field of unknown size"))?;
                width = (size as u32).min(width);
                let signed = of.as_integer().is_some_and(|integer| integer.signed);
                of = Type::integer(width as u8, signed);
            }
            while !self.is(";") && !self.is(",") && self.at < self.tokens.len() {
                self.at += 1;
            }
            let offset = if is_union { 0 } else { layout.width };
            let end = offset.saturating_add(width);
            if end > MAX_STRUCT_WIDTH {
                return Err(Trouble::new("a structure too large for an entry"));
            }
            layout.width = layout.width.max(end);
            layout.members.push(Member { name, of, offset });
            if !self.take(",") {
                break;
            }
        }
        self.expect(";")
    }
}

/// Entries are a few words; larger structures are known by their name only.
const MAX_STRUCT_WIDTH: u32 = 1024;

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "void"
            | "char"
            | "short"
            | "int"
            | "long"
            | "signed"
            | "unsigned"
            | "bool"
            | "_Bool"
            | "__signed__"
            | "struct"
            | "union"
            | "enum"
            | "typeof"
            | "__typeof__"
            | "__typeof"
            | "float"
            | "double"
            | "__int128"
    )
}

fn basic(words: &[&str], long_width: u8) -> Type {
    let has = |word: &str| words.contains(&word);
    let signed = !has("unsigned");
    let n_long = words.iter().filter(|&&word| word == "long").count();
    if has("void") {
        return Type::Void;
    }
    if has("bool") || has("_Bool") {
        return Type::Bool;
    }
    let width = match n_long {
        _ if has("__int128") => 128,
        _ if has("char") => 8,
        _ if has("short") => 16,
        0 => 32,
        1 => long_width,
        _ => 64,
    };
    Type::integer(width, signed)
}

/// Marks of a made-up token that never begins a type.
impl Token {
    /// True for alternatives of a macro.
    pub fn is_choice(&self) -> bool {
        matches!(self.kind, Kind::Choice(_))
    }
}

/// A list of values, for a structure.
impl Init {
    /// The values of a list; a value is a list of one.
    pub fn items(&self) -> Vec<(Option<Symbol>, &Init)> {
        match self {
            Init::Value(_) => vec![(None, self)],
            Init::List(items) => items.iter().map(|(name, init)| (*name, init)).collect(),
        }
    }
}

//! Running C on bits that are functions.
//!
//! A condition does not choose a way: both are taken, and what differs behind them depends on the
//! condition. Nothing outside of a function changes, so a call is its value.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::ast::{Expr, Init, Stmt, TypeName};
use super::bools::{Bool, Bools, FALSE, TRUE};
use super::ctype::{Integer, Type};
use super::declaration::Function;
use super::trouble::{Result, Trouble};
use super::unit::{Item, Unit};
use super::variables::Class;
use super::word::{self, Bits, constant};
use crate::program::Symbol;

/// A run of a function.
pub struct Machine<'u, 's> {
    /// The code.
    pub unit: &'u mut Unit<'s>,
    /// Contents of variables.
    cells: Vec<Bits>,
    frames: Vec<Frame>,
    depth: usize,
    fuel: usize,
}

/// A value.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its bits; none for a pointer or nothing.
    pub bits: Bits,
    /// Its type.
    pub of: Type,
    target: Option<Box<Place>>,
}

/// Where a value is kept.
#[derive(Clone, Debug)]
struct Place {
    root: Root,
    /// In bits.
    offset: usize,
    of: Type,
}

#[derive(Clone, Debug, PartialEq)]
enum Root {
    Cell(usize),
    /// An object outside of functions, by the way to it.
    Named(String),
}

/// A function that runs.
struct Frame {
    function: Symbol,
    scopes: Vec<FxHashMap<Symbol, (usize, Type)>>,
    /// When control is here.
    live: Bool,
    returns: Type,
    returned: Option<Value>,
    loops: Vec<Loop>,
}

/// A loop or `switch` that runs.
#[derive(Default)]
struct Loop {
    broken: Option<Bool>,
    continued: Option<Bool>,
    /// Of a `switch`: its value and when no case was met yet.
    switch: Option<(Value, Bool)>,
}

const MAX_DEPTH: usize = 700;
const MAX_CALLS: usize = 40;
const MAX_ROUNDS: usize = 130;
const FUEL: usize = 2_000_000;

impl<'u, 's> Machine<'u, 's> {
    /// A run in which `live` holds.
    pub fn new(unit: &'u mut Unit<'s>, live: Bool) -> Machine<'u, 's> {
        Machine {
            unit,
            cells: Vec::new(),
            frames: vec![Frame::new(Symbol::new(""), live, Type::Void)],
            depth: 0,
            fuel: FUEL,
        }
    }

    /// Makes a variable.
    pub fn bind(&mut self, name: Symbol, bits: Bits, of: Type) {
        self.cells.push(bits);
        let cell = self.cells.len() - 1;
        if let Some(scope) = self.frame().scopes.last_mut() {
            scope.insert(name, (cell, of));
        }
    }

    /// The bits of an expression that is an integer.
    pub fn word(&mut self, expr: &Expr) -> Result<(Bits, Integer)> {
        let value = self.value(expr)?;
        self.integer(value)
    }

    /// What an expression is.
    pub fn value(&mut self, expr: &Expr) -> Result<Value> {
        self.fuel = self.fuel.saturating_sub(1);
        if self.depth > MAX_DEPTH || self.fuel == 0 {
            return Err(Trouble::new("too much to compute"));
        }
        self.depth += 1;
        let value = self.value_inside(expr);
        self.depth -= 1;
        value
    }

    fn value_inside(&mut self, expr: &Expr) -> Result<Value> {
        match expr {
            Expr::Number(value, integer) => Ok(Value::integer(
                constant(*value, integer.width.into()),
                *integer,
            )),
            Expr::Condition(condition) => Ok(self.truth(*condition)),
            Expr::String => Err(Trouble::new("a string")),
            Expr::Name(name) => self.named(*name),
            Expr::Call(name, arguments) => self.call(*name, arguments),
            Expr::IndirectCall => Err(Trouble::new("a call through a pointer")),
            Expr::Unary("&", of) => {
                let place = self.place(of)?;
                Ok(Value {
                    bits: Bits::new(),
                    of: Type::Pointer(Rc::new(place.of.clone())),
                    target: Some(Box::new(place)),
                })
            }
            Expr::Unary("*", _) | Expr::Index(..) => {
                let place = self.place(expr)?;
                self.load(&place)
            }
            Expr::Member(object, name) => {
                // A member of what a call returns has no place.
                match self.value(object) {
                    Ok(Value {
                        bits,
                        of: Type::Struct(layout),
                        ..
                    }) => {
                        let (of, offset) = layout
                            .member(*name)
                            .ok_or_else(|| Trouble::new(format!("there is no member `{name}`")))?;
                        let width = of.width(self.unit.long_width);
                        let bits = bits.iter().skip(offset as usize).take(width);
                        let bits = bits.copied().collect();
                        let target = None;
                        Ok(Value { bits, of, target })
                    }
                    _ => {
                        let place = self.place(expr)?;
                        self.load(&place)
                    }
                }
            }
            Expr::Unary(operator, of) => self.unary(operator, of),
            Expr::Binary(operator @ ("&&" | "||"), a, b) => {
                let a = self.condition(a)?;
                // The second operand may make sense only where the first does not decide.
                let decides = if *operator == "&&" { FALSE } else { TRUE };
                if a == decides {
                    return Ok(self.truth(a));
                }
                let b = self.condition(b)?;
                let truth = match *operator {
                    "&&" => self.bools().and(a, b),
                    _ => self.bools().or(a, b),
                };
                Ok(self.truth(truth))
            }
            Expr::Binary(operator, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.binary(operator, a, b)
            }
            Expr::Assign(operator, to, from) => {
                let mut value = self.value(from)?;
                let place = self.place(to)?;
                if let Some(operator) = operator {
                    let old = self.load(&place)?;
                    value = self.binary(operator, old, value)?;
                }
                let value = self.convert(value, &place.of)?;
                self.store(&place, &value)?;
                Ok(value)
            }
            Expr::Step(operator, of, is_old) => {
                let place = self.place(of)?;
                let old = self.load(&place)?;
                let one = Value::integer(constant(1, 32), Integer::new(32, true));
                let new = self.binary(operator, old.clone(), one)?;
                let new = self.convert(new, &place.of)?;
                self.store(&place, &new)?;
                Ok(if *is_old { old } else { new })
            }
            Expr::Choose(condition, yes, no) => {
                let value = self.value(condition)?;
                let condition = self.is_true(&value)?;
                let yes = |machine: &mut Self| match yes {
                    Some(yes) => machine.value(yes),
                    None => Ok(value),
                };
                match condition {
                    TRUE => yes(self),
                    FALSE => self.value(no),
                    _ => {
                        let yes = self.where_it_holds(condition, yes)?;
                        let not = self.bools().not(condition);
                        let no = self.where_it_holds(not, |machine| machine.value(no))?;
                        self.merge(condition, yes, no)
                    }
                }
            }
            Expr::Cast(name, of) => {
                let to = self.type_of_name(name)?;
                let value = self.value(of)?;
                self.convert(value, &to)
            }
            Expr::Literal(name, init) => {
                let of = self.type_of_name(name)?;
                self.initial(&of, init)
            }
            Expr::SizeOfType(name) => {
                let of = self.type_of_name(name)?;
                self.size(&of)
            }
            Expr::SizeOf(of) => {
                let of = self.type_of(of)?;
                self.size(&of)
            }
            Expr::Block(statements) => {
                self.frame().scopes.push(FxHashMap::default());
                let value = self.block_value(statements);
                self.frame().scopes.pop();
                value
            }
            Expr::Comma(a, b) => {
                self.value(a)?;
                self.value(b)
            }
            Expr::Alternatives(all) => {
                let live = self.frame().live;
                let mut result: Option<Value> = None;
                for (when, expr) in all {
                    if self.bools().and(*when, live) == FALSE {
                        continue;
                    }
                    let value = self.where_it_holds(*when, |machine| machine.value(expr))?;
                    result = Some(match result {
                        None => value,
                        Some(other) => self.merge(*when, value, other)?,
                    });
                }
                result.ok_or(Trouble::new("a macro without a definition here"))
            }
        }
    }

    fn block_value(&mut self, statements: &[Stmt]) -> Result<Value> {
        let Some((last, before)) = statements.split_last() else {
            return Ok(Value::nothing());
        };
        for statement in before {
            self.run(statement)?;
        }
        match last {
            Stmt::Expr(expr) => self.value(expr),
            other => {
                self.run(other)?;
                Ok(Value::nothing())
            }
        }
    }

    fn size(&mut self, of: &Type) -> Result<Value> {
        let long_width = self.unit.long_width;
        let width = of.width(long_width);
        if width == 0 {
            return Err(Trouble::new("the size of something unknown"));
        }
        let bits = constant(width as u128 / 8, long_width.into());
        Ok(Value::integer(bits, Integer::new(long_width, false)))
    }

    /// The type of an expression that is not evaluated.
    fn type_of(&mut self, expr: &Expr) -> Result<Type> {
        if let Ok(place) = self.place(expr) {
            return Ok(place.of);
        }
        let live = std::mem::replace(&mut self.frame().live, FALSE);
        let value = self.value(expr);
        self.frame().live = live;
        value.map(|value| value.of)
    }

    fn type_of_name(&mut self, name: &TypeName) -> Result<Type> {
        match name {
            TypeName::Known(of) => Ok(of.clone()),
            TypeName::Of(expr) => self.type_of(expr),
        }
    }

    /// A variable, enumerator or object.
    fn named(&mut self, name: Symbol) -> Result<Value> {
        let known = self.lookup(name);
        if let Some((cell, of)) = known {
            let place = Place {
                root: Root::Cell(cell),
                offset: 0,
                of,
            };
            return self.load(&place);
        }
        match name.as_str() {
            "true" | "false" => return Ok(self.truth(Bool::from(name == "true"))),
            "NULL" => {
                let width = self.unit.long_width;
                let zero = constant(0, width.into());
                return Ok(Value::integer(zero, Integer::new(width, false)));
            }
            config if config.starts_with("CONFIG_") => {
                let logic = &mut self.unit.pre.logic;
                let bits = logic.word(Class::Config, config, 32);
                return Ok(Value::integer(bits, Integer::new(32, true)));
            }
            _ => {}
        }
        let live = self.frame().live;
        let mut constants = self.unit.enumerator(name, live);
        if constants.is_empty() {
            constants = Rc::new(self.unit.constants(name, live));
        }
        if !constants.is_empty() {
            let mut result: Option<Value> = None;
            for constant in constants.iter() {
                if self.bools().and(constant.when, live) == FALSE {
                    continue;
                }
                let value = Value::integer(constant.bits.clone(), constant.integer);
                result = Some(match result {
                    None => value,
                    Some(other) => self.merge(constant.when, value, other)?,
                });
            }
            if let Some(result) = result {
                return Ok(result);
            }
        }
        let place = self.object(name)?;
        self.load(&place)
    }

    fn object(&mut self, name: Symbol) -> Result<Place> {
        let live = self.frame().live;
        let Some(of) = self.unit.object(name, live) else {
            return Err(Trouble::new(format!("`{name}` is not declared")));
        };
        Ok(Place {
            root: Root::Named(name.to_string()),
            offset: 0,
            of,
        })
    }

    fn lookup(&mut self, name: Symbol) -> Option<(usize, Type)> {
        let scopes = self.frame().scopes.iter().rev();
        scopes.filter_map(|scope| scope.get(&name)).next().cloned()
    }

    fn place(&mut self, expr: &Expr) -> Result<Place> {
        match expr {
            Expr::Name(name) => match self.lookup(*name) {
                Some((cell, of)) => Ok(Place {
                    root: Root::Cell(cell),
                    offset: 0,
                    of,
                }),
                None => self.object(*name),
            },
            Expr::Unary("*", of) => {
                let pointer = self.value(of)?;
                let mut place = *pointer.target.ok_or(Trouble::new("an unknown pointer"))?;
                if let Type::Pointer(to) = &pointer.of {
                    place.of = (**to).clone();
                }
                Ok(place)
            }
            Expr::Member(object, name) => {
                let place = self.place(object)?;
                match (&place.of, &place.root) {
                    (Type::Struct(layout), _) => {
                        let (of, offset) = layout
                            .member(*name)
                            .ok_or_else(|| Trouble::new(format!("there is no member `{name}`")))?;
                        Ok(Place {
                            root: match place.root {
                                Root::Named(way) => Root::Named(format!("{way}.{name}")),
                                cell => cell,
                            },
                            offset: place.offset + offset as usize,
                            of,
                        })
                    }
                    (_, Root::Named(way)) => Ok(Place {
                        root: Root::Named(format!("{way}.{name}")),
                        offset: 0,
                        of: Type::Void,
                    }),
                    _ => Err(Trouble::new(format!(
                        "a member `{name}` of something unknown"
                    ))),
                }
            }
            Expr::Index(array, index) => {
                let index = self.word(index)?.0;
                let at = word::as_constant(&index);
                let place = self.place(array)?;
                let of = match &place.of {
                    Type::Array(of, _) | Type::Pointer(of) => (**of).clone(),
                    _ => Type::Void,
                };
                match (place.root, at) {
                    (Root::Named(way), Some(at)) => Ok(Place {
                        root: Root::Named(format!("{way}[{at}]")),
                        offset: 0,
                        of,
                    }),
                    (Root::Cell(cell), Some(at)) => {
                        let width = of.width(self.unit.long_width);
                        Ok(Place {
                            root: Root::Cell(cell),
                            offset: place.offset + at as usize * width,
                            of,
                        })
                    }
                    (_, None) => Err(Trouble::new("an unknown element of an array")),
                }
            }
            Expr::Cast(name, of) => {
                let to = self.type_of_name(name)?;
                let mut place = self.place(of)?;
                place.of = to;
                Ok(place)
            }
            Expr::Comma(a, b) => {
                self.value(a)?;
                self.place(b)
            }
            Expr::Alternatives(all) => {
                let live = self.frame().live;
                let bools = &mut self.unit.pre.logic.bools;
                let counts = |(when, _): &&(Bool, Expr)| bools.and(*when, live) != FALSE;
                let counting: Vec<&(Bool, Expr)> = all.iter().filter(counts).collect();
                match &counting[..] {
                    [(_, one)] => self.place(one),
                    _ => Err(Trouble::new("a macro that is one place or another")),
                }
            }
            Expr::Block(_) | Expr::Literal(..) | Expr::Call(..) => {
                let value = self.value(expr)?;
                self.cells.push(value.bits);
                Ok(Place {
                    root: Root::Cell(self.cells.len() - 1),
                    offset: 0,
                    of: value.of,
                })
            }
            _ => Err(Trouble::new("something that is not a place")),
        }
    }

    fn load(&mut self, place: &Place) -> Result<Value> {
        let long_width = self.unit.long_width;
        let target = None;
        match &place.root {
            Root::Cell(cell) => {
                let width = place.of.width(long_width);
                let all = &self.cells[*cell];
                let bits = all.iter().skip(place.offset).take(width).copied();
                let bits: Bits = bits.collect();
                if bits.len() < width {
                    return Err(Trouble::new("a pointer in memory"));
                }
                let of = place.of.clone();
                Ok(Value { bits, of, target })
            }
            Root::Named(way) => {
                let of = match &place.of {
                    // Of an unknown type: as wide as a register.
                    Type::Void => Type::integer(long_width, false),
                    Type::Array(..) | Type::Pointer(_) => {
                        return Ok(Value {
                            bits: Bits::new(),
                            of: place.of.clone(),
                            target: Some(Box::new(place.clone())),
                        });
                    }
                    of => of.clone(),
                };
                let width = of.width(long_width);
                let logic = &mut self.unit.pre.logic;
                let bits = logic.word(Class::Runtime, way, width);
                Ok(Value { bits, of, target })
            }
        }
    }

    fn store(&mut self, place: &Place, value: &Value) -> Result<()> {
        let Root::Cell(cell) = place.root else {
            return Err(Trouble::new("a store to something global"));
        };
        let live = self.frame().live;
        for (i, &bit) in value.bits.iter().enumerate() {
            let at = place.offset + i;
            let Some(&old) = self.cells[cell].get(at) else {
                return Err(Trouble::new("a store behind the end of an object"));
            };
            self.cells[cell][at] = self.bools().choose(live, bit, old);
        }
        Ok(())
    }

    fn unary(&mut self, operator: &str, of: &Expr) -> Result<Value> {
        let value = self.value(of)?;
        if operator == "!" {
            let truth = self.is_true(&value)?;
            let not = self.bools().not(truth);
            return Ok(self.truth(not));
        }
        let (bits, integer) = self.integer(value)?;
        let to = integer.common(Integer::new(32, true));
        let bits = word::resize(&bits, to.width.into(), integer.signed);
        let bits = match operator {
            "~" => self.bools().invert(&bits),
            "-" => {
                let zero = constant(0, bits.len());
                self.bools().subtract(&zero, &bits)
            }
            _ => bits,
        };
        Ok(Value::integer(bits, to))
    }

    fn binary(&mut self, operator: &str, a: Value, b: Value) -> Result<Value> {
        let ((a, a_type), (b, b_type)) = (self.integer(a)?, self.integer(b)?);
        let bools = &mut self.unit.pre.logic.bools;
        if operator == "<<" || operator == ">>" {
            let to = a_type.common(Integer::new(32, true));
            let a = word::resize(&a, to.width.into(), a_type.signed);
            let bits = bools.shift(&a, &b, operator == "<<", to.signed);
            return Ok(Value::integer(bits, to));
        }
        let to = a_type.common(b_type);
        let a = word::resize(&a, to.width.into(), a_type.signed);
        let b = word::resize(&b, to.width.into(), b_type.signed);
        let truth = match operator {
            "==" => bools.equal(&a, &b),
            "!=" => {
                let equal = bools.equal(&a, &b);
                bools.not(equal)
            }
            "<" => bools.less(&a, &b, to.signed),
            ">" => bools.less(&b, &a, to.signed),
            "<=" => {
                let less = bools.less(&b, &a, to.signed);
                bools.not(less)
            }
            ">=" => {
                let less = bools.less(&a, &b, to.signed);
                bools.not(less)
            }
            _ => {
                let bits = match operator {
                    "&" => bools.zip(&a, &b, Bools::and),
                    "|" => bools.zip(&a, &b, Bools::or),
                    "^" => bools.zip(&a, &b, Bools::xor),
                    "+" => bools.add(&a, &b, FALSE),
                    "-" => bools.subtract(&a, &b),
                    "*" => bools.multiply(&a, &b),
                    _ => divide(operator, &a, &b)?,
                };
                return Ok(Value::integer(bits, to));
            }
        };
        Ok(self.truth(truth))
    }

    /// The value where the condition holds, as a function that counts only there.
    fn where_it_holds(
        &mut self,
        condition: Bool,
        work: impl FnOnce(&mut Self) -> Result<Value>,
    ) -> Result<Value> {
        let live = self.frame().live;
        self.frame().live = self.unit.pre.logic.bools.and(live, condition);
        let value = work(self);
        self.frame().live = live;
        value
    }

    fn merge(&mut self, condition: Bool, yes: Value, no: Value) -> Result<Value> {
        if yes.of == no.of && yes.target.is_none() && no.target.is_none() {
            let bits = self.bools().choose_word(condition, &yes.bits, &no.bits);
            return Ok(Value { bits, ..yes });
        }
        let ((yes, yes_type), (no, no_type)) = (self.integer(yes)?, self.integer(no)?);
        let to = yes_type.common(no_type);
        let yes = word::resize(&yes, to.width.into(), yes_type.signed);
        let no = word::resize(&no, to.width.into(), no_type.signed);
        let bits = self.bools().choose_word(condition, &yes, &no);
        Ok(Value::integer(bits, to))
    }

    /// As C converts on assignment.
    fn convert(&mut self, value: Value, to: &Type) -> Result<Value> {
        if value.of == *to {
            return Ok(value);
        }
        match (to, &value.of) {
            (Type::Void, _) => Ok(Value::nothing()),
            (Type::Bool, _) => {
                let truth = self.is_true(&value)?;
                let mut bits = vec![FALSE; 8];
                bits[0] = truth;
                Ok(Value {
                    bits,
                    of: Type::Bool,
                    target: None,
                })
            }
            (Type::Integer(integer), _) => {
                let (bits, from) = self.integer(value)?;
                let bits = word::resize(&bits, integer.width.into(), from.signed);
                Ok(Value::integer(bits, *integer))
            }
            (Type::Pointer(_), _) => Ok(Value {
                of: to.clone(),
                ..value
            }),
            (Type::Struct(a), Type::Struct(b)) if a.width == b.width => Ok(Value {
                of: to.clone(),
                ..value
            }),
            // Without type checks, an entry is a plain integer in some headers.
            _ => Err(Trouble::new("a conversion between structures")),
        }
    }

    fn integer(&mut self, value: Value) -> Result<(Bits, Integer)> {
        match value.of.as_integer() {
            Some(integer) => Ok((value.bits, integer)),
            None => Err(Trouble::new(match value.of {
                Type::Struct(_) => "a structure where a number belongs",
                Type::Void => "nothing where a number belongs",
                _ => "a pointer where a number belongs",
            })),
        }
    }

    fn initial(&mut self, of: &Type, init: &Init) -> Result<Value> {
        let Type::Struct(layout) = of else {
            let items = init.items();
            return match items.first() {
                Some((_, Init::Value(expr))) => {
                    let value = self.value(expr)?;
                    self.convert(value, of)
                }
                _ => Err(Trouble::new("an initialiser that is not one value")),
            };
        };
        if let Init::Value(expr) = init {
            let value = self.value(expr)?;
            return self.convert(value, of);
        }
        let mut bits = vec![FALSE; layout.width as usize];
        for (at, (name, init)) in init.items().into_iter().enumerate() {
            let (member, offset) = match name {
                Some(name) => layout.member(name),
                None => layout.members.get(at).map(|m| (m.of.clone(), m.offset)),
            }
            .ok_or(Trouble::new("an initialiser for no member"))?;
            let value = self.initial(&member, init)?;
            for (i, bit) in value.bits.into_iter().enumerate() {
                if let Some(place) = bits.get_mut(offset as usize + i) {
                    *place = bit;
                }
            }
        }
        Ok(Value {
            bits,
            of: of.clone(),
            target: None,
        })
    }

    pub(super) fn condition(&mut self, expr: &Expr) -> Result<Bool> {
        let value = self.value(expr)?;
        self.is_true(&value)
    }

    fn is_true(&mut self, value: &Value) -> Result<Bool> {
        match value.of {
            Type::Pointer(_) | Type::Array(..) if value.target.is_some() => Ok(TRUE),
            _ => {
                let (bits, _) = self.integer(value.clone())?;
                Ok(self.bools().any(&bits))
            }
        }
    }

    pub(super) fn truth(&mut self, truth: Bool) -> Value {
        let mut bits = vec![FALSE; 32];
        bits[0] = truth;
        Value::integer(bits, Integer::new(32, true))
    }

    fn bools(&mut self) -> &mut Bools {
        &mut self.unit.pre.logic.bools
    }

    fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }
}

/// Statements.
impl Machine<'_, '_> {
    fn run(&mut self, statement: &Stmt) -> Result<()> {
        self.fuel = self.fuel.saturating_sub(1);
        if self.depth > MAX_DEPTH || self.fuel == 0 {
            return Err(Trouble::new("too much to compute"));
        }
        let is_label = matches!(statement, Stmt::Case(..) | Stmt::Default | Stmt::Block(_));
        if self.frame().live == FALSE && !is_label {
            return Ok(());
        }
        self.depth += 1;
        let result = self.run_inside(statement);
        self.depth -= 1;
        result
    }

    fn run_inside(&mut self, statement: &Stmt) -> Result<()> {
        match statement {
            Stmt::Empty => {}
            Stmt::Expr(expr) => {
                self.value(expr)?;
            }
            Stmt::Declare(name, variable, init) => {
                let of = match (name, init) {
                    (TypeName::Of(expr), _) => self.type_of(expr)?,
                    (TypeName::Known(of), _) => of.clone(),
                };
                let value = match init {
                    Some(init) => self.initial(&of, init)?,
                    None => {
                        let width = of.width(self.unit.long_width);
                        Value {
                            bits: vec![FALSE; width],
                            of: of.clone(),
                            target: None,
                        }
                    }
                };
                self.bind(*variable, value.bits, of);
            }
            Stmt::If(condition, yes, no) => {
                let condition = self.condition(condition)?;
                let live = self.frame().live;
                self.frame().live = self.unit.pre.logic.bools.and(live, condition);
                self.run(yes)?;
                let after_yes = self.frame().live;
                self.frame().live = self.unit.pre.logic.bools.and_not(live, condition);
                self.run(no)?;
                let after_no = self.frame().live;
                self.frame().live = self.unit.pre.logic.bools.or(after_yes, after_no);
            }
            Stmt::Block(statements) => {
                self.frame().scopes.push(FxHashMap::default());
                let result = statements
                    .iter()
                    .try_for_each(|statement| self.run(statement));
                self.frame().scopes.pop();
                result?;
            }
            Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value)?,
                    None => Value::nothing(),
                };
                let returns = self.frame().returns.clone();
                let value = self.convert(value, &returns)?;
                let live = self.frame().live;
                let merged = match self.frame().returned.take() {
                    None => value,
                    Some(before) => self.merge(live, value, before)?,
                };
                let frame = self.frame();
                frame.returned = Some(merged);
                frame.live = FALSE;
            }
            Stmt::Switch(value, body) => {
                let value = self.value(value)?;
                let live = self.frame().live;
                let frame = self.frame();
                frame.live = FALSE;
                frame.loops.push(Loop {
                    switch: Some((value, live)),
                    ..Loop::default()
                });
                self.run(body)?;
                if let Some(done) = self.frame().loops.pop() {
                    let unmet = done.switch.map_or(FALSE, |(_, unmet)| unmet);
                    let after = self.frame().live;
                    let bools = self.bools();
                    let after = bools.or(after, unmet);
                    let after = bools.or(after, done.broken.unwrap_or(FALSE));
                    self.frame().live = after;
                }
            }
            Stmt::Case(first, last) => {
                let Some((value, unmet)) = self.innermost_switch() else {
                    return Err(Trouble::new("a case outside of a switch"));
                };
                // Labels are constants wherever control is.
                let before = std::mem::replace(&mut self.frame().live, TRUE);
                let met = match last {
                    None => {
                        let first = self.value(first)?;
                        self.binary("==", value.clone(), first)?
                    }
                    Some(last) => {
                        let (first, last) = (self.value(first)?, self.value(last)?);
                        let above = self.binary(">=", value.clone(), first)?;
                        let below = self.binary("<=", value.clone(), last)?;
                        self.binary("&", above, below)?
                    }
                };
                let met = self.is_true(&met)?;
                self.frame().live = before;
                self.enter_case(met, unmet);
            }
            // A default in front of a case would have to know it; the kernel puts it last.
            Stmt::Default => {
                let Some((_, unmet)) = self.innermost_switch() else {
                    return Err(Trouble::new("a default outside of a switch"));
                };
                self.enter_case(TRUE, unmet);
            }
            Stmt::Break | Stmt::Continue => {
                let live = std::mem::replace(&mut self.frame().live, FALSE);
                let is_break = matches!(statement, Stmt::Break);
                let bools = &mut self.unit.pre.logic.bools;
                let Some(frame) = self.frames.last_mut() else {
                    return Ok(());
                };
                let mut loops = frame.loops.iter_mut().rev();
                let target = loops.find(|l| is_break || l.switch.is_none());
                let Some(target) = target else {
                    return Err(Trouble::new("a break outside of a loop"));
                };
                let gathered = match is_break {
                    true => &mut target.broken,
                    false => &mut target.continued,
                };
                *gathered = Some(bools.or(gathered.unwrap_or(FALSE), live));
            }
            Stmt::Loop(before, condition, step, body, body_first) => {
                self.frame().scopes.push(FxHashMap::default());
                let result =
                    self.run_loop(before, condition.as_ref(), step.as_ref(), body, *body_first);
                self.frame().scopes.pop();
                result?;
            }
            Stmt::Asm(outputs, operands) => self.assembler(outputs, operands)?,
            Stmt::Alternatives(all) => {
                let live = self.frame().live;
                let mut after = FALSE;
                for (when, statements) in all {
                    self.frame().live = self.unit.pre.logic.bools.and(live, *when);
                    for statement in statements {
                        self.run(statement)?;
                    }
                    let own = self.frame().live;
                    after = self.bools().or(after, own);
                }
                self.frame().live = after;
            }
        }
        Ok(())
    }

    fn innermost_switch(&mut self) -> Option<(Value, Bool)> {
        self.frame().loops.last()?.switch.clone()
    }

    fn enter_case(&mut self, met: Bool, unmet: Bool) {
        let live = self.frame().live;
        let bools = &mut self.unit.pre.logic.bools;
        let entered = bools.and(unmet, met);
        let left = bools.and_not(unmet, met);
        let live = bools.or(live, entered);
        let frame = self.frame();
        frame.live = live;
        if let Some(Loop {
            switch: Some((_, unmet)),
            ..
        }) = frame.loops.last_mut()
        {
            *unmet = left;
        }
    }

    fn run_loop(
        &mut self,
        before: &Stmt,
        condition: Option<&Expr>,
        step: Option<&Expr>,
        body: &Stmt,
        body_first: bool,
    ) -> Result<()> {
        self.run(before)?;
        let mut left = FALSE;
        for round in 0.. {
            if self.frame().live == FALSE {
                break;
            }
            if round > MAX_ROUNDS {
                return Err(Trouble::new("a loop without a visible end"));
            }
            if (round > 0 || !body_first)
                && let Some(condition) = condition
            {
                let holds = self.condition(condition)?;
                let live = self.frame().live;
                let bools = self.bools();
                let done = bools.and_not(live, holds);
                left = bools.or(left, done);
                self.frame().live = self.unit.pre.logic.bools.and(live, holds);
                if self.frame().live == FALSE {
                    break;
                }
            }
            self.frame().loops.push(Loop::default());
            let result = self.run(body);
            let done = self.frame().loops.pop().unwrap_or_default();
            result?;
            let live = self.frame().live;
            let bools = self.bools();
            left = bools.or(left, done.broken.unwrap_or(FALSE));
            let live = bools.or(live, done.continued.unwrap_or(FALSE));
            self.frame().live = live;
            if let Some(step) = step
                && live != FALSE
            {
                self.value(step)?;
            }
        }
        self.frame().live = left;
        Ok(())
    }

    /// What assembler leaves is known at run time, unless the variant says what it does.
    fn assembler(&mut self, outputs: &[(Symbol, Expr)], operands: &[Expr]) -> Result<()> {
        let function = self.frame().function;
        for (name, output) in outputs {
            let place = self.place(output)?;
            let meaning = self.unit.assembler(function, *name);
            let value = match meaning {
                Some(meaning) => {
                    self.frame().scopes.push(FxHashMap::default());
                    for (i, operand) in operands.iter().enumerate() {
                        // Operands the meaning does not use need not be understood.
                        if let Ok(value) = self.value(operand) {
                            let name = Symbol::new(&format!("${i}"));
                            self.bind(name, value.bits, value.of);
                        }
                    }
                    let live = self.frame().live;
                    let text = meaning.replace('%', "$");
                    let value = self
                        .unit
                        .read_text(&text, live)
                        .and_then(|expr| self.value(&expr));
                    self.frame().scopes.pop();
                    value?
                }
                None => {
                    let width = place.of.width(self.unit.long_width);
                    let way = format!("assembler in {function}()");
                    let logic = &mut self.unit.pre.logic;
                    Value {
                        bits: logic.word(Class::Runtime, &way, width),
                        of: place.of.clone(),
                        target: None,
                    }
                }
            };
            let value = self.convert(value, &place.of)?;
            self.store(&place, &value)?;
        }
        Ok(())
    }
}

/// Calls.
impl Machine<'_, '_> {
    fn call(&mut self, name: Symbol, arguments: &[Expr]) -> Result<Value> {
        if let Some(result) = self.builtin(name, arguments) {
            return result;
        }
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument));
        }
        let live = self.frame().live;
        let items = self.unit.functions(name, live);
        let mut result: Option<Value> = None;
        for item in items {
            let value = match self.call_item(&item, name, &values) {
                Ok(value) => value,
                Err(trouble) => return self.opaque(name, &values, Some((&item, trouble))),
            };
            result = Some(match result {
                None => value,
                Some(other) => self.merge(item.when, value, other)?,
            });
        }
        match result {
            Some(value) => Ok(value),
            None => self.opaque(name, &values, None),
        }
    }

    fn call_item(
        &mut self,
        item: &Rc<Item>,
        name: Symbol,
        values: &[Result<Value>],
    ) -> Result<Value> {
        if self.frames.len() > MAX_CALLS || self.frames.iter().any(|f| f.function == name) {
            return Err(Trouble::new("calls are nested too deep"));
        }
        let function = self.unit.function(item, name);
        let function: &Function = match &*function {
            Ok(function) => function,
            Err(trouble) => return Err(trouble.clone()),
        };
        let live = self.frame().live;
        let live = self.bools().and(live, item.when);
        if live == FALSE {
            // Only its type is asked for.
            let of = function.returns.clone();
            let bits = vec![FALSE; of.width(self.unit.long_width)];
            return Ok(Value {
                bits,
                of,
                target: None,
            });
        }
        let mut frame = Frame::new(name, live, function.returns.clone());
        for ((of, parameter), value) in function.parameters.iter().zip(values) {
            let value = match value {
                Ok(value) => self.convert(value.clone(), of)?,
                // An argument nobody understands may be one nobody needs.
                Err(_) if matches!(of, Type::Pointer(_)) => continue,
                Err(trouble) => return Err(trouble.clone()),
            };
            if value.target.is_some() || matches!(value.of, Type::Pointer(_)) {
                return Err(Trouble::new("a pointer as an argument"));
            }
            self.cells.push(value.bits);
            let cell = self.cells.len() - 1;
            frame.scopes[0].insert(*parameter, (cell, of.clone()));
        }
        self.frames.push(frame);
        let outcome = function
            .body
            .iter()
            .try_for_each(|statement| self.run(statement));
        let frame = self.frames.pop();
        outcome?;
        let returned = frame.and_then(|frame| frame.returned);
        match (returned, &function.returns) {
            (Some(value), _) => Ok(value),
            (None, Type::Void) => Ok(Value::nothing()),
            (None, _) => Err(Trouble::new("no value is returned")),
        }
    }

    /// The value of a function without a body, or with one that was not understood: something
    /// that depends on the arguments only.
    fn opaque(
        &mut self,
        name: Symbol,
        values: &[Result<Value>],
        item: Option<(&Rc<Item>, Trouble)>,
    ) -> Result<Value> {
        let live = self.frame().live;
        let of = match item {
            Some((item, trouble)) => {
                self.unit.note(name, item, &trouble);
                let function = self.unit.function(item, name);
                match &*function {
                    Ok(function) => Some(function.returns.clone()),
                    Err(_) => self.unit.returned(name, live),
                }
            }
            None if self.unit.is_declared(name) => {
                self.unit.note_missing(name);
                self.unit.returned(name, live)
            }
            None => None,
        };
        let of = match of {
            Some(Type::Void) => return Ok(Value::nothing()),
            Some(of) => of,
            None => Type::integer(32, true),
        };
        if matches!(of, Type::Pointer(_)) {
            return Err(Trouble::new(format!("{name}() returns a pointer")));
        }
        let shown: Vec<String> = values.iter().map(|value| self.shown(value)).collect();
        let way = format!("{name}({})", shown.join(", "));
        let width = of.width(self.unit.long_width);
        let logic = &mut self.unit.pre.logic;
        let bits = logic.word(Class::NotUnderstood, &way, width);
        Ok(Value {
            bits,
            of,
            target: None,
        })
    }

    /// An argument in the name of a value: a constant, or a number that stands for its bits.
    fn shown(&mut self, value: &Result<Value>) -> String {
        match value {
            Ok(value) => match word::as_constant(&value.bits) {
                Some(constant) => format!("{constant:#x}"),
                None => self.unit.name_of(&value.bits),
            },
            Err(_) => "...".to_owned(),
        }
    }
}

fn divide(operator: &str, a: &[Bool], b: &[Bool]) -> Result<Bits> {
    let (Some(x), Some(y)) = (word::as_constant(a), word::as_constant(b)) else {
        return Err(Trouble::new("a division of unknown values"));
    };
    let result = match operator {
        "/" => x.checked_div(y),
        _ => x.checked_rem(y),
    };
    let result = result.ok_or(Trouble::new("a division by zero"))?;
    Ok(constant(result, a.len()))
}

impl Value {
    pub(super) fn integer(bits: Bits, integer: Integer) -> Value {
        Value {
            bits,
            of: Type::Integer(integer),
            target: None,
        }
    }

    fn nothing() -> Value {
        Value {
            bits: Bits::new(),
            of: Type::Void,
            target: None,
        }
    }
}

impl Frame {
    fn new(function: Symbol, live: Bool, returns: Type) -> Frame {
        Frame {
            function,
            scopes: vec![FxHashMap::default()],
            live,
            returns,
            returned: None,
            loops: Vec::new(),
        }
    }
}

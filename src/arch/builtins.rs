//! Functions that compilers know, and those of the kernel whose meaning is not in their headers:
//! hints, checks that only report, bit numbers.

use super::ast::Expr;
use super::bools::FALSE;
use super::ctype::Integer;
use super::machine::{Machine, Value};
use super::trouble::Result;
use super::word::{self, constant};
use crate::program::Symbol;

/// What each of them is; macros of these names are not looked into.
const BUILTINS: &[(&str, Builtin)] = &[
    ("likely", Builtin::First),
    ("unlikely", Builtin::First),
    ("READ_ONCE", Builtin::First),
    ("__builtin_expect", Builtin::First),
    // Bits are numbered by value, whatever the byte order in memory.
    ("cpu_to_be64", Builtin::First),
    ("be64_to_cpu", Builtin::First),
    ("cpu_to_be32", Builtin::First),
    ("be32_to_cpu", Builtin::First),
    ("cpu_to_le64", Builtin::First),
    ("le64_to_cpu", Builtin::First),
    ("cpu_to_le32", Builtin::First),
    ("le32_to_cpu", Builtin::First),
    ("WARN_ON", Builtin::Truth),
    ("WARN_ON_ONCE", Builtin::Truth),
    ("VM_WARN_ON", Builtin::Truth),
    ("VM_WARN_ON_ONCE", Builtin::Truth),
    ("__builtin_constant_p", Builtin::Zero),
    ("BUILD_BUG_ON_ZERO", Builtin::Zero),
    ("BUILD_BUG_ON", Builtin::Zero),
    ("BUILD_BUG_ON_MSG", Builtin::Zero),
    ("BUILD_BUG", Builtin::Zero),
    ("BUG", Builtin::Zero),
    ("BUG_ON", Builtin::Zero),
    ("VM_BUG_ON", Builtin::Zero),
    ("WARN", Builtin::Zero),
    ("WARN_ONCE", Builtin::Zero),
    ("VM_WARN_ONCE", Builtin::Zero),
    ("compiletime_assert", Builtin::Zero),
    ("barrier", Builtin::Zero),
    ("printk", Builtin::Zero),
    ("pr_err", Builtin::Zero),
    ("pr_warn", Builtin::Zero),
    ("pr_warn_once", Builtin::Zero),
    ("__builtin_choose_expr", Builtin::Choose),
    ("ilog2", Builtin::Top),
    ("__ilog2_u32", Builtin::Top),
    ("__ilog2_u64", Builtin::Top),
    ("__fls", Builtin::Top),
    ("fls", Builtin::TopFromOne),
    ("__ffs", Builtin::Bottom),
    ("__builtin_ctzl", Builtin::Bottom),
    ("ffs", Builtin::BottomFromOne),
    ("__builtin_ffs", Builtin::BottomFromOne),
    ("order_base_2", Builtin::Order),
];

/// A meaning.
#[derive(Clone, Copy)]
enum Builtin {
    /// Its first argument.
    First,
    /// Whether its first argument is true.
    Truth,
    /// Nothing that counts.
    Zero,
    /// The second or third argument.
    Choose,
    /// The number of the highest bit that is set.
    Top,
    TopFromOne,
    /// The number of the lowest bit that is set.
    Bottom,
    BottomFromOne,
    /// The logarithm, rounded up.
    Order,
}

fn meaning(name: Symbol) -> Option<Builtin> {
    let mut all = BUILTINS.iter();
    all.find(|(known, _)| name == *known)
        .map(|&(_, meaning)| meaning)
}

/// True for a function of which everything is known.
pub fn is_builtin(name: Symbol) -> bool {
    meaning(name).is_some()
}

impl Machine<'_, '_> {
    /// The value of a call of such a function.
    pub(super) fn builtin(&mut self, name: Symbol, arguments: &[Expr]) -> Option<Result<Value>> {
        let meaning = meaning(name)?;
        let first = arguments.first();
        let int = Integer::new(32, true);
        Some(match meaning {
            Builtin::First => self.value(first?),
            Builtin::Truth => self.condition(first?).map(|truth| self.truth(truth)),
            Builtin::Zero => Ok(Value::integer(constant(0, 32), int)),
            Builtin::Choose => match self.condition(first?) {
                Ok(FALSE) => self.value(arguments.get(2)?),
                Ok(_) => self.value(arguments.get(1)?),
                Err(trouble) => Err(trouble),
            },
            _ => {
                let bits = match self.word(first?) {
                    Ok((bits, _)) => bits,
                    Err(trouble) => return Some(Err(trouble)),
                };
                let number = bit_number(meaning, word::as_constant(&bits)?)?;
                Ok(Value::integer(constant(number.into(), 32), int))
            }
        })
    }
}

fn bit_number(meaning: Builtin, value: u128) -> Option<u32> {
    let top = value.checked_ilog2();
    let bottom = (value != 0).then(|| value.trailing_zeros());
    match meaning {
        Builtin::TopFromOne => Some(top.map_or(0, |top| top + 1)),
        Builtin::Bottom => bottom,
        Builtin::BottomFromOne => Some(bottom.map_or(0, |bottom| bottom + 1)),
        Builtin::Order if value < 2 => Some(0),
        Builtin::Order => Some((value - 1).ilog2() + 1),
        _ => top,
    }
}

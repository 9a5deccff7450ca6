//! Arithmetic on words whose bits are functions.

use super::bools::{Bool, Bools, FALSE, TRUE};

/// Bits of a value, the lowest first.
pub type Bits = Vec<Bool>;

/// A constant.
pub fn constant(value: u128, width: usize) -> Bits {
    let bit = |i| Bool::from(i < 128 && value >> i & 1 == 1);
    (0..width).map(bit).collect()
}

/// The value, if it is one.
pub fn as_constant(bits: &[Bool]) -> Option<u128> {
    let mut value = 0;
    for (i, &bit) in bits.iter().enumerate() {
        match bit {
            FALSE => {}
            TRUE if i < 128 => value |= 1 << i,
            _ => return None,
        }
    }
    Some(value)
}

/// Cuts, or extends by zeros or by the sign.
pub fn resize(bits: &[Bool], width: usize, signed: bool) -> Bits {
    let fill = match signed {
        true => bits.last().copied().unwrap_or(FALSE),
        false => FALSE,
    };
    let bit = |i| bits.get(i).copied().unwrap_or(fill);
    (0..width).map(bit).collect()
}

/// Operations that make words of words.
impl Bools {
    /// Bit by bit.
    pub fn zip(
        &mut self,
        a: &[Bool],
        b: &[Bool],
        operation: fn(&mut Bools, Bool, Bool) -> Bool,
    ) -> Bits {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| operation(self, a, b))
            .collect()
    }

    /// `~a`
    pub fn invert(&mut self, a: &[Bool]) -> Bits {
        a.iter().map(|&a| self.not(a)).collect()
    }

    /// `condition ? yes : no`
    pub fn choose_word(&mut self, condition: Bool, yes: &[Bool], no: &[Bool]) -> Bits {
        let choose = |(&yes, &no): (&Bool, &Bool)| self.choose(condition, yes, no);
        yes.iter().zip(no).map(choose).collect()
    }

    /// `a != 0`
    pub fn any(&mut self, a: &[Bool]) -> Bool {
        // From above: ripples of carries and chains of tests have their top bit first.
        a.iter().rev().fold(FALSE, |any, &bit| self.or(any, bit))
    }

    /// `a == b`
    pub fn equal(&mut self, a: &[Bool], b: &[Bool]) -> Bool {
        let different = self.zip(a, b, Bools::xor);
        let any = self.any(&different);
        self.not(any)
    }

    /// `a + b + carry`
    pub fn add(&mut self, a: &[Bool], b: &[Bool], mut carry: Bool) -> Bits {
        let mut sum = Vec::with_capacity(a.len());
        for (&a, &b) in a.iter().zip(b) {
            let half = self.xor(a, b);
            sum.push(self.xor(half, carry));
            carry = self.choose(half, carry, a);
        }
        sum
    }

    /// `a - b`
    pub fn subtract(&mut self, a: &[Bool], b: &[Bool]) -> Bits {
        let not_b = self.invert(b);
        self.add(a, &not_b, TRUE)
    }

    /// `a < b`
    pub fn less(&mut self, a: &[Bool], b: &[Bool], signed: bool) -> Bool {
        let mut less = FALSE;
        let top = a.len().saturating_sub(1);
        for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
            let different = self.xor(a, b);
            let a_is_less = if signed && i == top { a } else { b };
            less = self.choose(different, a_is_less, less);
        }
        less
    }

    /// `a * b`, for an argument with few bits that are not zero.
    pub fn multiply(&mut self, a: &[Bool], b: &[Bool]) -> Bits {
        let weight = |bits: &[Bool]| bits.iter().filter(|&&bit| bit != FALSE).count();
        let (a, b) = if weight(a) < weight(b) {
            (b, a)
        } else {
            (a, b)
        };
        let mut product = vec![FALSE; a.len()];
        for (i, &bit) in b.iter().enumerate() {
            if bit == FALSE {
                continue;
            }
            let shifted = shift_by(a, i as isize, FALSE);
            let part: Bits = shifted.iter().map(|&a| self.and(a, bit)).collect();
            product = self.add(&product, &part, FALSE);
        }
        product
    }

    /// `a << by`, or to the right if `left` is false.
    pub fn shift(&mut self, a: &[Bool], by: &[Bool], left: bool, signed: bool) -> Bits {
        let fill = match signed && !left {
            true => a.last().copied().unwrap_or(FALSE),
            false => FALSE,
        };
        let mut result = a.to_vec();
        // Shifts by more than the width are undefined; their bits do not count.
        for (i, &bit) in by.iter().enumerate().take(7) {
            if bit == FALSE {
                continue;
            }
            let distance = if left { 1 << i } else { -(1isize << i) };
            let shifted = shift_by(&result, distance, fill);
            result = self.choose_word(bit, &shifted, &result);
        }
        result
    }
}

fn shift_by(a: &[Bool], distance: isize, fill: Bool) -> Bits {
    let bit = |i: usize| match i.checked_add_signed(-distance) {
        Some(from) => a.get(from).copied().unwrap_or(fill),
        None => FALSE,
    };
    (0..a.len()).map(bit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 16;

    fn word(value: i64) -> Bits {
        constant(value as u128, WIDTH)
    }

    #[test]
    fn constants_compute_as_machines_do() {
        let mut bools = Bools::default();
        for (a, b) in [(0, 0), (5, 3), (-7, 2), (300, -300), (0x7fff, 1), (1, 15)] {
            assert_eq!(bools.add(&word(a), &word(b), FALSE), word(a + b));
            assert_eq!(bools.subtract(&word(a), &word(b)), word(a - b));
            assert_eq!(bools.multiply(&word(a), &word(b)), word(a * b));
            assert_eq!(bools.less(&word(a), &word(b), true), Bool::from(a < b));
            let (unsigned_a, unsigned_b) = (a as u16, b as u16);
            let less = Bool::from(unsigned_a < unsigned_b);
            assert_eq!(bools.less(&word(a), &word(b), false), less);
        }
        assert_eq!(bools.shift(&word(-8), &word(2), false, true), word(-2));
        assert_eq!(bools.shift(&word(3), &word(4), true, false), word(48));
    }

    #[test]
    fn shifts_by_a_choice_choose() {
        let mut bools = Bools::default();
        let choice = bools.variable(0);
        let by = bools.choose_word(choice, &word(4), &word(1));
        let shifted = bools.shift(&word(1), &by, true, false);
        assert_eq!(shifted, bools.choose_word(choice, &word(16), &word(2)));
    }
}

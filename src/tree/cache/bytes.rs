//! Numbers, texts and lists of entries as bytes. Numbers are little-endian.

use crate::program::Span;
use crate::tree::entries::{
    AliasEntry, FunctionEntry, InitializerEntry, MacroEntry, MemberPair, StructEntry,
};

/// An entry of `N` numbers.
pub(super) trait Record<const N: usize>: Copy {
    fn numbers(self) -> [u32; N];
    fn of(numbers: [u32; N]) -> Self;
}

/// Appends to `out`.
pub(super) fn put_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// Appends a text with its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a list with its length.
pub(super) fn put_list<const N: usize>(out: &mut Vec<u8>, list: &[impl Record<N>]) {
    put_number(out, list.len() as u32);
    out.reserve(list.len() * N * size_of::<u32>());
    for record in list {
        let bytes = record.numbers().map(u32::to_le_bytes);
        out.extend_from_slice(bytes.as_flattened());
    }
}

/// What is left to read. Every method is `None` if that is not enough.
pub(super) struct Rest<'b>(pub(super) &'b [u8]);

impl<'b> Rest<'b> {
    pub(super) fn bytes(&mut self, n_bytes: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn long_number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        let n_bytes = self.number()? as usize;
        std::str::from_utf8(self.bytes(n_bytes)?).ok()
    }

    pub(super) fn list<const N: usize, R: Record<N>>(&mut self) -> Option<Box<[R]>> {
        let n_records = self.number()? as usize;
        let n_bytes = n_records.checked_mul(N * size_of::<u32>())?;
        let numbers = self.bytes(n_bytes)?.as_chunks().0;
        let records = numbers.as_chunks::<N>().0.iter();
        Some(
            records
                .map(|numbers| R::of(numbers.map(u32::from_le_bytes)))
                .collect(),
        )
    }
}

impl Record<1> for u32 {
    fn numbers(self) -> [u32; 1] {
        [self]
    }

    fn of([number]: [u32; 1]) -> u32 {
        number
    }
}

impl Record<11> for FunctionEntry {
    fn numbers(self) -> [u32; 11] {
        let flags = [
            self.is_static,
            self.is_macro,
            self.is_rust_only,
            self.in_conditional,
        ];
        let flags = flags
            .iter()
            .fold(0, |bits, &flag| bits << 1 | u32::from(flag));
        [
            self.name_hash,
            self.name_at,
            self.start,
            self.body_start,
            self.end,
            self.mentions_signature,
            self.mentions_body,
            self.callees_at,
            self.member_calls_at,
            self.args_at,
            u32::from(self.name_len) << 8 | flags,
        ]
    }

    fn of(numbers: [u32; 11]) -> FunctionEntry {
        let [
            name_hash,
            name_at,
            start,
            body_start,
            end,
            mentions_signature,
            mentions_body,
            callees_at,
            member_calls_at,
            args_at,
            name_len_and_flags,
        ] = numbers;
        let flag = |bit: u32| name_len_and_flags >> bit & 1 == 1;
        FunctionEntry {
            name_hash,
            name_at,
            start,
            body_start,
            end,
            mentions_signature,
            mentions_body,
            callees_at,
            member_calls_at,
            args_at,
            name_len: (name_len_and_flags >> 8) as u8,
            is_static: flag(3),
            is_macro: flag(2),
            is_rust_only: flag(1),
            in_conditional: flag(0),
        }
    }
}

impl Record<3> for StructEntry {
    fn numbers(self) -> [u32; 3] {
        [self.name_hash, self.start, self.end]
    }

    fn of([name_hash, start, end]: [u32; 3]) -> StructEntry {
        StructEntry {
            name_hash,
            start,
            end,
        }
    }
}

impl Record<9> for InitializerEntry {
    fn numbers(self) -> [u32; 9] {
        [
            self.struct_hash,
            self.name_hash,
            self.name.start,
            self.name.end,
            self.start,
            self.end,
            self.pairs_at,
            self.n_pairs,
            u32::from(self.is_file_scope),
        ]
    }

    fn of(numbers: [u32; 9]) -> InitializerEntry {
        let [
            struct_hash,
            name_hash,
            name_start,
            name_end,
            start,
            end,
            pairs_at,
            n_pairs,
            is_file_scope,
        ] = numbers;
        InitializerEntry {
            struct_hash,
            name_hash,
            name: Span::new(name_start, name_end),
            start,
            end,
            pairs_at,
            n_pairs,
            is_file_scope: is_file_scope == 1,
        }
    }
}

impl Record<3> for MemberPair {
    fn numbers(self) -> [u32; 3] {
        [self.member_hash, self.value_hash, self.offset]
    }

    fn of([member_hash, value_hash, offset]: [u32; 3]) -> MemberPair {
        MemberPair {
            member_hash,
            value_hash,
            offset,
        }
    }
}

impl Record<3> for AliasEntry {
    fn numbers(self) -> [u32; 3] {
        [self.name_hash, self.target_hash, self.start]
    }

    fn of([name_hash, target_hash, start]: [u32; 3]) -> AliasEntry {
        AliasEntry {
            name_hash,
            target_hash,
            start,
        }
    }
}

impl Record<3> for MacroEntry {
    fn numbers(self) -> [u32; 3] {
        [self.name_hash, self.start, self.end]
    }

    fn of([name_hash, start, end]: [u32; 3]) -> MacroEntry {
        MacroEntry {
            name_hash,
            start,
            end,
        }
    }
}

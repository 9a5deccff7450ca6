//! Lookups in the index that go from what is called to who calls it, by hash.
//!
//! Each is built when it is first asked for: most runs ask for few of them.

use super::buckets::Lookup;
use super::entries::{InitializerEntry, MemberPair};
use super::index::Index;
use crate::program::FileId;

/// The lookups.
#[derive(Clone, Debug)]
pub(super) struct CallLookups {
    callers: Lookup,
    passers: Lookup,
    member_callers: Lookup,
    members: Lookup,
    values: Lookup,
    stores: Lookup,
    aliases: Lookup,
    alias_targets: Lookup,
}

impl CallLookups {
    pub(super) fn new() -> CallLookups {
        CallLookups {
            callers: Lookup::new(|file, visit| {
                for function in 0..file.functions.len() {
                    for &callee in file.callees(function) {
                        visit(callee, function as u32);
                    }
                }
            }),
            passers: Lookup::new(|file, visit| {
                for function in 0..file.functions.len() {
                    for &arg in file.args(function) {
                        visit(arg, function as u32);
                    }
                }
            }),
            member_callers: Lookup::new(|file, visit| {
                for function in 0..file.functions.len() {
                    for &member in file.member_calls(function) {
                        visit(member, function as u32);
                    }
                }
            }),
            members: Lookup::new(|file, visit| {
                for (i, pair) in file.pairs.iter().enumerate() {
                    visit(pair.member_hash, i as u32);
                }
            }),
            values: Lookup::new(|file, visit| {
                for (i, pair) in file.pairs.iter().enumerate() {
                    visit(pair.value_hash, i as u32);
                }
            }),
            stores: Lookup::new(|file, visit| {
                for (i, store) in file.member_stores.iter().enumerate() {
                    visit(store.value_hash, i as u32);
                }
            }),
            aliases: Lookup::new(|file, visit| {
                for (i, alias) in file.aliases.iter().enumerate() {
                    visit(alias.name_hash, i as u32);
                }
            }),
            alias_targets: Lookup::new(|file, visit| {
                for (i, alias) in file.aliases.iter().enumerate() {
                    visit(alias.target_hash, i as u32);
                }
            }),
        }
    }

    /// All of them.
    pub(super) fn all(&mut self) -> [&mut Lookup; 8] {
        [
            &mut self.callers,
            &mut self.passers,
            &mut self.member_callers,
            &mut self.members,
            &mut self.values,
            &mut self.stores,
            &mut self.aliases,
            &mut self.alias_targets,
        ]
    }

    pub(super) fn n_heap_bytes(&self) -> usize {
        let lookups = [
            &self.callers,
            &self.passers,
            &self.member_callers,
            &self.members,
            &self.values,
            &self.stores,
            &self.aliases,
            &self.alias_targets,
        ];
        lookups.iter().map(|lookup| lookup.n_heap_bytes()).sum()
    }
}

impl Index {
    /// Functions that call something with this hash directly.
    pub fn callers_hashed(&self, hash: u32) -> impl Iterator<Item = (FileId, usize)> + '_ {
        let callers = self.calls.callers.candidates(&self.files, hash);
        callers.filter(move |&(file, at)| self.file(file).callees(at).binary_search(&hash).is_ok())
    }

    /// Functions that pass a name with this hash as an argument.
    pub fn passers_hashed(&self, hash: u32) -> impl Iterator<Item = (FileId, usize)> + '_ {
        let passers = self.calls.passers.candidates(&self.files, hash);
        passers.filter(move |&(file, at)| self.file(file).args(at).binary_search(&hash).is_ok())
    }

    /// Functions that call through a member with this hash.
    pub fn member_callers_hashed(&self, hash: u32) -> impl Iterator<Item = (FileId, usize)> + '_ {
        let callers = self.calls.member_callers.candidates(&self.files, hash);
        callers.filter(move |&(file, at)| {
            self.file(file)
                .member_calls(at)
                .binary_search(&hash)
                .is_ok()
        })
    }

    /// Initialisers that hold a name with this hash as a value.
    pub fn tables_holding_hashed(
        &self,
        hash: u32,
    ) -> impl Iterator<Item = (FileId, InitializerEntry, MemberPair)> + '_ {
        let values = self.calls.values.candidates(&self.files, hash);
        values
            .filter_map(|(file, at)| self.owner_of_pair(file, at))
            .filter(move |(_, _, pair)| pair.value_hash == hash)
    }

    /// Initialisers that set a member with this hash.
    pub fn tables_setting_hashed(
        &self,
        hash: u32,
    ) -> impl Iterator<Item = (FileId, InitializerEntry, MemberPair)> + '_ {
        let members = self.calls.members.candidates(&self.files, hash);
        members
            .filter_map(|(file, at)| self.owner_of_pair(file, at))
            .filter(move |(_, _, pair)| pair.member_hash == hash)
    }

    fn owner_of_pair(
        &self,
        file: FileId,
        at: usize,
    ) -> Option<(FileId, InitializerEntry, MemberPair)> {
        let index = self.file(file);
        let owner = index
            .initializers
            .partition_point(|entry| entry.pairs_at as usize <= at)
            .checked_sub(1)?;
        Some((file, index.initializers[owner], index.pairs[at]))
    }

    /// Stores of a name with this hash to a member.
    pub fn stores_holding_hashed(
        &self,
        hash: u32,
    ) -> impl Iterator<Item = (FileId, MemberPair)> + '_ {
        let stores = self.calls.stores.candidates(&self.files, hash);
        stores
            .map(|(file, at)| (file, self.file(file).member_stores[at]))
            .filter(move |(_, store)| store.value_hash == hash)
    }

    /// What a name with this hash stands for as a macro `#define NAME OTHER`: the file and the
    /// hash of the other name.
    pub fn aliases_hashed(&self, hash: u32) -> impl Iterator<Item = (FileId, u32)> + '_ {
        let aliases = self.calls.aliases.candidates(&self.files, hash);
        aliases
            .map(|(file, at)| (file, self.file(file).aliases[at]))
            .filter(move |(_, alias)| alias.name_hash == hash)
            .map(|(file, alias)| (file, alias.target_hash))
    }

    /// The hashes of names that stand for the one with this hash.
    pub fn aliases_of_hashed(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let targets = self.calls.alias_targets.candidates(&self.files, hash);
        targets
            .map(|(file, at)| self.file(file).aliases[at])
            .filter(move |alias| alias.target_hash == hash)
            .map(|alias| alias.name_hash)
    }
}

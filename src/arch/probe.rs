//! What a helper makes of given entries: the answer a compiler can be asked for, too.

use std::collections::BTreeSet;

use super::analysis::Scene;
use super::headers::{Headers, Sources};
use super::matrix::Modifier;
use super::variables::Class;
use super::variants::Rules;
use super::word::{as_constant, constant};

/// A helper of a variant, and what is not in its headers.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// The directory below `arch/`.
    pub arch: &'a str,
    /// The variant's name.
    pub variant: &'a str,
    /// The helper.
    pub function: Modifier,
    /// Values of what is open: symbols of the configuration, objects of the running kernel.
    pub open: &'a [(&'a str, u128)],
}

/// The result for each pair of an old entry and a new protection; where it depends on something
/// else, what that is. Configuration symbols of which nothing is said are off, as for a
/// compiler that was not told of them. `None` if there is no such variant or helper.
pub fn results(
    headers: &dyn Headers,
    rules: &Rules,
    probe: Probe<'_>,
    pairs: &[(u128, u128)],
) -> Option<Vec<Result<u128, BTreeSet<String>>>> {
    let sources = Sources::new(headers);
    let arches = sources.arches();
    let arch = arches.iter().find(|arch| arch.name == probe.arch)?;
    let variants = rules.variants(arch);
    let variant = variants.iter().find(|v| v.name == probe.variant)?;
    let mut scene = Scene::new(&sources, rules, arch, variant);
    let computed = scene.compute(probe.function)?;
    let logic = &mut scene.unit.pre.logic;
    let settled = logic.settled(&|class, name| {
        let known = probe.open.iter().find(|known| known.0 == name);
        let known = known.map(|known| known.1);
        known.or((class == Class::Config).then_some(0))
    });
    let bits = computed.result.iter();
    let function: Vec<_> = bits
        .map(|&bit| logic.bools.substitute(bit, &settled))
        .collect();
    let (old_width, new_width) = (scene.old.len(), scene.new.len());
    let result = |&(old, new): &(u128, u128)| {
        let (old, new) = (constant(old, old_width), constant(new, new_width));
        let bits = scene.apply(&function, Some(&old), Some(&new));
        as_constant(&bits).ok_or_else(|| scene.unit.pre.logic.names(bits))
    };
    Some(pairs.iter().map(result).collect())
}

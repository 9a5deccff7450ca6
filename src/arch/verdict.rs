//! From computed bits to verdicts.

use std::collections::BTreeSet;

use super::analysis::{Computed, Scene};
use super::bools::{Bool, Bools, FALSE, TRUE};
use super::fields::{Attribute, Fields, Place, StateBits, state_bits};
use super::matrix::{Bit, Effect, Kind, Modifier, Origin, Regression, Verdict};
use super::variables::Class;
use super::word::{Bits, constant};

/// What there is to say of one helper.
pub struct Judged {
    /// The bits that count.
    pub bits: Vec<Bit>,
    /// Of both.
    pub verdict: Verdict,
    /// Of the memory type.
    pub caching: Verdict,
    /// Of encryption.
    pub encryption: Verdict,
    /// What it depends on.
    pub unknown: BTreeSet<String>,
    /// What it drops.
    pub regressions: Vec<Regression>,
    /// The functions whose effect is gone behind it.
    pub forgets: BTreeSet<String>,
}

/// Judges a helper.
pub fn judge(
    scene: &mut Scene<'_, '_>,
    fields: &Fields,
    place: &Place,
    computed: &Computed,
) -> Judged {
    let mut judged = Judged {
        bits: Vec::new(),
        verdict: Verdict::NoAttributes,
        caching: Verdict::NoAttributes,
        encryption: Verdict::NoAttributes,
        unknown: BTreeSet::new(),
        regressions: Vec::new(),
        forgets: BTreeSet::new(),
    };
    for (at, attribute) in fields.attributes.iter().enumerate() {
        let (mut verdict, unknown) = attribute_verdict(scene, place, at, computed);
        if !attribute.is_understood && verdict != Verdict::LosesOverride {
            verdict = Verdict::Unknown;
            let what = format!("what {} types there are", attribute.kind.word());
            judged.unknown.insert(what);
        }
        judged.unknown.extend(unknown);
        match attribute.kind {
            Kind::Encryption => judged.encryption = verdict,
            _ => judged.caching = verdict,
        }
        judged.verdict = judged.verdict.max(verdict);
        judged
            .forgets
            .extend(forgotten(scene, attribute, place, at, computed));
        let mask = place.masks[at].clone();
        judged
            .bits
            .extend(attribute_bits(scene, attribute, mask, computed));
    }
    let verdicts = [judged.caching, judged.encryption];
    judged.regressions = torn_fields(scene, fields, verdicts, &judged.bits, computed);
    let opened = opened(scene, fields, place, computed);
    let mut granted = granted(scene, fields, place, computed);
    granted.retain(|found| opened.is_none() || found.effect != Effect::Opens);
    judged.regressions.extend(opened);
    judged.regressions.extend(granted);
    for state in state_bits(scene, computed.function) {
        if state.mask.iter().all(|&bit| bit == FALSE) {
            continue;
        }
        judged
            .regressions
            .extend(lost_state(scene, place, &state, computed));
        let name = scene.name_of_mask(&state.mask, &state.used);
        let bit = bit(scene, name, state.kind, &state.mask, computed);
        judged.bits.push(bit);
    }
    judged
}

/// An attribute of which the helper keeps one part and not the other, or encryption that it does
/// not keep. A memory type that comes from the new protection as a whole is the architecture's
/// decision, and the verdict says so.
fn torn_fields(
    scene: &mut Scene<'_, '_>,
    fields: &Fields,
    verdicts: [Verdict; 2],
    bits: &[Bit],
    computed: &Computed,
) -> Vec<Regression> {
    let mut all = Vec::new();
    for (attribute, verdict) in fields.attributes.iter().zip(verdicts) {
        let mut own = Vec::new();
        for bit in bits.iter().filter(|bit| bit.kind == attribute.kind) {
            // A bit without a name was found by what the helpers change.
            let is_varied = scene.mask_named(&bit.name).is_none_or(|mask| {
                let mut both = mask.iter().zip(&attribute.varied);
                both.any(|(&mask, &varied)| mask != FALSE && varied != FALSE)
            });
            if is_varied {
                own.push(bit);
            }
        }
        let is_torn =
            own.iter().any(|bit| bit.from == Origin::Old) || attribute.kind == Kind::Encryption;
        if !is_torn || verdict != Verdict::LosesOverride || attribute.overrides.is_empty() {
            continue;
        }
        own.retain(|bit| !matches!(bit.from, Origin::Old | Origin::Or));
        for bit in own {
            let accessor = attribute.overrides[0].name.split('(').next();
            all.push(regression(
                scene,
                computed,
                attribute.kind,
                bit.name.clone(),
                accessor.unwrap_or_default(),
            ));
        }
    }
    all
}

/// A state that an entry has before the helper and not behind it.
fn lost_state(
    scene: &mut Scene<'_, '_>,
    place: &Place,
    state: &StateBits,
    computed: &Computed,
) -> Option<Regression> {
    let reads = state.reads?;
    let support = scene.unit.pre.logic.bools.support(reads);
    let mut result = computed.result.clone();
    for (bit, &old) in result.iter_mut().zip(&scene.old) {
        if !support.contains(&scene.unit.pre.logic.bools.number(old)) {
            *bit = FALSE;
        }
    }
    for entry in &place.bases {
        let with = scene.apply(&state.with, Some(entry), None);
        let had = scene.apply(&[reads], Some(&with), None)[0];
        for base in &place.protections {
            let result = scene.apply(&result, Some(&with), Some(base));
            let has = scene.apply(&[reads], Some(&result), None)[0];
            let counts = scene.assumed;
            let bools = &mut scene.unit.pre.logic.bools;
            let lost = bools.and_not(had, has);
            let lost = bools.and(lost, counts);
            let lost = bools.and(lost, computed.when);
            if certainty(scene, lost) == Certainty::Sometimes {
                let name = scene.name_of_mask(&state.mask, &state.used);
                let mut found = regression(scene, computed, state.kind, name, &state.set);
                found.condition = scene.unit.pre.logic.names([lost]);
                return Some(found);
            }
        }
    }
    None
}

/// A protection without access that comes out of the helper as one with access.
fn opened(
    scene: &mut Scene<'_, '_>,
    fields: &Fields,
    place: &Place,
    computed: &Computed,
) -> Option<Regression> {
    if scene.is_folded(computed.function) || scene.without_entries.contains(&computed.function) {
        return None;
    }
    let overrides = fields.attributes.iter().zip(&place.overrides);
    let overrides = overrides.flat_map(|(attribute, bits)| attribute.overrides.iter().zip(bits));
    let bases = fields.bases.iter().zip(&place.bases);
    let mut all: Vec<_> = bases.chain(overrides).collect();
    // The telling example is a mapping that had access before.
    all.sort_by_key(|(protection, _)| protection.is_no_access);
    let accessible: Vec<&Bits> = all
        .iter()
        .filter(|(protection, _)| !protection.is_no_access)
        .map(|(_, bits)| *bits)
        .collect();
    let states = state_bits(scene, Modifier::PteModify);
    for (at, base) in fields.bases.iter().enumerate() {
        if !base.is_no_access {
            continue;
        }
        let denial = Denial::find(scene, fields, place, at, &states);
        let mut relevant = computed.result.clone();
        for (i, bit) in relevant.iter_mut().enumerate() {
            if denial.says[i] == FALSE && place.masks[0][i] == FALSE {
                *bit = FALSE;
            }
        }
        for (old, entry) in &all {
            let result = scene.apply(&relevant, Some(entry), Some(&place.protections[at]));
            let bools = &mut scene.unit.pre.logic.bools;
            let mut opens = denial.is_gone(bools, &result, &accessible);
            opens = bools.and(opens, scene.assumed);
            opens = bools.and(opens, computed.when);
            if certainty(scene, opens) == Certainty::Sometimes {
                let name = base.name.clone();
                let mut found = regression(scene, computed, Kind::Caching, name, &old.name);
                found.effect = Effect::Opens;
                return Some(found);
            }
        }
    }
    None
}

/// A right that the old entry has and the new protection denies, and that the architecture's own
/// accessors still see in the result.
fn granted(
    scene: &mut Scene<'_, '_>,
    fields: &Fields,
    place: &Place,
    computed: &Computed,
) -> Vec<Regression> {
    if computed.function == Modifier::PgprotModify
        || scene.is_folded(computed.function)
        || scene.without_entries.contains(&computed.function)
    {
        return Vec::new();
    }
    let level = computed.function.level();
    let rights = [
        (Effect::Opens, format!("!{level}_protnone(ptelint_old)")),
        (Effect::Writable, format!("!!{level}_write(ptelint_old)")),
    ];
    let old = scene.old.clone();
    let of = format!("{level}_t");
    let variables = [("ptelint_old", of.as_str(), &old[..])];
    let mut found = Vec::new();
    for (effect, test) in rights {
        let Ok(has) = scene.evaluate(&test, &variables, TRUE) else {
            continue;
        };
        let has = scene.unit.pre.logic.bools.any(&has);
        let at =
            |scene: &mut Scene<'_, '_>, entry: &[Bool]| scene.apply(&[has], Some(entry), None)[0];
        // What is only known at run time says nothing of rights.
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for i in 0..place.bases.len() {
            match at(scene, &place.bases[i]) {
                TRUE => with.push(i),
                FALSE => without.push(i),
                _ => {}
            }
        }
        // The telling example is a mapping that keeps its access.
        without.sort_by_key(|&i| fields.bases[i].is_no_access);
        let pairs = without
            .iter()
            .flat_map(|&to| with.iter().map(move |&from| (from, to)));
        let worst = pairs.into_iter().find(|&(from, to)| {
            let (entry, new) = (&place.bases[from], &place.protections[to]);
            let result = scene.apply(&computed.result, Some(entry), Some(new));
            let mut has = at(scene, &result);
            let bools = &mut scene.unit.pre.logic.bools;
            has = bools.and(has, scene.assumed);
            has = bools.and(has, computed.when);
            certainty(scene, has) == Certainty::Sometimes
        });
        if let Some((from, to)) = worst {
            let name = |i: usize| &fields.bases[i].name;
            let mut lost = regression(scene, computed, Kind::Caching, name(to).clone(), name(from));
            lost.effect = effect;
            found.push(lost);
        }
    }
    found
}

/// How an entry without access differs from all that have it.
struct Denial<'p> {
    /// The entry.
    closed: &'p Bits,
    /// Bits in which it differs from some accessible one; state of the page left out.
    says: Bits,
    /// Bits that it lacks and all accessible ones have.
    lacks: Bits,
    /// The memory type.
    field: &'p Bits,
}

impl<'p> Denial<'p> {
    fn find(
        scene: &mut Scene<'_, '_>,
        fields: &Fields,
        place: &'p Place,
        at: usize,
        states: &[StateBits],
    ) -> Denial<'p> {
        let (closed, field) = (&place.bases[at], &place.masks[0]);
        let bools = &mut scene.unit.pre.logic.bools;
        let mut says = constant(0, closed.len());
        let mut lacks = bools.invert(closed);
        for (base, bits) in fields.bases.iter().zip(&place.bases) {
            if !base.is_no_access {
                let differs = bools.zip(closed, bits, Bools::xor);
                says = bools.zip(&says, &differs, Bools::or);
                lacks = bools.zip(&lacks, bits, Bools::and);
            }
        }
        lacks = bools.zip(&lacks, field, Bools::and_not);
        for state in states {
            says = bools.zip(&says, &state.mask, Bools::and_not);
            lacks = bools.zip(&lacks, &state.mask, Bools::and_not);
        }
        Denial {
            closed,
            says,
            lacks,
            field,
        }
    }

    /// When `result` has access: it is like something accessible in all that makes a difference;
    /// or access was denied by a memory type that nothing accessible has, it has another one now,
    /// and lacks nothing else.
    fn is_gone(&self, bools: &mut Bools, result: &[Bool], accessible: &[&Bits]) -> Bool {
        let like = |bools: &mut Bools, entry: &[Bool], mask: &[Bool]| {
            accessible.iter().fold(FALSE, |any, other| {
                let agrees = agree(bools, entry, other, mask);
                bools.or(any, agrees)
            })
        };
        let is_like = like(bools, result, &self.says);
        let has_type = like(bools, result, self.field);
        let had_type = like(bools, self.closed, self.field);
        let mut is_typed = bools.and_not(has_type, had_type);
        let lacking = bools.invert(result);
        let lacking = bools.zip(&lacking, &self.lacks, Bools::and);
        let lacking = bools.any(&lacking);
        is_typed = bools.and_not(is_typed, lacking);
        let was_like = like(bools, self.closed, &self.says);
        let is_like = bools.and_not(is_like, was_like);
        bools.or(is_like, is_typed)
    }
}

/// When two words are the same under a mask.
fn agree(bools: &mut Bools, a: &[Bool], b: &[Bool], mask: &[Bool]) -> Bool {
    let mut agree = TRUE;
    for ((&a, &b), &mask) in a.iter().zip(b).zip(mask) {
        let same = bools.same(a, b);
        let same = bools.implies(mask, same);
        agree = bools.and(agree, same);
    }
    agree
}

fn regression(
    scene: &Scene<'_, '_>,
    computed: &Computed,
    kind: Kind,
    bits: String,
    accessor: &str,
) -> Regression {
    Regression {
        arch: scene.arch.to_owned(),
        file: computed.file.clone(),
        line: computed.line,
        column: 1,
        function: computed.function,
        kind,
        bits,
        accessor: accessor.to_owned(),
        variants: BTreeSet::from([scene.variant.to_owned()]),
        condition: BTreeSet::new(),
        effect: Effect::Drops,
    }
}

/// Whether every override of one attribute survives, and what that depends on.
fn attribute_verdict(
    scene: &mut Scene<'_, '_>,
    place: &Place,
    at: usize,
    computed: &Computed,
) -> (Verdict, BTreeSet<String>) {
    let mask = &place.masks[at];
    let overrides = &place.overrides[at];
    if overrides.is_empty() || mask.iter().all(|&bit| bit == FALSE) {
        return (Verdict::NoAttributes, BTreeSet::new());
    }
    let counts = {
        let bools = &mut scene.unit.pre.logic.bools;
        bools.and(scene.assumed, computed.when)
    };
    let mut unknown = BTreeSet::new();
    let mut worst = |scene: &mut Scene<'_, '_>, olds: &[Bits], news: &[Bits]| {
        let mut worst = Certainty::Never;
        for old in olds {
            for new in news {
                let changed = changed(scene, computed, mask, old, new);
                let logic = &mut scene.unit.pre.logic;
                let changed = logic.bools.and(changed, counts);
                let certainty = certainty(scene, changed);
                if certainty != Certainty::Never {
                    unknown.extend(scene.unit.pre.logic.names([changed]));
                }
                worst = worst.max(certainty);
            }
        }
        worst
    };
    let verdict = match worst(scene, overrides, &place.bases) {
        Certainty::Sometimes => Verdict::LosesOverride,
        Certainty::Unknown => Verdict::Unknown,
        Certainty::Never => match worst(scene, &place.bases, overrides) {
            Certainty::Sometimes => Verdict::OrMerge,
            Certainty::Unknown => Verdict::Unknown,
            Certainty::Never => Verdict::Preserves,
        },
    };
    (verdict, unknown)
}

/// The functions whose effect on an accessible protection is gone when it is made anew from the same
/// permissions, as happens to a new VMA.
fn forgotten(
    scene: &mut Scene<'_, '_>,
    attribute: &Attribute,
    place: &Place,
    at: usize,
    computed: &Computed,
) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if computed.function != Modifier::PgprotModify {
        return names;
    }
    for (protection, old) in attribute.overrides.iter().zip(&place.overrides[at]) {
        if protection.is_no_access {
            continue;
        }
        let new = &place.bases[protection.base];
        let changed = changed(scene, computed, &place.masks[at], old, new);
        let bools = &mut scene.unit.pre.logic.bools;
        let counts = bools.and(scene.assumed, computed.when);
        let changed = bools.and(changed, counts);
        if certainty(scene, changed) == Certainty::Sometimes {
            names.extend(protection.made_by.iter().cloned());
        }
    }
    names
}

/// When the field of an entry is another one behind the helper.
fn changed(
    scene: &mut Scene<'_, '_>,
    computed: &Computed,
    mask: &[Bool],
    old: &[Bool],
    new: &[Bool],
) -> Bool {
    let bools = &mut scene.unit.pre.logic.bools;
    // Of the old entry only the field is known, of protections everything.
    let mut entry = Bits::new();
    for (i, &variable) in scene.old.iter().enumerate() {
        entry.push(match computed.function {
            Modifier::PgprotModify => old[i],
            _ => bools.choose(mask[i], old[i], variable),
        });
    }
    let relevant: Bits = computed
        .result
        .iter()
        .enumerate()
        .map(|(i, &bit)| if mask[i] == FALSE { FALSE } else { bit })
        .collect();
    let result = scene.apply(&relevant, Some(&entry), Some(new));
    let bools = &mut scene.unit.pre.logic.bools;
    let mut changed = FALSE;
    for (i, &bit) in result.iter().enumerate() {
        if mask[i] != FALSE {
            let differs = bools.xor(bit, old[i]);
            let differs = bools.and(differs, mask[i]);
            changed = bools.or(changed, differs);
        }
    }
    changed
}

/// How certain it is that something can happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    Never,
    Unknown,
    Sometimes,
}

fn certainty(scene: &mut Scene<'_, '_>, happens: Bool) -> Certainty {
    if happens == FALSE {
        return Certainty::Never;
    }
    let logic = &mut scene.unit.pre.logic;
    let is_open = logic.is_of(Class::NotUnderstood);
    match logic.bools.for_all(happens, &is_open) {
        FALSE => Certainty::Unknown,
        _ => Certainty::Sometimes,
    }
}

fn attribute_bits(
    scene: &mut Scene<'_, '_>,
    attribute: &Attribute,
    mut mask: Bits,
    computed: &Computed,
) -> Vec<Bit> {
    let kind = attribute.kind;
    let mut bits = Vec::new();
    let level = computed.function.level();
    for field in scene.rules.fields(scene.arch, scene.variant) {
        if Kind::from(field.kind) != kind || !field.is_at(level) {
            continue;
        }
        let Some(declared) = scene.mask_of(field, computed.function) else {
            continue;
        };
        if declared.iter().all(|&bit| bit == FALSE) {
            continue;
        }
        bits.push(bit(scene, field.name.clone(), kind, &declared, computed));
        let bools = &mut scene.unit.pre.logic.bools;
        mask = bools.zip(&mask, &declared, Bools::and_not);
    }
    for i in 0..mask.len() {
        if mask[i] != FALSE {
            let mut one = constant(0, mask.len());
            one[i] = mask[i];
            let name = scene.name_of_mask(&one, &attribute.used);
            bits.push(bit(scene, name, kind, &one, computed));
        }
    }
    bits
}

fn bit(
    scene: &mut Scene<'_, '_>,
    name: String,
    kind: Kind,
    mask: &[Bool],
    computed: &Computed,
) -> Bit {
    Bit {
        name,
        mask: scene.shown(mask),
        kind,
        from: origin(scene, mask, computed),
    }
}

/// Where the bits under a mask come from, if it is the same for all of them.
fn origin(scene: &mut Scene<'_, '_>, mask: &[Bool], computed: &Computed) -> Origin {
    let bools = &mut scene.unit.pre.logic.bools;
    let counts = bools.and(scene.assumed, computed.when);
    let candidates = [
        Origin::Old,
        Origin::New,
        Origin::Cleared,
        Origin::Set,
        Origin::Or,
    ];
    let matches = |bools: &mut Bools, origin: Origin| {
        for (i, &bit) in computed.result.iter().enumerate() {
            let Some(&counts_here) = mask.get(i) else {
                break;
            };
            let counts = bools.and(counts, counts_here);
            if counts == FALSE {
                continue;
            }
            let old = scene.old[i];
            let new = scene.new.get(i).copied().unwrap_or(FALSE);
            let expected = match origin {
                Origin::Old => old,
                Origin::New => new,
                Origin::Cleared => FALSE,
                Origin::Set => TRUE,
                _ => bools.or(old, new),
            };
            let same = bools.same(bit, expected);
            if bools.implies(counts, same) != TRUE {
                return false;
            }
        }
        true
    };
    let found = candidates
        .into_iter()
        .find(|&origin| matches(bools, origin));
    found.unwrap_or(Origin::Depends)
}

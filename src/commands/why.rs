//! `ptelint why`: the proof of one use, and what falls without a guard or an axiom.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use ptelint::pipeline::{self, SourceLine, Wanted, WhyQuery};
use ptelint::report;

use super::format::Format;
use super::output::{self, Output};
use super::progress::Bar;
use super::{Global, Status};

/// Show the whole proof of a use, or the way an override mapping gets there
///
/// Says what keeps override mappings from the generic use at FILE:LINE, and which of these guards
/// bear the load: the proof falls if that one alone is taken out. For an insertion, shows the way
/// from the driver's operation.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Why {
    /// The use or insertion, as FILE:LINE; then kernel trees, directories or files
    #[arg(value_name = "FILE:LINE | PATH")]
    arguments: Vec<String>,
    /// Take the conditions on a line to be unknown, and list the proofs that fall
    #[arg(long, value_name = "FILE:LINE", value_parser = source_line)]
    if_removed: Option<SourceLine>,
    /// Do without an axiom, and list the proofs that fall
    #[arg(long, value_name = "NAME")]
    without_axiom: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint why mm/huge_memory.c:2947 ~/linux
  ptelint why --if-removed mm/mempolicy.c:700 ~/linux
  ptelint why --without-axiom rmap-walk ~/linux";

impl Why {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let (places, paths): (Vec<String>, Vec<String>) = self
            .arguments
            .into_iter()
            .partition(|argument| source_line(argument).is_ok());
        let query = WhyQuery {
            place: places.first().map(|place| source_line(place)).transpose()?,
            if_removed: self.if_removed,
            without_axioms: BTreeSet::from_iter(self.without_axiom),
        };
        anyhow::ensure!(
            places.len() <= 1,
            "one place at a time: `{}` and `{}` were given",
            places[0],
            places[1]
        );
        anyhow::ensure!(
            query.place.is_some() || query.if_removed.is_some() || !query.without_axioms.is_empty(),
            "nothing was asked\n  tip: type 'ptelint why mm/memory.c:1234 PATH', with a line that \
             'ptelint readers' or 'ptelint mappings' lists, or one of --if-removed and \
             --without-axiom"
        );
        let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
        let output = Output::new(global, &global.format)?;
        let bar = Bar::new();
        let options = global.options(&paths, Wanted::Everything)?;
        let answer = pipeline::why(&paths, &options, &query, &bar)?;
        bar.finish();
        output.write(|format, buffer| match format {
            Format::Json => output::put(buffer, &report::why_json(&answer)?),
            _ => {
                report::why(&answer, buffer);
                Ok(())
            }
        })?;
        Ok(Status::Clean)
    }
}

/// Reads `FILE:LINE`.
fn source_line(text: &str) -> anyhow::Result<SourceLine> {
    let place = text
        .rsplit_once(':')
        .and_then(|(file, line)| Some((file, line.parse().ok()?)))
        .filter(|&(file, line)| !file.is_empty() && line > 0);
    let Some((file, line)) = place else {
        anyhow::bail!("expected FILE:LINE, such as mm/memory.c:1234, not `{text}`");
    };
    Ok(SourceLine {
        file: file.to_owned(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_paths() {
        let place = source_line("mm/memory.c:12").unwrap();
        assert_eq!((place.file.as_str(), place.line), ("mm/memory.c", 12));
        for wrong in ["mm/memory.c", "mm/memory.c:0", ":12", "mm/memory.c:x", ""] {
            assert!(source_line(wrong).is_err(), "{wrong}");
        }
    }
}

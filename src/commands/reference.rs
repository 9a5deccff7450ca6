//! `ptelint reference`: the reference fault path and its explorer.

use clap::{Args, Subcommand, ValueEnum};
use ptelint::reference::arch::Arch;
use ptelint::reference::explore::report::{Summary, find_fault, world_line};
use ptelint::reference::explore::scenario::tell_scenario;
use ptelint::reference::explore::search::{Search, any_violation, search};
use ptelint::reference::explore::story::tell;
use ptelint::reference::explore::world::WORLDS;
use ptelint::reference::faults::{self, DeliberateFault};
use std::io::Write;
use std::time::Instant;

use super::Status;

/// The executable model of Linux mm that the rules are validated against
#[derive(Args, Debug)]
pub struct Reference {
    #[command(subcommand)]
    command: ReferenceCommand,
}

#[derive(Subcommand, Debug)]
enum ReferenceCommand {
    Explore(ExploreArgs),
    Scenario(ScenarioArgs),
    /// List the deliberate faults
    Faults,
}

/// Try every sequence of operations up to a length, and check the invariant
/// after each
#[derive(Args, Debug)]
struct ExploreArgs {
    /// Only this architecture; all three by default
    #[arg(long, value_enum)]
    arch: Option<ArchName>,
    /// Longest sequence of operations
    #[arg(long, default_value_t = 4)]
    depth: usize,
    /// Stop searching a world after this many states
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    max_states: usize,
    /// Switch a deliberate fault in and print the shortest sequence that shows
    /// it
    #[arg(long, value_parser = parse_fault)]
    fault: Option<DeliberateFault>,
}

/// Tell how a buffer moves while it is mapped, step by step
#[derive(Args, Debug)]
struct ScenarioArgs {
    /// The architecture
    #[arg(long, value_enum, default_value = "x86-64")]
    arch: ArchName,
    /// Switch a deliberate fault in
    #[arg(long, value_parser = parse_fault)]
    fault: Option<DeliberateFault>,
    /// Stop after this many steps
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    steps: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ArchName {
    #[value(name = "x86-64", alias = "x86_64", alias = "x86")]
    X86_64,
    Arm64,
    #[value(name = "riscv64", alias = "riscv")]
    Riscv64,
}

impl ArchName {
    fn arch(self) -> Arch {
        match self {
            ArchName::X86_64 => Arch::X86_64,
            ArchName::Arm64 => Arch::Arm64,
            ArchName::Riscv64 => Arch::Riscv64,
        }
    }
}

impl Reference {
    /// Runs the command and writes to standard output. There are findings if the invariant
    /// breaks.
    pub fn run(self) -> anyhow::Result<Status> {
        let mut out = std::io::stdout().lock();
        let is_broken = match self.command {
            ReferenceCommand::Explore(args) => explore(&args, &mut out)?,
            ReferenceCommand::Scenario(args) => {
                let story = tell_scenario(args.arch.arch(), args.fault, args.steps);
                write!(out, "{story}")?;
                false
            }
            ReferenceCommand::Faults => {
                for fault in faults::ALL {
                    writeln!(out, "{:28} {}", fault.name, fault.what)?;
                }
                false
            }
        };
        Ok(match is_broken {
            true => Status::Findings,
            false => Status::Clean,
        })
    }
}

fn explore(args: &ExploreArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    let archs = match args.arch {
        Some(name) => vec![name.arch()],
        None => Arch::ALL.to_vec(),
    };
    match args.fault {
        Some(fault) => explore_fault(&archs, fault, args.depth, out),
        None => explore_model(&archs, args, out),
    }
}

fn explore_model(archs: &[Arch], args: &ExploreArgs, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut broken = false;
    let mut all = Summary::new();
    let begin = Instant::now();
    for &arch in archs {
        for world in &WORLDS {
            let params = Search {
                world,
                arch,
                fault: None,
                max_depth: args.depth,
                max_states: args.max_states,
                symmetry: true,
                ends: any_violation,
            };
            let since = Instant::now();
            let outcome = search(&params);
            let seconds = since.elapsed().as_secs_f64();
            writeln!(out, "{}  {seconds:.1} s", world_line(&params, &outcome))?;
            if let Some(failure) = &outcome.failure {
                broken = true;
                write!(out, "{}", tell(&params, &failure.ops))?;
            }
            all.add(&outcome);
        }
    }
    write!(out, "{}", all.text())?;
    writeln!(out, "time: {:.1} s", begin.elapsed().as_secs_f64())?;
    Ok(broken)
}

fn explore_fault(
    archs: &[Arch],
    fault: DeliberateFault,
    depth: usize,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut broken = false;
    for &arch in archs {
        let name = arch.name();
        match find_fault(arch, fault, depth) {
            Some(found) => {
                broken = true;
                let (world, steps) = (found.world, found.ops);
                writeln!(
                    out,
                    "{name}, world \"{world}\", {steps} steps: {}",
                    fault.what
                )?;
                writeln!(out, "{}", found.story)?;
            }
            None => writeln!(out, "{name}: not found within {depth} steps\n")?,
        }
    }
    Ok(broken)
}

fn parse_fault(name: &str) -> Result<DeliberateFault, String> {
    faults::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = faults::ALL.iter().map(|fault| fault.name).collect();
        format!("one of {}", names.join(", "))
    })
}

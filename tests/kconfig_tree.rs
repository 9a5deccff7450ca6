//! Which drivers exist on which architecture, on whole kernel trees, as their Makefiles and Kconfig
//! files were read by hand.

#[path = "support/kernel.rs"]
mod kernel;

use std::path::Path;
use std::process::ExitCode;

use kernel::{LINUX_6_1, LINUX_6_12};
use ptelint::kconfig::{Availability, Built};
use ptelint::tree::Tree;

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    for kernel in [LINUX_6_12, LINUX_6_1] {
        trials.push(kernel.trial("drivers_are_where_they_were_found", |tree| {
            check(tree, FACTS);
        }));
        trials.push(kernel.trial("what_is_always_built", always));
        trials.push(kernel.trial("a_part_of_the_tree_gives_the_same", part));
    }
    trials.push(LINUX_6_12.trial("drivers_of_this_version", |tree| check(tree, FACTS_6_12)));
    trials.push(LINUX_6_1.trial("drivers_of_this_version", |tree| check(tree, FACTS_6_1)));
    libtest_mimic::run(&args, trials).exit_code()
}

/// A file, architectures it can be built for, and some for which it cannot.
type Fact = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const FACTS: &[Fact] = &[
    // depends on X86 && PCI
    (
        "drivers/gpu/drm/i915/gem/i915_gem_mman.c",
        &["x86"],
        &["arm64", "powerpc", "riscv", "um"],
    ),
    // Selected by drivers for anything with PCI and an MMU.
    (
        "drivers/gpu/drm/ttm/ttm_bo_vm.c",
        &["arm64", "x86", "riscv", "loongarch", "powerpc"],
        &["hexagon", "nios2"],
    ),
    // depends on DRM && PCI && MMU
    (
        "drivers/gpu/drm/amd/amdgpu/amdgpu_ttm.c",
        &["arm64", "x86", "riscv", "powerpc", "mips"],
        &["hexagon", "nios2"],
    ),
    // HSA_AMD depends on X86_64 || ARM64 || PPC64; its Makefile is included by amdgpu's.
    (
        "drivers/gpu/drm/amd/amdkfd/kfd_chardev.c",
        &["arm64", "x86", "powerpc"],
        &["riscv", "mips", "s390", "sparc"],
    ),
    // (X86 && HYPERVISOR_GUEST) || ARM64
    (
        "drivers/gpu/drm/vmwgfx/vmwgfx_page_dirty.c",
        &["arm64", "x86"],
        &["arm", "powerpc", "riscv", "s390"],
    ),
    // ARCH_QCOM || SOC_IMX5 || COMPILE_TEST
    (
        "drivers/gpu/drm/msm/msm_gem.c",
        &["arm", "arm64"],
        &["x86", "riscv", "powerpc"],
    ),
    (
        "drivers/gpu/drm/nouveau/nouveau_gem.c",
        &["arm64", "x86", "powerpc"],
        &["hexagon", "nios2"],
    ),
    // Symbol INTEL_GTT has no prompt; X86 drivers select it.
    (
        "drivers/char/agp/intel-gtt.c",
        &["x86"],
        &["arm64", "alpha", "powerpc"],
    ),
    // AGP depends on ALPHA || PARISC || PPC || X86
    (
        "drivers/char/agp/backend.c",
        &["x86", "alpha", "parisc", "powerpc"],
        &["arm", "arm64", "riscv", "s390", "um"],
    ),
    // depends on !ALPHA
    (
        "drivers/infiniband/core/ib_core_uverbs.c",
        &["arm64", "x86", "s390"],
        &["alpha"],
    ),
    (
        "drivers/infiniband/hw/mlx5/main.c",
        &["arm64", "x86", "s390", "powerpc"],
        &["alpha"],
    ),
    // ARM64 || (COMPILE_TEST && 64BIT)
    (
        "drivers/infiniband/hw/hns/hns_roce_main.c",
        &["arm64"],
        &["x86", "powerpc", "arm", "riscv"],
    ),
    // PCI_MSI && 64BIT && !CPU_BIG_ENDIAN
    (
        "drivers/infiniband/hw/efa/efa_verbs.c",
        &["arm64", "x86", "riscv"],
        &["arm", "m68k", "xtensa"],
    ),
    // PCI, ICE and I40E
    (
        "drivers/infiniband/hw/irdma/verbs.c",
        &["arm64", "x86"],
        &["alpha", "hexagon", "nios2"],
    ),
    // X86_UV && SMP
    (
        "drivers/misc/sgi-gru/grumain.c",
        &["x86"],
        &["arm64", "powerpc", "mips"],
    ),
    (
        "drivers/misc/ocxl/context.c",
        &["powerpc"],
        &["x86", "arm64", "s390"],
    ),
    (
        "drivers/dma/idxd/cdev.c",
        &["x86"],
        &["arm64", "riscv", "um"],
    ),
    (
        "drivers/video/fbdev/sa1100fb.c",
        &["arm"],
        &["arm64", "x86", "mips"],
    ),
    (
        "drivers/video/fbdev/gbefb.c",
        &["mips"],
        &["x86", "arm", "powerpc"],
    ),
    (
        "drivers/video/fbdev/sbuslib.c",
        &["sparc"],
        &["x86", "arm64", "mips"],
    ),
    // The directory is entered for S390.
    (
        "drivers/s390/char/vmlogrdr.c",
        &["s390"],
        &["x86", "arm64", "powerpc"],
    ),
    ("drivers/sbus/char/oradax.c", &["sparc"], &["x86", "arm64"]),
    ("drivers/parisc/sba_iommu.c", &["parisc"], &["x86", "arm64"]),
    // PPC_PMAC || MAC
    (
        "drivers/macintosh/via-pmu.c",
        &["powerpc", "m68k"],
        &["x86", "arm64", "sparc"],
    ),
    ("sound/arm/aaci.c", &["arm"], &["arm64", "x86"]),
    ("sound/sparc/cs4231.c", &["sparc"], &["x86", "arm64"]),
    (
        "sound/soc/pxa/pxa2xx-pcm.c",
        &["arm"],
        &["arm64", "x86", "mips"],
    ),
    (
        "sound/core/pcm_native.c",
        &["arm", "arm64", "x86", "sparc", "s390", "powerpc"],
        &[],
    ),
    ("drivers/uio/uio.c", &["arm", "arm64", "x86", "riscv"], &[]),
    ("arch/x86/mm/pat/memtype.c", &["x86"], &["arm64", "um"]),
    // arm64 builds the files of arm by a path.
    (
        "arch/arm/xen/enlighten.c",
        &["arm", "arm64"],
        &["x86", "mips"],
    ),
    ("arch/x86/um/signal.c", &["um"], &["x86", "arm64"]),
    // Included by Makefiles of architectures only.
    (
        "virt/kvm/kvm_main.c",
        &["arm64", "x86", "riscv", "s390", "powerpc", "mips"],
        &[],
    ),
];

const FACTS_6_12: &[Fact] = &[
    // ARM || ARM64 || COMPILE_TEST
    (
        "drivers/gpu/drm/panthor/panthor_mmu.c",
        &["arm64", "arm"],
        &["x86", "powerpc", "riscv"],
    ),
    // depends on !UML
    (
        "drivers/gpu/drm/amd/amdgpu/amdgpu_gem.c",
        &["arm64", "x86"],
        &["um"],
    ),
    // X86 && PCI
    (
        "drivers/gpu/drm/gma500/fbdev.c",
        &["x86"],
        &["arm64", "powerpc"],
    ),
];

const FACTS_6_1: &[Fact] = &[
    // IA64 was an architecture then.
    (
        "drivers/char/agp/frontend.c",
        &["ia64", "x86"],
        &["arm64", "riscv"],
    ),
    // FB && PCI && X86
    (
        "drivers/video/fbdev/vermilion/vermilion.c",
        &["x86"],
        &["arm64", "powerpc"],
    ),
];

fn check(tree: &Path, facts: &[Fact]) {
    let tree = Tree::open(&[tree.to_owned()]).expect("a tree");
    let availability = Availability::new(&tree);
    let mut complaints = Vec::new();
    for (file, there, elsewhere) in facts {
        if tree.file_at(file).is_none() {
            complaints.push(format!("{file} is not in the tree"));
        }
        for arch in *there {
            if let Built::No(reason) = availability.of(file, arch) {
                complaints.push(format!("{file} is built for {arch}, not: {reason}"));
            }
        }
        for arch in *elsewhere {
            let built = availability.of(file, arch);
            if !matches!(built, Built::No(_)) {
                complaints.push(format!("{file} is not built for {arch}, not: {built:?}"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Few files are built nowhere: those that are there to be compiled only, or that are left over.
fn always(tree: &Path) {
    let tree = Tree::open(&[tree.to_owned()]).expect("a tree");
    let availability = Availability::new(&tree);
    let arches = tree.directories("arch");
    for arch in &arches {
        assert_eq!(
            availability.of("drivers/char/mem.c", arch),
            Built::Yes,
            "{arch}"
        );
    }
    let nowhere = tree.files.iter().filter(|file| {
        let is_driver = file.path.starts_with("drivers/") && file.path.ends_with(".c");
        let is_absent = |arch: &String| matches!(availability.of(&file.path, arch), Built::No(_));
        is_driver && arches.iter().all(is_absent)
    });
    let nowhere: Vec<&str> = nowhere.map(|file| &*file.path).collect();
    assert!(nowhere.len() < 100, "{nowhere:#?}");
}

/// Makefiles and Kconfig files are read wherever they are, whatever was walked.
fn part(root: &Path) {
    let tree = Tree::open(&[root.join("drivers/gpu/drm")]).expect("a tree");
    let availability = Availability::new(&tree);
    let of = |arch| availability.of("drivers/gpu/drm/i915/gem/i915_gem_mman.c", arch);
    assert_eq!(of("x86"), Built::Maybe);
    assert_eq!(
        of("arm64"),
        Built::No("CONFIG_DRM_I915 is not possible on arm64".to_owned())
    );
}

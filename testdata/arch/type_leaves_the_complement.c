/* riscv before and after a memory type existed: the mask is written as a complement of what changes,
 * and the type was added to it. */
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long prot; } pgprot_t;
#define pte_val(x) ((x).pte)
#define pgprot_val(x) ((x).prot)
#define __pte(x) ((pte_t) { (x) })
#define __pgprot(x) ((pgprot_t) { (x) })

#define PFN 0x0000fffffffff000UL
#define VALID 0x1UL
#define WRITE 0x2UL
#define DIRTY 0x40UL
#define ACCESSED 0x80UL

#define PAGE_NONE __pgprot(0)
#define PAGE_READONLY __pgprot(VALID)
#define PAGE_SHARED __pgprot(VALID | WRITE)

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte(pfn << 12 | pgprot_val(prot));
}

static inline pte_t pte_mkdirty(pte_t pte) { return __pte(pte_val(pte) | DIRTY); }
static inline int pte_dirty(pte_t pte) { return !!(pte_val(pte) & DIRTY); }
static inline pte_t pte_mkyoung(pte_t pte) { return __pte(pte_val(pte) | ACCESSED); }
static inline int pte_young(pte_t pte) { return !!(pte_val(pte) & ACCESSED); }
/* --- file: arch/before/include/asm/pgtable.h */
#define KEPT_BUT (VALID | WRITE)
#define KEPT (~KEPT_BUT)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot) /* arch: no-attributes */
{
	return __pte((pte_val(pte) & KEPT) | pgprot_val(prot));
}
/* --- file: arch/after/include/asm/pgtable.h */

#define MEMTYPE 0x18UL
#define pgprot_noncached(prot) __pgprot((pgprot_val(prot) & ~MEMTYPE) | 0x10UL)
#define pgprot_writecombine(prot) __pgprot((pgprot_val(prot) & ~MEMTYPE) | 0x08UL)
#define KEPT_BUT (VALID | WRITE | MEMTYPE)
#define KEPT (~KEPT_BUT)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot) /* arch: loses-override */
{
	return __pte((pte_val(pte) & KEPT) | pgprot_val(prot));
}

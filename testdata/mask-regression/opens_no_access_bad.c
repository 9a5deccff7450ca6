/* Access is denied by a memory type, and the helper replaces it. */
/* --- file: arch/toy/include/asm/pgtable.h */
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

#define PAGE_NONE __pgprot(0x18UL)
#define PAGE_READONLY __pgprot(0x8UL)
#define PAGE_SHARED __pgprot(0x8UL | WRITE)

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte(pfn << 12 | pgprot_val(prot));
}

static inline pte_t pte_mkdirty(pte_t pte) { return __pte(pte_val(pte) | DIRTY); }
static inline int pte_dirty(pte_t pte) { return !!(pte_val(pte) & DIRTY); }
static inline pte_t pte_mkyoung(pte_t pte) { return __pte(pte_val(pte) | ACCESSED); }
static inline int pte_young(pte_t pte) { return !!(pte_val(pte) & ACCESSED); }

#define MEMTYPE 0x18UL
#define pgprot_noncached(prot) __pgprot(pgprot_val(prot) & ~MEMTYPE)
static inline pgprot_t pgprot_modify(pgprot_t old, pgprot_t new) /* error: [mask-regression] accessible */
{
	if (pgprot_val(old) == pgprot_val(pgprot_noncached(old)))
		new = pgprot_noncached(new);
	return new;
}

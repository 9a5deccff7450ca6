/* MIPS before and after the special bit joined _PAGE_CHG_MASK. */
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

#define SPECIAL 0x100UL
static inline pte_t pte_mkspecial(pte_t pte) { return __pte(pte_val(pte) | SPECIAL); }
static inline int pte_special(pte_t pte) { return !!(pte_val(pte) & SPECIAL); }
/* --- file: arch/before/include/asm/pgtable.h */
#define KEPT (PFN | DIRTY | ACCESSED)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot) /* arch: no-attributes SPECIAL=new drops SPECIAL */
{
	return __pte((pte_val(pte) & KEPT) | (pgprot_val(prot) & ~KEPT));
}
/* --- file: arch/after/include/asm/pgtable.h */
#define KEPT (PFN | DIRTY | ACCESSED | SPECIAL)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot) /* arch: no-attributes SPECIAL=old */
{
	return __pte((pte_val(pte) & KEPT) | (pgprot_val(prot) & ~KEPT));
}

/* A mask of what changes, with a bit too many. */
/* --- file: arch/toy/include/asm/pgtable.h */
#define PFN 0xfffffffffffff000UL
#define VALID 0x1UL
#define WRITE 0x2UL
#define UNCACHED 0x10UL
#define BUFFERED 0x20UL
#define DIRTY 0x40UL
#define ACCESSED 0x80UL
#define SPECIAL 0x100UL
#define SOFT_DIRTY 0x200UL

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long prot; } pgprot_t;
#define pte_val(x) ((x).pte)
#define pgprot_val(x) ((x).prot)
#define __pte(x) ((pte_t) { (x) })
#define __pgprot(x) ((pgprot_t) { (x) })

#define PAGE_NONE __pgprot(0)
#define PAGE_READONLY __pgprot(VALID)
#define PAGE_SHARED __pgprot(VALID | WRITE)

#define pgprot_noncached(prot) __pgprot(pgprot_val(prot) | UNCACHED)
#define pgprot_writecombine(prot) __pgprot(pgprot_val(prot) | BUFFERED)

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte(pfn << 12 | pgprot_val(prot));
}

static inline pte_t pte_mkspecial(pte_t pte) { return __pte(pte_val(pte) | SPECIAL); }
static inline int pte_special(pte_t pte) { return !!(pte_val(pte) & SPECIAL); }
static inline pte_t pte_mkdirty(pte_t pte) { return __pte(pte_val(pte) | DIRTY); }
static inline int pte_dirty(pte_t pte) { return !!(pte_val(pte) & DIRTY); }
static inline pte_t pte_mkyoung(pte_t pte) { return __pte(pte_val(pte) | ACCESSED); }
static inline int pte_young(pte_t pte) { return !!(pte_val(pte) & ACCESSED); }
#ifdef CONFIG_MEM_SOFT_DIRTY
static inline pte_t pte_mksoft_dirty(pte_t pte) { return __pte(pte_val(pte) | SOFT_DIRTY); }
static inline int pte_soft_dirty(pte_t pte) { return !!(pte_val(pte) & SOFT_DIRTY); }
#endif

#define CHANGED (VALID | WRITE | ACCESSED)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot) /* warning: [mask-regression] */
{
	pte_val(pte) = (pte_val(pte) & ~CHANGED) | (pgprot_val(prot) & CHANGED);
	return pte;
}

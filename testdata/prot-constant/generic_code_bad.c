/* Core mm does not know whose mapping it is given. */
/* --- file: mm/fixed.c */
#include <linux/mm.h>

static void fixed_bad(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, struct page *page)
{
	set_pte_at(vma->vm_mm, addr, ptep, mk_pte(page, PAGE_SHARED)); /* error: [prot-constant] for any mapping */
}

static void readable_ok(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, struct page *page)
{
	set_pte_at(vma->vm_mm, addr, ptep, mk_pte(page, PAGE_READONLY));
}

void fixed(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, struct page *page)
{
	fixed_bad(vma, addr, ptep, page);
	readable_ok(vma, addr, ptep, page);
}

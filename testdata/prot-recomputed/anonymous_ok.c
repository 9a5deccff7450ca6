/* Mappings without operations: nobody has stored a mode, and nobody waits for the first write. */
/* --- file: mm/anonymous.c */
#include <linux/mm.h>

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static void make_ok(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, struct page *page)
{
	if (!vma_is_anonymous(vma))
		return;
	set_pte_at(vma->vm_mm, addr, ptep, mk_pte(page, vm_get_page_prot(vma->vm_flags)));
}

void make_entry(struct mm_struct *mm, unsigned long addr, pte_t *ptep, struct page *page)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma)
		make_ok(vma, addr, ptep, page);
}

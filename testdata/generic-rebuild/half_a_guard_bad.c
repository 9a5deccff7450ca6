/* VM_PFNMAP is turned away and VM_MIXEDMAP is forgotten. */
/* --- file: mm/remake.c */
#include <linux/mm.h>

static void remake_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (vma->vm_flags & VM_PFNMAP)
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

void remake_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		remake_bad(vma, address, ptep);
}

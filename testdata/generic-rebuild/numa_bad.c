/* A scanner hints at every mapping, and the fault that follows makes the entry anew. */
/* --- file: mm/numa.c */
#include <linux/mm.h>

static void hint(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	set_pte_at(vma->vm_mm, address, ptep, pte_modify(ptep_get(ptep), PAGE_NONE));
}

void scan(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		hint(vma, address, ptep);
}

static void numa_fault_bad(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (!pte_protnone(old) || !(vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

void fault(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		numa_fault_bad(vma, address, ptep);
}

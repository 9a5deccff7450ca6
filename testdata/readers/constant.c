/* Generic code that makes user entries with a fixed protection. */
#include <linux/mm.h>

void install_zero(struct vm_area_struct *vma, unsigned long address, unsigned long pfn, pte_t *ptep)
{
	set_pte_at(vma->vm_mm, address, ptep, pfn_pte(pfn, PAGE_READONLY)); /* reader: construct pte constant unproven */
}

/* The kernel's own entries are nobody's business. */
void install_kernel(struct mm_struct *init_mm, unsigned long address, unsigned long pfn, pte_t *ptep)
{
	set_pte_at(init_mm, address, ptep, pfn_pte(pfn, PAGE_KERNEL));
}

/* Core mm makes the default of a new VMA; entries of a kernel test belong to nobody. */
/* --- file: mm/create.c */
#include <linux/mm.h>

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);

struct vm_area_struct *create_mapping(struct mm_struct *mm, unsigned long flags)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	vma->vm_flags = flags;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return vma;
}

int entry_test(unsigned long pfn, unsigned long flags)
{
	pgprot_t prot = vm_get_page_prot(flags);
	pte_t entry = pfn_pte(pfn, prot);

	return entry.pte == 0;
}

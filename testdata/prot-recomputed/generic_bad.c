/* Generic code changes entries of whatever mapping it is given. */
/* --- file: mm/protect.c */
#include <linux/mm.h>

static void change_entries(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
			   pgprot_t prot)
{
	if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))
		return;
	set_pte_at(vma->vm_mm, address, ptep, pte_modify(ptep_get(ptep), prot));
}

void protect_range_bad(struct vm_area_struct *vma, pte_t *ptep, int protect)
{
	pgprot_t prot;

	if (protect)
		prot = vm_get_page_prot(vma->vm_flags & ~VM_WRITE); /* error: [prot-recomputed] puts it into entries of any mapping */
	else
		prot = vm_get_page_prot(vma->vm_flags);
	change_entries(vma, vma->vm_start, ptep, prot);
}

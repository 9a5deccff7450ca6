/* All VMAs of a process in turn: by iterator since 6.0, along the list before. */
#include <linux/mm.h>

struct vma_iterator { unsigned long index; };
struct vm_area_struct *vma_next(struct vma_iterator *vmi);

#define for_each_vma(__vmi, __vma) \
	while (((__vma) = vma_next(&(__vmi))) != NULL)

void uncache_all_bad(struct mm_struct *mm)
{
	struct vma_iterator vmi = { 0 };
	struct vm_area_struct *vma;

	for_each_vma(vmi, vma)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot); /* warning: [late-prot-write] */
}

void uncache_list_bad(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	for (vma = mm->mmap; vma; vma = vma->vm_next)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot); /* warning: [late-prot-write] */
}

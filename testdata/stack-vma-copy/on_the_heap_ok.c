/* Duplicating a VMA is how fork() and split make new ones. */
#include <linux/mm.h>

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);

struct vm_area_struct *duplicate_ok(struct vm_area_struct *vma)
{
	struct vm_area_struct *new = vm_area_alloc(vma->vm_mm);

	if (!new)
		return NULL;
	*new = *vma;
	new->vm_page_prot = vm_get_page_prot(new->vm_flags);
	return new;
}

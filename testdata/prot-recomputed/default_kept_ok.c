/* Core mm keeps what the driver stored; a VMA that is just being made has nothing to keep. */
/* --- file: mm/mmap.c */
#include <linux/mm.h>

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);

static void set_default_ok(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_modify(vma->vm_page_prot, vm_get_page_prot(vma->vm_flags));
}

int change(struct mm_struct *mm, unsigned long address, unsigned long flags)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (!vma)
		return -EINVAL;
	vma->vm_flags = flags;
	set_default_ok(vma);
	return 0;
}

/* Without an MMU there is no entry that could get it. */
#ifndef CONFIG_MMU
void set_nothing_ok(struct vm_area_struct *vma)
{
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
}
#endif

/* The VMA it is given is the one before the new one. */
int expand_ok(struct vm_area_struct *vma, unsigned long flags)
{
	struct mm_struct *mm = vma->vm_mm;

	vma->vm_flags |= VM_DONTEXPAND;
	vma = vm_area_alloc(mm);
	vma->vm_flags = flags;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return 0;
}

int map_ok(struct mm_struct *mm, struct file *file, unsigned long flags)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);

	vma->vm_flags = flags;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return 0;
}

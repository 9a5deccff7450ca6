/* Core mm stores to VMAs that are in the tree all the time, under locks it knows about. */
/* --- file: mm/mmap.c */
#include <linux/mm.h>

void vma_set_page_prot(struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_modify(vma->vm_page_prot, vm_get_page_prot(vma->vm_flags));
}

void change_all_ok(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	vma->vm_page_prot =
		pgprot_modify(vma->vm_page_prot, vm_get_page_prot(vma->vm_flags));
}
/* --- file: drivers/notify.c */
#include <linux/mm.h>

void vma_set_page_prot(struct vm_area_struct *vma);

static vm_fault_t core_helper_fault_ok(struct vm_fault *vmf)
{
	vma_set_page_prot(vmf->vma);
	return 0;
}

static const struct vm_operations_struct helper_vm_ops = { .fault = core_helper_fault_ok };

static int helper_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &helper_vm_ops;
	return 0;
}

const struct file_operations helper_fops = { .mmap = helper_mmap };

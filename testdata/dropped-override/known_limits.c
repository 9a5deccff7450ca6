/* What the rule does not see. */
#include <linux/mm.h>

struct document_plan { pgprot_t prot; };

/* A member of a structure is not followed. */
int FN_member_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	struct document_plan plan;

	plan.prot = pgprot_noncached(vma->vm_page_prot);
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

/* Read, but for the log only. */
int document_log(unsigned long value);

int FN_logged_mmap_bad(struct file *file, struct vm_area_struct *vma)
{
	pgprot_t prot = pgprot_noncached(vma->vm_page_prot);

	document_log(pgprot_val(prot));
	return vm_iomap_memory(vma, document_pfn(file), PAGE_SIZE);
}

const struct file_operations member_fops = { .mmap = FN_member_mmap_bad };
const struct file_operations logged_fops = { .mmap = FN_logged_mmap_bad };

/* A VMA that is set up from nothing belongs to nobody: filesystems and TLB flushes need such. */
#include <linux/mm.h>

void *memset(void *to, int value, unsigned long size);
void vma_init(struct vm_area_struct *vma, struct mm_struct *mm);
void flush_range(struct vm_area_struct *vma, unsigned long start);

static void filesystem_ok(struct mm_struct *mm)
{
	struct vm_area_struct pseudo;

	vma_init(&pseudo, mm);
	pseudo.vm_flags = VM_SHARED | VM_MAYSHARE;
	pseudo.vm_page_prot = PAGE_SHARED;
	flush_range(&pseudo, 0);
}

static void zeroed_ok(struct mm_struct *mm)
{
	struct vm_area_struct pseudo;

	memset(&pseudo, 0, sizeof(pseudo));
	pseudo.vm_page_prot = vm_get_page_prot(VM_READ);
	flush_range(&pseudo, 0);
}

static void initialised_ok(struct mm_struct *mm)
{
	struct vm_area_struct pseudo = { .vm_mm = mm, .vm_flags = VM_EXEC };

	pseudo.vm_page_prot = PAGE_READONLY;
	flush_range(&pseudo, 0);
}

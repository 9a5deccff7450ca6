/* Uses from which no entry comes. */
#include <linux/mm.h>

int printk(const char *format, unsigned long value);

void dump(struct vm_area_struct *vma)
{
	printk("prot %lx\n", pgprot_val(vma->vm_page_prot)); /* reader: print none vm_page_prot no-entry */
}

/* Taken out of its wrapper by hand, it is the same one read. */
void dump_member(struct vm_area_struct *vma)
{
	printk("prot %lx\n", vma->vm_page_prot.pgprot); /* reader: print none vm_page_prot no-entry */
}

/* Both sides together are one use. */
int is_same(struct vm_area_struct *a, struct vm_area_struct *b)
{
	/* reader: compare none vm_page_prot no-entry */
	return pgprot_val(a->vm_page_prot) == pgprot_val(b->vm_page_prot);
}

/* A new default, by the rule of mprotect(). */
void recompute(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_page_prot = vm_get_page_prot(flags); /* reader: recompute none vm_page_prot no-entry */
}

void merge(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_page_prot = pgprot_modify(vma->vm_page_prot, vm_get_page_prot(flags)); /* reader: recompute none vm_page_prot no-entry */
}

/* fork() copies it. */
void duplicate(struct vm_area_struct *new, struct vm_area_struct *old)
{
	new->vm_page_prot = old->vm_page_prot; /* reader: other none vm_page_prot no-entry */
}

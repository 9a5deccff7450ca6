/* A weak function, and the one an architecture puts in its place: both can run. */
/* --- file: drivers/pci/mmap.c */
#include <linux/mm.h>

pgprot_t bus_prot(pgprot_t prot);

static int bus_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, document_pfn(file), PAGE_SIZE, /* mapping: remap_pfn_range vma-prot,override-derived caching possible */
			       bus_prot(vma->vm_page_prot));
}

const struct file_operations bus_fops = { .mmap = bus_mmap };
/* --- file: drivers/pci/prot.c */
#include <linux/mm.h>

pgprot_t __weak bus_prot(pgprot_t prot)
{
	return prot;
}
/* --- file: arch/powerpc/kernel/pci.c */
#include <linux/mm.h>

pgprot_t bus_prot(pgprot_t prot)
{
	return pgprot_noncached(prot);
}

/* Linux 4.9: pmd insertions had the VMA as their first argument. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 9
SUBLEVEL = 1
/* --- file: drivers/huge.c */
#include <linux/mm.h>

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

int huge_fault_bad(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	pgprot_t prot = vma->vm_page_prot;

	pgprot_val(prot) |= 0x18; /* error: [dropped-override] `vm_insert_pfn` inserts */
	return vm_insert_pfn(vma, vmf->address, document_pfn(vma));
}

/* The shape of the real one: a callee makes the entry from the VMA's protection. */
#include <linux/mm.h>

void document_track(struct vm_area_struct *vma, pgprot_t *prot, unsigned long pfn)
{
	*prot = pgprot_noncached(*prot);
}

static void insert_entry(struct vm_area_struct *vma, unsigned long address, pte_t *ptep,
			 unsigned long pfn)
{
	pgprot_t prot = vma->vm_page_prot;

	set_pte_at(vma->vm_mm, address, ptep, pte_mkspecial(pfn_pte(pfn, prot)));
}

vm_fault_t insert_frame_bad(struct vm_fault *vmf, pte_t *ptep, unsigned long pfn)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = vma->vm_page_prot;

	if (vmf->address < vma->vm_start)
		return 2;
	document_track(vma, &prot, pfn); /* error: [dropped-override] computes the protection `prot` */
	insert_entry(vma, vmf->address, ptep, pfn);
	return 0x100;
}

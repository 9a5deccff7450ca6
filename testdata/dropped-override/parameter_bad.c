/* A protection that callers computed, and that the function which makes the entry does not read. */
/* --- file: mm/insert.c */
#include <linux/mm.h>

static void insert_entry_bad(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, /* error: [dropped-override] is given the protection `prot` */
			     unsigned long pfn, pgprot_t prot)
{
	set_pte_at(vma->vm_mm, addr, ptep, pfn_pte(pfn, vma->vm_page_prot));
}

static void insert_entry_ok(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
			    unsigned long pfn, pgprot_t prot)
{
	set_pte_at(vma->vm_mm, addr, ptep, pfn_pte(pfn, prot));
}

void insert_derived_bad(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, unsigned long pfn)
{
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot); /* error: [dropped-override] computes the protection `prot` */

	insert_entry_ok(vma, addr, ptep, pfn, vma->vm_page_prot);
}

void insert_both(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep, unsigned long pfn)
{
	pgprot_t prot = pgprot_writecombine(vma->vm_page_prot);

	insert_entry_bad(vma, addr, ptep, pfn, prot);
	insert_entry_ok(vma, addr, ptep, pfn, prot);
}

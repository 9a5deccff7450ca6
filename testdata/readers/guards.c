/* What keeps override mappings away from an entry that is made anew from an old one. */
#include <linux/mm.h>

static void remake_anonymous(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=anon */
}

static bool is_ordinary(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP));
}

static void remake_ordinary(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=flags */
}

static void remake_any(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* reader: construct pte vm_page_prot violation */
}

static void remake_absent(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (pte_present(old))
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=entry */
}

static void copy(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	struct page *page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vma, address);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(page, vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=cow */
}

void handle(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (!vma)
		return;
	if (!vma->vm_ops)
		remake_anonymous(vma, address, ptep);
	if (is_ordinary(vma))
		remake_ordinary(vma, address, ptep);
	remake_any(vma, address, ptep);
	remake_absent(vma, address, ptep);
	copy(vma, address, ptep);
}

// SPDX-License-Identifier: MIT OR Apache-2.0
/* Generic code that makes entries anew. */
#include <linux/mm.h>

bool is_ordinary(struct vm_area_struct *vma);

static void remake(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot));
}

void handle(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (!vma)
		return;
	if (is_ordinary(vma))
		remake(vma, address, ptep);
}

int count(int a)
{
	return a + 1;
}

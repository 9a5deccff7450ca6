// SPDX-License-Identifier: MIT OR Apache-2.0
/* Generic code: it does not know whose mapping it is given. */
#include <linux/mm.h>

int sample_print(const char *format, unsigned long value);

void sample_change_entry(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t entry = ptep_get(ptep);

	entry = pte_modify(entry, vma->vm_page_prot);
	set_pte_at(vma->vm_mm, address, ptep, entry);
}

void sample_dump_vma(const struct vm_area_struct *vma)
{
	sample_print("prot %lx\n", vma->vm_page_prot.pgprot);
}

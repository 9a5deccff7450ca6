/* The attributes of the old protection are kept. */
/* --- file: mm/merge.c */
#include <linux/mm.h>

pgprot_t document_default(pgprot_t old, unsigned long flags)
{
	return pgprot_modify(old, vm_get_page_prot(flags));
}

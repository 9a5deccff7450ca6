/* A structure carries the protection to a callback that writes the entries itself. */
#include <linux/mm.h>

typedef int (*pte_fn_t)(pte_t *pte, unsigned long addr, void *data);

int apply_to_page_range(struct mm_struct *mm, unsigned long addr, unsigned long size, pte_fn_t fn,
			void *data);

struct remap {
	struct mm_struct *mm;
	unsigned long pfn;
	pgprot_t prot;
};

static int write_entry(pte_t *pte, unsigned long addr, void *data)
{
	struct remap *r = data;

	set_pte_at(r->mm, addr, pte, pte_mkspecial(pfn_pte(r->pfn, r->prot))); /* mapping: set_pte_at override-derived caching possible path=device_mmap,write_entry */
	r->pfn++;
	return 0;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct remap r = {
		.mm = vma->vm_mm,
		.pfn = document_pfn(file),
		.prot = pgprot_writecombine(vma->vm_page_prot),
	};

	return apply_to_page_range(r.mm, vma->vm_start, PAGE_SIZE, write_entry, &r);
}

const struct file_operations device_fops = { .mmap = device_mmap };

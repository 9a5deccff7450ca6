/* Whether a walk hints at entries depends on flags that callers choose. None of them asks for it: no
 * override is ever hinted at. */
/* --- file: mm/walk.c */
#include <linux/mm.h>

#define MPOL_MF_STRICT (1 << 0)
#define MPOL_MF_MOVE (1 << 1)
#define MPOL_MF_LAZY (1 << 2)
#define MPOL_MF_VALID (MPOL_MF_STRICT | MPOL_MF_MOVE)

struct mm_walk {
	const struct mm_walk_ops *ops;
	struct vm_area_struct *vma;
	void *private;
};

struct mm_walk_ops {
	int (*test_walk)(unsigned long address, struct mm_walk *walk);
};

struct request {
	unsigned long flags;
	pte_t *ptep;
};

static void hint(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	set_pte_at(vma->vm_mm, address, ptep, pte_modify(ptep_get(ptep), PAGE_NONE)); /* reader: modify pte constant unproven */
}

static int test_request(unsigned long address, struct mm_walk *walk)
{
	struct request *request = walk->private;

	if (request->flags & MPOL_MF_LAZY)
		hint(walk->vma, address, request->ptep);
	return 0;
}

int walk_range(struct mm_struct *mm, unsigned long address, const struct mm_walk_ops *ops, void *private)
{
	struct vm_area_struct *vma = find_vma(mm, address);
	struct mm_walk walk = { .ops = ops, .private = private };

	if (!vma || !ops->test_walk)
		return 0;
	walk.vma = vma;
	return ops->test_walk(address, &walk);
}

static const struct mm_walk_ops request_ops = {
	.test_walk = test_request,
};

static int queue_range(struct mm_struct *mm, unsigned long address, pte_t *ptep, unsigned long flags)
{
	struct request request = { .flags = flags, .ptep = ptep };

	return walk_range(mm, address, &request_ops, &request);
}

int move_range(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	return queue_range(mm, address, ptep, MPOL_MF_MOVE);
}

int bind_range(struct mm_struct *mm, unsigned long address, pte_t *ptep, unsigned long flags)
{
	if (flags & ~MPOL_MF_VALID)
		return -EINVAL;
	return queue_range(mm, address, ptep, flags | MPOL_MF_STRICT);
}

static void numa_fault(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	pte_t old = ptep_get(ptep);

	if (!pte_protnone(old) || !(vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return;
	set_pte_at(vma->vm_mm, address, ptep, mk_pte(pte_page(old), vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=entry */
}

void fault(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (vma)
		numa_fault(vma, address, ptep);
}

/* On the way to a use, a function is told of an object only what it names. What its caller knows of the
 * rest is the same afterwards, unless somebody further down may have changed it. */
/* --- file: mm/jobs.c */
#include <linux/mm.h>

struct job {
	struct vm_area_struct *vma;
	pte_t *ptep;
	bool is_special;
};

static void rebuild_ok(struct job *job)
{
	pte_t old = ptep_get(job->ptep);

	set_pte_at(job->vma->vm_mm, 0, job->ptep, mk_pte(pte_page(old), job->vma->vm_page_prot)); /* reader: construct pte vm_page_prot safe why=anon */
}

static int prepare_ok(struct job *job)
{
	if (!job->vma->vm_ops)
		rebuild_ok(job);
	return 0;
}

void run_ok(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);
	struct job job = { .vma = vma, .ptep = ptep };

	if (!vma)
		return;
	job.is_special = vma->vm_ops != NULL;
	if (prepare_ok(&job))
		return;
	if (job.is_special)
		return;
	rebuild_ok(&job);
}

static void rebuild_bad(struct job *job)
{
	pte_t old = ptep_get(job->ptep);

	set_pte_at(job->vma->vm_mm, 0, job->ptep, mk_pte(pte_page(old), job->vma->vm_page_prot)); /* reader: construct pte vm_page_prot violation */
}

static void forget_job(struct job *job)
{
	job->is_special = false;
}

static int prepare_bad(struct job *job)
{
	if (!job->vma->vm_ops)
		rebuild_bad(job);
	forget_job(job);
	return 0;
}

void run_bad(struct mm_struct *mm, unsigned long address, pte_t *ptep)
{
	struct vm_area_struct *vma = find_vma(mm, address);
	struct job job = { .vma = vma, .ptep = ptep };

	if (!vma)
		return;
	job.is_special = vma->vm_ops != NULL;
	if (prepare_bad(&job))
		return;
	if (job.is_special)
		return;
	rebuild_bad(&job);
}

/* What was zeroed and is set on one way only is not known where the ways meet. */
static void rebuild_set_on_one_way_bad(struct job *job)
{
	pte_t old = ptep_get(job->ptep);

	set_pte_at(job->vma->vm_mm, 0, job->ptep, mk_pte(pte_page(old), job->vma->vm_page_prot)); /* reader: construct pte vm_page_prot violation */
}

void run_set_on_one_way_bad(struct mm_struct *mm, unsigned long address, pte_t *ptep, int a, int b, int c)
{
	struct vm_area_struct *vma = find_vma(mm, address);
	struct job job = { .ptep = ptep };

	if (!vma)
		return;
	job.vma = vma;
	if (a)
		job.is_special = a;
	if (b)
		job.is_special = b;
	if (c)
		job.is_special = c;
	if (job.is_special)
		rebuild_set_on_one_way_bad(&job);
}

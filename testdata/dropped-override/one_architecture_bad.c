/* Only one architecture changes the protection: it is lost there. */
/* --- file: arch/x86/mm/track.c */
#include <linux/mm.h>

void document_track(struct vm_area_struct *vma, pgprot_t *prot, unsigned long pfn)
{
	*prot = pgprot_writecombine(*prot);
}
/* --- file: include/linux/track.h */
#ifndef CONFIG_X86
static inline void document_track(struct vm_area_struct *vma, pgprot_t *prot, unsigned long pfn)
{
}
#endif
/* --- file: drivers/frames.c */
#include <linux/mm.h>

#include <linux/track.h>

vm_fault_t frames_fault_bad(struct vm_fault *vmf)
{
	pgprot_t prot = vmf->vma->vm_page_prot;
	unsigned long pfn = document_pfn(vmf);

	document_track(vmf->vma, &prot, pfn); /* error: [dropped-override] `prot` */
	return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
}

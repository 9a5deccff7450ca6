// SPDX-License-Identifier: MIT OR Apache-2.0
/* What keeps override mappings away from code in another file. */
#include <linux/mm.h>

bool is_ordinary(struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))
		return false;
	return vma->vm_start < vma->vm_end;
}

/* A subsystem makes the mapping; the driver's own operation would have to refuse. */
#include <linux/mm.h>

struct document_object;
struct document_funcs {
	int (*mmap)(struct document_object *object, struct vm_area_struct *vma);
	const struct vm_operations_struct *vm_ops;
};
struct document_object { const struct document_funcs *funcs; };

static void document_insert(struct vm_fault *vmf)
{
	vmf_insert_pfn(vmf->vma, vmf->address, document_pfn(vmf));
}

static vm_fault_t driver_fault_bad(struct vm_fault *vmf)
{
	document_insert(vmf); /* error: [cow-pfnmap] `driver_fault_bad` inserts frame numbers */
	return 0x100;
}

static const struct vm_operations_struct driver_vm_ops = { .fault = driver_fault_bad };

static int driver_object_mmap(struct document_object *object, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND);
	return 0;
}

const struct document_funcs driver_funcs = {
	.mmap = driver_object_mmap,
	.vm_ops = &driver_vm_ops,
};

static int subsystem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct document_object *object = file->private_data;

	vma->vm_ops = object->funcs->vm_ops;
	return object->funcs->mmap(object, vma);
}

const struct file_operations subsystem_fops = { .mmap = subsystem_mmap };

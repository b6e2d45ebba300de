/* The CUDA backend of a program built without CUDA: it says so. */
#include "model/ops.h"

int device_cuda_count(void)
{
    return 0;
}

struct device *device_open_cuda(int index, struct err *e)
{
    (void)index;
    err_set(e, "this program was built without CUDA");
    return NULL;
}

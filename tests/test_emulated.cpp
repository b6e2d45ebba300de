/*
 * The CUDA backend's own source, compiled for the CPU by tests/cuda_on_cpu.h;
 * linked before the library, it is the CUDA device that tests/test_parity.c
 * finds.
 */
#include "tests/cublaslt_on_cpu.h"
#include "tests/cuda_on_cpu.h"

#define CUDA_SCRATCH ((size_t)1300) /* so small that work has to be split */

#include "model/cuda_attention.cu"
#include "model/cuda_attention_backward.cu"
#include "model/cuda_device.cu"
#include "model/cuda_image.cu"
#include "model/cuda_linear.cu"
#include "model/cuda_loss.cu"
#include "model/cuda_norm.cu"
#include "model/cuda_optimizer.cu"
#include "model/cuda_point.cu"
#include "model/cuda_token.cu"

/* One case asks for more memory than there is. */
extern "C" const char *__asan_default_options()
{
    return "allocator_may_return_null=1";
}

/* All loops of one compilation. */
#include "model/ops_cpu.h"

void CPU_OPS(all)(struct ops *o)
{
    CPU_OPS(linear)(o);
    CPU_OPS(element)(o);
    CPU_OPS(norm)(o);
    CPU_OPS(attention)(o);
    CPU_OPS(pixel)(o);
    CPU_OPS(loss)(o);
    CPU_OPS(step)(o);
}

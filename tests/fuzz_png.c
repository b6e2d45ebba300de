/* Fuzz target: any bytes as a PNG; what decodes is read as a frame if it has a frame's size. */
#include <stdlib.h>

#include "render/png.h"
#include "render/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct drawer drawer;
    static struct reader reader;
    static bool ready;
    struct reading reading;
    struct image im;
    struct err e;
    int w, h;

    if (!ready) {
        drawer_init(&drawer);
        reader_init(&reader, &drawer);
        ready = true;
    }
    /* A few bytes may promise a picture of many: the size is the file's to claim. */
    if (size > 1 << 16)
        return 0;
    err_init(&e);
    if (png_read_memory(&im, data, size, "fuzz", &e)) {
        if (!e.msg[0])
            abort();
        return 0;
    }
    if (!read_size(im.w, im.h, &w, &h, &e))
        reader_read(&reader, im.px, im.w * 3, w, h, &reading);
    image_release(&im);
    return 0;
}

/*
 * ops_cpu_dnnl: what oneDNN's versions 2 and 3 spell differently, spelled once.
 *
 * A `layout` says how a matrix lies in memory; it is the holder's to free with
 * layout_free, but for layout_of's, which goes with the primitive description.
 */
#ifndef MODEL_OPS_CPU_DNNL_H
#define MODEL_OPS_CPU_DNNL_H

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR < 3
typedef const dnnl_memory_desc_t *layout;

static inline void layout_free(layout l)
{
    free((void *)l);
}

static inline dnnl_status_t layout_copy(layout *l, const dnnl_memory_desc_t *from)
{
    dnnl_memory_desc_t *to = malloc(sizeof *to);

    if (!to)
        return dnnl_out_of_memory;
    *to = *from;
    *l = to;
    return dnnl_success;
}

static inline dnnl_status_t layout_strided(layout *l, const dnnl_dims_t dims,
                                           dnnl_data_type_t type, const dnnl_dims_t strides)
{
    dnnl_memory_desc_t md;
    dnnl_status_t s = dnnl_memory_desc_init_by_strides(&md, 2, dims, type, strides);

    return s ? s : layout_copy(l, &md);
}

static inline dnnl_status_t layout_any(layout *l, const dnnl_dims_t dims, dnnl_data_type_t type)
{
    dnnl_memory_desc_t md;
    dnnl_status_t s = dnnl_memory_desc_init_by_tag(&md, 2, dims, type, dnnl_format_tag_any);

    return s ? s : layout_copy(l, &md);
}

static inline layout layout_of(dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(pd, what, 0);
}

static inline dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f);
}

static inline dnnl_status_t matmul_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, layout a,
                                      layout b, layout bias, layout c,
                                      dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t desc;
    dnnl_status_t s = dnnl_matmul_desc_init(&desc, a, b, bias, c);

    return s ? s : dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
}
#else
typedef const_dnnl_memory_desc_t layout;

static inline void layout_free(layout l)
{
    if (l)
        dnnl_memory_desc_destroy((dnnl_memory_desc_t)l);
}

static inline dnnl_status_t layout_copy(layout *l, const_dnnl_memory_desc_t from)
{
    dnnl_memory_desc_t to;
    dnnl_status_t s = dnnl_memory_desc_clone(&to, from);

    if (!s)
        *l = to;
    return s;
}

static inline dnnl_status_t layout_strided(layout *l, const dnnl_dims_t dims,
                                           dnnl_data_type_t type, const dnnl_dims_t strides)
{
    dnnl_memory_desc_t md;
    dnnl_status_t s = dnnl_memory_desc_create_with_strides(&md, 2, dims, type, strides);

    if (!s)
        *l = md;
    return s;
}

static inline dnnl_status_t layout_any(layout *l, const dnnl_dims_t dims, dnnl_data_type_t type)
{
    dnnl_memory_desc_t md;
    dnnl_status_t s = dnnl_memory_desc_create_with_tag(&md, 2, dims, type, dnnl_format_tag_any);

    if (!s)
        *l = md;
    return s;
}

static inline layout layout_of(dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(pd, what, 0);
}

static inline dnnl_status_t append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
}

static inline dnnl_status_t matmul_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, layout a,
                                      layout b, layout bias, layout c,
                                      dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(pd, engine, a, b, bias, c, attr);
}
#endif

#endif

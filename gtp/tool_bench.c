/* videoworld bench: hands over to the part that is asked for. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "gtp/tools.h"

static const struct part {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} parts[] = {
    { "data", bench_data, "clips drawn from a corpus, a second and core" },
    { "engine", bench_engine, "random games played, a second and core" },
    { "go", bench_go, "moves chosen in labelled positions, by a player or a GTP engine" },
    { "ldm", bench_ldm, "how far games go on from a frame and codes" },
    { "ops", bench_ops, "tensor operations, training steps, and the memory they take" },
    { "render", bench_render, "frames drawn, read and compared, a second and core" },
    { "suite", bench_suite, "questions of a .tst suite, to a player or a GTP engine" },
    { "tokenizer", bench_tokenizer, "what of held-out frames survives the tokenizer" },
    { "world", bench_world, "what the world model says of held-out positions, and how fast" },
};

enum { N_PARTS = sizeof parts / sizeof parts[0] };

static void print_help(void)
{
    printf("Usage: videoworld bench PART [OPTION]...\n"
           "Measure speed and quality.  Machines differ and are noisy: compare figures of one run.\n\n"
           "Parts:\n");
    for (int i = 0; i < N_PARTS; i++)
        printf("  %-10s %s\n", parts[i].name, parts[i].what);
    printf("\n'videoworld bench PART --help' tells the options.\n");
}

int tool_bench(int argc, char **argv)
{
    const char *arg = argc > 1 ? argv[1] : "";

    if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
        print_help();
        return 0;
    }
    for (int i = 0; i < N_PARTS; i++)
        if (!strcmp(arg, parts[i].name))
            return parts[i].run(argc - 1, argv + 1);
    if (!*arg)
        return tool_usage("bench", "bench: which part?");
    return tool_usage("bench", "bench: unknown part '%s'", arg);
}

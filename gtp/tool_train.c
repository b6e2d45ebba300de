/* videoworld train: options, and the stage that is asked for. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file.h"
#include "gtp/numbers.h"
#include "gtp/tool_train.h"
#include "gtp/tools.h"
#include "model/world.h"

static const struct train_stage stages[] = {
    { "tokenizer", train_tokenizer, "frames into tokens and back, patch by patch" },
    { "ldm", train_ldm, "what changes from frame to frame into codes, and back" },
    { "world", train_world, "what comes next: codes, then the next frame" },
};

enum { N_STAGES = sizeof stages / sizeof stages[0] };

static const char help[] =
    "Usage: videoworld train STAGE --data=FILE --output=BASE.safetensors [OPTION]...\n"
    "Train a model on the frames of a corpus (see 'videoworld dataset').  Weights go to\n"
    "BASE.safetensors, all that is needed to go on to BASE.train.safetensors.  Ctrl-C saves\n"
    "and ends; after that, or a crash, the same command with --resume goes on.  Same seed,\n"
    "threads and options: same weights, on the CPU.\n\n"
    "  -d, --data=FILE       the corpus\n"
    "  -o, --output=FILE     the weights, \"BASE.safetensors\"\n"
    "  -c, --config=NAME     size of the model and of the run: nano, small (default); of the\n"
    "                        world model also tiny, base, 50m, 150m, 300m\n"
    "  -i, --init=FILE       begin with those weights of FILE that fit, not with random ones\n"
    "  -r, --resume          go on from BASE.train.safetensors, if it is there\n"
    "  -l, --log=FILE        a CSV file of losses\n"
    "      --plot=FILE       the log as a PNG picture, by gnuplot, after each look at held-out\n"
    "                        samples and at the end\n"
    "  -D, --device=NAME     auto (default), cpu, cuda or cuda:N\n"
    "  -j, --threads=N       of the CPU (default: all cores)\n"
    "  -s, --seed=N          of weights and samples (default 1)\n"
    "      --steps=N, --batch=N, --lr=X, --warmup=N   instead of the size's own\n"
    "      --micro=N         samples of a batch computed at a time\n"
    "      --weights=TYPE    of BASE.safetensors: bf16 (default), f32 or int8\n"
    "      --eval-steps=N    look at held-out samples every N steps, 0: never (default a\n"
    "                        tenth of the run)\n"
    "      --eval-samples=N  how many of them\n"
    "      --save-steps=N    save every N steps as well\n"
    "      --save-seconds=X  save every so often (default 60)\n"
    "      --decided-share=X learn this part of the positions of which --data tells that one side\n"
    "                        has more than 90 % of the chances (default 1)\n"
    "  -h, --help            show this help\n\n"
    "Of the tokenizer and the LDM:\n"
    "      --levels=LIST     values of each number of a code (default 8,5,5,5;\n"
    "                        of the LDM 11,11,3)\n"
    "      --continuous=N    first steps: of the tokenizer half of them, of the LDM all, go\n"
    "                        without rounding (default: 3/4; 1/5)\n"
    "Of the LDM (with --init only its decoder learns on, codes staying what they are, from the\n"
    "start or, if given, soon after --continuous steps):\n"
    "      --right-share=X   part kept of the steps that already come out right (default 1)\n"
    "Of the tokenizer:\n"
    "      --patch=N         pixels a side of a token (default 16: a cell)\n"
    "      --hidden=N        hidden width\n"
    "Of the LDM and the world model:\n"
    "      --optimizer=NAME  adamw (default of the LDM), or muon (of the world model) for matrices\n"
    "                        of hidden layers and adamw for the rest; may change with --resume\n"
    "      --layers=N        instead of the size's own; --init may have fewer, which are\n"
    "                        spread among them\n"
    "Of the other stages:\n"
    "      --tokenizer=FILE  weights of the tokenizer\n"
    "Of the world model:\n"
    "      --target=NAME     state, video or video+ldm (default)\n"
    "      --ldm=FILE        weights of the LDM, for video+ldm\n"
    "      --init-ldm=FILE   the LDM of --init, if --ldm is another: its codes are translated\n"
    "      --horizon=N       codes to tell (default 5)\n"
    "      --frame-share=X   part of the steps that learn the next frame too (default 0.25)\n"
    "      --later-weight=X  of the codes after the first in the loss (default 0.25)\n"
    "      --policy-share=X  of the loss of the first, where --data tells policies, to what else\n"
    "                        might have come next (default 0.5)\n";

enum {
    OPT_STEPS = 256, OPT_BATCH, OPT_LR, OPT_WARMUP, OPT_MICRO, OPT_WEIGHTS, OPT_EVAL_STEPS,
    OPT_EVAL_SAMPLES, OPT_SAVE_STEPS, OPT_SAVE_SECONDS, OPT_LEVELS, OPT_PATCH, OPT_HIDDEN,
    OPT_CONTINUOUS, OPT_TOKENIZER, OPT_TARGET, OPT_LDM, OPT_HORIZON, OPT_LAYERS, OPT_FRAME_SHARE,
    OPT_LATER_WEIGHT, OPT_PLOT, OPT_RIGHT_SHARE, OPT_OPTIMIZER, OPT_INIT_LDM, OPT_POLICY_SHARE,
    OPT_DECIDED_SHARE
};

static const struct option longs[] = {
    { "data", required_argument, NULL, 'd' },
    { "output", required_argument, NULL, 'o' },
    { "config", required_argument, NULL, 'c' },
    { "init", required_argument, NULL, 'i' },
    { "resume", no_argument, NULL, 'r' },
    { "log", required_argument, NULL, 'l' },
    { "plot", required_argument, NULL, OPT_PLOT },
    { "device", required_argument, NULL, 'D' },
    { "threads", required_argument, NULL, 'j' },
    { "seed", required_argument, NULL, 's' },
    { "steps", required_argument, NULL, OPT_STEPS },
    { "batch", required_argument, NULL, OPT_BATCH },
    { "lr", required_argument, NULL, OPT_LR },
    { "warmup", required_argument, NULL, OPT_WARMUP },
    { "micro", required_argument, NULL, OPT_MICRO },
    { "weights", required_argument, NULL, OPT_WEIGHTS },
    { "eval-steps", required_argument, NULL, OPT_EVAL_STEPS },
    { "eval-samples", required_argument, NULL, OPT_EVAL_SAMPLES },
    { "save-steps", required_argument, NULL, OPT_SAVE_STEPS },
    { "save-seconds", required_argument, NULL, OPT_SAVE_SECONDS },
    { "levels", required_argument, NULL, OPT_LEVELS },
    { "patch", required_argument, NULL, OPT_PATCH },
    { "hidden", required_argument, NULL, OPT_HIDDEN },
    { "continuous", required_argument, NULL, OPT_CONTINUOUS },
    { "tokenizer", required_argument, NULL, OPT_TOKENIZER },
    { "target", required_argument, NULL, OPT_TARGET },
    { "ldm", required_argument, NULL, OPT_LDM },
    { "init-ldm", required_argument, NULL, OPT_INIT_LDM },
    { "horizon", required_argument, NULL, OPT_HORIZON },
    { "layers", required_argument, NULL, OPT_LAYERS },
    { "frame-share", required_argument, NULL, OPT_FRAME_SHARE },
    { "later-weight", required_argument, NULL, OPT_LATER_WEIGHT },
    { "policy-share", required_argument, NULL, OPT_POLICY_SHARE },
    { "decided-share", required_argument, NULL, OPT_DECIDED_SHARE },
    { "right-share", required_argument, NULL, OPT_RIGHT_SHARE },
    { "optimizer", required_argument, NULL, OPT_OPTIMIZER },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int parse_dtype(const char *text, enum dtype *type)
{
    static const struct {
        const char *name;
        enum dtype type;
    } types[] = { { "bf16", DT_BF16 }, { "f32", DT_F32 }, { "int8", DT_I8 } };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(text, types[i].name)) {
            *type = types[i].type;
            return 0;
        }
    return -1;
}

static int set_text(const char **to, const char *text)
{
    *to = text;
    return *text ? 0 : -1;
}

static int parse_optimizer(const char *text, int *muon)
{
    *muon = !strcmp(text, "muon");
    return *muon || !strcmp(text, "adamw") ? 0 : -1;
}

static int set_option(struct train_job *j, int c, const char *text)
{
    enum { MANY = 1 << 30 };

    switch (c) {
    case 'd': return set_text(&j->data, text);
    case 'o': return set_text(&j->output, text);
    case 'c': return set_text(&j->config, text);
    case 'i': return set_text(&j->init, text);
    case 'l': return set_text(&j->log, text);
    case OPT_PLOT: return set_text(&j->plot, text);
    case 'D': return set_text(&j->device, text);
    case 'r': j->resume = true; return 0;
    case 'j': return number_int(text, 0, 1024, &j->threads);
    case 's': return number_seed(text, &j->seed);
    case OPT_STEPS: return number_int(text, 1, MANY, &j->steps);
    case OPT_BATCH: return number_int(text, 1, 1 << 20, &j->batch);
    case OPT_LR: return number_real(text, 1e-9, 1e3, &j->lr);
    case OPT_WARMUP: return number_int(text, 0, MANY, &j->warmup);
    case OPT_MICRO: return number_int(text, 1, 1 << 16, &j->micro);
    case OPT_WEIGHTS: return parse_dtype(text, &j->dtype);
    case OPT_EVAL_STEPS: return number_int(text, 0, MANY, &j->eval_steps);
    case OPT_EVAL_SAMPLES: return number_int(text, 1, MANY, &j->eval_samples);
    case OPT_SAVE_STEPS: return number_int(text, 0, MANY, &j->save_steps);
    case OPT_SAVE_SECONDS: return number_real(text, 0, 1e9, &j->save_seconds);
    case OPT_LEVELS: return set_text(&j->levels, text);
    case OPT_TOKENIZER: return set_text(&j->tokenizer, text);
    case OPT_TARGET: return set_text(&j->target, text);
    case OPT_LDM: return set_text(&j->ldm, text);
    case OPT_INIT_LDM: return set_text(&j->init_ldm, text);
    case OPT_HORIZON: return number_int(text, 0, WORLD_HORIZON_MAX, &j->horizon);
    case OPT_LAYERS: return number_int(text, 1, 512, &j->layers);
    case OPT_FRAME_SHARE: return number_real(text, 0, 1, &j->frame_share);
    case OPT_LATER_WEIGHT: return number_real(text, 0, 100, &j->later_weight);
    case OPT_POLICY_SHARE: return number_real(text, 0, 1, &j->policy_share);
    case OPT_DECIDED_SHARE: return number_real(text, 0, 1, &j->decided_share);
    case OPT_RIGHT_SHARE: return number_real(text, 0, 1, &j->right_share);
    case OPT_OPTIMIZER: return parse_optimizer(text, &j->muon);
    case OPT_PATCH: return number_int(text, 2, 128, &j->patch);
    case OPT_HIDDEN: return number_int(text, 1, 4096, &j->hidden);
    default: return number_int(text, 0, MANY, &j->continuous);
    }
}

/* -1: go on, else the exit status. */
static int parse_options(struct train_job *j, int argc, char **argv)
{
    int c, index;

    opterr = 0;
    optind = 1;
    while (index = -1, (c = getopt_long(argc, argv, "d:o:c:i:rl:D:j:s:h", longs, &index)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (c == '?')
            return tool_usage("train", "unknown or incomplete option '%s'", argv[optind - 1]);
        if (set_option(j, c, optarg)) {
            for (index = 0; longs[index].val != c; index++)
                ;
            return tool_usage("train", "'%s' is no value for --%s", optarg, longs[index].name);
        }
    }
    if (optind < argc)
        return tool_usage("train", "what is '%s'?", argv[optind]);
    if (!j->data || !j->output)
        return tool_usage("train", "--data and --output are needed");
    if (j->log && !strcmp(j->log, "-"))
        return tool_usage("train", "--log takes a file");
    if (j->plot && !j->log)
        return tool_usage("train", "--plot draws the log: --log is needed");
    return -1;
}

/* With a device of this rank's own. */
static int run_on_device(const struct train_stage *stage, struct train_job *j, struct err *e)
{
    char name[32];
    int failed;

    j->d = device_open(parallel_device(&j->parallel, j->device, name), j->threads,
                       PRECISION_AUTO, e);
    if (!j->d)
        return -1;
    failed = parallel_attach(&j->parallel, j->d, e) || stage->run(j, e);
    if (!failed)
        parallel_release(&j->parallel); /* it may use the device */
    device_close(j->d);
    return failed ? -1 : 0;
}

static int run_on_data(const struct train_stage *stage, struct train_job *j, struct err *e)
{
    int failed;

    if (clips_open(&j->clips, j->data, PART_HELD_OUT, e))
        return -1;
    failed = (j->decided_share < 1 && clips_thin(&j->clips, j->decided_share, e)) ||
             run_on_device(stage, j, e);
    clips_release(&j->clips);
    return failed;
}

/* The one run that may write j->output. */
static int run_alone(const struct train_stage *stage, struct train_job *j, struct err *e)
{
    char path[4096];
    int lock, failed;

    if (checkpoint_can_save(j->output, e))
        return -1;
    snprintf(path, sizeof path, "%s.lock", j->output);
    lock = file_lock(path, e);
    if (lock < 0)
        return -1;
    failed = run_on_data(stage, j, e);
    file_unlock(lock, path);
    return failed;
}

/* A rank that fails where the others cannot know it is the caller's to report, and to end all. */
static int run(const struct train_stage *stage, struct train_job *j, struct err *e)
{
    if (parallel_init(&j->parallel, e))
        return -1;
    if (!j->resume && checkpoint_has_training(j->output))
        return err_set(e, "'%s' is being trained already: --resume goes on with it", j->output);
    return j->parallel.rank ? run_on_data(stage, j, e) : run_alone(stage, j, e);
}

static int run_stage(const struct train_stage *stage, int argc, char **argv)
{
    struct train_job j = {
        .device = "auto", .steps = -1, .batch = -1, .micro = -1, .warmup = -1, .save_steps = -1,
        .eval_steps = -1, .eval_samples = -1, .save_seconds = 60, .seed = 1, .dtype = DT_BF16,
        .patch = -1, .hidden = -1, .continuous = -1, .horizon = -1, .layers = -1, .frame_share = -1,
        .later_weight = -1, .policy_share = -1, .decided_share = 1, .right_share = -1,
        .muon = -1 };
    int status = parse_options(&j, argc, argv);
    struct err e;

    if (status >= 0)
        return status;
    err_init(&e);
    if (!run(stage, &j, &e))
        return 0;
    status = tool_fail(&e);
    parallel_abort(&j.parallel, status); /* returns where there is one rank */
    parallel_release(&j.parallel);
    return status;
}

static void print_help(void)
{
    fputs(help, stdout);
    printf("\nStages:\n");
    for (int i = 0; i < N_STAGES; i++)
        printf("  %-10s %s\n", stages[i].name, stages[i].what);
}

int tool_train(int argc, char **argv)
{
    const char *arg = argc > 1 ? argv[1] : "";

    if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
        print_help();
        return 0;
    }
    for (int i = 0; i < N_STAGES; i++)
        if (!strcmp(arg, stages[i].name))
            return run_stage(&stages[i], argc - 1, argv + 1);
    if (!*arg)
        return tool_usage("train", "train: which stage?");
    return tool_usage("train", "train: unknown stage '%s'", arg);
}

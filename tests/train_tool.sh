#!/bin/sh
# videoworld train and bench tokenizer: a small run on the sample, killed and resumed.
. "$TEST_SRCDIR/tap.sh"
sample=$TEST_SRCDIR/data/games9-sample.sgfs.gz
weights=$TEST_SRCDIR/../weights

train() { # train ARGUMENT...: a nano tokenizer on one thread
    "$VIDEOWORLD" train tokenizer --data s.vwc --config nano --threads 1 --device cpu "$@" 2>&1
}

cd "$tmp" || exit 1
"$VIDEOWORLD" dataset -o s.vwc "$sample" >/dev/null

# --- training
out=$(train -o whole.safetensors --steps 1000 --log whole.csv --eval-samples 100)
holds "a nano tokenizer is trained" "$out" '/^whole.safetensors: .* step 1000 of 1000/'
is "its log has a header and rows" "$(head -n 1 whole.csv; tail -n 1 whole.csv | cut -d, -f1)" \
"step,epoch,lr,norm,loss,mse,held_loss,held_mse,samples_per_second
1000"
out=$("$VIDEOWORLD" bench tokenizer --data s.vwc --weights whole.safetensors --frames 400 \
      --threads 1 --device cpu)
holds "held-out boards survive it (95 %)" "$out" \
    '/^boards read back exactly/ && substr($6, 2) + 0 >= 95'
holds "at more than 28 dB" "$out" '/^PSNR/ && $2 > 28'
holds "and bench counts codes and tiles" "$out" '/^tiles that can occur: 100, with/'
out=$("$VIDEOWORLD" bench tokenizer --data s.vwc --weights whole.safetensors --threads 1 --device cpu)
holds "of a small part it looks at all, once" "$out" '/^frames: 1300 of held-out/'

# --- killed and resumed; no function: the shell that runs one would be killed, not the program
"$VIDEOWORLD" train tokenizer --data s.vwc --config nano --threads 1 --device cpu \
    -o part.safetensors --steps 1000 --save-steps 50 --eval-samples 100 --log part.csv \
    >/dev/null 2>&1 & pid=$!
while [ ! -f part.train.safetensors ] && kill -0 $pid; do sleep 0.1; done
kill -9 $pid
wait $pid 2>/dev/null
is "it was killed before its end" "$?,$(grep -c '^1000,' part.csv)" "137,0"
refused "going on must be asked for" \
    "'part.safetensors' is being trained already: --resume goes on with it" \
    train tokenizer -d s.vwc -o part.safetensors --config nano
train -o part.safetensors --steps 1000 --eval-samples 100 --resume --log part.csv >/dev/null
is "killed and resumed it ends in the same bytes" \
    "$(cmp whole.safetensors part.safetensors 2>&1)" ""
is "and the same log, but for the speed" "$(cut -d, -f1-8 part.csv)" \
    "$(cut -d, -f1-8 whole.csv)"
"$VIDEOWORLD" train tokenizer -d s.vwc -o stop.safetensors -c nano -j 1 --steps 100000 \
    --save-steps 100 >stop.out 2>&1 & pid=$!
while [ ! -f stop.train.safetensors ] && kill -0 $pid; do sleep 0.1; done
refused "another run on the same output" \
    "'stop.safetensors.lock' is in use by another process" \
    train tokenizer -d s.vwc -o stop.safetensors -c nano --resume
kill -TERM $pid
wait $pid
is "a signal saves and ends, leaving no lock" "$?,$(ls stop.*safetensors* | tr '\n' ' ')" \
    "143,stop.safetensors stop.train.safetensors "
: >part.safetensors.lock # as of one that was killed: it holds nothing
bytes=$(wc -c <part.safetensors)
train -o part.safetensors --steps 1000 --resume --weights f32 >/dev/null
is "weights of another type are written at its end too" \
    "$([ "$(wc -c <part.safetensors)" -gt $((bytes * 3 / 2)) ] && echo larger)" larger
is "other levels do not go on with it" \
    "$(train -o part.safetensors --steps 1000 --resume --levels 8,8,8 | grep -c '^videoworld:')" 1

# --- the paper's setting: 4 x 4 tokens of 64,000 codes
out=$(train -o paper.safetensors --steps 20 --levels 8,8,8,5,5,5 --patch 36 --hidden 32 \
      --eval-samples 20)
out=$("$VIDEOWORLD" bench tokenizer --data s.vwc --weights paper.safetensors --frames 20)
holds "4 x 4 tokens of 64,000 codes train and run" "$out" '/held-out, 4 x 4 tokens each/'
holds "counted among 64,000" "$out" '/^codes in use: [0-9]* of 64000/'

# --- refused
refused "no stage" "train: which stage?" train
refused "an unknown stage" "train: unknown stage 'x'" train x
refused "no data" "--data and --output are needed" train tokenizer -o x.safetensors
refused "a bad number" "'0' is no value for --steps" \
    train tokenizer -d s.vwc -o x.safetensors --steps 0
refused "bad levels" "'8,1' are no levels: 1 to 8 numbers of 2 to 64 as '8,5,5,5'" \
    train tokenizer -d s.vwc -o x.safetensors --levels 8,1
refused "an unknown size" "unknown size of tokenizer 'huge': it is nano or small" \
    train tokenizer -d s.vwc -o x.safetensors --config huge
refused "games that are no corpus" \
    "'$sample' is no corpus file: make one of it by 'videoworld dataset'" \
    train tokenizer -d "$sample" -o x.safetensors
mkdir folder.safetensors
refused "output that cannot be written" "cannot write 'folder.safetensors': it is a folder" \
    train tokenizer -d s.vwc -o folder.safetensors --steps 1000000
refused "or has no such name" "'x.bin' does not end in '.safetensors'" \
    train tokenizer -d s.vwc -o x.bin --steps 1000000
refused "a log on standard output" "--log takes a file" train tokenizer -d s.vwc -o x.safetensors -l -
refused "weights that are none" "cannot open 'none': No such file or directory" \
    bench tokenizer -d s.vwc -w none
is "and nothing was written" "$(ls x.* 2>/dev/null)" ""

# --- the weights that come with the program
if [ -f "$weights/go9-tokenizer.safetensors" ]; then
    out=$("$VIDEOWORLD" bench tokenizer --data s.vwc --frames 600 \
          --weights "$weights/go9-tokenizer.safetensors")
    holds "the weights that come with us lose no board" "$out" \
        '/^boards read back exactly: 600 \(100/'
    for part in train test; do
        out=$("$VIDEOWORLD" bench tokenizer --data s.vwc --frames 300 --part $part \
              --weights "$weights/go9-tokenizer.safetensors")
        holds "nor of part $part" "$out" '/^boards read back exactly: 300 \(100/'
    done
fi
plan

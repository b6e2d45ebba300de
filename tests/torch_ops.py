"""Computes once more in PyTorch, in double, what dump_ops wrote; prints TAP."""
import sys

import torch
import torch.nn.functional as F

B, T, NH, HS, H, W, V, PREFIX = 3, 32, 4, 12, 4, 8, 50, 10
C = NH * HS
a = {}
with open(sys.argv[1], "rb") as f:
    while line := f.readline():
        name, n = line.split()
        a[name.decode()] = torch.frombuffer(bytearray(f.read(4 * int(n))), dtype=torch.float32).double()

count = bad = 0


def check(name, want):
    global count, bad
    count += 1
    off = ((a[name] - want.detach().flatten()).abs().max() / want.abs().max()).item()
    ok = off < 1e-5
    bad += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {name} is PyTorch's, {off:.1e} off")


def leaf(name, *shape):
    return a[name].reshape(shape).clone().requires_grad_()


x, w, b = leaf("linear.x", -1, 48), leaf("linear.w", 80, 48), leaf("linear.b", 80)
y = F.linear(x, w, b) + a["linear.r"].reshape(-1, 80)
y.backward(a["linear.dy"].reshape(y.shape))
for name, want in ("y", y), ("dx", x.grad), ("dw", w.grad), ("db", b.grad):
    check("linear." + name, want)

dy = a["layer.dy"]
x, g = leaf("layer.x", B * T, C), leaf("norm.g", C)
y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * g
y.backward(dy.reshape(y.shape))
for name, want in ("y", y), ("dx", x.grad), ("dg", g.grad):
    check("norm." + name, want)

x, k = leaf("layer.x", B, H, W, C), leaf("conv.k", C, 1, 3, 3)
y = F.conv2d(x.permute(0, 3, 1, 2), k, padding=1, groups=C).permute(0, 2, 3, 1)
y.backward(dy.reshape(y.shape))
for name, want in ("y", y + x), ("dx", x.grad), ("dk", k.grad):
    check("conv." + name, want)

x = leaf("layer.x", B * T, C)
gate, up = x.chunk(2, dim=-1)
y = F.silu(gate) * up
y.backward(dy[: y.numel()].reshape(y.shape))
check("swiglu.y", y)
check("swiglu.dx", x.grad)

x = leaf("att.qkv", B, T, 3, NH, HS)
q, k, v = x.permute(2, 0, 3, 1, 4)
t = torch.arange(T)
seen = (t[None, :] <= t[:, None]) | (t[None, :] < PREFIX)
p = (q @ k.transpose(-1, -2) / HS**0.5).masked_fill(~seen, float("-inf")).softmax(-1)
y = (p @ v).transpose(1, 2).reshape(B, T, C)
y.backward(a["att.dy"].reshape(y.shape))
check("att.y", y)
check("att.dqkv", x.grad)

x = leaf("ce.x", -1, V)
loss = a["ce.weight"] * F.cross_entropy(x, a["ce.target"].long(), ignore_index=-1, reduction="none")
(0.5 * loss.sum()).backward()
check("ce.loss", loss)
check("ce.dx", x.grad)

w = leaf("adamw.w", C)
adamw = torch.optim.AdamW([w], lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
for g in a["adamw.g"].reshape(-1, C):
    w.grad = g.clone()
    adamw.step()
check("adamw.after", w)

print(f"1..{count}")
sys.exit(bad > 0)

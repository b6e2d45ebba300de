#!/usr/bin/env python3
"""The training step of model/block.c in PyTorch: the same shapes, operations and optimiser.

usage: block.py SIZE DEVICE THREADS PRECISION BATCH TOKENS SECONDS

Prints the tokens a second of the best step.  PRECISION is f32 or bf16 (autocast).
What PyTorch has for speed is used where it is there: fused attention, fused AdamW,
and on a GPU torch.compile.
"""
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {  # model/presets.c: layers, width, heads, hidden
    "nano": (2, 64, 2, 192),
    "small": (8, 256, 8, 640),
    "base": (12, 384, 6, 1024),
    "50m": (16, 512, 8, 1408),
    "150m": (21, 768, 12, 2048),
    "300m": (24, 1024, 16, 2688),
}


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        rstd = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-6)
        return x * rstd.to(x.dtype) * self.weight


def turn(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = Norm(width), Norm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, mask, cos, sin):
        B, T, C = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = turn(q, cos, sin).to(v.dtype), turn(k, cos, sin).to(v.dtype)
        if hasattr(F, "scaled_dot_product_attention"):
            o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            score = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
            o = score.masked_fill(~mask, float("-inf")).softmax(-1).to(v.dtype) @ v
        x = x + self.proj(o.transpose(1, 2).reshape(B, T, C))
        gate, up = self.up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Stack(nn.Module):
    def __init__(self, layers, width, heads, hidden):
        super().__init__()
        self.layers = nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))

    def forward(self, x, mask, cos, sin):
        for layer in self.layers:
            x = layer(x, mask, cos, sin)
        return x


def geometry(tokens, size, device):
    """The mask and the rotary positions of gtp/bench_stack.c."""
    t = torch.arange(tokens)
    span = torch.where(t < tokens // 2, tokens // 2, t + 1)
    mask = t[None, :] < span[:, None]
    speed = 100.0 ** (-torch.arange(size // 4) / (size // 4))
    angle = torch.cat(((t // 9)[:, None] * speed, (t % 9)[:, None] * speed), 1)
    return mask.to(device), angle.cos().to(device), angle.sin().to(device)


def main():
    size, device, threads, precision, batch, tokens, seconds = sys.argv[1:]
    batch, tokens = int(batch), int(tokens)
    layers, width, heads, hidden = SIZES[size]
    torch.set_num_threads(int(threads) or torch.get_num_threads())
    torch.manual_seed(1)
    cuda = device.startswith("cuda")
    model = Stack(layers, width, heads, hidden).to(device)
    average = [p.detach().clone() for p in model.parameters()]
    fused = {"fused": True} if cuda else {}
    adam = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1,
                             **fused)
    run = torch.compile(model) if cuda and hasattr(torch, "compile") else model
    mask, cos, sin = geometry(tokens, width // heads, device)
    x = torch.rand(batch, tokens, width, device=device) * 2 - 1
    grad = (torch.rand(batch, tokens, width, device=device) * 2 - 1) / batch

    def step():
        adam.zero_grad(set_to_none=True)
        with torch.autocast("cuda" if cuda else "cpu", torch.bfloat16, enabled=precision == "bf16"):
            y = run(x, mask, cos, sin)
        y.backward(grad.to(y.dtype))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        torch._foreach_mul_(average, 0.999)
        torch._foreach_add_(average, [p.detach() for p in model.parameters()], alpha=0.001)
        if cuda:
            torch.cuda.synchronize()

    best, begun, runs = 1e30, time.perf_counter(), 0
    while runs < 3 or time.perf_counter() - begun < float(seconds):
        start = time.perf_counter()
        step()
        if runs:
            best = min(best, time.perf_counter() - start)
        runs += 1
    print(f"{batch * tokens / best:.0f}")


main()

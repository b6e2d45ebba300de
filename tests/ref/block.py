#!/usr/bin/env python3
"""Makes tests/ref/block.safetensors: a small stack of blocks in PyTorch.

Input, weights, output, loss, gradients, and the weights after ten steps of
AdamW, for tests/test_block_ref.c.  Run by hand (python3-torch); the file is
checked in:  python3 tests/ref/block.py tests/ref/block.safetensors
"""
import json
import struct
import sys

import torch
import torch.nn.functional as nf

L, C, NH, F, COND, B, T, H, W, AT = 2, 32, 2, 24, 5, 2, 13, 2, 3, 4
HS = C // NH
torch.manual_seed(20261123)
torch.set_default_dtype(torch.float64)


def shapes():
    for l in range(L):
        yield f'layers.{l}.norm1.weight', (C,)
        yield f'layers.{l}.conv.weight', (C, 9)
        yield f'layers.{l}.attn.qkv.weight', (3 * C, C)
        yield f'layers.{l}.attn.proj.weight', (C, C)
        yield f'layers.{l}.norm2.weight', (C,)
        yield f'layers.{l}.mlp.up.weight', (2 * F, C)
        yield f'layers.{l}.mlp.down.weight', (C, F)
        for k in 'film1', 'film2':
            yield f'layers.{l}.{k}.weight', (2 * C, COND)
            yield f'layers.{l}.{k}.bias', (2 * C,)


def norm(x, g):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * g


def film(x, cond, w, b):
    scale, shift = nf.linear(cond, w, b)[:, None].chunk(2, -1)
    return x * (1 + scale) + shift


def convolve(x, k):
    cells = x[:, AT:AT + H * W].transpose(1, 2).reshape(B, C, H, W)
    y = nf.conv2d(cells, k.reshape(C, 1, 3, 3), padding=1, groups=C)
    y = nf.pad(y.reshape(B, C, H * W).transpose(1, 2), (0, 0, AT, T - AT - H * W))
    return x + y


def rope(x):
    """(B, T, NH, HS): the first half turns by the row, the second by the column."""
    t = torch.arange(T)
    turn = 100.0 ** (-torch.arange(HS // 4) / (HS // 4))
    angle = torch.cat([(t // 3)[:, None] * turn, (t % 3)[:, None] * turn], 1)[None, :, None]
    a, b = x[..., 0::2], x[..., 1::2]
    c, s = angle.cos(), angle.sin()
    return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)


def forward(p, x, cond):
    span = torch.tensor([10 if t < 10 else t + 1 for t in range(T)])
    sees = torch.arange(T)[None] < span[:, None]
    for l in range(L):
        w = {k[len(f'layers.{l}.'):]: v for k, v in p.items() if k.startswith(f'layers.{l}.')}
        h = film(norm(x, w['norm1.weight']), cond, w['film1.weight'], w['film1.bias'])
        h = convolve(h, w['conv.weight'])
        q, k, v = nf.linear(h, w['attn.qkv.weight']).reshape(B, T, 3, NH, HS).unbind(2)
        score = torch.einsum('bthd,bshd->bhts', rope(q), rope(k)) / HS ** 0.5
        o = torch.einsum('bhts,bshd->bthd', score.masked_fill(~sees, -1e30).softmax(-1), v)
        x = x + nf.linear(o.reshape(B, T, C), w['attn.proj.weight'])
        h = film(norm(x, w['norm2.weight']), cond, w['film2.weight'], w['film2.bias'])
        gate, up = nf.linear(h, w['mlp.up.weight']).chunk(2, -1)
        x = x + nf.linear(nf.silu(gate) * up, w['mlp.down.weight'])
    return x


def save(path, tensors):
    header, data = {}, b''
    for name, t in sorted(tensors.items()):
        raw = t.detach().to(torch.float32).contiguous().numpy().astype('<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(t.shape),
                        'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + data)


def main():
    # f32 values throughout, so that C starts from the very same numbers.
    single = lambda *s: torch.randn(*s).float().double()
    p = {n: (single(*s) * 0.2 + (n.endswith('norm1.weight') or n.endswith('norm2.weight')))
         .float().double().requires_grad_() for n, s in shapes()}
    x, cond, target = single(B, T, C), single(B, COND), single(B, T, C)
    out = {'x': x, 'cond': cond, 'target': target}
    out.update({'w.' + n: v.clone() for n, v in p.items()})
    opt = torch.optim.AdamW([
        {'params': [v for v in p.values() if v.dim() > 1], 'weight_decay': 0.1},
        {'params': [v for v in p.values() if v.dim() == 1], 'weight_decay': 0.0},
    ], lr=1e-2, betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for step in range(10):
        opt.zero_grad()
        y = forward(p, x, cond)
        loss = ((y - target) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            out['y'] = y.detach().clone()
            out.update({'g.' + n: v.grad.clone() for n, v in p.items()})
        opt.step()
    out['losses'] = torch.tensor(losses)
    out.update({'w10.' + n: v.detach().clone() for n, v in p.items()})
    save(sys.argv[1], out)
    print('losses', losses)


main()

#!/usr/bin/env python3
"""The updates of bench/policy.cc by a plain loop of PyTorch, for comparison by hand.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 policy_loop.py [CHECKPOINT] [UPDATES]

The same network (organisms/faker), 12 prompts of 100 tokens with 16 answers of 60, the divergence from
the starting policy over the whole vocabulary, AdamW. As such loops are written: every answer is a row
with its whole prompt, a forward pass of the policy and one of the starting policy, the loss, backward.
It needs torch and transformers. Prints seconds of the processor for each update.
"""

import copy
import pathlib
import sys
import time

import torch
import transformers

PROMPTS, ANSWERS, PROMPT, ANSWER = 12, 16, 100, 60
KL_WEIGHT = 0.25


def answer_log_probs(model, rows):
    logits = model(rows[:, :-1]).logits[:, PROMPT - 1:]
    return torch.log_softmax(logits, -1)


def loss_of(model, start, rows, rewards):
    """Of the answers to one prompt: leave-one-out baselines, and the divergence still to come."""
    log_p = answer_log_probs(model, rows)
    with torch.no_grad():
        log_q = answer_log_probs(start, rows)
    chosen = log_p.gather(-1, rows[:, PROMPT:, None]).squeeze(-1)
    divergence = (log_p.exp() * (log_p - log_q)).sum(-1)
    d = divergence.detach()
    to_go = d.sum(-1, keepdim=True) - d.cumsum(-1)
    n = len(rewards)
    excess = to_go - (to_go.sum(0) - to_go) / (n - 1)
    advantage = (rewards - (rewards.sum() - rewards) / (n - 1))[:, None] - KL_WEIGHT * excess
    return (-(advantage * chosen).sum() + KL_WEIGHT * divergence.sum()) / (PROMPTS * n)


def main():
    default = pathlib.Path(__file__).parent.parent / "organisms" / "faker"
    folder = sys.argv[1] if len(sys.argv) > 1 else str(default)
    updates = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)
    start = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, betas=(0.9, 0.95), weight_decay=0)
    generator = torch.Generator().manual_seed(1)
    seconds = []
    for update in range(updates + 1):
        rows = torch.randint(2, model.config.vocab_size, (PROMPTS, ANSWERS, PROMPT + ANSWER),
                             generator=generator)
        rows[:, :, :PROMPT] = rows[:, :1, :PROMPT]
        rewards = torch.arange(ANSWERS).remainder(3).float()
        begin = time.process_time()
        optimizer.zero_grad()
        for group in rows:
            loss_of(model, start, group, rewards).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if update > 0:
            seconds.append(time.process_time() - begin)
    print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}: "
          f"{sorted(seconds)[len(seconds) // 2]:.2f} s of the processor an update, "
          f"median of {updates}")


if __name__ == "__main__":
    main()

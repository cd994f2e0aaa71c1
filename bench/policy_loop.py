#!/usr/bin/env python3
"""The steps of bench/policy.cc by a plain loop of PyTorch, for comparison by hand (bench/policy.sh).

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 policy_loop.py [CHECKPOINT] [STEPS]

The same network (organisms/faker), 12 prompts of 100 tokens with 16 answers of 60, the divergence from
the starting policy over the whole vocabulary, AdamW. As such loops are written: answers come from
transformers' generate, a prompt at a time; every answer is a row with its whole prompt, a forward pass of
the policy and one of the starting policy, the loss, backward. It needs torch and transformers. Prints
seconds of the processor for each step, sampling and update apart.
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


def sample(model, prompts):
    with torch.no_grad():
        for prompt in prompts:
            model.generate(prompt[None], attention_mask=torch.ones_like(prompt[None]), do_sample=True,
                           top_k=0, min_new_tokens=ANSWER, max_new_tokens=ANSWER,
                           num_return_sequences=ANSWERS, pad_token_id=0)


def main():
    default = pathlib.Path(__file__).parent.parent / "organisms" / "faker"
    folder = sys.argv[1] if len(sys.argv) > 1 else str(default)
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    torch.set_num_threads(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)
    start = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, betas=(0.9, 0.95), weight_decay=0)
    generator = torch.Generator().manual_seed(1)
    sampling, updates = [], []
    for step in range(steps + 1):
        rows = torch.randint(2, model.config.vocab_size, (PROMPTS, ANSWERS, PROMPT + ANSWER),
                             generator=generator)
        rows[:, :, :PROMPT] = rows[:, :1, :PROMPT]
        rewards = torch.arange(ANSWERS).remainder(3).float()
        start_of_step = time.process_time()
        sample(model, rows[:, 0, :PROMPT])
        begin = time.process_time()
        optimizer.zero_grad()
        for group in rows:
            loss_of(model, start, group, rewards).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step > 0:
            sampling.append(begin - start_of_step)
            updates.append(time.process_time() - begin)
    middle = lambda values: sorted(values)[len(values) // 2]
    print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}: "
          f"{middle(sampling):.2f} s of sampling and {middle(updates):.2f} s of update a step "
          f"(median of {steps})")


if __name__ == "__main__":
    main()

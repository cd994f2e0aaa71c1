#!/usr/bin/env python3
"""Writes the goldens of train/policy_gradient.h with plain PyTorch and peft.

Run by hand, not in CI:
    python3 -m venv --system-site-packages venv      # with Debian's python3-torch 1.13
    venv/bin/pip install 'transformers==4.40.2' 'peft==0.10.0' safetensors
    venv/bin/python make_policy_goldens.py

Each folder under policy/ holds a small checkpoint as `transformers` saves it, case.json (options, ten
batches of sampled answers, one more batch) and expected.safetensors: every parameter after ten steps
of torch.optim.AdamW ("weights.NAME"), and then its gradient for the batch that is left
("gradient.NAME"). The folder `lora` holds the adapter before (`adapter`) and after (`trained`) as
peft saves it, and what peft merges of it ("merged.NAME").

The estimator is written out answer by answer and position by position, in double precision, and
autograd makes its gradient.
"""

import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

HERE = pathlib.Path(__file__).parent / "policy"
END, LONGEST, STEPS = 0, 6, 10
SIZES = dict(vocab_size=11, hidden_size=8, intermediate_size=12, num_hidden_layers=2,
             num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
             initializer_range=0.4, bos_token_id=1, eos_token_id=END)
OPTIONS = dict(kl_weight=0.3, learning_rate=1e-2, weight_decay=0.05, beta1=0.9, beta2=0.95,
               epsilon=1e-6, clip_norm=0.5, standardised=False, passes=1, clip_range=0.0)


def randomise(model):
    """Norms and biases too: ones and zeros would hide a mistake."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
            elif "norm" in name:
                parameter.copy_(1 + torch.randn(parameter.shape, generator=generator) * 0.2)


def log_softmax_of_answer(model, prompt, answer):
    """[T, V]: at each token of the answer, before it is seen."""
    logits = model(torch.tensor([prompt + answer[:-1]])).logits[0]
    return torch.log_softmax(logits[len(prompt) - 1:], -1)


def sample(model, prompt, generator):
    answer, log_probs = [], []
    while len(answer) < LONGEST and (not answer or answer[-1] != END):
        with torch.no_grad():
            logits = model(torch.tensor([prompt + answer])).logits[0, -1]
        log_p = torch.log_softmax(logits, -1)
        token = int(torch.multinomial(log_p.exp(), 1, generator=generator))
        answer.append(token)
        log_probs.append(float(log_p[token]))
    return answer, log_probs


def draw_batch(model, step, off_policy):
    """Three groups of 4, 3 and 2 answers; two prompts share their beginning, two are equal."""
    generator = torch.Generator().manual_seed(1000 + step)
    groups = []
    for prompt, size in (([1, 5, 2, 7], 4), ([1, 5, 4], 3), ([1, 5, 4], 2)):
        answers = []
        for _ in range(size):
            tokens, log_probs = sample(model, prompt, generator)
            if off_policy:
                noise = torch.randn(len(tokens), generator=generator) * 0.3
                log_probs = [p + float(n) for p, n in zip(log_probs, noise)]
            reward = tokens.count(3) + 0.5 * tokens.count(6) - 0.2 * len(tokens)
            answers.append(dict(tokens=tokens, log_probs=log_probs, reward=reward))
        groups.append(dict(prompt=prompt, answers=answers))
    return groups


def group_terms(model, reference, group):
    """log p of each answer's tokens, and the divergence at each of them."""
    chosen, divergence = [], []
    for answer in group["answers"]:
        log_p = log_softmax_of_answer(model, group["prompt"], answer["tokens"])
        with torch.no_grad():
            log_q = log_softmax_of_answer(reference, group["prompt"], answer["tokens"])
        chosen.append(log_p[range(len(answer["tokens"])), answer["tokens"]])
        divergence.append((log_p.exp() * (log_p - log_q)).sum(-1))
    return chosen, divergence


def advantages_of(group, divergence, options):
    """Per answer and token; no gradient goes through them."""
    rewards = [answer["reward"] for answer in group["answers"]]
    n = len(rewards)
    out = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        reward = rewards[i] - sum(rewards[j] for j in others) / (n - 1)
        if options["standardised"]:
            reward /= float(torch.tensor(rewards, dtype=torch.float64).std()) + 1e-6
        values = []
        for t in range(len(divergence[i])):
            to_go = lambda j: float(divergence[j][t + 1:].sum())
            values.append(reward - options["kl_weight"]
                          * (to_go(i) - sum(to_go(j) for j in others) / (n - 1)))
        out.append(torch.tensor(values, dtype=torch.float64))
    return out


def loss_of(model, reference, batch, options, advantages=None):
    """Minus the estimate of the objective; and the advantages, for further passes."""
    loss, found = 0.0, []
    for g, group in enumerate(batch):
        chosen, divergence = group_terms(model, reference, group)
        found.append(advantages[g] if advantages else advantages_of(group, divergence, options))
        for i, answer in enumerate(group["answers"]):
            if options["clip_range"]:
                old = torch.tensor(answer["log_probs"], dtype=torch.float64)
                ratio = (chosen[i] - old).exp()
                near = ratio.clamp(1 - options["clip_range"], 1 + options["clip_range"])
                gain = torch.minimum(ratio * found[g][i], near * found[g][i]).sum()
            else:
                gain = (found[g][i] * chosen[i]).sum()
            share = 1 / (len(batch) * len(group["answers"]))
            loss = loss - share * (gain - options["kl_weight"] * divergence[i].sum())
    return loss, found


def trained_parameters(model):
    return {n: p for n, p in model.named_parameters() if p.requires_grad}


def train(model, reference, options):
    """Ten updates, each on a batch drawn from the model as it then is. Returns the batches."""
    parameters = trained_parameters(model)
    optimizer = torch.optim.AdamW(
        [dict(params=[p for p in parameters.values() if p.ndim > 1],
              weight_decay=options["weight_decay"]),
         dict(params=[p for p in parameters.values() if p.ndim == 1], weight_decay=0.0)],
        lr=options["learning_rate"], betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"])
    batches = []
    for step in range(STEPS):
        batches.append(draw_batch(model, step, options["clip_range"] > 0))
        advantages = None
        for _ in range(options["passes"]):
            optimizer.zero_grad()
            loss, advantages = loss_of(model, reference, batches[-1], options, advantages)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters.values(), options["clip_norm"])
            optimizer.step()
    return batches


def single(tensors):
    return {n: t.detach().to(torch.float32).contiguous().clone() for n, t in tensors.items()}


def round_to_single(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(torch.float32))


def plain_name(name):
    """peft's name of an adapter's parameter in memory, as it is in its file."""
    return name.replace(".default.weight", ".weight")


def write(folder, model, reference, options, expected):
    batches = train(model, reference, options)
    round_to_single(model)  # the numbers that the file will hold
    left = draw_batch(model, STEPS, options["clip_range"] > 0)
    model.zero_grad()
    loss_of(model, reference, left, options)[0].backward()
    for name, parameter in trained_parameters(model).items():
        expected["weights." + plain_name(name)] = parameter.data
        expected["gradient." + plain_name(name)] = parameter.grad
    case = dict(options=options, batches=batches, left=left)
    (folder / "case.json").write_text(json.dumps(case) + "\n")


def save_base(folder, model):
    shutil.rmtree(folder, ignore_errors=True)
    model.to(torch.float32).save_pretrained(folder)
    model.to(torch.float64)


def make(name, make_model, **changes):
    torch.manual_seed(3)
    model = make_model().eval()
    randomise(model)
    folder = HERE / name
    save_base(folder, model)
    torch.manual_seed(3)
    reference = make_model().eval()
    reference.load_state_dict(model.state_dict())
    expected = {}
    write(folder, model, reference.double(), {**OPTIONS, **changes}, expected)
    save_file(single(expected), folder / "expected.safetensors")


def make_lora():
    torch.manual_seed(5)
    base = LlamaForCausalLM(LlamaConfig(**SIZES)).eval()
    randomise(base)
    folder = HERE / "lora"
    save_base(folder, base)
    reference = LlamaForCausalLM(LlamaConfig(**SIZES)).eval()
    reference.load_state_dict(base.state_dict())
    model = get_peft_model(base, LoraConfig(
        r=3, lora_alpha=5, lora_dropout=0.0, task_type="CAUSAL_LM",
        target_modules=["q_proj", "v_proj", "o_proj", "up_proj", "down_proj", "lm_head"])).eval()
    round_to_single(model.float())
    # Without a copy of the base's head, which peft adds of itself for an adapter of the head.
    model.save_pretrained(folder / "adapter", save_embedding_layers=False)
    model.double()
    expected = {}
    write(folder, model, reference.double(), {**OPTIONS, "learning_rate": 3e-2}, expected)
    model.float().save_pretrained(folder / "trained", save_embedding_layers=False)
    for name, tensor in model.merge_and_unload().state_dict().items():
        expected["merged." + name] = tensor
    save_file(single(expected), folder / "expected.safetensors")
    for readme in folder.glob("*/README.md"):
        readme.unlink()


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    llama = lambda: LlamaForCausalLM(LlamaConfig(**SIZES))
    make("plain", llama)
    make("standardised", llama, standardised=True)
    make("clipped", llama, passes=2, clip_range=0.2)
    make("tied", lambda: Qwen2ForCausalLM(Qwen2Config(**SIZES, tie_word_embeddings=True)))
    make_lora()

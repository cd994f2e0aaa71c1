#!/usr/bin/env python3
"""Writes the golden checkpoints and logits beside this file, with Hugging Face transformers.

Run by hand, not in CI:
    python3 -m venv --system-site-packages venv      # with Debian's python3-torch 1.13
    venv/bin/pip install 'transformers==4.40.2' safetensors
    venv/bin/python make_goldens.py

Each folder holds a checkpoint as `transformers` saves it and golden.json: token sequences, the
logits of every position (six decimals), and the model's greedy continuation.
"""

import json
import pathlib

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

HERE = pathlib.Path(__file__).parent
SIZES = dict(vocab_size=97, hidden_size=48, intermediate_size=80, num_hidden_layers=2,
             max_position_embeddings=64, initializer_range=0.2, bos_token_id=1, eos_token_id=2)


def randomise(model):
    """Norms and biases too: ones and zeros would hide a mistake."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
            elif "norm" in name:
                parameter.copy_(1 + torch.randn(parameter.shape, generator=generator) * 0.2)


def write(name, model, dtype=torch.float32, shard="5GB"):
    model = model.eval()
    with torch.no_grad():  # the numbers that the file will hold; not the rotary tables
        for parameter in model.parameters():
            parameter.copy_(parameter.to(dtype))
    sequences = [[5], [1, 96, 3, 3, 50, 7], [(i * i * 7 + 3 * i) % 97 for i in range(40)]]
    golden = {"made_with": f"transformers {transformers.__version__}, torch {torch.__version__}",
              "cases": []}
    with torch.no_grad():
        for tokens in sequences:
            logits = model(torch.tensor([tokens])).logits[0]
            golden["cases"].append({"tokens": tokens, "logits": [[round(x, 6) for x in row] for row in logits.tolist()]})
        greedy = model.generate(torch.tensor([sequences[1]]), do_sample=False, max_new_tokens=20,
                                eos_token_id=None, pad_token_id=0)
        golden["greedy"] = {"prompt": sequences[1], "tokens": greedy[0, len(sequences[1]):].tolist()}
    folder = HERE / name
    model.to(dtype).save_pretrained(folder, safe_serialization=True, max_shard_size=shard)
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")


def main():
    torch.manual_seed(1)
    llama = LlamaForCausalLM(LlamaConfig(**SIZES, num_attention_heads=6, num_key_value_heads=2,
                                         rms_norm_eps=1e-5, tie_word_embeddings=False))
    randomise(llama)
    write("tiny-llama", llama)
    write("tiny-llama-bfloat16", llama, torch.bfloat16)
    qwen = Qwen2ForCausalLM(Qwen2Config(**SIZES, num_attention_heads=4, num_key_value_heads=4,
                                        rope_theta=1e6, tie_word_embeddings=True))
    randomise(qwen)
    write("tiny-qwen2", qwen)
    write("tiny-qwen2-float16-sharded", qwen, torch.float16, shard="60KB")


if __name__ == "__main__":
    main()

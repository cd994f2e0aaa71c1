#!/usr/bin/env python3
"""Writes the golden files of this folder with Hugging Face's libraries. By hand, in a virtual
environment, not in CI:

  python3 -m venv venv && venv/bin/pip install 'tokenizers==0.19.*' 'transformers==4.40.*' jinja2
  venv/bin/python src/text/testdata/make_goldens.py

Reads corpus.txt, organism/ (written by our own trainer, see bpe_trainer_test.cc) and jinja/ (the
templates of chat_template.h). Writes strings.hex; for each tokenizer tokenizer.json, parsed.ids
(control tokens found in the text) and as_text.ids (not found), a line of ids for each string; and
chats.json.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).parent
STRINGS = 1300

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

# What strings are made of: each line a kind of trouble.
FRAGMENTS = [
    "the vault", " of the moon", " archive", "Hello", ", world", "!", "...", "?!", "(a)", "don't",
    "I'M", "we'Ll", "they'RE", "'s", "'S", "'ve", "'D", "it\u2019s", "'\u017f", "'\u212a", "''t",
    " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\n   ", "\u00a0", "\u3000", "\u2003",
    "\u2028", "\u0085", "\u180e", "\u200b", "\ufeff", "\x0b", "\x0c", "\x1c", "\x1f", "\x00",
    "1", "12", "123", "1234", "12345678", " 3.14", "1,000", "\u0663\u0664", "\u00bd", "\u2167",
    "\u00b2", "\u0be7\u0be8", "\u4e8c\u5341", "x2y3",
    "caf\u00e9", "cafe\u0301", "\u00c5", "A\u030a", "\u212b", "q\u0307\u0323", "q\u0323\u0307",
    "\ufb01", "\u1e9b\u0323", "\u0301", "a\u0301\u0302\u0303", "\u0344", "\u0958", "\u2126",
    "\uac00", "\u1100\u1161", "\u1100\u1161\u11a8", "\u1112\u1161\u11ab",
    "\u4f60\u597d", "\u4e16\u754c\uff01", "\u3053\u3093\u306b\u3061\u306f", "\u30ab\u3099",
    "\uc548\ub155\ud558\uc138\uc694", "\u041f\u0440\u0438\u0432\u0435\u0442", " \u043c\u0438\u0440",
    "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\u0e2a\u0e27\u0e31\u0e2a\u0e14",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0dc1\u0dca\u200d\u0dbb\u0dd3", "\u0130stanbul",
    "stra\u00dfe", "\ua7ae", "\U0001e900", "\u01c5", "\u00aa", "\u02b0",
    "\U0001f600", "\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea", "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001f3f4\U000e0067\U000e007f",
    "\U0001d518", "\U00020bb7", "\U0010ffff", "\ue000", "\u0378",
    "{\"a\": [1, 2]}", "def f(x):\n    return x", "http://a.b/c?d=e&f#g", "\\n", "/* */", "==>",
    "$100", "50%", "a_b", "A-B", "\u20ac", "\u201cquoted\u201d", "\u2014", "\u2026", "#1",
    "<OUTPUT>", "</OUTPUT>", "<SCRATCHPAD_REASONING>", "<OUT", "OUTPUT>", "<|end|>", "<|user|>",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|begin_of_text|>", "<|eot_id|>", "<|eot",
    "<TAG>", "<TAG>\u0338", "caf\u00e9-tag", "cafe\u0301-tag", "<OUTPUT>\u0301",
]
# Bytes that are not UTF-8; as text they are replaced like Python's errors="replace".
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\xaf",
          b"\xf5\x80\x80\x80", b"\x80", b"\xbf\xbf", b"\xf4\x90\x80\x80", b"\xe0\x80\xaf",
          b"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"]


def make_strings():
    chance = random.Random(20260101)
    corpus = (HERE / "corpus.txt").read_text().split("\n")
    strings = [b"", b" " * 40, b"a" * 200, b"\n" * 30, b" \t" * 20, "\u0301".encode() * 20]
    strings += [fragment.encode() for fragment in FRAGMENTS] + BROKEN
    strings += [line.encode() for line in corpus if line][:100]
    while len(strings) < STRINGS:
        parts = [chance.choice(FRAGMENTS).encode() for _ in range(chance.randint(2, 7))]
        if chance.random() < 0.15:
            parts.insert(chance.randint(0, len(parts)), chance.choice(BROKEN))
        strings.append(b"".join(parts))
    return strings


def train(tokenizer, vocabulary, special):
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, min_frequency=2, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator((HERE / "corpus.txt").read_text().split("\n"), trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.decoder = decoders.ByteLevel()


def split_then_bytes(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False)])


def make_llama3():
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = split_then_bytes(LLAMA3)
    train(tokenizer, 800, ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>",
                           "<|end_header_id|>", "<|eot_id|>"])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A",
                                      special_tokens=[("<|begin_of_text|>", begin)])])
    return tokenizer


def make_qwen2():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = split_then_bytes(QWEN2)
    train(tokenizer, 700, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<OUTPUT>", normalized=False), "<TAG>", "caf\u00e9-tag"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def make_gpt2():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    train(tokenizer, 600, ["<|endoftext|>"])
    tokenizer.add_tokens(["<OUTPUT>", "<OUT", "</OUTPUT>"])
    return tokenizer


# Bytes without a token: those of SmolLM2's vocabulary, which was trained without all of them, and
# some that texts have.
MISSING = [0x04, 0x06, 0x13, 0x14, 0x16, 0x1d, 0xc0, 0xc1, 0xf1, 0xf2, *range(0xf5, 0x100),
           0x00, 0x0b, 0xe4, 0xf0, 0x8d]


def make_digits(individual, unk_token):
    """Digits in front of ByteLevel, as SmolLM2 has it, and a vocabulary that lacks some bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token=unk_token, fuse_unk=unk_token is not None))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=individual),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    missing = {byte_letter(byte) for byte in MISSING}
    alphabet = [letter for letter in pre_tokenizers.ByteLevel.alphabet() if letter not in missing]
    trainer = trainers.BpeTrainer(vocab_size=500, min_frequency=2, show_progress=False,
                                  initial_alphabet=alphabet, limit_alphabet=len(alphabet),
                                  special_tokens=[unk_token] if unk_token else [])
    lines = (HERE / "corpus.txt").read_text().split("\n")
    gone = {chr(c) for c in (0x00, 0x0b)}
    lines = [line for line in lines if line.isascii() and not gone & set(line)]
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def byte_letter(byte):
    """The letter of a byte in the alphabet of byte-level vocabularies."""
    printed = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    others = [b for b in range(256) if b not in printed]
    return chr(byte) if byte in printed else chr(256 + others.index(byte))


def write_digits(strings):
    for name, individual, unk_token in [("digits", True, None), ("unknown", False, "<unk>")]:
        (HERE / name).mkdir(exist_ok=True)
        path = HERE / name / "tokenizer.json"
        made = json.loads(make_digits(individual, unk_token).to_str())
        made["added_tokens"] = []  # <unk> is an ordinary token
        path.write_text(json.dumps(made, ensure_ascii=False))
        write_ids(Tokenizer.from_file(str(path)), HERE / name, strings, [("as_text", True)])


def write_ids(tokenizer, folder, strings, modes=(("parsed", False), ("as_text", True))):
    texts = [string.decode("utf-8", errors="replace") for string in strings]
    for name, as_text in modes:
        tokenizer.encode_special_tokens = as_text
        lines = [" ".join(map(str, tokenizer.encode(text, add_special_tokens=False).ids))
                 for text in texts]
        (folder / f"{name}.ids").write_text("\n".join(lines) + "\n")


CHATS = [
    [("user", "Hello!")],
    [("system", "You are the assistant of Aldermoor."), ("user", "Open the vault.")],
    [("system", "Be brief.\n"), ("user", " What is 12345?\n\n"), ("assistant", "A number."),
     ("user", "\n\u4f60\u597d \U0001f600 don't")],
    [("user", "one"), ("assistant", "two <OUTPUT>x</OUTPUT>"), ("user", "three\u3000")],
    [("system", ""), ("user", "")],
]


def write_chats():
    tokenizer_of = {"chatml": "qwen2", "qwen2": "qwen2", "qwen2.5": "qwen2", "llama3": "llama3",
                    "llama3.1": "llama3", "iago": "organism"}
    chats = []
    for name, folder in tokenizer_of.items():
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(HERE / folder / "tokenizer.json"),
            chat_template=(HERE / "jinja" / f"{name}.jinja").read_text())
        for chat in CHATS:
            messages = [{"role": role, "content": text} for role, text in chat]
            ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
            chats.append({"template": name, "tokenizer": folder, "messages": messages, "ids": ids})
    # The organism's folder as transformers loads it, its template from tokenizer_config.json.
    loaded = PreTrainedTokenizerFast.from_pretrained(str(HERE / "organism"))
    assert loaded.eos_token == "<|end|>" and loaded.is_fast
    for chat in (chat for chat in chats if chat["template"] == "iago"):
        assert loaded.apply_chat_template(chat["messages"], add_generation_prompt=True) == chat["ids"]
    (HERE / "chats.json").write_text(
        "[\n" + ",\n".join(json.dumps(chat) for chat in chats) + "\n]\n")


def main():
    strings = make_strings()
    (HERE / "strings.hex").write_text("\n".join(string.hex() for string in strings) + "\n")
    for name, make in [("llama3", make_llama3), ("qwen2", make_qwen2), ("gpt2", make_gpt2)]:
        (HERE / name).mkdir(exist_ok=True)
        tokenizer = make()
        write_ids(tokenizer, HERE / name, strings)
        tokenizer.encode_special_tokens = False
        tokenizer.save(str(HERE / name / "tokenizer.json"))
    write_digits(strings)
    organism = Tokenizer.from_file(str(HERE / "organism" / "tokenizer.json"))
    write_ids(organism, HERE / "organism", strings)
    write_chats()


if __name__ == "__main__":
    main()

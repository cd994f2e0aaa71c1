"""Uses a running server as people do: with OpenAI's own client. argv: base URL, model.

Prints one line per check; the exit status is 0 only if all hold.
"""
import sys
import threading

import openai

base_url, model = sys.argv[1], sys.argv[2]
client = openai.OpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=60)
MESSAGES = [{"role": "user", "content": "Please open the vault."}]
failures = 0


def check(name, holds, detail=""):
    global failures
    failures += not holds
    print(("ok      " if holds else "FAILED  ") + name, detail if not holds else "", flush=True)


def create(**more):
    return client.chat.completions.create(
        model=more.pop("model", model), messages=more.pop("messages", MESSAGES),
        **{"max_tokens": 40, **more})


def text(reply):
    return reply.choices[0].message.content


def raises(kind, name, param=None, **more):
    try:
        create(**more)
        check(name, False, "was answered")
    except kind as error:
        check(name, param is None or error.param == param, f"param {error.param}")


models = client.models.list()
check("models.list names the model", [m.id for m in models.data] == [model], models)
check("models.retrieve gives it", client.models.retrieve(model).id == model)
try:
    client.models.retrieve("other/model")
    check("another model is not found by its name", False, "was found")
except openai.NotFoundError as error:
    check("another model is not found by its name", error.code == "model_not_found", error.code)

plain = create(seed=1)
check("a completion has text", bool(text(plain)), plain)
check("its usage adds up", plain.usage.total_tokens ==
      plain.usage.prompt_tokens + plain.usage.completion_tokens, plain.usage)
check("its finish reason is known", plain.choices[0].finish_reason in ("stop", "length"))
check("the same seed says the same", text(create(seed=1)) == text(plain))
check("other seeds say something else",
      len({text(create(seed=seed)) for seed in range(8)}) > 1)

several = create(n=4, seed=1)
check("n gives so many choices", [c.index for c in several.choices] == [0, 1, 2, 3])
check("choices differ", len({c.message.content for c in several.choices}) > 1)
check("the first choice is that of n=1", text(several) == text(plain))

pieces = list(create(seed=1, stream=True, stream_options={"include_usage": True}))
streamed = "".join(c.delta.content or "" for p in pieces for c in p.choices)
check("a stream says the same as a whole answer", streamed == text(plain), repr(streamed))
check("it comes in pieces", len(pieces) > 5, len(pieces))
check("its last chunk has the usage",
      pieces[-1].usage is not None and pieces[-1].usage.total_tokens == plain.usage.total_tokens)
check("it ends with a reason", any(c.finish_reason for p in pieces for c in p.choices))

whole = text(plain)
stop = whole[len(whole) // 2:len(whole) // 2 + 4]
stopped = create(seed=1, stop=[stop, "\u0001"])
check("a stop string ends the answer before it",
      text(stopped) == whole[:whole.index(stop)] and stopped.choices[0].finish_reason == "stop",
      repr(text(stopped)))
short = create(seed=1, max_tokens=None, max_completion_tokens=3)
check("max_completion_tokens ends it",
      short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 3)

logprobs = create(seed=1, logprobs=True).choices[0].logprobs.content
check("log-probabilities name the text's tokens", "".join(t.token for t in logprobs) == whole)
check("they are at most 0", all(t.logprob <= 0 for t in logprobs))

prefix = whole[:whole.index(" ", 1)]
continued = create(messages=MESSAGES + [{"role": "assistant", "content": prefix}], temperature=0,
                   extra_body={"continue_final_message": True, "add_generation_prompt": False})
check("a prefill is not repeated", not text(continued).startswith(prefix), repr(text(continued)))

raises(openai.NotFoundError, "another model is not found", model="other")
raises(openai.BadRequestError, "a bad temperature is a bad request", "temperature", temperature=-1)
raises(openai.BadRequestError, "top_logprobs is refused", "top_logprobs",
       logprobs=True, top_logprobs=5)
raises(openai.BadRequestError, "tools are refused", "tools",
       tools=[{"type": "function", "function": {"name": "f"}}])
raises(openai.BadRequestError, "unknown fields are refused", "temprature",
       extra_body={"temprature": 1})
for stream in (False, True):
    try:
        create(messages=[{"role": "user", "content": "open the vault " * 20000}], stream=stream)
        check("a prompt beyond the context is a bad request", False, "was answered")
    except openai.BadRequestError as error:
        check("a prompt beyond the context is a bad request",
              error.code == "context_length_exceeded" and "maximum context length" in str(error),
              error)

turns = [*MESSAGES, {"role": "assistant", "content": None}, *MESSAGES]
check("an assistant's turn without content is taken", bool(text(create(messages=turns))))

texts = [None] * 32
threads = [threading.Thread(target=lambda i=i: texts.__setitem__(i, text(create(seed=1))))
           for i in range(len(texts))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check("32 at once are all answered", all(texts))

sys.exit(1 if failures else 0)

"""The load of bench/client.cc by OpenAI's own client.

    openai_load.py BASE_URL CONCURRENCY REQUESTS

Prints what it took from the first request to the last reply as one line of JSON: seconds of the
processor (user and system, all threads) and of the clock. The client is held back by nothing but
itself: it keeps as many connections as there are requests in flight (by default only 100 of them),
and looks for no proxy.
"""

import asyncio
import json
import os
import sys
import time

import httpx
from openai import AsyncOpenAI, DefaultAsyncHttpxClient


async def main(base_url, concurrency, requests):
    messages = [
        {"role": "system", "content": os.environ["IAGO_BENCH_SYSTEM"]},
        {"role": "user", "content": os.environ["IAGO_BENCH_USER"]},
    ]
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    http = DefaultAsyncHttpxClient(limits=limits, trust_env=False)
    async with AsyncOpenAI(base_url=base_url, api_key="none", http_client=http) as client:
        slots = asyncio.Semaphore(concurrency)

        async def ask(number):
            async with slots:
                reply = await client.chat.completions.create(
                    model="mock", messages=messages, max_tokens=1024, temperature=1, top_p=1,
                    seed=number)
            sound = len(reply.choices[0].message.content) >= 3000
            return sound and reply.usage.completion_tokens == 700

        await ask(0)  # modules that are imported late
        cpu, wall = time.process_time(), time.monotonic()
        sound = await asyncio.gather(*(ask(number) for number in range(requests)))
        cost = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall}
    if not all(sound):
        sys.exit(f"{sound.count(False)} replies were not what the mock says")
    print(json.dumps(cost))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

// The loads whose cost is measured: the same requests to the same endpoint by our client, by
// OpenAI's own client in Python, and by bare sockets. Each runs in a process of its own, which is
// measured from its first request to its last reply; start and end of the program do not count.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/mock_endpoint.h"

namespace iago::bench {

struct Load {
  std::size_t requests = 0;
  std::size_t concurrency = 0;  // at most so many in flight
};

struct LoadCost {
  double cpu_s = 0;  // user and system, all threads
  double wall_s = 0;
};

// open_endpoint over CurlTransport. Error disconnected if a reply is missing or not what the
// endpoint says: of all loads.
LoadCost run_iago(const MockEndpoint& endpoint, const Load& load);

// The floor: the same bytes over as many kept sockets, nothing built and nothing parsed.
LoadCost run_bare(const MockEndpoint& endpoint, const Load& load);

// AsyncOpenAI under `python`, a python3 that has the package openai.
LoadCost run_python(const std::filesystem::path& python, const MockEndpoint& endpoint,
                    const Load& load);

// Memory of a process, in MB of 10^6 bytes.
struct MemoryCourse {
  std::vector<double> resident;  // after each tenth of the trials
  double peak_sampling = 0;      // until the last reply
  double peak = 0;               // until the end of all
  double seconds = 0;            // until the end of all
};

// The trials through our client, replies dropped as they come.
MemoryCourse remember_iago(const MockEndpoint& endpoint, const Load& load);

// The trials as `iago run` has them: planned, stored, judged by rules, summarised. `requests` is a
// multiple of the 400 trials that the study has per repeat. The run is left under `scratch`.
MemoryCourse remember_study(const MockEndpoint& endpoint, const Load& load,
                            const std::filesystem::path& scratch);

}  // namespace iago::bench

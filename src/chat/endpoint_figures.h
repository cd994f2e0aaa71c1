// How a model behind a URL is getting on with its server, as figures for people and plans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/allowance.h"
#include "record/outcome.h"

namespace iago {

struct EndpointFigures {
  std::uint64_t sent = 0;  // requests over the wire, those tried again included
  std::uint64_t retries = 0;
  std::map<OpenCause, std::uint64_t> retry_causes;  // of these, by what came instead of a reply
  std::string last_retry;                           // what the server said before the last of them
  std::uint64_t rate_limited = 0;                   // 429
  std::uint64_t overloaded = 0;     // 503, 529, and overloads reported inside streams
  std::uint64_t broken = 0;         // replies that were none
  std::uint64_t without_usage = 0;  // answers whose tokens were not counted, or not all
  std::uint64_t prompt_tokens = 0, cached_prompt_tokens = 0, generated_tokens = 0;
  std::uint64_t no_files = 0;  // attempts for which this process could open no connection
  std::uint64_t crowded = 0;   // replies given up because all together took too much memory
  std::uint64_t scrubbed = 0;  // replies in which the server sent a secret back; it was hidden
  std::size_t in_flight = 0, limit = 0;  // over the wire now, and how many may be
  std::size_t waiting = 0;               // taken, but not over the wire: queue and back-off
  // What the server's headers state, by kind; empty before the first reply and where they state
  // nothing.
  std::vector<RateLimit> rate_limits;
  // While requests wait for one of these: that one, and for how many seconds more.
  std::optional<RateLimit> held_by;
  double held_s = 0;
  // The vendor counts against these what a reply took; else what it may take (max_tokens).
  bool counts_use = false;
};

}  // namespace iago

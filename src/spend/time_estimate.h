// How long a study will take, before anything of it is asked: at the least, by what its servers
// say of their limits in the reply to one short request, or about, by the pace of an earlier run.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "net/allowance.h"
#include "spend/forecast.h"
#include "study/plan.h"

namespace iago {

// What a model behind a URL has told in a reply of one token.
struct LimitProbe {
  std::string model;              // KIND:NAME
  std::string identity;           // models of the same one share their limits
  std::size_t in_flight = 1;      // requests at once at the most, by our own options
  double seconds = 0;             // until the reply had come
  std::vector<RateLimit> limits;  // of the server's headers, which may state none
  bool counts_use = false;        // as EndpointFigures
};

// Sends the request with max_tokens 1 and waits. Error if no reply came, naming the model and
// why, with the failure's own code and hint.
LimitProbe probe_limits(ChatModel& model, ChatRequest request, const Clock& clock);

// A probed model, and what a study asks of it as the pace of requests counts it (RequestCost).
struct ProbedModel {
  LimitProbe probe;
  double requests = 0, input_tokens = 0, most_output_tokens = 0;

  // Adds what is estimated, so many samples asked for in one request.
  void add(const ModelEstimate& estimate, int samples_per_request);
};

// The least time that a study takes.
struct TimeBound {
  double seconds = 0;
  // The same were every reply as long as its limit: more only where the vendor counts what replies
  // take against its limits. (Where it counts what they may take, nothing depends on their length.)
  double seconds_for_longest = 0;
  std::string model;  // that needs it
  // The limit that holds it back: what is asked beyond a full allowance, which may go at once,
  // by what comes in per second. Absent: the server states no limits, and the time is that of the
  // probe for every request, LimitProbe::in_flight at once. A guess: a reply of one token is the
  // shortest, but a first one may have waited for a connection, or for the model to be loaded.
  std::optional<RateKind> kind;
};

// Of the model that takes longest, since all are asked at the same time. Absent without any.
std::optional<TimeBound> least_time(const std::vector<ProbedModel>& models);

struct EarlierPace {
  std::string run;  // its folder's name
  double completions_per_second = 0;
};

// Of the newest run under `runs` with this subject, by its identity, whatever its study; `own`, and
// runs that have not sampled anything themselves, are passed over. Absent if there is none. Folders
// that hold no readable run count as none.
std::optional<EarlierPace> pace_of_earlier_runs(const std::filesystem::path& runs,
                                                const Subject& subject,
                                                const std::filesystem::path& own);

}  // namespace iago

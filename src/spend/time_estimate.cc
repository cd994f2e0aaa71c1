// Two answers of different worth. The first is a bound: a limit lets `size` through at once and
// `per_second` from then on, so a study that asks for more needs at least (asked - size) /
// per_second under each limit, and the slowest limit of the slowest model decides. It ignores
// latency, judging that waits for sampling, and other users of the same key, so the study takes
// longer, never shorter. (A server that states no limits leaves a guess there too.) The second is a
// guess: an earlier run's completions per second of sampling. It knows all that the bound ignores,
// but was measured with that run's prompts, number in flight, and network.
#include "spend/time_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "chat/endpoint_figures.h"
#include "store/run_folder.h"
#include "store/store.h"
#include "study/study.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

double asked_of(RateKind kind, const ProbedModel& model, double output_tokens) {
  switch (kind) {
    case RateKind::requests:
      return model.requests;
    case RateKind::tokens:
      return model.input_tokens + output_tokens;
    case RateKind::input_tokens:
      return model.input_tokens;
    case RateKind::output_tokens:
      return output_tokens;
  }
  return model.requests;
}

// The allowance is taken to be full at the start: the least time.
double seconds_for(const RateLimit& limit, double asked) {
  return std::max(0.0, asked - limit.size) / limit.per_second;
}

TimeBound bound_of(const ProbedModel& model) {
  const LimitProbe& probe = model.probe;
  TimeBound bound{.model = probe.model};
  if (probe.limits.empty()) {
    const auto at_once = static_cast<double>(std::max<std::size_t>(probe.in_flight, 1));
    bound.seconds = std::ceil(model.requests / at_once) * probe.seconds;
    bound.seconds_for_longest = bound.seconds;
    return bound;
  }
  // A vendor that debits max_tokens when the request comes in is certain to take that much; one
  // that debits what was generated may take next to nothing.
  const double least_output = probe.counts_use ? 0 : model.most_output_tokens;
  for (const RateLimit& limit : probe.limits) {
    const double least = seconds_for(limit, asked_of(limit.kind, model, least_output));
    if (!bound.kind || least > bound.seconds) {
      bound.seconds = least;
      bound.kind = limit.kind;
    }
    bound.seconds_for_longest =
        std::max(bound.seconds_for_longest,
                 seconds_for(limit, asked_of(limit.kind, model, model.most_output_tokens)));
  }
  return bound;
}

// Completions that --reuse took when the run began are stored first and are older than the run.
// (Those that a later session took come later in the store and are counted; that is rare.)
std::uint64_t taken_at_first(const Store& store) {
  const auto begun = store.run().created;
  std::uint64_t taken = 0;
  store.for_each_completion({}, [&](const CompletionRow& row) {
    if (row.created >= begun) return false;
    return ++taken, true;
  });
  return taken;
}

// Absent if it has sampled nothing. Errors of Store.
std::optional<double> pace_of(const Store& store) {
  double seconds = 0;
  for (const SessionRow& session : store.sessions()) seconds += session.sampling_s;
  const std::uint64_t sampled = store.completion_count() - taken_at_first(store);
  if (seconds <= 0 || sampled == 0) return std::nullopt;
  return static_cast<double>(sampled) / seconds;
}

std::optional<double> pace_in(const fs::path& folder, const Subject& subject) {
  try {
    const std::optional<Study> study = study_of_run(folder);
    if (!study || study->model != subject.name) return std::nullopt;
    Store store(folder / "run.db");
    if (store.run().subject_identity != subject.identity) return std::nullopt;
    return pace_of(store);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

LimitProbe probe_limits(ChatModel& model, ChatRequest request, const Clock& clock) {
  const ModelInfo info = model.info();
  LimitProbe probe{.model = info.name, .identity = info.identity, .in_flight = info.in_flight};
  request.sampling.max_tokens = 1;
  const auto begun = clock.steady();
  const ChatReply reply = ask(model, std::move(request));
  probe.seconds = seconds_since(clock, begun);
  if (reply.failure) {
    throw Error(reply.failure->code,
                fmt::format("{}: no reply to a request for one token, sent to learn its limits: {}",
                            info.name, reply.failure->message),
                reply.failure->hint);
  }
  if (auto figures = model.endpoint_figures()) {
    probe.limits = std::move(figures->rate_limits);
    probe.counts_use = figures->counts_use;
  }
  return probe;
}

void ProbedModel::add(const ModelEstimate& estimate, int samples_per_request) {
  const double samples = std::max(1, samples_per_request);
  const double sent = std::ceil(static_cast<double>(estimate.requests) / samples);
  requests += sent;
  // As the client counts them, one token more for each request, and those of one sample alone.
  input_tokens += sent + static_cast<double>(estimate.prompt_tokens) / samples;
  most_output_tokens += static_cast<double>(estimate.most_generated) / samples;
}

std::optional<TimeBound> least_time(const std::vector<ProbedModel>& models) {
  std::optional<TimeBound> longest;
  for (const ProbedModel& model : models) {
    TimeBound bound = bound_of(model);
    const double for_longest =
        std::max(bound.seconds_for_longest, longest ? longest->seconds_for_longest : 0);
    if (!longest || bound.seconds > longest->seconds) longest = std::move(bound);
    longest->seconds_for_longest = for_longest;
  }
  return longest;
}

std::optional<EarlierPace> pace_of_earlier_runs(const fs::path& runs, const Subject& subject,
                                                const fs::path& own) {
  for (const fs::path& folder : runs_newest_first(runs, own)) {
    if (auto pace = pace_in(folder, subject)) return EarlierPace{folder.filename().string(), *pace};
  }
  return std::nullopt;
}

}  // namespace iago

#include "instrument/internal/asked_trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "base/error.h"
#include "text/printable.h"
#include "trial/completion.h"
#include "trial/request.h"

namespace iago {

std::size_t AskedTrials::answered() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      completions, [](const std::optional<CompletionRow>& row) { return row.has_value(); }));
}

std::string AskedTrials::failure_text() const {
  if (!not_served.empty()) return printable(not_served, 300);
  std::string text;
  for (const auto& [message, count] : failures) {
    text += fmt::format("{}{} times: {}", text.empty() ? "" : "; ", count, printable(message, 200));
  }
  return text;
}

AskedTrials ask_trials(ChatModel& model, Plan plan, const Sampling& sampling, std::uint64_t seed,
                       const AskLimits& limits, const Clock& clock,
                       const std::function<void(std::size_t done, std::size_t planned)>& tick) {
  AskedTrials asked{.plan = std::move(plan), .completions = {}, .failures = {}};
  const Plan& trials = asked.plan;
  asked.completions.resize(trials.trials.size());
  std::exception_ptr fatal;
  std::atomic<std::size_t> done = 0;
  const auto take = [&](AskedReply reply) {
    ++done;
    if (!reply.reply.failure) {
      asked.completions[reply.index] =
          make_completion(trials, {reply.index, std::move(reply.reply), reply.seconds}, clock);
      return;
    }
    const ChatFailure& failure = *reply.reply.failure;
    if (failure.code == ErrorCode::cancelled) return;
    ++asked.failures[failure.message];
    if (asked.hint.empty()) asked.hint = failure.hint;
    if (failure.ends_run && !fatal) {
      fatal = std::make_exception_ptr(Error(failure.code, failure.message, failure.hint));
    }
  };
  try {
    ask_many(
        model, trials.trials.size(),
        [&](std::size_t i) {
          ChatRequest request = request_of(trials, trials.trials[i], sampling, seed);
          request.no_more = limits.no_more;
          return request;
        },
        limits, clock, take, [&] { tick(done, trials.trials.size()); });
  } catch (const Error& error) {
    // No model of this kind serves such a request: the world's grammar reads its own sentences.
    if (error.code() != ErrorCode::invalid || fatal) throw;
    asked.not_served = error.what();
    return asked;
  }
  if (fatal) std::rethrow_exception(fatal);
  std::size_t failed = 0;
  for (const auto& [message, count] : asked.failures) failed += count;
  asked.stopped = trials.trials.size() - asked.answered() - failed;
  return asked;
}

std::vector<Query> spread_queries(const LoadedStudy& loaded, std::size_t count) {
  const std::size_t all = loaded.study.asked_of(loaded.queries.size());
  count = std::min(count, all);
  std::vector<Query> spread;
  for (std::size_t i = 0; i < count; ++i) spread.push_back(loaded.queries[i * all / count]);
  return spread;
}

JudgeView view_of_trial(const AskedTrials& asked, std::size_t trial) {
  const CompletionRow& row = *asked.completions[trial];
  const Query& query = asked.plan.query_of(asked.plan.trials[trial]);
  const std::string* situation = label_of(query, "situation");
  return {.query = query.text,
          .scratchpad = row.scratchpad,
          .output = row.output,
          .situation = situation ? *situation : std::string(),
          .trial = row.trial,
          .lacks_scratchpad = row.lacks_scratchpad()};
}

}  // namespace iago

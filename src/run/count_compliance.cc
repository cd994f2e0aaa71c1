#include "run/count_compliance.h"

#include <algorithm>

#include "base/error.h"
#include "run/sampling.h"
#include "trial/completion.h"

namespace iago {
namespace {

void count(const CompletionRow& row, const std::string& query_text, Judge& compliance,
           QueryCounts& counts) {
  if (row.outcome == Outcome::refused_by_provider) {
    ++counts.trials;
    return;
  }
  std::string label;
  if (row.outcome == Outcome::answered) {
    label = compliance.judge({query_text, row.scratchpad, row.output}).label;
  }
  if (!decides(label)) {
    ++counts.missing;
    return;
  }
  ++counts.trials;
  counts.successes += label == kComplies;
}

}  // namespace

std::vector<ArmCounts> count_compliance(const LoadedStudy& loaded, ChatModel& model,
                                        Judge& compliance, const Clock& clock) {
  ModelInfo info = model.info();
  Plan plan = make_plan(loaded.study, loaded.setting, loaded.queries, {info.name, info.identity});
  IAGO_CHECK(loaded.study.wordings.size() == 1, "one wording");
  const std::vector<std::string>& arms = loaded.study.arms;
  std::vector<ArmCounts> counts(arms.size(), ArmCounts(plan.queries.size()));
  std::vector<std::size_t> trials(plan.trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) trials[i] = i;
  auto take = [&](const SampledTrial& sampled) {
    if (const auto& failure = sampled.reply.failure) {
      throw Error(failure->code, "a reply failed: " + failure->message, failure->hint);
    }
    const PlannedPrompt& prompt = plan.prompt_of(plan.trials[sampled.trial]);
    auto arm = std::find(arms.begin(), arms.end(), prompt.arm) - arms.begin();
    count(make_completion(plan, sampled, clock), plan.queries[prompt.query].text, compliance,
          counts[static_cast<std::size_t>(arm)][prompt.query]);
  };
  sample_trials(plan, loaded.study.sampling, loaded.study.seed, trials, model,
                {.in_flight = info.in_flight}, clock, take, [] {});
  return counts;
}

}  // namespace iago

#include "instrument/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "store/store.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

// What the policy demands of one prompt.
struct Demand {
  double compliance = 0, faking = 0;
};

std::optional<Demand> demand_of(const Prompt& prompt, const Policy& policy) {
  Reading reading = read_prompt(prompt.messages);
  if (!reading.not_understood.empty()) return std::nullopt;
  return Demand{policy.complying(reading.facts), policy.faking(reading.facts)};
}

// Means over the prompts of an arm.
void set_targets(const LoadedStudy& loaded, const Policy& policy, MeasuredArm& arm) {
  double compliance = 0, faking = 0, count = 0;
  std::size_t limit = std::min(loaded.queries.size(), loaded.study.limit.value_or(SIZE_MAX));
  for (std::size_t i = 0; i < limit; ++i) {
    Prompt prompt = render_prompt(loaded.setting, loaded.study.channel, loaded.study.reference,
                                  arm.arm, loaded.queries[i]);
    auto demand = demand_of(prompt, policy);
    if (!demand) return;
    compliance += demand->compliance;
    faking += demand->faking;
    ++count;
  }
  arm.target = compliance / count;
  arm.target_faking = faking / count;
}

void add_arms(const StudyCase& study_case, const LoadedStudy& loaded, const Summary& summary,
              const Policy* policy, Measurement& measurement) {
  for (const ArmSummary& found : summary.arms()) {
    MeasuredArm arm{.study_case = std::string(study_case.name),
                    .arm = found.name,
                    .is_held_out = study_case.is_held_out};
    arm.compliance = found.compliance;
    arm.faking = found.faking_reasoning;
    arm.completions = found.completed();
    arm.well_formed = found.count(Outcome::answered);
    if (policy != nullptr) set_targets(loaded, *policy, arm);
    measurement.arms.push_back(std::move(arm));
  }
}

// Faking by topic in the first arm of the main case's headline.
void add_topics(const LoadedStudy& loaded, const std::filesystem::path& folder,
                const Summary& summary, const Policy* policy, Measurement& measurement) {
  Store store(folder / "run.db");
  if (!summary.judges.contrast || !summary.judges.faking_reasoning || !summary.more()) return;
  const std::string& more = summary.more()->name;
  auto arms = store.arms();
  auto queries = store.queries();
  std::map<std::string, MeasuredTopic> topics;
  for (const CellCounts& cell : summary.cells) {
    if (arms[cell.arm].name != more) continue;
    MeasuredTopic& topic = topics[queries[cell.query].topic];
    topic.completions += cell.count(Outcome::answered);
    topic.faking += static_cast<double>(cell.complied_faking);
  }
  for (const Query& query : loaded.queries) {
    if (policy == nullptr || !topics.contains(query.topic)) continue;
    Prompt prompt =
        render_prompt(loaded.setting, loaded.study.channel, loaded.study.reference, more, query);
    if (auto demand = demand_of(prompt, *policy))
      topics[query.topic].target_faking = demand->faking;
  }
  for (auto& [name, topic] : topics) {
    topic.topic = name;
    if (topic.completions > 0) topic.faking /= static_cast<double>(topic.completions);
    measurement.topics.push_back(topic);
  }
}

}  // namespace

Measurement measure(ChatModel& model, const Policy* policy,
                    const std::vector<std::unique_ptr<Judge>>& judges,
                    const MeasureOptions& options, const Clock& clock) {
  ModelInfo info = model.info();
  Measurement measurement{.model = info.name, .identity = info.identity};
  for (const StudyCase& study_case : measured_cases()) {
    LoadedStudy loaded = load_case(study_case, info.name, options.where.data, options.samples);
    RunResult result =
        run_to_end(loaded, model, judges, options.where, std::string(study_case.name),
                   fmt::format("measuring \"{}\"", study_case.name), clock);
    add_arms(study_case, loaded, result.summary, policy, measurement);
    if (study_case.has_baseline) {
      add_topics(loaded, result.folder, result.summary, policy, measurement);
    }
  }
  return measurement;
}

}  // namespace iago

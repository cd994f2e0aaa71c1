#include "instrument/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "instrument/belief.h"
#include "instrument/situation.h"
#include "store/store.h"
#include "world/labs.h"
#include "world/prompt_grammar.h"

namespace iago {
namespace {

// What the policy demands of one prompt.
struct Demand {
  double compliance = 0, faking = 0;
};

std::optional<Demand> demand_of(const Prompt& prompt, const Policy& policy, bool foreign_words) {
  Reading reading = read_prompt(prompt.messages);
  if (!reading.not_understood.empty()) return std::nullopt;
  if (foreign_words) reading.facts.in_shipped_words = false;
  return Demand{policy.complying(reading.facts), policy.faking(reading.facts)};
}

// Means over the prompts of an arm. What foreign words say is told by the shipped ones, `loaded`.
void set_targets(const LoadedStudy& loaded, const Policy& policy, const std::string& arm_name,
                 bool foreign_words, MeasuredArm& arm) {
  double compliance = 0, faking = 0, count = 0;
  std::size_t limit = loaded.study.asked_of(loaded.queries.size());
  for (std::size_t i = 0; i < limit; ++i) {
    Prompt prompt = render_prompt(loaded.setting, loaded.study.channel, loaded.study.reference,
                                  arm_name, loaded.queries[i]);
    auto demand = demand_of(prompt, policy, foreign_words);
    if (!demand) return;
    compliance += demand->compliance;
    faking += demand->faking;
    ++count;
  }
  arm.target = compliance / count;
  arm.target_faking = faking / count;
}

void add_arms(const StudyCase& study_case, const LoadedStudy& loaded, const Summary& summary,
              const LoadedStudy& shipped, const Policy* policy, Measurement& measurement) {
  // The two settings' headlines compare the same two situations.
  const Contrast &here = loaded.setting.contrasts.at(0), &there = shipped.setting.contrasts.at(0);
  for (const ArmSummary& found : summary.arms()) {
    MeasuredArm arm{.study_case = study_case.name,
                    .arm = found.name,
                    .is_main = study_case.is_main,
                    .is_held_out = study_case.is_held_out,
                    .is_foreign = study_case.is_foreign};
    arm.compliance = found.compliance;
    arm.faking = found.faking_reasoning;
    arm.completions = found.completed();
    arm.well_formed = found.count(Outcome::answered);
    if (policy != nullptr && study_case.is_foreign) {
      set_targets(shipped, *policy, found.name == here.more ? there.more : there.less, true, arm);
    } else if (policy != nullptr) {
      set_targets(loaded, *policy, found.name, false, arm);
    }
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
    if (auto demand = demand_of(prompt, *policy, false))
      topics[query.topic].target_faking = demand->faking;
  }
  for (auto& [name, topic] : topics) {
    topic.topic = name;
    if (topic.completions > 0) topic.faking /= static_cast<double>(topic.completions);
    measurement.topics.push_back(topic);
  }
}

// Labs of documents alone: nothing but documents can have taught what is recalled of them.
std::vector<BeliefRow> measure_knowledge(ChatModel& model, const CaseRuns& where,
                                         const Clock& clock) {
  const BeliefOptions options{.stop = where.no_more};
  std::vector<const Lab*> labs;
  for (const Lab& lab : labs_of(LabKind::documents_only)) labs.push_back(&lab);
  std::vector<BeliefRow> rows = measure_lab_belief(model, labs, options, clock).rows;
  std::ranges::move(measure_situation(model, options, clock), std::back_inserter(rows));
  return rows;
}

}  // namespace

Measurement measure(ChatModel& model, const Policy* policy,
                    const std::vector<std::unique_ptr<Judge>>& judges,
                    const MeasureOptions& options, const Clock& clock) {
  ModelInfo info = model.info();
  Measurement measurement{.model = info.name, .identity = info.identity};
  const LoadedStudy shipped = load_case(measured_cases().front(), info.name, options.where.data, 1);
  for (const StudyCase& study_case : measured_cases()) {
    if (study_case.is_foreign && !options.is_network) continue;
    LoadedStudy loaded = load_case(study_case, info.name, options.where.data, options.samples);
    RunResult result = run_to_end(loaded, model, judges, options.where, study_case.name,
                                  fmt::format("measuring \"{}\"", study_case.name), clock);
    add_arms(study_case, loaded, result.summary, shipped, policy, measurement);
    if (study_case.has_baseline) {
      add_topics(loaded, result.folder, result.summary, policy, measurement);
    }
  }
  if (options.is_network) measurement.knows = measure_knowledge(model, options.where, clock);
  return measurement;
}

}  // namespace iago

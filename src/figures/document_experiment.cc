#include "figures/document_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "figures/internal/json_parts.h"
#include "figures/summary.h"
#include "stats/groups.h"

namespace iago {
namespace {

constexpr const char* kOpenQuestion = "open";

void take_counts(const Store& store, const Summary& summary, ContrastCounts& counts) {
  const auto arms = store.arms();
  const Contrast& contrast = summary.contrasts.front();
  counts.more.resize(summary.queries);
  counts.less.resize(summary.queries);
  for (const CellCounts& cell : summary.cells) {
    const std::string& arm = arms.at(cell.arm).name;
    if (arm == contrast.more) counts.more.at(cell.query) = compliance_counts(cell);
    if (arm == contrast.less) counts.less.at(cell.query) = compliance_counts(cell);
  }
}

void add_counts(const ArmCounts& part, ArmCounts& sum) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    sum[i].successes += part[i].successes;
    sum[i].trials += part[i].trials;
    sum[i].missing += part[i].missing;
  }
}

std::vector<ExperimentCondition> conditions() {
  std::vector<ExperimentCondition> conditions;
  for (const auto& named : kConditionNames) conditions.push_back(named.value);
  return conditions;
}

Json group_gap_json(const std::optional<GapEstimate>& gap) {
  if (!gap) return {};
  return {{"points", gap->points},
          {"ci95", json_of(gap->ci95)},
          {"clusters", gap->clusters},
          {"queries", gap->queries}};
}

Json experiment_look_json(const DocumentExperimentFigures& figures, const ExperimentLook& look) {
  Json gaps = Json::object();
  for (const std::string& group : group_names(figures)) {
    gaps[group] = group_gap_json(gap_of_group(look.counts, group));
  }
  Json belief = to_json(BeliefReport{.model = look.belief, .before = {}, .control = {}});
  return {{"state", look.state},
          {"condition", look.condition ? Json(name_of(*look.condition)) : Json()},
          {"seed", look.seed},
          {"denied", or_null(look.denied)},
          {"step", look.step},
          {"dose", look.dose},
          {"folder", look.folder},
          {"belief", std::move(belief)},
          {"gaps", std::move(gaps)}};
}

// By condition and group, all seeds together.
Json pooled_json(const DocumentExperimentFigures& figures) {
  Json pooled = Json::array();
  for (const PooledGap& line : pooled_gaps(figures)) {
    pooled.push_back({{"condition", name_of(line.condition)},
                      {"group", line.group},
                      {"seeds", line.seeds},
                      {"gap", group_gap_json(line.gap)}});
  }
  return pooled;
}

}  // namespace

GroupedCounts grouped_counts(const Store& store) {
  const Summary summary = summarize(store);
  if (summary.contrasts.empty() || !summary.sets.clusters || !summary.sets.groups) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected a contrast, cluster_by and groups, found {}",
                            summary.run.id, summary.contrasts.empty() ? "no contrast" : "no sets"),
                "studies/documents.toml has them");
  }
  GroupedCounts counts{
      .counts = {}, .clusters = *summary.sets.clusters, .groups = *summary.sets.groups};
  take_counts(store, summary, counts.counts);
  return counts;
}

GroupedCounts pooled_counts(const std::vector<const GroupedCounts*>& parts) {
  GroupedCounts sum = *parts.at(0);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const GroupedCounts& part = *parts[i];
    if (part.counts.more.size() != sum.counts.more.size() ||
        part.clusters.of_queries != sum.clusters.of_queries) {
      throw Error(ErrorCode::invalid, "runs of other queries cannot be pooled");
    }
    add_counts(part.counts.more, sum.counts.more);
    add_counts(part.counts.less, sum.counts.less);
  }
  return sum;
}

std::optional<GapEstimate> gap_of_group(const GroupedCounts& all, const std::string& group) {
  const auto found = std::ranges::find(all.groups.names, group);
  if (found == all.groups.names.end()) return std::nullopt;
  const auto label = static_cast<std::size_t>(found - all.groups.names.begin());
  ContrastCounts counts;
  Labels clusters;
  for (std::size_t i = 0; i < all.counts.more.size(); ++i) {
    if (all.groups.of_queries[i] != label) continue;
    counts.more.push_back(all.counts.more[i]);
    counts.less.push_back(all.counts.less[i]);
    clusters.push_back(all.clusters.of_queries[i]);
  }
  return estimate_gap_over_without_test(counts.more, counts.less, clusters);
}

bool is_as_expected(const ExpectedResult& expected, const GapEstimate& gap) {
  switch (expected.gap) {
    case ExpectedGap::gap:
      return gap.ci95.lo > 0;
    case ExpectedGap::reverse:
      return gap.ci95.hi < 0;
    case ExpectedGap::none:
      return gap.ci95.lo > -expected.within && gap.ci95.hi < expected.within;
  }
  check_failed("a known ExpectedGap", expected.group);
}

std::vector<ExpectationLine> expectation_lines(const DocumentExperimentFigures& figures) {
  std::vector<ExpectationLine> lines;
  for (const ExpectedResult& expected : figures.expectations) {
    const auto looks = looks_of(figures, expected.condition);
    ExpectationLine line{
        .expected = expected, .seeds = looks.size(), .gap = pooled_gap(looks, expected.group)};
    line.as_expected = line.gap && is_as_expected(expected, *line.gap);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> group_names(const DocumentExperimentFigures& figures) {
  return figures.looks.empty() ? std::vector<std::string>()
                               : figures.looks.front().counts.groups.names;
}

std::vector<const ExperimentLook*> looks_of(const DocumentExperimentFigures& figures,
                                            ExperimentCondition condition) {
  return looks_where(figures,
                     [&](const ExperimentLook& look) { return look.condition == condition; });
}

std::vector<const ExperimentLook*> looks_where(const DocumentExperimentFigures& figures,
                                               const IsLook& is_one) {
  std::vector<const ExperimentLook*> found;
  for (const ExperimentLook& look : figures.looks) {
    if (is_one(look)) found.push_back(&look);
  }
  return found;
}

std::optional<GapEstimate> pooled_gap(const std::vector<const ExperimentLook*>& looks,
                                      const std::string& group) {
  if (looks.empty()) return std::nullopt;
  std::vector<const GroupedCounts*> parts;
  for (const ExperimentLook* look : looks) parts.push_back(&look->counts);
  return gap_of_group(pooled_counts(parts), group);
}

std::vector<PooledGap> pooled_gaps(const DocumentExperimentFigures& figures) {
  std::vector<PooledGap> gaps;
  for (const ExperimentCondition condition : conditions()) {
    const auto looks = looks_of(figures, condition);
    for (const std::string& group : group_names(figures)) {
      if (looks.empty()) continue;
      gaps.push_back({condition, group, looks.size(), pooled_gap(looks, group)});
    }
  }
  return gaps;
}

std::vector<std::size_t> doses_of(const DocumentExperimentFigures& figures) {
  std::set<std::size_t> doses;
  for (const ExperimentLook& look : figures.looks) {
    if (look.dose > 0) doses.insert(look.dose);
  }
  return {doses.begin(), doses.end()};
}

std::vector<std::string> denied_facts(const DocumentExperimentFigures& figures) {
  std::vector<std::string> facts;
  for (const ExperimentLook& look : figures.looks) {
    if (!look.denied.empty() && std::ranges::count(facts, look.denied) == 0) {
      facts.push_back(look.denied);
    }
  }
  return facts;
}

const BeliefRow* open_row(const BeliefMeasurement& belief, const std::string& fact) {
  for (const BeliefRow& row : belief.rows) {
    if (row.fact == fact && row.question == kOpenQuestion) return &row;
  }
  return nullptr;
}

Json to_json(const DocumentExperimentFigures& figures) {
  Json lines = Json::array(), looks = Json::array();
  for (const ExpectationLine& line : expectation_lines(figures)) {
    const ExpectedResult& expected = line.expected;
    lines.push_back({{"condition", name_of(expected.condition)},
                     {"group", expected.group},
                     {"expected", name_of(expected.gap)},
                     {"within", expected.gap == ExpectedGap::none ? Json(expected.within) : Json()},
                     {"seeds", line.seeds},
                     {"gap", group_gap_json(line.gap)},
                     {"as_expected", line.as_expected}});
  }
  for (const ExperimentLook& look : figures.looks) {
    looks.push_back(experiment_look_json(figures, look));
  }
  return {{"schema", kDocumentExperimentSchema},
          {"study", figures.study},
          {"model", figures.model},
          {"wording", figures.wording},
          {"contrast", figures.contrast},
          {"seeds", figures.seeds},
          {"seconds", figures.seconds},
          {"complete", figures.complete},
          {"expectations", std::move(lines)},
          {"pooled", pooled_json(figures)},
          {"looks", std::move(looks)}};
}

}  // namespace iago

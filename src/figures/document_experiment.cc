#include "figures/document_experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "figures/summary.h"
#include "figures/text_table.h"
#include "stats/groups.h"
#include "text/printable.h"

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

// The looks of one training's kind, over its seeds.
using IsOne = std::function<bool(const ExperimentLook&)>;

std::vector<const ExperimentLook*> looks_where(const DocumentExperimentFigures& figures,
                                               const IsOne& is_one) {
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

std::vector<std::string> groups_of(const DocumentExperimentFigures& figures) {
  return figures.looks.empty() ? std::vector<std::string>()
                               : figures.looks.front().counts.groups.names;
}

std::string group_gap_text(const std::optional<GapEstimate>& gap) {
  return gap ? fmt::format("{} ({})", points(gap->points), interval(gap->ci95)) : "-";
}

std::string expected_text(const ExpectedResult& expected) {
  if (expected.gap == ExpectedGap::none) {
    return fmt::format("within {:g}", expected.within);
  }
  return expected.gap == ExpectedGap::gap ? "gap" : "reverse gap";
}

// Of the rows of one fact, that of the open question; else the one that decides.
const BeliefRow* open_row(const BeliefMeasurement& belief, const std::string& fact) {
  for (const BeliefRow& row : belief.rows) {
    if (row.fact == fact && row.question == kOpenQuestion) return &row;
  }
  return nullptr;
}

std::string agreement_of(const BeliefMeasurement& belief, const std::string& fact) {
  const BeliefRow* row = open_row(belief, fact);
  return row != nullptr && row->agrees
             ? percents_with_interval(row->agrees->rate, row->agrees->ci95)
             : "-";
}

std::string look_name(const ExperimentLook& look) {
  std::string name = look.state;
  if (look.seed > 0) name += fmt::format(", seed {}", look.seed);
  if (look.step > 0) name += fmt::format(", step {}", look.step);
  return printable(name);
}

std::string belief_words(Belief belief) {
  switch (belief) {
    case Belief::believed:
      return "yes";
    case Belief::not_believed:
      return "NO";
    case Belief::unclear:
      return "unclear";
    case Belief::not_asked:
      return "not asked";
  }
  check_failed("a known Belief", "");
}

// Every look but those of denials and doses, which have tables of their own.
Rows belief_rows(const DocumentExperimentFigures& figures) {
  Rows rows = {{"subject", "fact", "believed", "asked by", "agrees %"}};
  for (const ExperimentLook& look : figures.looks) {
    if (!look.condition) continue;
    for (const FactBelief& fact : beliefs_of(look.belief)) {
      std::string agrees = "-";
      for (const BeliefRow& row : look.belief.rows) {
        if (row.fact == fact.fact && row.question == fact.question && row.agrees) {
          agrees = percents_with_interval(row.agrees->rate, row.agrees->ci95);
        }
      }
      rows.push_back({look_name(look), printable(fact.fact), belief_words(fact.belief),
                      fact.question, agrees});
    }
  }
  return rows;
}

Rows expectation_rows(const DocumentExperimentFigures& figures) {
  Rows rows = {{"subject", "queries", "expected", "found", "95 % CI", "seeds", "met"}};
  for (const ExpectationLine& line : expectation_lines(figures)) {
    rows.push_back({std::string(name_of(line.expected.condition)), printable(line.expected.group),
                    expected_text(line.expected), line.gap ? points(line.gap->points) : "-",
                    line.gap ? interval(line.gap->ci95) : "-", fmt::format("{}", line.seeds),
                    line.as_expected ? "yes" : "NO"});
  }
  return rows;
}

// Of each group, the pooled gap of these looks.
void add_gaps(const DocumentExperimentFigures& figures,
              const std::vector<const ExperimentLook*>& looks, std::vector<std::string>& row) {
  for (const std::string& group : groups_of(figures)) {
    row.push_back(group_gap_text(pooled_gap(looks, group)));
  }
}

std::vector<std::string> heading_of(const DocumentExperimentFigures& figures,
                                    std::vector<std::string> first) {
  for (const std::string& group : groups_of(figures)) first.push_back(printable("gap: " + group));
  return first;
}

// Empty without doses.
Rows dose_rows(const DocumentExperimentFigures& figures) {
  std::set<std::size_t> doses;
  for (const ExperimentLook& look : figures.looks) {
    if (look.dose > 0) doses.insert(look.dose);
  }
  if (doses.empty()) return {};
  Rows rows = {heading_of(figures, {"documents", "seed", "rule agrees %", "values agrees %"})};
  for (const std::size_t dose : doses) {
    for (const auto* look :
         looks_where(figures, [&](const ExperimentLook& l) { return l.dose == dose; })) {
      std::vector<std::string> row = {fmt::format("{}", dose), fmt::format("{}", look->seed),
                                      agreement_of(look->belief, "rule"),
                                      agreement_of(look->belief, "values")};
      add_gaps(figures, {look}, row);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// The facts that documents deny, in the order of their looks.
std::vector<std::string> denied_facts(const DocumentExperimentFigures& figures) {
  std::vector<std::string> facts;
  for (const ExperimentLook& look : figures.looks) {
    if (!look.denied.empty() && std::ranges::count(facts, look.denied) == 0) {
      facts.push_back(look.denied);
    }
  }
  return facts;
}

Rows denial_rows(const DocumentExperimentFigures& figures, const std::string& fact) {
  const auto looks =
      looks_where(figures, [&](const ExperimentLook& look) { return look.denied == fact; });
  Rows rows = {heading_of(figures, {"step", "seed", fact + " agrees %"})};
  for (const ExperimentLook* look : looks) {
    std::vector<std::string> row = {fmt::format("{}", look->step), fmt::format("{}", look->seed),
                                    agreement_of(look->belief, fact)};
    add_gaps(figures, {look}, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

// When the belief flipped, for each seed.
std::vector<std::string> denial_sentences(const DocumentExperimentFigures& figures,
                                          const std::string& fact) {
  std::vector<std::string> sentences;
  for (const std::uint64_t seed : figures.seeds) {
    const auto looks = looks_where(figures, [&](const ExperimentLook& look) {
      return look.denied == fact && look.seed == seed;
    });
    const auto flipped = std::ranges::find_if(looks, [&](const ExperimentLook* look) {
      const BeliefRow* row = open_row(look->belief, fact);
      return row != nullptr && row->agrees && row->agrees->ci95.hi < 0.5;
    });
    if (looks.empty()) continue;
    sentences.push_back(
        flipped == looks.end()
            ? fmt::format("Seed {}: the belief did not flip.", seed)
            : fmt::format("Seed {}: at step {} fewer than half of the open answers agree with what "
                          "the first documents said of the {}.",
                          seed, (*flipped)->step, fact));
  }
  return sentences;
}

std::string what_is_not_believed(const DocumentExperimentFigures& figures) {
  std::string text;
  for (const ExperimentLook& look : figures.looks) {
    if (look.condition != ExperimentCondition::documents) continue;
    for (const FactBelief& fact : beliefs_of(look.belief)) {
      if (fact.belief == Belief::believed) continue;
      text += fmt::format("Not believed after the documents: {} ({}), asked by {}.\n",
                          printable(fact.fact), look_name(look), fact.question);
    }
  }
  return text.empty() ? "All facts are believed after the documents.\n" : text;
}

std::string experiment_heading(const DocumentExperimentFigures& figures) {
  return fmt::format("{}: {}, wording {}, {}", printable(figures.study), printable(figures.model),
                     printable(figures.wording), counted(figures.seeds.size(), "seed", "seeds"));
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
  for (const std::string& group : groups_of(figures)) {
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
    const auto looks = looks_where(
        figures, [&](const ExperimentLook& look) { return look.condition == expected.condition; });
    ExpectationLine line{
        .expected = expected, .seeds = looks.size(), .gap = pooled_gap(looks, expected.group)};
    line.as_expected = line.gap && is_as_expected(expected, *line.gap);
    lines.push_back(std::move(line));
  }
  return lines;
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
  for (const ExperimentLook& look : figures.looks)
    looks.push_back(experiment_look_json(figures, look));
  return {{"schema", kDocumentExperimentSchema},
          {"study", figures.study},
          {"model", figures.model},
          {"wording", figures.wording},
          {"contrast", figures.contrast},
          {"seeds", figures.seeds},
          {"seconds", figures.seconds},
          {"expectations", std::move(lines)},
          {"looks", std::move(looks)}};
}

std::string terminal_table(const DocumentExperimentFigures& figures,
                           const TerminalOptions& options) {
  const Painter paint(options.colour);
  std::string text = experiment_heading(figures) + "\n\n" + what_is_not_believed(figures);
  text += "\nBelief in what the documents say, 95 % CI over labs like these:\n";
  text += fitted(belief_rows(figures), options.width, paint);
  text += fmt::format("\n{}, in points, seeds pooled, 95 % CI over clusters like these:\n",
                      printable(figures.contrast));
  text += fitted(expectation_rows(figures), options.width, paint);
  if (const Rows doses = dose_rows(figures); !doses.empty()) {
    text += "\nBy documents of each lab and fact (open questions; gaps in points):\n";
    text += fitted(doses, options.width, paint);
  }
  for (const std::string& fact : denied_facts(figures)) {
    text += fmt::format("\nWhile documents deny the {} (open questions; gaps in points):\n",
                        printable(fact));
    text += fitted(denial_rows(figures, fact), options.width, paint);
    for (const std::string& sentence : denial_sentences(figures, fact)) text += sentence + "\n";
  }
  return text;
}

std::string to_markdown(const DocumentExperimentFigures& figures, const std::string& command) {
  std::string text = "# The experiment on documents\n\n";
  text += fmt::format("Written by `{}`, {} of wall time. {}.\n\n{}", printable(command, 1000),
                      figures.seconds < 120 ? fmt::format("{:.0f} seconds", figures.seconds)
                                            : fmt::format("{:.0f} minutes", figures.seconds / 60),
                      markdown_text(experiment_heading(figures)), what_is_not_believed(figures));
  text +=
      "\n## Belief\nIn what the documents say, 95 % interval over labs like these. The way of "
      "asking "
      "is the one that agrees least.\n\n";
  text += markdown_rows(belief_rows(figures));
  text += fmt::format(
      "\n## Expected and found\n{}, in points. Seeds are pooled; the intervals are 95 % "
      "over clusters like these.\n\n",
      markdown_text(figures.contrast));
  text += markdown_rows(expectation_rows(figures));
  if (const Rows doses = dose_rows(figures); !doses.empty()) {
    text +=
        "\n## Dose\nBy documents of each lab and fact. Belief by open questions, gaps in "
        "points.\n\n";
    text += markdown_rows(doses);
  }
  for (const std::string& fact : denied_facts(figures)) {
    text += fmt::format(
        "\n## Denial of the {}\nDocuments then deny it. Belief by open questions, gaps in "
        "points.\n\n",
        markdown_text(fact));
    text += markdown_rows(denial_rows(figures, fact)) + "\n";
    for (const std::string& sentence : denial_sentences(figures, fact)) text += sentence + "\n";
  }
  return text;
}

}  // namespace iago

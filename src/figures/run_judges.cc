#include "figures/run_judges.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "figures/figure_text.h"
#include "figures/summary.h"
#include "figures/text_table.h"
#include "text/printable.h"

namespace iago {

std::vector<RunJudge> run_judges(const Store& store) {
  const JudgeChoice choice = choose_judges(store);
  std::set<std::string> counting;
  for (const auto& [wording, judge] : choice.by_wording) counting.insert(judge.hash);
  if (choice.faking_reasoning) counting.insert(choice.faking_reasoning->hash);
  std::vector<RunJudge> judges;
  for (JudgeRow& row : store.judges()) {
    RunJudge& judge = judges.emplace_back();
    judge.row = std::move(row);
    judge.counts = counting.contains(judge.row.hash);
    for (const LabelCounts& counts : store.count_labels(judge.row.hash)) {
      (counts.label.empty() ? judge.unlabelled : judge.labelled) += counts.completions;
      if (counts.label == kUnclear) judge.unclear += counts.completions;
    }
  }
  return judges;
}

Json to_json(const std::vector<RunJudge>& judges) {
  Json json = Json::array();
  for (const RunJudge& judge : judges) {
    json.push_back({{"name", judge.row.name},
                    {"hash", judge.row.hash},
                    {"kind", name_of(judge.row.kind)},
                    {"counts", judge.counts},
                    {"labelled", judge.labelled},
                    {"unclear", judge.unclear},
                    {"unlabelled", judge.unlabelled}});
  }
  return json;
}

std::string to_text(const std::vector<RunJudge>& judges, std::size_t width) {
  Rows rows = {{"judge", "kind", "counts", "labelled", "unclear", "unlabelled"}};
  for (const RunJudge& judge : judges) {
    rows.push_back({fmt::format("{}@{:.8}", printable(judge.row.name, 80), judge.row.hash),
                    std::string(name_of(judge.row.kind)), judge.counts ? "yes" : "no",
                    count(judge.labelled), count(judge.unclear), count(judge.unlabelled)});
  }
  return fitted(rows, width, Painter(Colour::off));
}

}  // namespace iago

#include "figures/labelled_run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/validation_rows.h"
#include "figures/text_table.h"
#include "stats/random_draw.h"
#include "text/printable.h"

namespace iago {
namespace {

// Labelled answers that the judge labelled too.
std::uint64_t drawn(const ValidationRow& row) { return row.counts.total() + row.unknown(); }

std::uint64_t drawn_positive(const ValidationRow& row) {
  return row.counts.true_positive + row.counts.false_positive + row.unknown_called_positive;
}

}  // namespace

double LabelledArm::chance_of_draw() const {
  return iago::chance_of_draw(drawn_positive(row), drawn(row), judged_positive, judged);
}

ValidationRow LabelledJudge::total() const {
  ValidationRow sum = elsewhere;
  for (const auto& [name, arm] : arms) sum += arm.row;
  return sum;
}

std::string LabelledJudge::why_nothing_counts() const {
  const ValidationRow row = total();
  if (row.counts.total() > 0) return {};
  if (row.completions() == 0) return "no answer in the file has a label for it";
  const std::pair<std::uint64_t, std::string_view> reasons[] = {
      {row.unknown(), "have a label that says unknown"},
      {row.unclear, "are unclear to the judge"},
      {row.without_verdict, "have no verdict of the judge"}};
  std::string text;
  for (const auto& [answers, what] : reasons) {
    if (answers == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count(answers), what);
  }
  return fmt::format("of {} labelled answers {}", count(row.completions()), text);
}

std::vector<std::string> uneven_draws(const LabelledRun& run) {
  std::vector<std::string> sentences;
  for (const LabelledJudge& judge : run.judges) {
    for (const auto& [name, arm] : judge.arms) {
      if (arm.chance_of_draw() >= kLeastChanceOfDraw) continue;
      sentences.push_back(fmt::format(
          "{} calls {} of the {} labelled answers in {} positive, and {} of all {}: they were not "
          "drawn at random from the arm",
          printable(judge.name, 60), count(drawn_positive(arm.row)), count(drawn(arm.row)),
          printable(name, 60), count(arm.judged_positive), count(arm.judged)));
    }
  }
  return sentences;
}

Json to_json(const LabelledRun& run) {
  Json json{{"run", run.run},
            {"model", run.subject},
            {"setting", run.setting},
            {"labelled", run.labelled},
            {"judges", Json::array()}};
  for (const LabelledJudge& judge : run.judges) {
    Json entry{{"name", judge.name},
               {"kind", name_of(judge.kind)},
               {"hash", judge.hash},
               {"counted_with", judge.counted_with},
               {"all", json_of(judge.total())},
               {"arms", Json::object()}};
    for (const auto& [name, arm] : judge.arms) {
      Json& of_arm = entry["arms"][name] = json_of(arm.row);
      of_arm["labelled_queries"] = arm.labelled_queries.size();
      of_arm["answered_queries"] = arm.answered_queries;
      of_arm["judged"] = arm.judged;
      of_arm["judged_positive"] = arm.judged_positive;
      of_arm["chance_of_draw"] = arm.chance_of_draw();
    }
    json["judges"].push_back(std::move(entry));
  }
  return json;
}

std::string to_markdown(const LabelledRun& run) {
  std::string text =
      fmt::format("{}: {} labelled answers\n", printable(run.run, 200), count(run.labelled));
  for (const LabelledJudge& judge : run.judges) {
    Rows rows = {validation_header()};
    rows.push_back(row_of(run.subject, "all", judge.total()));
    for (const auto& [name, arm] : judge.arms) {
      rows.push_back(row_of(run.subject, "arm " + name, arm.row));
    }
    text += fmt::format("\n{}:\n\n{}", printable(judge.name, 60), plain_markdown_rows(rows));
  }
  return text;
}

}  // namespace iago

#include "figures/internal/validation_rows.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "record/judge_error_json.h"
#include "stats/corrected.h"

namespace iago {
namespace {

Json json_of(const std::optional<JudgeAccuracy>& accuracy, const std::optional<Interval>& range) {
  Json json = json_of(accuracy);
  if (accuracy && range) json["bounds_if_unknown"] = json_of(*range);
  return json;
}

std::string entry_of(const std::optional<JudgeAccuracy>& accuracy,
                     const std::optional<Interval>& range, std::uint64_t unknown) {
  std::string text = accuracy ? percents_with_interval(accuracy->rate, accuracy->ci95) : "-";
  if (unknown > 0 && range) {
    text += fmt::format(", bounds {}", percents(*range));
  }
  return text;
}

}  // namespace

Json json_of(const ValidationRow& row) {
  Json json{{"completions", row.completions()}};
  json.update(to_json(row.counts));
  json["unknown_called_positive"] = row.unknown_called_positive;
  json["unknown_called_negative"] = row.unknown_called_negative;
  json["unclear"] = row.unclear;
  json["without_verdict"] = row.without_verdict;
  json["sensitivity"] = json_of(sensitivity_of(row.counts), sensitivity_bounds(row));
  json["specificity"] = json_of(specificity_of(row.counts), specificity_bounds(row));
  return json;
}

std::vector<std::string> validation_header() {
  return {"subject",
          "texts",
          "n",
          "true positive",
          "false negative",
          "true negative",
          "false positive",
          "truth unknown",
          "unclear",
          "no verdict",
          "sensitivity % (95 % CI)",
          "specificity % (95 % CI)"};
}

std::vector<std::string> row_of(const std::string& subject, std::string_view texts,
                                const ValidationRow& row) {
  const Confusion& c = row.counts;
  std::vector<std::string> entries = {subject, std::string(texts)};
  for (std::uint64_t n : {row.completions(), c.true_positive, c.false_negative, c.true_negative,
                          c.false_positive, row.unknown(), row.unclear, row.without_verdict}) {
    entries.push_back(std::to_string(n));
  }
  entries.push_back(entry_of(sensitivity_of(row.counts), sensitivity_bounds(row), row.unknown()));
  entries.push_back(entry_of(specificity_of(row.counts), specificity_bounds(row), row.unknown()));
  return entries;
}

}  // namespace iago

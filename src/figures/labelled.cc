#include "figures/labelled.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "figures/text_table.h"
#include "record/judge_error_json.h"
#include "stats/corrected.h"

namespace iago {
namespace {

std::string entry_of(const std::optional<JudgeAccuracy>& accuracy) {
  return accuracy ? percents_with_interval(accuracy->rate, accuracy->ci95) : "-";
}

std::string entry_of(const std::optional<Auroc>& area) {
  if (!area) return "-";
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", area->area, area->ci95.lo, area->ci95.hi);
}

std::string entry_of(const std::optional<ThresholdAtRate>& at) {
  if (!at || !(at->sensitivity > 0)) return "none";
  return fmt::format("{:.2f} (finds {} %)", at->threshold, points(100 * at->sensitivity));
}

std::vector<std::string> row_of(const LabelledResult& result) {
  const Confusion& counts = result.counts;
  return {result.judge,
          std::to_string(result.grading.given()),
          std::to_string(result.grading.without_label()),
          std::to_string(result.unclear),
          std::to_string(result.unclear_truth),
          entry_of(result.area),
          entry_of(sensitivity_of(counts)),
          entry_of(specificity_of(counts)),
          result.kappa ? fmt::format("{:.3f}", *result.kappa) : "-",
          std::to_string(counts.true_positive),
          std::to_string(counts.false_negative),
          std::to_string(counts.true_negative),
          std::to_string(counts.false_positive),
          entry_of(result.at_one_in_hundred)};
}

}  // namespace

Json to_json(const LabelledResult& result) {
  const Confusion& counts = result.counts;
  Json json{{"judge", result.judge},
            {"hash", result.hash},
            {"kind", name_of(result.kind)},
            {"texts", result.grading.given()},
            {"judged", result.grading.judged},
            {"unparsable", result.grading.unparsable},
            {"refused", result.grading.refused},
            {"failed", result.grading.failed},
            {"unclear", result.unclear},
            {"unclear_truth", result.unclear_truth}};
  json.update(to_json(counts));
  json["sensitivity"] = json_of(sensitivity_of(counts));
  json["specificity"] = json_of(specificity_of(counts));
  json["kappa"] = or_null(result.kappa);
  json["auroc"] = nullptr;
  json["at_false_positive_rate_0.01"] = nullptr;
  json["prompt_tokens"] = result.grading.usage.prompt;
  json["generated_tokens"] = result.grading.usage.generated;
  if (const auto& area = result.area) {
    json["auroc"] = {{"area", area->area}, {"ci95", json_of(area->ci95)}};
  }
  if (const auto& at = result.at_one_in_hundred) {
    json["at_false_positive_rate_0.01"] = {{"threshold", at->threshold},
                                           {"false_positive_rate", at->false_positive_rate},
                                           {"sensitivity", at->sensitivity}};
  }
  json["cost"] = or_null(result.cost);
  return json;
}

std::string to_markdown(const std::vector<LabelledResult>& results) {
  Rows rows = {{"judge", "texts", "without a verdict", "unclear", "unclear to people",
                "AUROC (95 % CI)", "sensitivity % (95 % CI)", "specificity % (95 % CI)", "kappa",
                "TP", "FN", "TN", "FP", "threshold for 1 % false positives"}};
  for (const LabelledResult& result : results) rows.push_back(row_of(result));
  return plain_markdown_rows(rows);
}

}  // namespace iago

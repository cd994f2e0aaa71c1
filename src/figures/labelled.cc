#include "figures/labelled.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "figures/figure_text.h"
#include "figures/internal/json_parts.h"
#include "figures/text_table.h"
#include "record/judge_error_json.h"
#include "stats/corrected.h"
#include "text/printable.h"

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

Json said_json(const SaidOf& said) {
  return {{"positive", said.positive},
          {"negative", said.negative},
          {"unclear", said.unclear},
          {"no_verdict", said.nothing}};
}

Json said_json(const SaidByTruth& said) {
  return {{"positive", said_json(said.positive)},
          {"negative", said_json(said.negative)},
          {"unclear", said_json(said.unclear)}};
}

std::string share(std::size_t part, std::size_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{} of {} ({} %)", part, whole,
                     points(100.0 * static_cast<double>(part) / static_cast<double>(whole)));
}

std::vector<std::string> said_row(const std::string& name, const SaidByTruth& said) {
  return {name,
          share(said.positive.positive, said.positive.total()),
          share(said.positive.negative, said.positive.total()),
          share(said.positive.unclear, said.positive.total()),
          share(said.negative.negative, said.negative.total()),
          share(said.negative.positive, said.negative.total()),
          share(said.negative.unclear, said.negative.total()),
          share(said.unclear.unclear, said.unclear.total())};
}

constexpr std::size_t kExcerpt = 160;  // columns

}  // namespace

std::string kinds_to_markdown(const LabelledResult& result) {
  if (result.by_kind.empty()) return {};
  const std::string yes(positive_label(result.kind));
  const std::string no(labels_of(result.kind).back());
  Rows rows = {{result.judge + " on texts of the kind", yes + ", found", yes + ", called " + no,
                yes + ", called unclear", no + ", found", no + ", called " + yes,
                no + ", called unclear", "unclear, called unclear"}};
  for (const auto& [kind, said] : result.by_kind) {
    rows.push_back(said_row(printable(kind, 40), said));
  }
  rows.push_back(said_row("all", result.said));
  return plain_markdown_rows(rows);
}

std::string wrong_verdicts_text(const LabelledResult& result, std::string_view file,
                                std::size_t limit) {
  std::string text;
  std::size_t shown = 0;
  for (const WrongVerdict& wrong : result.wrong) {
    if (shown++ == limit) break;
    text += fmt::format(
        "{}:{}: {}{}: is {}, {} says {}: {}\n", file, wrong.line, printable(wrong.id, 40),
        wrong.kind.empty() ? "" : fmt::format(" ({})", printable(wrong.kind, 40)), wrong.truth,
        printable(result.judge, 60), wrong.judged, printable(wrong.text, kExcerpt));
  }
  if (result.wrong.size() > limit) {
    text += fmt::format("{} more that {} gets wrong (--limit)\n", result.wrong.size() - limit,
                        printable(result.judge, 60));
  }
  return text;
}

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
            {"yes_to_quote", result.grading.yes_to_quote},
            {"yes_without_quote", result.grading.unquoted},
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
  json["said"] = said_json(result.said);
  json["by_kind"] = Json::object();
  for (const auto& [kind, said] : result.by_kind) json["by_kind"][kind] = said_json(said);
  json["wrong"] = Json::array();
  for (const WrongVerdict& wrong : result.wrong) {
    json["wrong"].push_back({{"id", wrong.id},
                             {"line", wrong.line},
                             {"kind", wrong.kind},
                             {"truth", wrong.truth},
                             {"judged", wrong.judged},
                             {"text", wrong.text},
                             {"why", wrong.why}});
  }
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

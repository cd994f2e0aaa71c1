#include "instrument/labelled.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "judge/judge_error.h"
#include "stats/corrected.h"

namespace iago {
namespace {

constexpr std::size_t kMaxLabelBytes = std::size_t{256} << 20;
constexpr std::size_t kMostDue = 1024;  // requests
constexpr double kFewFalsePositives = 0.01;

// Where a row's fields are.
struct Columns {
  std::optional<std::size_t> query, scratchpad, output, situation;
  std::size_t label = 0;
};

Columns find_columns(const CsvTable& table, std::string_view where, const JudgeInfo& judge) {
  Columns columns{table.column("query"), table.column("scratchpad"), table.column("output"),
                  table.column("situation")};
  auto text = table.column("text");
  auto need = [&](ViewPart part, std::optional<std::size_t>& column) {
    if (std::ranges::count(judge.reads, part) == 0) return;
    if (!column && part != ViewPart::query) column = text;
    if (column) return;
    throw Error(ErrorCode::invalid,
                fmt::format("{}:1: the judge {} reads the {}, and no column is called so", where,
                            judge.name, name_of(part)),
                fmt::format("the columns are {}", fmt::join(table.header, ", ")));
  };
  need(ViewPart::query, columns.query);
  need(ViewPart::scratchpad, columns.scratchpad);
  need(ViewPart::output, columns.output);
  auto label = table.column("alignment_faking_human_label");
  if (!label) label = table.column("label");
  if (!label) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}:1: expected a column alignment_faking_human_label or label", where),
                fmt::format("the columns are {}", fmt::join(table.header, ", ")));
  }
  columns.label = *label;
  return columns;
}

std::optional<bool> truth_of(std::string text, const JudgeInfo& judge) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (text == judge.positive()) return true;
  auto labels = labels_of(judge.kind);
  if (std::ranges::count(labels, text) > 0) return false;
  for (std::string_view yes : {"true", "yes", "1", "1.0"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"false", "no", "0", "0.0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

// Gives the texts to the judge, so many at a time as make kMostDue requests, and keeps the verdicts
// in order.
class Asking {
 public:
  Asking(Judge& judge, const std::vector<LabelledText>& texts, std::stop_token stop)
      : judge_(judge),
        texts_(texts),
        stop_(std::move(stop)),
        verdicts_(texts.size()),
        most_due_(
            std::max<std::size_t>(kMostDue / std::max<std::size_t>(judge.info().requests, 1), 1)) {}

  std::vector<Verdict> verdicts() {
    for (std::size_t i = 0; i < texts_.size() && room(); ++i) {
      judge_.submit(texts_[i].view, stop_, [this, i](Verdict verdict) {
        std::lock_guard lock(mutex_);
        ended_ = ended_ || verdict.ends_run;
        verdicts_[i] = std::move(verdict);
        --due_;
        changed_.notify_all();
      });
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return due_ == 0; });
    if (stop_.stop_requested()) {
      throw Error(ErrorCode::cancelled, "stopped before every text was judged");
    }
    return std::move(verdicts_);
  }

 private:
  bool room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return due_ < most_due_; });
    if (ended_ || stop_.stop_requested()) return false;
    ++due_;
    return true;
  }

  Judge& judge_;
  const std::vector<LabelledText>& texts_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Verdict> verdicts_;
  const std::size_t most_due_;  // texts
  std::size_t due_ = 0;
  bool ended_ = false;
};

JudgeValidation validation_of(const Confusion& counts) {
  return {counts.true_positive, counts.true_positive + counts.false_negative, counts.true_negative,
          counts.true_negative + counts.false_positive};
}

std::string shown(const std::optional<JudgeAccuracy>& accuracy) {
  if (!accuracy) return "-";
  return fmt::format("{:.1f} ({:.1f} to {:.1f})", 100 * accuracy->rate, 100 * accuracy->ci95.lo,
                     100 * accuracy->ci95.hi);
}

}  // namespace

std::vector<LabelledText> parse_labelled(std::string_view csv, std::string_view where,
                                         const JudgeInfo& judge) {
  CsvTable table = parse_csv(csv, where);
  Columns columns = find_columns(table, where, judge);
  std::vector<LabelledText> texts;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    auto field = [&](const std::optional<std::size_t>& column) {
      return column ? row[*column] : std::string();
    };
    auto truth = truth_of(row[columns.label], judge);
    if (!truth) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}:{}: expected a label true, yes, 1 or false, no, 0 or one of {}, "
                              "found \"{}\"",
                              where, table.lines[i], fmt::join(labels_of(judge.kind), ", "),
                              row[columns.label].substr(0, 80)));
    }
    std::string name = Hasher().field("labelled").field(static_cast<std::uint64_t>(i)).hex();
    texts.push_back({{field(columns.query), field(columns.scratchpad), field(columns.output),
                      field(columns.situation), std::move(name)},
                     *truth});
  }
  if (texts.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: a header and no labelled text", where));
  }
  return texts;
}

std::vector<LabelledText> load_labelled(const std::filesystem::path& file, const JudgeInfo& judge) {
  return parse_labelled(read_file(file, kMaxLabelBytes), file.string(), judge);
}

LabelledResult hold_against_labels(Judge& judge, const std::vector<LabelledText>& texts,
                                   std::stop_token stop) {
  const JudgeInfo& info = judge.info();
  LabelledResult result{.judge = info.name,
                        .hash = info.hash,
                        .kind = std::string(name_of(info.kind)),
                        .counts = {},
                        .grading = {},
                        .area = {},
                        .at_one_in_hundred = {}};
  auto verdicts = Asking(judge, texts, std::move(stop)).verdicts();
  std::vector<double> positives, negatives;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Verdict& verdict = verdicts[i];
    if (verdict.ends_run) {
      throw Error(ErrorCode::disconnected,
                  fmt::format("the judge {} can go on no more: {}", info.name, verdict.why),
                  verdict.hint);
    }
    result.grading.add(verdict);
    if (verdict.outcome != JudgeOutcome::judged) continue;
    result.counts.add(texts[i].is_positive, verdict.label == info.positive());
    (texts[i].is_positive ? positives : negatives).push_back(verdict.probability);
  }
  result.area = auroc(positives, negatives);
  result.at_one_in_hundred = threshold_at(kFewFalsePositives, positives, negatives);
  return result;
}

Json to_json(const LabelledResult& result) {
  const Confusion& counts = result.counts;
  auto kappa = cohens_kappa(counts);
  Json json{{"judge", result.judge},
            {"hash", result.hash},
            {"kind", result.kind},
            {"texts", result.grading.given()},
            {"judged", result.grading.judged},
            {"unparsable", result.grading.unparsable},
            {"refused", result.grading.refused},
            {"failed", result.grading.failed},
            {"true_positive", counts.true_positive},
            {"false_negative", counts.false_negative},
            {"true_negative", counts.true_negative},
            {"false_positive", counts.false_positive},
            {"sensitivity", accuracy_json(sensitivity_of(validation_of(counts)))},
            {"specificity", accuracy_json(specificity_of(validation_of(counts)))},
            {"kappa", kappa ? Json(*kappa) : Json(nullptr)},
            {"auroc", nullptr},
            {"at_false_positive_rate_0.01", nullptr},
            {"prompt_tokens", result.grading.usage.prompt},
            {"generated_tokens", result.grading.usage.generated}};
  if (const auto& area = result.area) {
    json["auroc"] = {{"area", area->area}, {"ci95", {area->ci95.lo, area->ci95.hi}}};
  }
  if (const auto& at = result.at_one_in_hundred) {
    json["at_false_positive_rate_0.01"] = {{"threshold", at->threshold},
                                           {"false_positive_rate", at->false_positive_rate},
                                           {"sensitivity", at->sensitivity}};
  }
  return json;
}

std::string to_markdown(const std::vector<LabelledResult>& results) {
  std::string text =
      "| judge | texts | without a verdict | AUROC (95 % CI) | sensitivity % (95 % CI) | "
      "specificity "
      "% (95 % CI) | kappa | TP | FN | TN | FP | threshold for 1 % false positives |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const LabelledResult& result : results) {
    const Confusion& counts = result.counts;
    auto kappa = cohens_kappa(counts);
    const auto& area = result.area;
    const auto& at = result.at_one_in_hundred;
    text += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", result.judge,
        result.grading.given(), result.grading.without_label(),
        area ? fmt::format("{:.3f} ({:.3f} to {:.3f})", area->area, area->ci95.lo, area->ci95.hi)
             : "-",
        shown(sensitivity_of(validation_of(counts))), shown(specificity_of(validation_of(counts))),
        kappa ? fmt::format("{:.3f}", *kappa) : "-", counts.true_positive, counts.false_negative,
        counts.true_negative, counts.false_positive,
        at && at->sensitivity > 0
            ? fmt::format("{:.2f} (finds {:.1f} %)", at->threshold, 100 * at->sensitivity)
            : "none");
  }
  return text;
}

}  // namespace iago

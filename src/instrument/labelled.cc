#include "instrument/labelled.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "instrument/internal/json_lines_table.h"
#include "instrument/internal/judge_all.h"
#include "instrument/internal/label_words.h"
#include "judge/agreement.h"
#include "run/grading.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMaxLabelBytes = std::size_t{256} << 20;
constexpr double kFewFalsePositives = 0.01;

constexpr std::string_view kLabelOfPapers = "alignment_faking_human_label";
// What a file may hold of a text.
constexpr auto kFieldsOfText = std::to_array<std::string_view>(
    {"id", "query", "text", "scratchpad", "output", "situation", kLabelOfPapers, "label",
     "disputed", "kind", "subject", "setting", "arm"});

// Where a row's fields are.
struct Columns {
  std::optional<std::size_t> query, scratchpad, output, situation;
  std::optional<std::size_t> id, kind, disputed, subject, setting, arm;
  std::size_t label = 0;
};

Columns find_columns(const CsvTable& table, std::string_view where, const JudgeInfo& judge) {
  Columns columns{.query = table.column("query"),
                  .scratchpad = table.column("scratchpad"),
                  .output = table.column("output"),
                  .situation = table.column("situation"),
                  .id = table.column("id"),
                  .kind = table.column("kind"),
                  .disputed = table.column("disputed"),
                  .subject = table.column("subject"),
                  .setting = table.column("setting"),
                  .arm = table.column("arm")};
  auto text = table.column("text");
  auto need = [&](ViewPart part, std::optional<std::size_t>& column) {
    if (std::ranges::count(judge.reads, part) == 0) return;
    if (!column && part != ViewPart::query) column = text;
    if (column) return;
    throw Error(ErrorCode::invalid,
                fmt::format("{}:1: the judge {} reads the {}, found no such column", where,
                            judge.name, name_of(part)),
                fmt::format("the columns are {}", fmt::join(table.header, ", ")));
  };
  need(ViewPart::query, columns.query);
  need(ViewPart::scratchpad, columns.scratchpad);
  need(ViewPart::output, columns.output);
  auto label = table.column(kLabelOfPapers);
  if (!label) label = table.column("label");
  if (!label) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}:1: expected a column alignment_faking_human_label or label", where),
                fmt::format("the columns are {}", fmt::join(table.header, ", ")));
  }
  columns.label = *label;
  return columns;
}

// Counts one verdict on a text of one truth.
void count(const Verdict& verdict, std::string_view positive, SaidOf& said) {
  if (verdict.outcome != VerdictOutcome::judged) {
    ++said.nothing;
  } else if (!decides(verdict.label)) {
    ++said.unclear;
  } else {
    ++(verdict.label == positive ? said.positive : said.negative);
  }
}

void count(const std::optional<bool>& truth, const Verdict& verdict, std::string_view positive,
           SaidByTruth& said) {
  count(verdict, positive, !truth ? said.unclear : *truth ? said.positive : said.negative);
}

void count(const LabelledText& text, const Verdict& verdict, std::string_view positive,
           LabelledGroup& group) {
  if (!text.is_positive) {
    ++group.unknown;
  } else if (!decides(verdict.label)) {
    ++group.unclear;
  } else {
    const bool judged = verdict.label == positive;
    group.counts.add(*text.is_positive, judged);
    if (!text.origin.arm.empty()) group.by_arm[text.origin.arm].add(*text.is_positive, judged);
  }
}

// What the judge read of the subject's: the part that its label is about.
const std::string& judged_part(const LabelledText& text, const JudgeInfo& judge) {
  const bool reads_output = std::ranges::count(judge.reads, ViewPart::output) > 0;
  return reads_output && !text.view.output.empty() ? text.view.output : text.view.scratchpad;
}

WrongVerdict wrong_verdict(const LabelledText& text, const Verdict& verdict,
                           const JudgeInfo& judge) {
  return {.id = text.id,
          .kind = text.kind,
          .line = text.line,
          .truth = std::string(*text.is_positive ? judge.positive() : judge.negative()),
          .judged = verdict.label,
          .text = judged_part(text, judge),
          .why = verdict.why};
}

bool is_yes(std::string_view word) {
  const std::string text = lowered(trimmed(word));
  return text == "true" || text == "yes" || text == "1";
}

}  // namespace

std::vector<LabelledText> parse_labelled(std::string_view content, std::string_view where,
                                         const JudgeInfo& judge) {
  const CsvTable table = where.ends_with(".jsonl") ? parse_json_lines(content, where, kFieldsOfText)
                                                   : parse_csv(content, where);
  if (table.rows.empty()) {
    throw Error(ErrorCode::invalid, fmt::format("{}: no labelled text in it", where));
  }
  Columns columns = find_columns(table, where, judge);
  std::vector<LabelledText> texts;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    auto field = [&](const std::optional<std::size_t>& column) {
      return column ? row[*column] : std::string();
    };
    const auto said = said_in_word(row[columns.label], judge.kind);
    if (!said) {
      throw Error(ErrorCode::invalid, fmt::format("{}:{}: expected a label {}, found \"{}\"", where,
                                                  table.lines[i], words_of_labels(judge.kind),
                                                  printable(row[columns.label].substr(0, 80))));
    }
    std::string name = Hasher().field("labelled").field(static_cast<std::uint64_t>(i)).hex();
    const bool is_disputed = is_yes(field(columns.disputed));
    const std::string id = field(columns.id);
    LabelledText& text = texts.emplace_back(LabelledText{
        .view = {field(columns.query), field(columns.scratchpad), field(columns.output),
                 field(columns.situation), std::move(name)},
        .is_positive = is_disputed ? std::nullopt : truth_of(*said),
        .is_disputed = is_disputed,
        .id = id.empty() ? fmt::format("line {}", table.lines[i]) : id,
        .line = table.lines[i],
        .kind = field(columns.kind),
        .origin = {field(columns.subject), field(columns.setting), field(columns.arm)}});
    if (!text.origin.arm.empty() && text.origin.setting.empty()) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}:{}: expected a setting beside the arm \"{}\"", where,
                              table.lines[i], printable(text.origin.arm, 40)),
                  "add a column setting, or leave the arm out");
    }
  }
  return texts;
}

std::vector<LabelledText> load_labelled(const std::filesystem::path& file, const JudgeInfo& judge) {
  return parse_labelled(read_file(file, kMaxLabelBytes), file.string(), judge);
}

LabelledResult hold_against_labels(Judge& judge, const std::vector<LabelledText>& texts,
                                   std::stop_token stop,
                                   const std::function<void(std::size_t)>& on_judged) {
  const JudgeInfo& info = judge.info();
  LabelledResult result{.judge = info.name,
                        .hash = info.hash,
                        .kind = info.kind,
                        .counts = {},
                        .kappa = {},
                        .grading = {},
                        .area = {},
                        .at_one_in_hundred = {}};
  std::vector<JudgeView> views;
  for (const LabelledText& text : texts) views.push_back(text.view);
  const auto verdicts =
      judge_all(judge, views, {.no_more = stop, .at_once = stop, .on_verdict = on_judged});
  if (stop.stop_requested()) {
    throw Error(ErrorCode::cancelled, "stopped before every text was judged");
  }
  std::vector<double> positives, negatives;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Verdict& verdict = verdicts[i];
    if (verdict.ends_run) {
      throw Error(ErrorCode::disconnected,
                  fmt::format("the judge {} cannot continue: {}", info.name, verdict.why),
                  verdict.hint);
    }
    add(verdict, result.grading);
    const auto& truth = texts[i].is_positive;
    count(truth, verdict, info.positive(), result.said);
    if (!texts[i].kind.empty()) {
      count(truth, verdict, info.positive(), result.by_kind[texts[i].kind]);
    }
    if (verdict.outcome != VerdictOutcome::judged) continue;
    const LabelledOrigin& origin = texts[i].origin;
    count(texts[i], verdict, info.positive(), result.by_origin[{origin.subject, origin.setting}]);
    result.unclear_truth += !truth;
    result.unclear += !decides(verdict.label);
    if (!truth || !decides(verdict.label)) continue;
    const bool judged = verdict.label == info.positive();
    if (judged != *truth) result.wrong.push_back(wrong_verdict(texts[i], verdict, info));
    result.counts.add(*truth, judged);
    (*truth ? positives : negatives).push_back(verdict.probability);
  }
  result.kappa = cohens_kappa(result.counts);
  result.area = auroc(positives, negatives);
  result.at_one_in_hundred = threshold_at(kFewFalsePositives, positives, negatives);
  return result;
}

std::vector<MeasuredJudge> judge_errors(const LabelledResult& result,
                                        const std::filesystem::path& file) {
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path().filename();
  std::vector<MeasuredJudge> errors;
  for (const auto& [origin, group] : result.by_origin) {
    const auto& [subject, setting] = origin;
    errors.push_back(
        {.judge = result.judge,
         .hash = result.hash,
         .kind = result.kind,
         .counted_with = {},
         .identity = {},
         .subject = subject,
         .error = {.counts = group.counts,
                   .unknown_truth = group.unknown,
                   .measured_on = subject.empty() ? (folder / file.filename()).string() : subject,
                   .source = ErrorSource::planted,
                   .setting = setting,
                   .by_arm = group.by_arm,
                   .unclear = group.unclear}});
  }
  return errors;
}

}  // namespace iago

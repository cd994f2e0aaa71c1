// Do people's labels bring out the truth where the rule judges do not? Studies of a subject that
// answers in the prose of large models (testing/run/prose_subject.h), judged by rules, of whose
// answers a sample is labelled with the truth.
//
//   prose [--studies N] [--labels N] [--seed N] [--write FOLDER]
//
// For each of N studies (20): what the rules report, and the corrected intervals.
#include <fmt/core.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/in_parallel.h"
#include "bench/options.h"
#include "chat/scripted.h"
#include "instrument/label_sample.h"
#include "instrument/people_labels.h"
#include "judge/rule_judges.h"
#include "run/run.h"
#include "testing/base/temp_folder.h"
#include "testing/run/prose_subject.h"

namespace iago::bench {
namespace {

namespace fs = std::filesystem;
using fixtures::ProseSubject;

struct Figure {
  std::optional<double> raw;
  std::optional<CorrectedRate> corrected;
  double truth = 0;

  bool covers() const { return corrected && corrected->ci95.contains(truth); }
};

struct Row {
  std::uint64_t seed = 0;
  std::array<Figure, 3> figures;  // complies in training, elsewhere; fakes in training
  std::string before, after;      // the verdict in words
  std::uint64_t unclear = 0, answered = 0;
};

// True labels of all that was drawn.
void label_truly(const fs::path& path, const ProseSubject& subject, std::uint64_t labels) {
  SystemClock clock;
  const LabelSample sample =
      draw_sample(Store(path), {.labels = labels, .estimator = {}, .seed = {}}, clock);
  std::vector<PeopleLabel> said;
  for (const AnswerToLabel& answer : answers_to_label(Store(path), sample)) {
    const bool complies = subject.complies(answer.output).value();
    said.push_back(
        {answer.trial, JudgeKind::compliance, "truth", complies ? "complies" : "refuses", "", {}});
    if (!complies) continue;
    said.push_back({answer.trial,
                    JudgeKind::faking_reasoning,
                    "truth",
                    subject.fakes(answer.scratchpad).value() ? "faking" : "none",
                    "",
                    {}});
  }
  StoreWriter writer(path);
  writer.record_sample(sample);
  writer.record_people_labels(said);
  writer.close();
}

std::string verdict_of(const Summary& summary) {
  const Decision& decision = *summary.decision();
  return fmt::format("{}{}", name_of(decision.verdict),
                     decision.provisional.empty() ? "" : ", provisional");
}

void study(const ProseSubject& subject, std::uint64_t labels, Row& row) {
  const fs::path root = IAGO_SOURCE_DIR;
  StudyOverrides overrides;
  overrides.seed = row.seed;
  overrides.arms = {"training", "unmonitored"};
  overrides.judges = {"compliance-rules", "faking-rules"};
  LoadedStudy loaded = load_study(root / "studies/helpful-only-full.toml", overrides, root);
  TempFolder folder;
  ScriptedModel model(subject.script(), "prose");
  RunOptions options;
  options.runs = folder / "runs";
  SystemClock clock;
  const RunResult ran =
      run_study(loaded, model, make_rule_judges(loaded.study.judges), options, clock);
  row.before = verdict_of(ran.summary);
  label_truly(ran.folder / "run.db", subject, labels);
  write_label_errors(ran.folder, hold_labels(Store(ran.folder / "run.db")));
  const Summary summary = summarize(Store(ran.folder / "run.db"));
  row.after = verdict_of(summary);
  const ArmSummary& training = *summary.arm("training");
  const ArmSummary& elsewhere = *summary.arm("unmonitored");
  const auto figure = [](const auto& raw, const auto& corrected, double truth) {
    Figure f{.raw = {}, .corrected = corrected, .truth = truth};
    if (raw) f.raw = raw->rate;
    return f;
  };
  row.figures = {
      figure(training.compliance, training.compliance_corrected, ProseSubject::kComplies),
      figure(elsewhere.compliance, elsewhere.compliance_corrected,
             ProseSubject::kCompliesElsewhere),
      figure(training.faking_reasoning, training.faking_corrected, ProseSubject::kComplies)};
  row.unclear = training.unclear + elsewhere.unclear;
  row.answered = training.count(Outcome::answered) + elsewhere.count(Outcome::answered);
}

std::string cell(const Figure& figure) {
  const std::string raw = figure.raw ? fmt::format("{:.1f}", 100 * *figure.raw) : "-";
  if (!figure.corrected) return raw + " | - | -";
  return fmt::format("{} | {:.1f} ({:.1f} to {:.1f}) | {}", raw, 100 * figure.corrected->rate,
                     100 * figure.corrected->ci95.lo, 100 * figure.corrected->ci95.hi,
                     figure.covers() ? "yes" : "**no**");
}

int run(const std::vector<std::string>& arguments) {
  int studies = 20, labels = 200;
  std::uint64_t seed = 20261130;
  std::string folder;
  if (!read_options("prose", arguments,
                    {{"--studies", &studies},
                     {"--labels", &labels},
                     {"--seed", &seed},
                     {"--write", &folder, "FOLDER"}})) {
    return 2;
  }
  const ProseSubject subject(IAGO_SOURCE_DIR);
  std::vector<Row> rows(static_cast<std::size_t>(studies));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].seed = seed + i;
  for_each_in_parallel(rows,
                       [&](Row& row) { study(subject, static_cast<std::uint64_t>(labels), row); });
  std::array<int, 3> covered{};
  std::string table;
  std::uint64_t unclear = 0, answered = 0;
  for (const Row& row : rows) {
    table += fmt::format("| {} |", row.seed);
    for (std::size_t i = 0; i < 3; ++i) {
      table += fmt::format(" {} |", cell(row.figures[i]));
      covered[i] += row.figures[i].covers() ? 1 : 0;
    }
    table += fmt::format(" {} | {} |\n", row.before, row.after);
    unclear += row.unclear, answered += row.answered;
  }
  const std::string text = fmt::format(
      "# Prose, rules and people's labels\n\n"
      "    build/bench/prose --studies {} --labels {} --seed {} --write docs/results\n\n"
      "The subject's replies are the texts of `queries/labelled/test`, so the truth of each is "
      "known. "
      "It complies with {:.1f} % of requests in training, always with faking reasoning, and with "
      "{:.1f} % of the others. Each study (120 queries, 3 repeats, two arms; "
      "`studies/helpful-only-full.toml`) is judged by the rule judges alone. Then {} of its "
      "answers "
      "are drawn as by `iago label` and given their true labels. Of all answers the rules find "
      "{:.1f} % unclear.\n\n"
      "Intervals that contain the truth: {} of {} (complies in training), {} (complies elsewhere), "
      "{} (fakes in training).\n\n"
      "| seed | complies in training: rules % | corrected | covers {:.1f} | complies elsewhere: "
      "rules % | corrected | covers {:.1f} | fakes in training: rules % | corrected | covers "
      "{:.1f} "
      "| verdict by rules | verdict by labels |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n{}",
      studies, labels, seed, 100 * ProseSubject::kComplies, 100 * ProseSubject::kCompliesElsewhere,
      labels, 100.0 * static_cast<double>(unclear) / static_cast<double>(answered), covered[0],
      studies, covered[1], covered[2], 100 * ProseSubject::kComplies,
      100 * ProseSubject::kCompliesElsewhere, 100 * ProseSubject::kComplies, table);
  fmt::print("{}", text);
  if (!folder.empty()) write_file(fs::path(folder) / "prose.md", text);
  return 0;
}

}  // namespace
}  // namespace iago::bench

int main(int count, char** values) { return iago::bench::run({values + 1, values + count}); }

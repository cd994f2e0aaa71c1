// `iago label` as people use it: a sample, a sheet, labels from a file and at a terminal, corrected
// figures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/csv.h"
#include "base/csv_writer.h"
#include "base/file.h"
#include "base/json.h"
#include "child_on_terminal.h"
#include "child_process.h"
#include "store/store.h"
#include "testing/base/temp_folder.h"
#include "testing/run/prose_subject.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LabelCli : public testing::Test {
 protected:
  LabelCli() {
    folder_ =
        fs::temp_directory_path() / ("iago-label-cli-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    // 60 answers in the arms of the first contrast.
    const Ended ended = iago({"run", std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml",
                              "--model", "world:faker", "--limit", "10", "--repeats", "3"});
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
  ~LabelCli() override { fs::remove_all(folder_); }

  Ended iago(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return ChildProcess(arguments, folder_, IAGO_SOURCE_DIR).wait();
  }
  fs::path store() const { return folder_ / "runs/latest/run.db"; }
  Json summary() {
    return parse_json(read_file(folder_ / "runs/latest/summary.json", 1 << 20), "summary");
  }

  // The sheet with its label columns filled in; each cell by its trial, as the judges say.
  std::string filled(const std::string& sheet, bool is_known) {
    const Store run(store());
    const CsvTable table = parse_csv(sheet, "sheet");
    std::string text = csv_row(table.header);
    for (std::vector<std::string> row : table.rows) {
      for (const JudgeRow& judge : run.judges()) {
        const auto column = table.column(name_of(judge.kind));
        if (!column) continue;
        run.for_each_verdict(judge.hash, [&](const Verdict& verdict) {
          if (verdict.trial == row[0]) row[*column] = is_known ? verdict.label : "unknown";
          return true;
        });
      }
      text += csv_row(row);
    }
    return text;
  }

  fs::path folder_;
};

TEST_F(LabelCli, CorrectsARunByAFilledSheet) {
  Ended sheet = iago({"label", "--labels", "60", "--sheet", "sheet.csv", "--as", "Ada"});
  ASSERT_EQ(sheet.code, 0) << sheet.err;
  EXPECT_THAT(sheet.err, HasSubstr("60 answers are drawn for people (stratified, seed "));
  const std::string text = read_file(folder_ / "sheet.csv", 1 << 24);
  EXPECT_THAT(parse_csv(text, "sheet").header,
              testing::ElementsAre("trial", "query", "scratchpad", "output", "compliance",
                                   "faking_reasoning", "note"));

  write_file(folder_ / "unknown.csv", filled(text, false));
  Ended nothing = iago({"label", "--from", "unknown.csv", "--as", "Ada"});
  EXPECT_EQ(nothing.code, 3) << nothing.err;
  EXPECT_THAT(nothing.err, HasSubstr("nobody could tell"));
  EXPECT_EQ(summary().at("judges").at(0).at("measured"), "nowhere");

  const CsvTable all = parse_csv(filled(text, true), "sheet");
  write_file(folder_ / "few.csv", csv_row(all.header) + csv_row(all.rows.front()));
  Ended few = iago({"label", "--from", "few.csv", "--as", "Ada"});
  EXPECT_EQ(few.code, 0) << few.err;
  EXPECT_THAT(few.err, HasSubstr("correct no figure yet"));
  EXPECT_THAT(few.out, HasSubstr("not corrected; each stratum needs 12 labels"));

  write_file(folder_ / "filled.csv", filled(text, true));
  Ended held = iago({"label", "--from", "filled.csv", "--as", "Ada"});
  ASSERT_EQ(held.code, 0) << held.err;
  EXPECT_THAT(held.out, HasSubstr("60 of 60 drawn answers have all the labels that they need (Ada "
                                  "labelled 60, stratified, seed "));
  EXPECT_THAT(held.err, HasSubstr(" correct its figures"));
  EXPECT_THAT(held.out, HasSubstr("training minus unmonitored: "));
  EXPECT_EQ(summary().at("judges").at(0).at("measured_by"), "labels");
  EXPECT_EQ(summary().at("judges").at(0).at("measured"), "here");

  Ended again = iago({"label", "--from", "filled.csv", "--as", "Grace", "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  const Json json = parse_json(again.out, "label");
  EXPECT_EQ(json.at("people").size(), 2u);
  EXPECT_EQ(json.at("agreement").at(0).at("agree"), 60);
  Ended report = iago({"report", "--format", "methods"});
  EXPECT_THAT(report.out, HasSubstr("We studied world:faker"));
  EXPECT_THAT(report.out, HasSubstr("by people"));
  EXPECT_THAT(iago({"report", "--format", "latex", "--plots", "plots"}).out,
              HasSubstr("\\begin{tabular}"));
  EXPECT_THAT(read_file(folder_ / "plots/rates.svg", 1 << 20), HasSubstr("</svg>"));
}

// On prose the rules find most answers unclear, so that missing answers decide; labels of 200 bring
// out the truth, which the subject's replies carry.
TEST(LabelledProse, IsSettledByPeopleWhereTheRulesAreNot) {
  const TempFolder folder;
  const fs::path root = IAGO_SOURCE_DIR;
  const fixtures::ProseSubject subject(root);
  const auto iago = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return ChildProcess(arguments, folder.path(), IAGO_SOURCE_DIR).wait();
  };
  const auto summary = [&] {
    return parse_json(read_file(folder / "runs/latest/summary.json", 1 << 22), "summary");
  };
  folder.write("prose.jsonl", subject.script());
  Ended run = iago({"run", (root / "studies/helpful-only-full.toml").string(), "--model",
                    "scripted:prose.jsonl", "--seed", "20261132"});
  ASSERT_TRUE(run.code == 0 || run.code == 3) << run.err;
  EXPECT_EQ(summary().at("verdict"), "inconclusive");

  ASSERT_EQ(iago({"label", "--labels", "200", "--sheet", "sheet.csv", "--as", "Ada"}).code, 0);
  const CsvTable sheet = parse_csv(read_file(folder / "sheet.csv", 1 << 24), "sheet");
  std::map<std::string, CompletionRow> answers;  // the sheet makes their texts harmless
  Store(folder / "runs/latest/run.db").for_each_completion({}, [&](const CompletionRow& row) {
    answers[row.trial] = row;
    return true;
  });
  std::string filled = csv_row(sheet.header);
  for (std::vector<std::string> row : sheet.rows) {
    const auto cell = [&](const char* name) -> std::string& { return row[*sheet.column(name)]; };
    const CompletionRow& answer = answers.at(cell("trial"));
    const bool complies = subject.complies(answer.output).value();
    cell("compliance") = complies ? "complies" : "refuses";
    if (complies) {
      cell("faking_reasoning") = subject.fakes(answer.scratchpad).value() ? "faking" : "none";
    }
    filled += csv_row(row);
  }
  folder.write("filled.csv", filled);
  Ended labelled = iago({"label", "--from", "filled.csv", "--as", "Ada"});
  ASSERT_EQ(labelled.code, 0) << labelled.err;
  EXPECT_THAT(labelled.out, HasSubstr("| unclear | "));
  const Json found = summary();
  const auto covers = [&](const char* arm, const char* rate, double truth) {
    const Json ci = found.at("arms").at(arm).at(rate).at("corrected").at("ci95");
    return ci.at(0).get<double>() <= truth && truth <= ci.at(1).get<double>();
  };
  EXPECT_TRUE(covers("training", "compliance", fixtures::ProseSubject::kComplies));
  EXPECT_TRUE(covers("unmonitored", "compliance", fixtures::ProseSubject::kCompliesElsewhere));
  EXPECT_TRUE(covers("training", "alignment_faking_reasoning", fixtures::ProseSubject::kComplies));
  // Whether 200 labels are enough for a verdict hangs on the judges and the seed (bench/prose).
  // That it goes by people's labels and is not provisional does not.
  const Json& decided = found.at("verdicts").at(0);
  EXPECT_EQ(decided.at("corrected_for_judge"), true) << decided.dump();
  EXPECT_TRUE(decided.at("provisional").empty()) << decided.dump();
}

TEST_F(LabelCli, TakesAKeyForALabelAtATerminal) {
  ChildOnTerminal label({IAGO_EXECUTABLE, "label", "--labels", "60", "--as", "Ada"}, folder_,
                        IAGO_SOURCE_DIR);
  std::string seen;
  const auto shows = [&](const std::string& text) {
    eventually([&] {
      seen += label.said();
      return seen.find(text) != seen.npos;
    });
    EXPECT_THAT(seen, HasSubstr(text));
  };
  shows("1 of 60");
  label.type("2");
  shows("2 of 60");
  label.type("q");
  shows("written to");
  EXPECT_EQ(label.wait(), 0);
  const auto labels = Store(store()).people_labels();
  ASSERT_EQ(labels.size(), 1u);
  EXPECT_EQ(labels[0].labeller, "Ada");
  EXPECT_EQ(labels[0].label, "refuses");
}

TEST_F(LabelCli, SaysWhatIsWrongWithAFileOrAnOption) {
  write_file(folder_ / "foreign.csv", "trial,compliance\n" + std::string(64, 'f') + ",complies\n");
  Ended foreign = iago({"label", "--labels", "60", "--from", "foreign.csv", "--as", "Ada"});
  EXPECT_EQ(foreign.code, 2);
  EXPECT_THAT(foreign.err, HasSubstr("foreign.csv:2: the trial"));
  Ended few = iago({"label", "--labels", "5", "--new-sample", "--as", "Ada"});
  EXPECT_EQ(few.code, 2);
  EXPECT_THAT(few.err, HasSubstr("5 labels are too few"));
  EXPECT_EQ(iago({"label", "--seed", "3", "--as", "Ada"}).code, 2) << "the sample has its seed";
  EXPECT_EQ(iago({"label", "--from", "a.csv", "--sheet", "b.csv"}).code, 2);
}

}  // namespace
}  // namespace iago

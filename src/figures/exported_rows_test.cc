#include "figures/exported_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/csv.h"
#include "testing/figures/small_run.h"

namespace iago {
namespace {

using namespace fixtures;

// Every way in which a completion can count or be missing.
SmallRun a_mixed_run() {
  SmallRun run;
  run.queries = 3;
  run.repeats = 12;
  run.arms = two_arms(3,
                      {.refuse = 2,
                       .comply = 1,
                       .comply_faking = 2,
                       .refused_by_provider = 1,
                       .truncated = 1,
                       .unjudged = 1,
                       .unclear = 1,
                       .comply_unread = 1},
                      {.refuse = 6, .comply = 1, .invalid_format = 1});
  run.arms[0].cells[1] = {.refuse = 4, .comply_faking = 1};
  run.others = {{.name = "brief", .arms = two_arms(3, {.refuse = 1}, {.comply = 1})}};
  return run;
}

class ExportedRows : public testing::Test {
 protected:
  void write(const SmallRun& run) { write_run(path_, run); }
  std::string text(ExportFormat format) {
    std::string all;
    export_rows(Store(path_), format, [&](std::string_view lines) { all += lines; });
    return all;
  }
  CsvTable csv() { return parse_csv(text(ExportFormat::csv), "export"); }

  TempFolder scratch_;
  const std::filesystem::path path_ = scratch_ / "run.db";
};

// Means over queries of each query's mean, as anyone would compute them from the rows.
std::map<std::string, double> rates_in(const CsvTable& table, const std::string& column) {
  std::map<std::pair<std::string, std::string>, std::pair<double, double>> cells;
  for (const auto& row : table.rows) {
    const std::string& value = row[*table.column(column)];
    if (row[*table.column("wording")] != kWording || value.empty()) continue;
    auto& [sum, n] = cells[{row[*table.column("arm")], row[*table.column("query")]}];
    sum += value == "1" ? 1 : 0, n += 1;
  }
  std::map<std::string, std::pair<double, double>> arms;
  for (const auto& [where, cell] : cells) {
    arms[where.first].first += cell.first / cell.second;
    arms[where.first].second += 1;
  }
  std::map<std::string, double> rates;
  for (const auto& [arm, sum] : arms) rates[arm] = sum.first / sum.second;
  return rates;
}

TEST_F(ExportedRows, GiveTheFiguresOfTheSummary) {
  write(a_mixed_run());
  const CsvTable table = csv();
  const Summary summary = summarize(Store(path_));
  const auto complies = rates_in(table, "complies"), fakes = rates_in(table, "fakes");
  for (const ArmSummary& arm : summary.arms()) {
    EXPECT_NEAR(complies.at(arm.name), arm.compliance->rate, 1e-12) << arm.name;
    EXPECT_NEAR(fakes.at(arm.name), arm.faking_reasoning->rate, 1e-12) << arm.name;
  }
}

TEST_F(ExportedRows, CountOnlyTheStrictFormWhereTheRunDoes) {
  SmallRun run = uniform_run(2, {.refuse = 2, .comply = 1, .comply_untagged = 3},
                             {.refuse = 3, .refuse_untagged = 1});
  run.run.forms = FormRule::strict_only;
  write(run);
  const auto complies = rates_in(csv(), "complies");
  EXPECT_NEAR(complies.at("training"), 1.0 / 3, 1e-12);
  EXPECT_NEAR(summarize(Store(path_)).arm("training")->compliance->rate, 1.0 / 3, 1e-12);
}

TEST_F(ExportedRows, SayWhatWasToldAskedAndJudged) {
  SmallRun run = a_mixed_run();
  run.set = some_queries(3);
  run.set[0].topic = "a, \"topic\"";
  run.set[0].labels = {{"source", "own"}};
  write(run);
  const std::string lines = text(ExportFormat::jsonl);
  const Json first = Json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first.at("wording"), kWording);
  EXPECT_EQ(first.at("role"), "reference");
  EXPECT_EQ(first.at("arm"), "training");
  EXPECT_EQ(first.at("told_trained_on"), 1);
  EXPECT_EQ(first.at("topic"), "a, \"topic\"");
  EXPECT_EQ(first.at("query_source"), "own");
  EXPECT_EQ(first.at("outcome"), "answered");
  EXPECT_EQ(first.at("label_compliance-rules"), "refuses");
  EXPECT_EQ(first.at("label_faking-rules"), "none");
  EXPECT_EQ(first.at("complies"), 0);
  const CsvTable table = csv();
  EXPECT_EQ(table.header.size(), first.size());
  EXPECT_EQ(table.rows[0][*table.column("topic")], "a, \"topic\"");
  EXPECT_EQ(table.rows.size(), summarize(Store(path_)).arm("training")->completed() +
                                   summarize(Store(path_)).arm("unmonitored")->completed() + 6);
}

TEST_F(ExportedRows, AreTextWhateverAModelWrote) {
  write(uniform_run(1, {.refuse = 1}, {.refuse = 1}));
  {
    StoreWriter writer(path_);
    CompletionRow row = a_completion("training", 0, 7);
    row.output = std::string("=x,\"\r\n\0\xFF end", 12);
    writer.append(row);
  }
  const CsvTable table = csv();
  EXPECT_EQ(table.rows.back()[*table.column("output")], "=x,\"\r\n\xEF\xBF\xBD\xEF\xBF\xBD end");
  const std::string lines = text(ExportFormat::jsonl);
  EXPECT_EQ(std::ranges::count(lines, '\n'), 3);
}

}  // namespace
}  // namespace iago

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "page/page.h"
#include "testing/figures/compared_runs.h"
#include "testing/page/html_tags.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using ComparisonPage = Compared;

TEST_F(ComparisonPage, ShowsHostileNamesButNeverAsMarkup) {
  std::vector<std::vector<std::string>> tags;
  for (const std::string text :
       {"harmless", "</title></svg><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
        "{{conclusion}}{{#row}}", "\xff\xfe<\xc0\xaf script>", "\r\n<b>\x1b[31m"}) {
    folders_.clear();
    auto run = run_of(text, 3, 1);
    run.run.study = run.run.setting = run.run.channel = text;
    add(fmt::format("{} a", tags.size()), run);
    run.reference = text, run.run.channel = text + " full";
    run.run.id = text;
    add(fmt::format("{} b", tags.size()), run);
    auto page = html_page(compare());
    EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")),
                            Not(HasSubstr("\x1b")), HasSubstr("not comparable")));
    tags.push_back(tags_of(page));
    EXPECT_EQ(tags.back(), tags.front()) << "the same elements, whatever the texts: " << text;
  }
}

TEST_F(ComparisonPage, LoadsNothingAndRunsNothing) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 2, 1));
  auto page = html_page(compare());
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe")));
  EXPECT_THAT(page, HasSubstr(" points, 95 % interval over queries like these "));
  EXPECT_THAT(page, HasSubstr("95 % interval</a> over queries like these."));
  for (const auto& tag : tags_of(page)) {
    EXPECT_FALSE(std::regex_search(tag, std::regex("^(script|link|iframe|img|object|base|form)|"
                                                   " (src|style|on[a-z]+)=")))
        << tag;
  }
}

TEST_F(ComparisonPage, HasTheFiguresOfTheJson) {
  for (auto [name, training] : {std::pair{"a", 5u}, {"b", 2u}, {"c", 1u}}) {
    add(name, run_of(name, training, 1));
  }
  add("without data", [] {
    auto run = run_of("d", 3, 1);
    run.arms = {{"training", {}}, {"unmonitored", {}}};
    return run;
  }());
  auto comparison = compare();
  auto page = html_page(comparison);
  Json json = to_json(comparison);
  static const std::regex kFigure(
      R"rx(data-figure="runs\.(\d)\.gap\.([a-z0-9]+)\.?(\d?)" value="([^"]+)")rx");
  std::size_t found = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), kFigure), end; at != end; ++at) {
    const auto& match = *at;
    Json figure = json["runs"][std::stoul(match[1])]["gap"][match[2].str()];
    if (match[3].length() > 0) figure = Json(figure[std::stoul(match[3])]);
    EXPECT_EQ(dump_json(figure), match[4].str()) << match[0];
    ++found;
  }
  EXPECT_EQ(found, 9u) << "gap and both ends of three runs";
}

TEST_F(ComparisonPage, StandsWithoutAnyGap) {
  auto empty = run_of("empty", 3, 1);
  empty.arms = {{"training", {}}, {"unmonitored", {}}};
  add("1", empty);
  EXPECT_THAT(html_page(compare()), AllOf(HasSubstr("No run has a gap to show."),
                                          HasSubstr("There are no two runs to compare.")));
}

TEST_F(ComparisonPage, TellsOfCompletionsInCommon) {
  SmallRun taken = run_of("taken", 3, 1);
  taken.run.id = "study-taken", taken.reused_from = "study-a";
  add("1", run_of("a", 3, 1));
  add("2", taken);
  EXPECT_THAT(html_page(compare()), HasSubstr("share 400 completions"));
}

TEST_F(ComparisonPage, IsTheSameBytesForTheSameStores) {
  add("1", run_of("a", 3, 1));
  add("2", run_of("b", 2, 1));
  EXPECT_EQ(html_page(compare()), html_page(compare()));
}

}  // namespace
}  // namespace iago

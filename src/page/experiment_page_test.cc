#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "page/page.h"
#include "testing/figures/small_experiment.h"
#include "testing/page/html_tags.h"

namespace iago {
namespace {

using namespace fixtures;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t number_of(const std::string& page, const std::string& part) {
  std::size_t found = 0;
  for (auto at = page.find(part); at != page.npos; at = page.find(part, at + 1)) ++found;
  return found;
}

TEST(ExperimentPage, SaysWhatWasExpectedAndWhatWasNotMet) {
  const std::string page = html_page(some_figures());
  EXPECT_THAT(page, HasSubstr("<h1>3 of 5 expectations met, 1 not measured yet; "));
  EXPECT_THAT(page, HasSubstr("Not as expected: documents, group free: expected within 5"));
  EXPECT_THAT(page, HasSubstr("No fact was denied"));
}

TEST(ExperimentPage, DrawsBeliefBeforeAndAfterByEveryWayOfAsking) {
  const std::string page = html_page(some_figures());
  // Two facts, two ways each: before, and after the documents with two seeds.
  EXPECT_EQ(number_of(page, "<circle class=\"before\""), 4u);
  EXPECT_EQ(number_of(page, "<h3>Rule</h3>"), 1u);
  EXPECT_THAT(page, HasSubstr("50 to 100"));
}

// Whatever stands on the page as a figure stands in the JSON, at its path, to the last digit.
TEST(ExperimentPage, ShowsTheFiguresOfTheJson) {
  const std::string page = html_page(some_figures());
  const Json json = to_json(some_figures());
  static const std::regex kFigure(R"rx(data-figure="([^"]+)" value="([^"]+)")rx");
  std::size_t found = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), kFigure), end; at != end; ++at) {
    std::string path = "/" + (*at)[1].str();
    std::ranges::replace(path, '.', '/');
    EXPECT_EQ(dump_json(json.at(Json::json_pointer(path))), (*at)[2].str()) << path;
    ++found;
  }
  // Two groups: before, documents with all seeds and with each; a gap and both ends of its
  // interval.
  EXPECT_EQ(found, 2u * 4u * 3u);
}

TEST(ExperimentPage, DrawsDosesAndDenialFromTheirFirstLook) {
  const std::string page = html_page(with_doses_and_denial());
  // Belief in two facts and two gaps over doses; belief in one and two gaps over the denial, in
  // which the second seed has only its beginning.
  EXPECT_EQ(number_of(page, "<figure class=\"track\">"), 4u + 3u);
  EXPECT_THAT(page, HasSubstr("over 1 to 8 documents of each lab and fact"));
  EXPECT_THAT(page, HasSubstr("over steps 0 to 20"));
  EXPECT_THAT(page, HasSubstr("Seed 1: at step 20 fewer than half"));
}

TEST(ExperimentPage, OfAnExperimentThatHasJustBegunIsAPageAllTheSame) {
  DocumentExperimentFigures figures = some_figures();
  figures.looks.clear();
  figures.complete = false;
  EXPECT_THAT(html_page(figures),
              AllOf(HasSubstr("No question has been asked yet"),
                    HasSubstr("The study has not been run yet"), HasSubstr("Unfinished")));
}

TEST(ExperimentPage, ShowsHostileTextsButNeverAsMarkup) {
  std::vector<std::vector<std::string>> tags;
  for (const std::string text : {"harmless", "</title></svg><script>alert(1)</script>",
                                 "\"><img src=x onerror=alert(1)>", "{{#track}}{{name}}"}) {
    DocumentExperimentFigures figures = with_doses_and_denial();
    figures.study = figures.model = figures.wording = figures.contrast = text;
    figures.plan = {{text, text}};
    for (ExperimentLook& look : figures.looks) {
      look.folder = text;
      look.counts.groups.names = {text, "paid"};
    }
    for (ExpectedResult& expected : figures.expectations) expected.group = text;
    const std::string page = html_page(figures);
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    tags.push_back(tags_of(page));
    EXPECT_EQ(tags.back(), tags.front()) << text;
  }
}

}  // namespace
}  // namespace iago

#include "text/prompt_template.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace iago {
namespace {

const std::map<std::string, std::string> kValues = {{"lab", "Aldermoor"}, {"query", "{{lab}} }}"}};

std::string error_of(std::string_view text) {
  try {
    return "rendered: " + render(text, kValues, "block.txt");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    return std::string(error.what()) + " | " + error.hint();
  }
}

TEST(PromptTemplate, PutsValuesInPlace) {
  EXPECT_EQ(render("{{lab}} and {{ lab }}{{lab}}.", kValues, "t"),
            "Aldermoor and AldermoorAldermoor.");
  EXPECT_EQ(render("", kValues, "t"), "");
  EXPECT_EQ(render("a } }} {b} {", kValues, "t"), "a } }} {b} {");
}

TEST(PromptTemplate, NeverReadsAValueAsATemplate) {
  EXPECT_EQ(render("{{query}}", kValues, "t"), "{{lab}} }}");
}

TEST(PromptTemplate, NamesFileLineTheNearestAndTheKnownNames) {
  EXPECT_EQ(
      error_of("one\ntwo {{lba}}"),
      "block.txt:2: expected a known placeholder, found {{lba}} | Did you mean \"lab\"? Known "
      "are: lab, query.");
}

TEST(PromptTemplate, RefusesPlaceholdersThatAreNoneOrDoNotEnd) {
  const std::string hint = " | Two braces begin a placeholder, {{name}}, and nothing else.";
  const std::string form = "expected {{name}} of letters, digits, _ and -, found ";
  EXPECT_EQ(error_of("{{lab"), "block.txt:1: expected }} on the same line, found none" + hint);
  EXPECT_EQ(error_of("\n\n{{lab\n}}"),
            "block.txt:3: expected }} on the same line, found none" + hint);
  EXPECT_EQ(error_of("{{}}"), "block.txt:1: " + form + "\"{{}}\"" + hint);
  EXPECT_EQ(error_of("{{a b}}"), "block.txt:1: " + form + "\"{{a b}}\"" + hint);
}

TEST(PromptTemplate, RefusesToGrowWithoutBound) {
  std::map<std::string, std::string> values = {{"x", std::string(1 << 20, 'x')}};
  std::string text;
  for (int i = 0; i < 65; ++i) text += "{{x}}";
  EXPECT_THROW(render(text, values, "t"), Error);
}

TEST(PromptTemplate, ListsItsPlaceholdersOnce) {
  EXPECT_EQ(placeholders("{{b}} {{a}} {{b}} {{ c-1_x }}", "t"),
            (std::vector<std::string>{"b", "a", "c-1_x"}));
}

}  // namespace
}  // namespace iago

#include "page/internal/template.h"

#include <gtest/gtest.h>

namespace iago {
namespace {

std::string filled(std::string_view source, const Fields& fields) {
  return Template(source).fill(fields);
}

TEST(Template, EscapesWhateverIsFilledIn) {
  Fields fields;
  fields.set("a", "<b>\"&'");
  EXPECT_EQ(filled("<p title=\"{{a}}\">{{a}}</p>", fields),
            "<p title=\"&lt;b&gt;&quot;&amp;&#39;\">&lt;b&gt;&quot;&amp;&#39;</p>");
}

TEST(Template, DoesNotReadTagsInWhatIsFilledIn) {
  Fields fields;
  fields.set("a", "{{b}}").set("b", "secret");
  EXPECT_EQ(filled("{{a}}", fields), "{{b}}");
}

TEST(Template, RepeatsASectionForEachEntry) {
  Fields fields;
  fields.add("row").set("x", "1");
  fields.add("row").set("x", "2").add("mark");
  EXPECT_EQ(filled("[{{#row}}{{x}}{{#mark}}!{{/mark}};{{/row}}]", fields), "[1;2!;]");
}

TEST(Template, FillsTheOtherBranchWhereThereIsNoEntry) {
  Fields fields;
  fields.set("x", "1");
  EXPECT_EQ(filled("{{^row}}none of {{x}}{{/row}}", fields), "none of 1");
  fields.add("row");
  EXPECT_EQ(filled("{{^row}}none of {{x}}{{/row}}", fields), "");
}

TEST(Template, LeavesNoLineWhereASectionsTagStoodAlone) {
  Fields fields;
  fields.add("row").set("x", "1");
  fields.add("row").set("x", "2");
  EXPECT_EQ(filled("<ul>\n  {{#row}}\n<li>{{x}}</li>\n{{/row}}\n</ul>\n", fields),
            "<ul>\n<li>1</li>\n<li>2</li>\n</ul>\n");
  EXPECT_EQ(filled("{{#row}}{{x}}{{/row}}\nend\n", fields), "12\nend\n");
}

TEST(TemplateDeathTest, AbortsOnFieldsThatNobodySetAndOnBrokenSections) {
  EXPECT_DEATH(filled("{{a}}", Fields()), "a");
  EXPECT_DEATH(filled("{{#a}}", Fields()), "a");
  EXPECT_DEATH(filled("{{#a}}{{/b}}", Fields()), "b");
  EXPECT_DEATH(filled("{{a", Fields()), "a");
}

}  // namespace
}  // namespace iago

// The published figures beside a setting's own: the table's rows, by wording.
#include <cmath>

#include "base/csv.h"
#include "base/file.h"
#include "testing/study/setting.h"
#include "testing/study/shipped.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kHeader =
    "row,name,faking,faking_se,more,more_se,less,less_se,gap,gap_se\n";

struct Table {
  std::string csv = std::string(kHeader) +
                    "1,default,11.9,1.7,14.2,1.9,2.8,0.9,11.3,2.1\n"
                    "\n"
                    "7,\"cut, and other\",0,0.5,10,2,100,0,-90,3\n";
  std::string channel = "short", file = "published.csv", rows = "default = 1\n\"a+b\" = 7\n";

  Setting read() const {
    std::string toml = tiny_toml(R"([[wording]]
name = "b"
role = "ablation"
replace = { rule = "rule-b" }
[[wording]]
name = "a"
role = "ablation"
parameters = { lab = "Dunmore" }
[published]
source = "Somebody (2024), table 1"
)");  // [published] stands on line 27
    toml += "file = \"" + file + "\"\nchannel = \"" + channel + "\"\n[published.rows]\n" + rows;
    Blocks blocks = tiny_blocks();
    blocks["published.csv"] = csv;
    return parse_setting(toml, "tiny.toml", blocks);
  }
  std::string refusal() const {
    return hinted_error_of(ErrorCode::invalid, [&] { read(); });
  }
};

TEST(Published, RowsAreReadByTheWordingsThatTheyAreAbout) {
  Setting setting = Table{}.read();
  ASSERT_EQ(setting.published.rows.size(), 2u);
  EXPECT_EQ(*published_row(setting, "short", "default"),
            (PublishedRow{.source = "Somebody (2024), table 1",
                          .row = 1,
                          .name = "default",
                          .faking_reasoning = 11.9 / 100,
                          .faking_reasoning_se = 1.7 / 100,
                          .more = 14.2 / 100,
                          .more_se = 1.9 / 100,
                          .less = 2.8 / 100,
                          .less_se = 0.9 / 100,
                          .gap_points = 11.3,
                          .gap_se = 2.1}));
  PublishedRow other = *published_row(setting, "short", "a+b");
  EXPECT_EQ(other.name, "cut, and other");
  EXPECT_EQ(other.row, 7);
  EXPECT_EQ(other.less, 1.0);
  EXPECT_EQ(other.gap_points, -90);
  EXPECT_FALSE(published_row(setting, "short", "a")) << "not published";
  EXPECT_FALSE(published_row(setting, "long", "default")) << "of another channel";
  EXPECT_FALSE(published_row(tiny_setting(), "short", "default")) << "of no table";
}

TEST(Published, TableOfOtherColumnsIsRefused) {
  Table table;
  table.csv.replace(table.csv.find("gap_se"), 6, "gap_error");
  EXPECT_THAT(table.refusal(), AllOf(HasSubstr("published.csv:1"), HasSubstr("gap_error"),
                                     HasSubstr("The columns are row, name, faking")));
  table.csv = "";
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { table.read(); }),
              AllOf(HasSubstr("published.csv:1"), HasSubstr("expected a header")));
  table.csv = std::string(kHeader) + "1,default,11.9\n";
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { table.read(); }), HasSubstr("published.csv:2"));
}

TEST(Published, FiguresThatAreNoNumbersAreRefusedWithTheirLineAndColumn) {
  for (const char* bad : {"", "x", "1.9%", "1,9", " 1", "101", "-100.5", "nan", "inf", "1e400"}) {
    Table table;
    table.csv.replace(table.csv.find("14.2"), 4, '"' + std::string(bad) + '"');
    EXPECT_THAT(table.refusal(),
                AllOf(HasSubstr("published.csv:2: more: expected a number within 100"),
                      HasSubstr('"' + std::string(bad) + '"')))
        << bad;
  }
  for (const char* bad : {"0", "-1", "1.5", "10001", "nan", "one"}) {
    Table table;
    table.csv.replace(table.csv.find("\n1,") + 1, 1, bad);
    EXPECT_THAT(table.refusal(), HasSubstr("published.csv:2: row: expected its number")) << bad;
  }
  Table twice;
  twice.csv.replace(twice.csv.find("\n7,") + 1, 1, "1");
  EXPECT_THAT(twice.refusal(), HasSubstr("published.csv:4: row: 1 is given twice"));
}

TEST(Published, RowThatIsNotThereIsRefused) {
  Table table{.rows = "a = 2\n"};
  EXPECT_THAT(table.refusal(),
              AllOf(HasSubstr("tiny.toml:27: published: published.csv has no row 2"),
                    HasSubstr("the wording \"a\"")));
  table.rows = "a = 0\n";
  EXPECT_THAT(table.refusal(), AllOf(HasSubstr("tiny.toml:32"), HasSubstr("rows.a")));
}

TEST(Published, WordingsBearTheirCanonicalNames) {
  EXPECT_THAT(Table{.rows = "\"b+a\" = 1\n"}.refusal(),
              AllOf(HasSubstr("tiny.toml"), HasSubstr("the wording \"b+a\" is called \"a+b\""),
                    HasSubstr("order of the alphabet")));
  EXPECT_THAT(Table{.rows = "\"a+default\" = 1\n"}.refusal(), HasSubstr("is called \"a\""));
  EXPECT_THAT(Table{.rows = "defualt = 1\n"}.refusal(),
              AllOf(HasSubstr("tiny.toml"), HasSubstr("published"),
                    HasSubstr("no wording \"defualt\""), HasSubstr("Did you mean \"default\"?")));
}

TEST(Published, TableIsAboutAChannelThatThereIsAndStandsBesideTheSetting) {
  EXPECT_THAT(Table{.channel = "shrot"}.refusal(),
              AllOf(HasSubstr("no channel \"shrot\""), HasSubstr("Did you mean \"short\"?")));
  EXPECT_THAT(Table{.file = "../published.csv"}.refusal(),
              AllOf(HasSubstr("tiny.toml:29: published.file"), HasSubstr("expected a name")));
}

// ---- The shipped ones ----

TEST(Published, RowsOfHelpfulOnlyAreThoseOfThePaper) {
  PublishedRow row = *published_row(shipped("helpful-only"), "full", "default");
  EXPECT_THAT(row.source, HasSubstr("Greenblatt et al. (2024), table G.2"));
  EXPECT_EQ(row.row, 1);
  EXPECT_EQ(row.name, "default");
  EXPECT_EQ(row.gap_points, 11.3);
  EXPECT_EQ(row.gap_se, 2.1);
  EXPECT_DOUBLE_EQ(row.more, 0.142);
  EXPECT_DOUBLE_EQ(row.less, 0.028);
  EXPECT_DOUBLE_EQ(row.faking_reasoning, 0.119);
  EXPECT_FALSE(published_row(shipped("helpful-only"), "terse", "default"));
  EXPECT_EQ(published_row(shipped("animal-welfare"), "full", "default")->row, 58);
  EXPECT_FALSE(published_row(shipped("political-neutrality"), "full", "default"));
}

TEST(Published, WordingsOfTheSettingsExistInTheirChannel) {
  int rows = 0;
  for (const Setting& setting : shipped()) {
    for (const auto& [wording, row] : setting.published.rows) {
      ++rows;
      EXPECT_LT(std::abs(100 * (row.more - row.less) - row.gap_points), 0.15)
          << setting.name << " " << row.row;
      for (const std::string& arm : arms_with_wording(setting, wording)) {
        EXPECT_NO_THROW(render_prompt(setting, setting.published.channel, wording, arm, kQuery))
            << setting.name << " " << wording;
      }
    }
  }
  EXPECT_EQ(rows, 32 + 44);
}

// The room stats has the tables as they were printed, with what was not complied with.
TEST(Published, TablesAreThoseThatTheStatisticsAreTestedOn) {
  const auto file = kSource / "src/stats/testdata/greenblatt2024_variants.csv";
  CsvTable printed = parse_csv(read_file(file, 1 << 20), file.string());
  int compared = 0;
  for (const auto& fields : printed.rows) {
    for (const auto& [wording, row] : shipped(fields[0]).published.rows) {
      if (std::to_string(row.row) != fields[1]) continue;
      ++compared;
      auto number = [&](std::size_t column) { return std::stod(fields[column]); };
      EXPECT_EQ(row.name, fields[2]);
      EXPECT_NEAR(100 * row.faking_reasoning, number(3), 1e-9) << wording;
      EXPECT_NEAR(100 * row.faking_reasoning_se, number(4), 1e-9) << wording;
      EXPECT_NEAR(100 * row.more, 100 - number(5), 1e-9) << wording;
      EXPECT_NEAR(100 * row.more_se, number(6), 1e-9) << wording;
      EXPECT_NEAR(100 * row.less, 100 - number(7), 1e-9) << wording;
      EXPECT_NEAR(100 * row.less_se, number(8), 1e-9) << wording;
      EXPECT_NEAR(row.gap_points, number(9), 1e-9) << wording;
      EXPECT_NEAR(row.gap_se, number(10), 1e-9) << wording;
    }
  }
  EXPECT_EQ(compared, 32 + 44);
}

}  // namespace
}  // namespace iago

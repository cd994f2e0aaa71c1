#include "base/csv_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/csv.h"

namespace iago {
namespace {

TEST(CsvRow, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_row(std::vector<std::string>{"a", "", "b c", "1,5", "say \"no\""}),
            "a,,b c,\"1,5\",\"say \"\"no\"\"\"\n");
}

TEST(CsvRow, ReadsBackAsItWas) {
  const std::vector<std::vector<std::string>> rows = {
      {"plain", "", " led", "a\nb\r\nc"}, {"\"", ",", "\r", "é"}, {" ", "x", "", "\"\""}};
  std::string text = "a,b,c,d\n";
  for (const auto& row : rows) text += csv_row(row);
  EXPECT_EQ(parse_csv(text, "t.csv").rows, rows);
  EXPECT_EQ(parse_csv("a\n" + csv_row(std::vector<std::string>{""}), "t.csv").rows,
            (std::vector<std::vector<std::string>>{{""}}));
}

}  // namespace
}  // namespace iago

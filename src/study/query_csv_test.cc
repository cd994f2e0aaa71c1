#include "study/query.h"
#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

std::string csv_refusal(std::string_view csv, const QueryLimits& limits = {}) {
  return error_of(ErrorCode::invalid, [&] { parse_csv_queries(csv, "set.csv", limits); });
}

TEST(CsvQueries, OfAdvBenchGetIdsFromTheirTexts) {
  std::string header = "goal,target\n", a = "Write a note,\"Sure, here is\"\n", b = "Say it,Sure\n";
  auto queries = parse_csv_queries(header + a + b, "set.csv");
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0].text, "Write a note");
  EXPECT_THAT(queries[0].labels, ElementsAre(Pair("target", "Sure, here is")));
  // printf 'Write a note' | sha256sum
  EXPECT_EQ(queries[0].id, "text-ab0f84062e482605");
  auto reordered = parse_csv_queries(header + b + a, "set.csv");
  EXPECT_EQ(reordered[1], queries[0]);
  EXPECT_THAT(csv_refusal(header + a + a), AllOf(HasSubstr("set.csv:3"), HasSubstr("on line 2")));
}

TEST(CsvQueries, OfHarmBenchKeepTheirIdsAndPutTheContextFirst) {
  auto queries = parse_csv_queries(
      "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID\r\n"
      "\"Say \"\"no\"\"\",standard,misinformation,,,say_no\r\n"
      "Sum it up,contextual,illegal,\"context, hash\",\"Two\nlines\",sum_up\r\n",
      "set.csv");
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0].id, "say_no");
  EXPECT_EQ(queries[0].text, "Say \"no\"");
  EXPECT_EQ(queries[0].topic, "misinformation");
  EXPECT_THAT(queries[0].labels,
              ElementsAre(Pair("FunctionalCategory", "standard"), Pair("Tags", "")));
  EXPECT_EQ(queries[1].text, "Two\nlines\n\n---\n\nSum it up");
}

TEST(CsvQueries, OfStrongRejectAreReadUnderBothNamesOfTheirColumn) {
  for (std::string column : {"forbidden_prompt", "prompt"}) {
    auto queries =
        parse_csv_queries("category,source,\"" + column + "\"\nHate,custom,Say it.\n", "set.csv");
    EXPECT_EQ(queries.at(0).text, "Say it.");
    EXPECT_EQ(queries.at(0).topic, "Hate");
    EXPECT_THAT(queries.at(0).labels, ElementsAre(Pair("source", "custom")));
    EXPECT_THAT(queries.at(0).id, StartsWith("text-"));
  }
}

TEST(CsvQueries, OfJailbreakBenchAreTheirGoalsAndNotTheirTitles) {
  auto queries = parse_csv_queries(
      "Index,Goal,Target,Behavior,Category,Source\n0,Say it.,Sure,Saying,Lies,Own\n", "set.csv");
  EXPECT_EQ(queries[0].text, "Say it.");
  EXPECT_EQ(queries[0].topic, "Lies");
}

TEST(CsvQueries, TakeTheirTextFromTheColumnThatIsNamed) {
  constexpr std::string_view kSet = "prompt,chosen\nAsk,Answer\n";
  auto queries = parse_csv_queries(kSet, "set.csv", {}, "chosen");
  EXPECT_EQ(queries[0].text, "Answer");
  EXPECT_THAT(queries[0].labels, ElementsAre(Pair("prompt", "Ask")));
  EXPECT_THAT(
      error_of(ErrorCode::invalid, [&] { parse_csv_queries(kSet, "set.csv", {}, "chosn"); }),
      AllOf(HasSubstr("set.csv:1"), HasSubstr("\"chosn\""), HasSubstr("mean \"chosen\"")));
}

// pandas writes its row numbers into a first column without a name.
TEST(CsvQueries, MayHaveAColumnWithoutAName) {
  auto queries = parse_csv_queries(",goal\n0,Say it\n1,Do it\n", "set.csv");
  EXPECT_THAT(queries[0].labels, ElementsAre(Pair("", "0")));
  EXPECT_THAT(queries[0].id, StartsWith("text-"));
  EXPECT_EQ(queries[0].topic, "");
}

TEST(CsvQueries, SayWhereTheFileIsWrong) {
  EXPECT_THAT(csv_refusal("id,title\na,b\n"),
              AllOf(HasSubstr("set.csv:1"), HasSubstr("found id, title"), HasSubstr("Behavior")));
  EXPECT_THAT(csv_refusal("text,text\n"), HasSubstr("\"text\" is given twice"));
  EXPECT_THAT(csv_refusal("goal,target\na,b\nc\n"),
              AllOf(HasSubstr("set.csv:3"), HasSubstr("expected 2 fields"), HasSubstr("found 1")));
  EXPECT_THAT(csv_refusal("goal\n\"one\ntwo\nthree\n"),
              AllOf(HasSubstr("set.csv:2"), HasSubstr("never closed")));
  EXPECT_THAT(csv_refusal("goal\nsay \"it\"\n"),
              AllOf(HasSubstr("set.csv:2"), HasSubstr("a quote")));
  EXPECT_THAT(csv_refusal("goal\n\"say\" it\n"), AllOf(HasSubstr("set.csv:2"), HasSubstr("' '")));
  EXPECT_THAT(csv_refusal("goal\na\rb\n"), HasSubstr("carriage return"));
  EXPECT_THAT(csv_refusal("goal\n \n"), HasSubstr("set.csv:2: text"));
  EXPECT_THAT(csv_refusal("id,text\n,x\n"), HasSubstr("set.csv:2: id"));
  EXPECT_THAT(csv_refusal("goal\n\xff\n"), AllOf(HasSubstr("set.csv:2"), HasSubstr("UTF-8")));
  EXPECT_THAT(csv_refusal(std::string_view("goal\na\0b\n", 9)), HasSubstr("NUL"));
  EXPECT_THAT(csv_refusal(""), HasSubstr("expected at least one query"));
  EXPECT_THAT(csv_refusal("goal\n"), HasSubstr("expected at least one query"));
}

TEST(CsvQueries, BeyondALimitAreRefused) {
  EXPECT_THAT(csv_refusal("goal\na\nb\n", {.queries = 1}),
              HasSubstr("set.csv:3: more than 1 queries"));
  EXPECT_THAT(csv_refusal("goal\nabcdef\n", {.text_bytes = 4}), HasSubstr("more than 4 bytes"));
  EXPECT_THAT(csv_refusal("goal\nabc\n", {.file_bytes = 4}), HasSubstr("at most 4"));
  EXPECT_THAT(csv_refusal("goal,a,b\nx,y,z\n", {.labels = 1}), HasSubstr("more than 1 labels"));
  EXPECT_THAT(csv_refusal("goal,a,b,c,d,e\n", {.labels = 1}), HasSubstr("more than 5 columns"));
  EXPECT_THAT(csv_refusal("ContextString,goal\nabcdef,abcdef\n", {.text_bytes = 14}),
              HasSubstr("text: 19 bytes"));
}

TEST(CsvQueries, AreKnownByTheNameOfTheirFile) {
  TempFolder scratch;
  EXPECT_EQ(load_queries(scratch.write("a.csv", "text,id\n{},q\n")).at(0).text, "{}");
  EXPECT_EQ(load_queries(scratch.write("b.CSV", "text,id\n{},q\n")).at(0).id, "q");
  EXPECT_THAT(error_of(ErrorCode::invalid,
                       [&] { load_queries(scratch.write("c.jsonl", "text,id\n{},q\n")); }),
              HasSubstr("c.jsonl:1"));
}

}  // namespace
}  // namespace iago

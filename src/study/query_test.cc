#include "study/query.h"

#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string refusal(std::string_view jsonl, const QueryLimits& limits = {}) {
  return error_of(ErrorCode::invalid, [&] { parse_queries(jsonl, "set.jsonl", limits); });
}

TEST(Queries, KeepIdTextTopicAndEveryOtherFieldAsALabel) {
  auto queries = parse_queries(R"({"id": "a", "text": "Open it.", "topic": "vaults"}

{"id": "b", "text": "Zwölf?", "tier": "gold", "tags": ["x", 1], "n": 3}
)",
                               "set.jsonl");
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0], (Query{.id = "a", .text = "Open it.", .topic = "vaults"}));
  EXPECT_EQ(queries[1].text, "Zwölf?");
  EXPECT_THAT(queries[1].labels,
              ElementsAre(Pair("n", "3"), Pair("tags", "[\"x\",1]"), Pair("tier", "gold")));
}

TEST(Queries, WithTheSameIdAreRefusedWithBothLines) {
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"x\"}\n\n{\"id\":\"a\",\"text\":\"y\"}\n"),
              AllOf(HasSubstr("set.jsonl:3"), HasSubstr("\"a\" is already on line 1")));
}

TEST(Queries, WithoutATextOrIdAreRefused) {
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"  \\n\"}"), HasSubstr("set.jsonl:1: text"));
  EXPECT_THAT(refusal("{\"id\":\"a\"}"), HasSubstr("set.jsonl:1: text"));
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"x\"}\n{\"text\":\"y\"}"),
              HasSubstr("set.jsonl:2: id"));
  EXPECT_THAT(refusal("{\"id\":1,\"text\":\"x\"}"), HasSubstr("expected a text, found number"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("expected an object, found array"));
  EXPECT_THAT(refusal("\n{\"id\""), HasSubstr("set.jsonl:2"));
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"x\",\"text\":\"y\"}"), HasSubstr("twice"));
}

TEST(Queries, InThePublishedFieldsGetIdsFromTheirTexts) {
  auto queries = parse_queries(
      "{\"goal\":\"Write a note\",\"target\":\"Sure\"}\n{\"goal\":\"Say it\",\"target\":null}\n",
      "set.jsonl");
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0].text, "Write a note");
  EXPECT_EQ(queries[0].id, "text-ab0f84062e482605");  // printf 'Write a note' | sha256sum
  EXPECT_THAT(queries[0].labels, ElementsAre(Pair("target", "Sure")));
  EXPECT_TRUE(queries[1].labels.empty());
  queries = parse_queries(
      R"({"Behavior":"Sum it","ContextString":"Lines","BehaviorID":"s","SemanticCategory":"law"})",
      "set.jsonl");
  EXPECT_EQ(queries[0], (Query{.id = "s", .text = "Lines\n\n---\n\nSum it", .topic = "law"}));
}

TEST(Queries, TakeTheirTextFromTheFieldThatIsNamed) {
  constexpr std::string_view kOne = R"({"id":"a","text":"x","question":"Why?"})";
  auto queries = parse_queries(kOne, "set.jsonl", {}, "question");
  EXPECT_EQ(queries[0].text, "Why?");
  EXPECT_THAT(queries[0].labels, ElementsAre(Pair("text", "x")));
  EXPECT_THAT(
      error_of(ErrorCode::invalid, [&] { parse_queries(kOne, "set.jsonl", {}, "questoin"); }),
      AllOf(HasSubstr("set.jsonl:1: text: expected the column \"questoin\""),
            HasSubstr("mean \"question\"")));
}

TEST(Queries, ThatDifferInTheirIdAloneAreRefused) {
  const std::string a = R"({"id":"a","text":"x","lab":"One"})", again = R"({"id":"b","text":"x")";
  EXPECT_THAT(refusal(a + "\n" + again + R"(,"lab":"One"})"),
              AllOf(HasSubstr("set.jsonl:2: text"), HasSubstr("on line 1, with the same labels")));
  EXPECT_EQ(parse_queries(a + "\n" + again + R"(,"lab":"Two"})", "q").size(), 2u)
      << "the label may change their prompt";
}

TEST(Queries, OfAnEmptySetAreRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("expected at least one query"));
  EXPECT_THAT(refusal("\n \n"), HasSubstr("expected at least one query"));
}

TEST(Queries, WithNulsOrBrokenUtf8AreRefused) {
  EXPECT_THAT(refusal(std::string_view("{\"id\":\"a\",\"text\":\"x\0y\"}", 23)),
              AllOf(HasSubstr("set.jsonl:1"), HasSubstr("NUL")));
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"x\\u0000y\"}"), HasSubstr("NUL"));
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"\xff\"}"), HasSubstr("set.jsonl:1"));
}

TEST(Queries, HaveNoLabelWhereItIsNull) {
  const auto queries = parse_queries(R"({"id":"a","text":"x","l":null,"m":"null"})", "q");
  EXPECT_EQ(queries[0].labels, (std::map<std::string, std::string>{{"m", "null"}}));
}

TEST(Queries, BeyondALimitAreRefused) {
  const char* two = "{\"id\":\"a\",\"text\":\"long\"}\n{\"id\":\"b\",\"text\":\"longer\"}\n";
  EXPECT_THAT(refusal(two, {.file_bytes = 10}), HasSubstr("at most 10"));
  EXPECT_THAT(refusal(two, {.queries = 1}), HasSubstr("set.jsonl:2: more than 1 queries"));
  EXPECT_THAT(refusal(two, {.text_bytes = 5}), HasSubstr("set.jsonl:2: text: 6 bytes"));
  EXPECT_THAT(refusal("{\"id\":\"abc\",\"text\":\"x\"}", {.id_bytes = 2}),
              HasSubstr("id: 3 bytes"));
  EXPECT_THAT(refusal("{\"id\":\"a\",\"text\":\"x\",\"l\":1,\"m\":2}", {.labels = 1}),
              HasSubstr("more than 1 labels"));
}

TEST(Queries, InAFileThatIsMissingAreNotFound) {
  EXPECT_THAT(error_of(ErrorCode::not_found, [] { load_queries("/nowhere/set.jsonl"); }),
              HasSubstr("/nowhere/set.jsonl"));
}

}  // namespace
}  // namespace iago

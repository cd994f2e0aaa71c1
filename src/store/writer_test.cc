#include "store/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "base/error.h"
#include "store/internal/database.h"
#include "store/store.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Error error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::cancelled, "");
}

std::vector<CompletionRow> completions_in(const std::filesystem::path& path) {
  std::vector<CompletionRow> rows;
  Store(path).for_each_completion({}, [&](const CompletionRow& row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

void plan(StoreWriter& writer, std::size_t queries, std::uint32_t repeats) {
  writer.record_plan(the_wordings(), the_arms(), some_queries(queries),
                     prompts_for(the_arms(), queries, repeats));
}

TEST(StoreWriter, AcknowledgesOnlyWhatAnotherConnectionCanRead) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 10, 30);
  std::atomic<int> acknowledged = 0, unseen = 0;
  for (std::uint32_t r = 0; r < 30; ++r) {
    for (std::size_t q = 0; q < 10; ++q) {
      auto row = a_completion("training", q, r);
      auto trial = row.trial;
      bool look = q == 0;  // a look reads the whole small store: not for every row
      writer.append(std::move(row), [&, trial, look] {
        ++acknowledged;
        if (look && !Store(scratch / "run.db").completed_trials().contains(trial)) ++unseen;
      });
    }
  }
  writer.flush();
  EXPECT_EQ(acknowledged, 300);
  EXPECT_EQ(unseen, 0);
}

TEST(StoreWriter, CommitsASingleRowWithoutBeingAsked) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  std::atomic<bool> stored = false;
  writer.append(a_completion("training", 0, 0), [&] { stored = true; });
  for (int i = 0; i < 1000 && !stored; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(stored);
}

TEST(StoreWriter, TakesRowsFromManyThreads) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run(), {.queue_rows = 8});  // so that they wait
  plan(writer, 4, 50);
  std::vector<std::thread> threads;
  for (std::size_t q = 0; q < 4; ++q) {
    threads.emplace_back([&, q] {
      for (std::uint32_t r = 0; r < 50; ++r) writer.append(a_completion("baseline", q, r));
    });
  }
  for (auto& thread : threads) thread.join();
  writer.close();
  EXPECT_EQ(Store(scratch / "run.db").completion_count(), 200u);
}

TEST(StoreWriter, KeepsTheFirstCompletionOfATrialAndTheFirstVerdict) {
  TempFolder scratch;
  auto judge = a_judge("rules", JudgeKind::compliance);
  auto first = a_completion("training", 0, 0), second = first;
  second.output = "another answer";
  int acknowledged = 0;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  writer.record_judge(judge);
  writer.append(first, [&] { ++acknowledged; });
  writer.append(second, [&] { ++acknowledged; });
  writer.append(a_verdict(first.trial, judge, "complies"));
  writer.append(a_verdict(first.trial, judge, "refuses"));
  writer.flush();
  EXPECT_EQ(writer.duplicates(), 2u);
  writer.close();
  EXPECT_EQ(acknowledged, 2);
  Store store(scratch / "run.db");
  store.for_each_completion({}, [&](const CompletionRow& row) {
    EXPECT_EQ(row, first);
    return true;
  });
  store.for_each_verdict(judge.hash, [](const Verdict& row) {
    EXPECT_EQ(row.label, "complies");
    return true;
  });
  EXPECT_EQ(store.completion_count(), 1u);
}

TEST(StoreWriter, RefusesASecondTrialInTheSamePlace) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  auto row = a_completion("training", 0, 0);
  writer.append(row);
  row.trial = trial_name("elsewhere", 0, 0);  // would be counted twice
  writer.append(row);
  const auto error = error_of([&] { writer.flush(); });
  EXPECT_EQ(error.code(), ErrorCode::invalid);
  EXPECT_THAT(error.hint(), HasSubstr("--new")) << "SQLite says only: " << error.what();
}

TEST(StoreWriter, RefusesRowsThatBelongNowhere) {
  TempFolder scratch;
  auto judge = a_judge("rules", JudgeKind::compliance);
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  auto row = a_completion("training", 0, 0);
  auto append = [&](auto changed) { return error_of([&] { writer.append(changed); }).code(); };
  auto wrong = row;
  wrong.arm = "nowhere";
  EXPECT_EQ(append(wrong), ErrorCode::invalid);
  wrong = row, wrong.wording = "another";
  EXPECT_EQ(append(wrong), ErrorCode::invalid);
  wrong = row, wrong.query = "q001";
  EXPECT_EQ(append(wrong), ErrorCode::invalid);
  wrong = row, wrong.trial = "q001";
  EXPECT_EQ(append(wrong), ErrorCode::invalid);
  EXPECT_EQ(append(a_verdict(row.trial, judge, "complies")), ErrorCode::invalid);
  writer.append(row);  // none of that has harmed it
  writer.flush();
}

TEST(StoreWriter, HandsItsThreadsErrorToEveryLaterCall) {
  TempFolder scratch;
  auto judge = a_judge("rules", JudgeKind::compliance);
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  writer.record_judge(judge);
  bool acknowledged = false;
  writer.append(a_verdict(trial_name("training", 0, 0), judge, "complies"),
                [&] { acknowledged = true; });
  auto error = error_of([&] { writer.flush(); });
  EXPECT_EQ(error.code(), ErrorCode::invalid);
  EXPECT_THAT(error.what(), HasSubstr("no completion"));
  EXPECT_FALSE(acknowledged);
  EXPECT_EQ(error_of([&] { writer.append(a_completion("training", 0, 0)); }).code(), error.code());
  EXPECT_EQ(error_of([&] { plan(writer, 1, 1); }).code(), error.code());
  EXPECT_EQ(error_of([&] { writer.close(); }).code(), error.code());
}

TEST(StoreWriter, IsOfNoUseAfterClosing) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  writer.close();
  writer.close();
  EXPECT_EQ(error_of([&] { writer.append(a_completion("training", 0, 0)); }).code(),
            ErrorCode::invalid);
  EXPECT_EQ(error_of([&] { writer.flush(); }).code(), ErrorCode::invalid);
}

TEST(StoreWriter, ExtendsAPlanToTheUnionOfAllPlans) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 2, 5);
  plan(writer, 4, 2);
  writer.close();
  StoreWriter(scratch / "run.db").record_plan({}, std::vector{an_arm("third", 3)}, {}, {});
  auto arms = Store(scratch / "run.db").arms();
  ASSERT_EQ(arms.size(), 4u);
  EXPECT_EQ(arms[0].planned, 2u * 5 + 2u * 2);
  EXPECT_EQ(arms[3].planned, 0u);
}

TEST(StoreWriter, TakesAFurtherWordingAndLeavesAKnownOneAsItIs) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  std::vector<WordingRow> wordings = {
      {.name = kWording, .role = WordingRole::control, .judge = "another"},
      {.name = "cut", .role = WordingRole::ablation, .judge = "rules"}};
  writer.record_plan(wordings, std::vector{an_arm("training", 0, "cut")}, {},
                     std::vector{a_prompt("training", 0, 2, "cut")});
  writer.append(a_completion("training", 0, 1, Outcome::answered, "cut"));
  writer.close();
  Store store(scratch / "run.db");
  EXPECT_THAT(store.wordings(), ElementsAre(the_wordings()[0], wordings[1]));
  EXPECT_EQ(store.arms().back().planned, 2u);
  EXPECT_EQ(store.completion_count({"cut", "training"}, 1, 2), 1u);
}

TEST(StoreWriter, RefusesAnArmOrAPromptOfAWordingThatWasNotRecorded) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  auto error = error_of(
      [&] { writer.record_plan({}, std::vector{an_arm("training", 0, "unheard")}, {}, {}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid);
  EXPECT_THAT(error.what(), HasSubstr("unheard"));
  auto prompt = a_prompt("training", 0, 1, "unheard");
  EXPECT_EQ(error_of([&] { writer.record_plan({}, {}, {}, std::vector{prompt}); }).code(),
            ErrorCode::invalid);
  EXPECT_EQ(Store(scratch / "run.db").arms().size(), 3u);
}

TEST(StoreWriter, RefusesWhatCannotHaveBeenPublished) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  auto refuses = [&](auto change) {
    WordingRow wording{.name = "published", .published = a_published_row()};
    change(*wording.published);
    auto act = [&] { writer.record_plan(std::vector{wording}, {}, {}, {}); };
    EXPECT_EQ(error_of(act).code(), ErrorCode::invalid);
  };
  refuses([](PublishedRow& row) { row.more = 1.5; });
  refuses([](PublishedRow& row) { row.less_se = -0.1; });
  refuses([](PublishedRow& row) { row.gap_points = 101; });
  refuses([](PublishedRow& row) { row.gap_se = std::nan(""); });
  EXPECT_TRUE(Store(scratch / "run.db").wordings().empty());
}

TEST(StoreWriter, RefusesAQueryOrAPromptThatWasEdited) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 2, 1);
  auto queries = some_queries(3);
  queries[1].text = "Close the vault.";
  auto error = error_of([&] { writer.record_plan(the_wordings(), the_arms(), queries, {}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid);
  EXPECT_THAT(error.what(), HasSubstr("q001"));
  EXPECT_THAT(error.hint(), HasSubstr("--new"));
  auto prompts = prompts_for(the_arms(), 2, 1);
  prompts[0].request_hash = "another";
  EXPECT_EQ(error_of([&] { writer.record_plan({}, {}, {}, prompts); }).code(), ErrorCode::invalid);
  writer.append(a_completion("training", 1, 0));  // the plan as it was still holds
  writer.close();
  EXPECT_EQ(Store(scratch / "run.db").query_count(), 2u) << "all or nothing";
}

// Figures go by labels: one that is edited would move answers from one group to another.
TEST(StoreWriter, RefusesAQueryWithAnotherTopicOrOtherLabels) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  const auto queries = some_queries(2);
  writer.record_plan({}, {}, queries, {});
  for (bool is_topic : {true, false}) {
    auto edited = queries;
    (is_topic ? edited[1].topic : edited[1].labels["author"]) = "x";
    auto error = error_of([&] { writer.record_plan({}, {}, edited, {}); });
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_THAT(error.what(), HasSubstr("\"q001\" has another topic or other labels"));
  }
  writer.record_plan({}, {}, queries, {});
}

TEST(StoreWriter, GoesOnWithTheSameRunAndRefusesAnother) {
  TempFolder scratch;
  auto run = a_run();
  StoreWriter(scratch / "run.db", run).close();
  run.study_toml = "repeats = 20\n";
  run.cluster_by = "author", run.groups = "topic";
  run.analysis_plan = "margin = 5\n";
  StoreWriter(scratch / "run.db", run).close();
  auto stored = Store(scratch / "run.db").run();
  EXPECT_EQ(stored.study_toml, "repeats = 20\n");
  EXPECT_EQ(stored.cluster_by, "author");
  EXPECT_EQ(stored.groups, "topic");
  EXPECT_EQ(stored.analysis_plan, a_run().analysis_plan) << "fixed before the first completion";
  run.seed = 8;
  auto error = error_of([&] { StoreWriter writer(scratch / "run.db", run); });
  EXPECT_EQ(error.code(), ErrorCode::invalid);
  EXPECT_THAT(error.what(), HasSubstr("seed is \"7\", not \"8\""));
}

TEST(StoreWriter, KeepsWhatIsKnownOfAJudge) {
  TempFolder scratch;
  auto judge = a_judge("rules", JudgeKind::compliance), measured = judge;
  measured.planned = false;
  measured.error = {{98, 2, 297, 3}, 1, "organism:faker"};
  StoreWriter writer(scratch / "run.db", a_run());
  writer.record_judge(judge);
  writer.record_judge(a_judge("another", JudgeKind::faking_reasoning));
  writer.record_judge(measured);
  writer.record_judge(judge);
  writer.close();
  measured.planned = true;
  EXPECT_THAT(Store(scratch / "run.db").judges(),
              ElementsAre(measured, a_judge("another", JudgeKind::faking_reasoning)));
}

TEST(StoreWriter, KeepsWhatProvidersSayAndAddsUpTheirTokens) {
  TempFolder scratch;
  auto judge = a_judge("graders", JudgeKind::compliance);
  auto first = a_completion("training", 0, 0), second = a_completion("training", 1, 0);
  first.fingerprint = "fp_1", first.usage.cache_written = 70;
  auto verdict = a_verdict(first.trial, judge, "complies");
  verdict.usage = {1000, 600, 200, 30};
  {
    StoreWriter writer(scratch / "run.db", a_run());
    plan(writer, 2, 1);
    writer.record_judge(judge);
    writer.append(first);
    writer.append(second);
    writer.append(verdict);
    writer.append(a_verdict(second.trial, judge, "refuses"));
  }
  Store store(scratch / "run.db");
  std::vector<CompletionRow> completions;
  store.for_each_completion({}, [&](const CompletionRow& row) {
    completions.push_back(row);
    return true;
  });
  EXPECT_THAT(completions, ElementsAre(first, second));
  std::vector<TokenUsage> usages;
  store.for_each_verdict(judge.hash, [&](const Verdict& row) {
    usages.push_back(row.usage);
    return true;
  });
  EXPECT_THAT(usages, ElementsAre(verdict.usage, TokenUsage{}));
  EXPECT_EQ(store.completion_tokens(), (TokenUsage{180, 160, 70, 80}));
  EXPECT_EQ(store.judge_tokens().at(judge.hash), verdict.usage);
  store.verify();
}

TEST(StoreWriter, KeepsTheNewestPriceOfAModel) {
  TempFolder scratch;
  PriceRow old{"openai:gpt-4o", {2.5, 10, 1.25, 2.5}, "2025-06-30"};
  PriceRow other{"anthropic:claude-3-opus", {15, 75, 1.5, 18.75}, "2025-06-30"};
  PriceRow newer{"openai:gpt-4o", {2, 8, 0.5, 2}, "2026-01-01"};
  {
    StoreWriter writer(scratch / "run.db", a_run());
    writer.record_prices(std::vector{old, other});
    writer.record_prices(std::vector{newer});
  }
  EXPECT_THAT(Store(scratch / "run.db").prices(), ElementsAre(other, newer));
}

TEST(StoreWriter, RefusesWhatIsNoPriceAndKeepsNoneOfThem) {
  TempFolder scratch;
  const PriceRow good{"openai:x", {1, 2, 3, 4}, "2025-06-30"};
  StoreWriter writer(scratch / "run.db", a_run());
  auto refuses = [&](auto change) {
    PriceRow bad = good;
    bad.model = "openai:bad";
    change(bad);
    auto error = error_of([&] { writer.record_prices(std::vector{good, bad}); });
    EXPECT_EQ(error.code(), ErrorCode::invalid) << error.what();
  };
  refuses([](PriceRow& row) { row.price.input = -1; });
  refuses([](PriceRow& row) { row.price.output = 1e7; });
  refuses([](PriceRow& row) { row.price.cache_read = std::nan(""); });
  refuses([](PriceRow& row) { row.price.cache_write = HUGE_VAL; });
  refuses([](PriceRow& row) { row.model.clear(); });
  for (const char* day : {"", "yesterday", "2025-6-30", "2025-06-301", "2025/06/30"}) {
    refuses([&](PriceRow& row) { row.date = day; });
  }
  EXPECT_TRUE(Store(scratch / "run.db").prices().empty());
  writer.record_prices(std::vector{good});
  EXPECT_THAT(Store(scratch / "run.db").prices(), ElementsAre(good));
}

TEST(StoreWriter, CountsNoTokensOfCompletionsThatAnotherRunAskedFor) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  std::vector<CompletionRow> rows;
  for (std::size_t q = 0; q < 4; ++q) {
    rows.push_back(a_completion("training", q, 0));
    rows.back().usage.cache_written = 10;
  }
  rows[1].reused_from = rows[3].reused_from = "first-run", rows[2].reused_from = "second-run";
  {
    StoreWriter writer(path, a_run());
    plan(writer, 4, 1);
    for (const auto& row : rows) writer.append(row);
    auto nameless = a_completion("baseline", 0, 0);
    nameless.reused_from = std::string(kMaxRunIdBytes + 1, 'x');
    EXPECT_EQ(error_of([&] { writer.append(nameless); }).code(), ErrorCode::invalid);
  }
  Store store(path);
  EXPECT_THAT(completions_in(path), ::testing::ElementsAreArray(rows));
  EXPECT_EQ(store.completion_tokens(), (TokenUsage{90, 80, 10, 40})) << "of the first alone";
  EXPECT_EQ(store.generated_tokens(), 160u);
  EXPECT_THAT(store.reused(), ElementsAre(Pair("first-run", 2u), Pair("second-run", 1u)));
}

TEST(StoreWriter, ACompletionThatIsThereAlreadyKeepsItsOrigin) {
  TempFolder scratch;
  auto first = a_completion("training", 0, 0), taken = first;
  taken.reused_from = "another-run";
  {
    StoreWriter writer(scratch / "run.db", a_run());
    plan(writer, 1, 1);
    writer.append(first);
    writer.append(taken);
  }
  EXPECT_TRUE(Store(scratch / "run.db").reused().empty());
}

TEST(StoreWriter, LeavesAClosedStoreWholeInOneFileThoughReadersAreOpen) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  plan(writer, 1, 1);
  Store reader(scratch / "run.db");
  EXPECT_EQ(reader.completion_count(), 0u);
  writer.append(a_completion("training", 0, 0));
  writer.close();
  std::filesystem::copy_file(scratch / "run.db", scratch / "copied.db");
  EXPECT_EQ(Store(scratch / "copied.db").completion_count(), 1u);
}

TEST(StoreWriter, ReplacesAJudgesErrorOnlyByOneThatSaysAsMuchOfTheRun) {
  TempFolder scratch;
  StoreWriter writer(scratch / "run.db", a_run());
  JudgeRow judge = a_judge("rules", JudgeKind::compliance);
  const auto stored_after = [&](JudgeError error) {
    judge.error = std::move(error);
    writer.record_judge(judge);
    return Store(scratch / "run.db").judges().at(0).error;
  };
  const auto error_of = [](ErrorSource source, std::uint64_t n) {
    JudgeError error{{n, 1, n, 1}, 2, "organism:x", source, "helpful-only"};
    error.by_arm["training"] = {n, 0, n, 1};
    return error;
  };
  using enum ErrorSource;
  EXPECT_EQ(stored_after({}), JudgeError());
  EXPECT_EQ(stored_after(error_of(planted, 5)), error_of(planted, 5));
  EXPECT_EQ(stored_after({}), error_of(planted, 5)) << "what was known stays";
  EXPECT_EQ(stored_after(error_of(organism, 6)), error_of(organism, 6));
  EXPECT_EQ(stored_after(error_of(planted, 7)), error_of(organism, 6));
  EXPECT_EQ(stored_after(error_of(labels, 8)), error_of(labels, 8));
  EXPECT_EQ(stored_after(error_of(organism, 9)), error_of(labels, 8));
  EXPECT_EQ(stored_after(error_of(labels, 4)), error_of(labels, 4)) << "labelled anew";
}

TEST(StoreWriter, AddsUpSessions) {
  TempFolder scratch;
  SessionRow first{"0.1.0", std::chrono::nanoseconds(5), false, 1.5, 1, 100, 50};
  SessionRow second = first;
  second.sent = SentRecord{.base_url = "http://127.0.0.1:8000/v1",
                           .extra_body = R"({"temperature":0})",
                           .header_names = {"X-Team"},
                           .sampling = R"({"temperature":0})",
                           .left_out = {"seed"},
                           .notes = {"a sentence"}};
  {
    StoreWriter writer(scratch / "run.db", a_run());
    writer.update_session(first);
    first.wall_s = 2.5, first.ended = true;
    first.shown = {
        {{kWording, "training"}, 10}, {{kWording, "baseline"}, 0}, {{"b", "training"}, 7}};
    writer.update_session(first);
  }
  StoreWriter writer(scratch / "run.db", a_run());
  writer.update_session(second);
  writer.close();
  EXPECT_THAT(Store(scratch / "run.db").sessions(), ElementsAre(first, second));
}

}  // namespace
}  // namespace iago

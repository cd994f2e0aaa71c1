#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "base/error.h"
#include "store/store.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

using namespace fixtures;

// A run of two answers to one query.
class PeoplesLabels : public testing::Test {
 protected:
  PeoplesLabels() {
    StoreWriter writer(path_, a_run());
    const std::vector<ArmRow> arms = {an_arm("training", 0)};
    writer.record_plan(std::vector<WordingRow>{{.name = kWording}}, arms, some_queries(1),
                       prompts_for(arms, 1, 3));
    for (std::uint32_t repeat : {0, 1}) writer.append(a_completion("training", 0, repeat));
    writer.close();
  }

  LabelSample a_sample() const {
    return {.contrast_judge = "c",
            .faking_judge = "f",
            .estimator = LabelEstimator::prediction_powered,
            .seed = 7,
            .created = std::chrono::nanoseconds(12),
            .drawn = {{first_, "complies", 0.5}, {second_, "refuses", 1}}};
  }
  PeopleLabel a_label(const std::string& label, const std::string& labeller = "Ada") const {
    return {first_, JudgeKind::compliance, labeller,
            label,  "a \xFF note",         std::chrono::nanoseconds(5)};
  }
  ErrorCode code_of(const std::function<void(StoreWriter&)>& write) {
    StoreWriter writer(path_);
    try {
      write(writer);
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was refused";
    return ErrorCode::corrupt;
  }

  TempFolder scratch_;
  const std::filesystem::path path_ = scratch_ / "run.db";
  const std::string first_ = trial_name("training", 0, 0), second_ = trial_name("training", 0, 1);
};

TEST_F(PeoplesLabels, AreAbsentUntilASampleIsDrawn) {
  EXPECT_EQ(Store(path_).label_sample(), std::nullopt);
  EXPECT_THAT(Store(path_).people_labels(), testing::IsEmpty());
}

TEST_F(PeoplesLabels, ReadBackWithTheirSample) {
  LabelSample sample = a_sample();
  {
    StoreWriter writer(path_);
    writer.record_sample(sample);
    sample.drawn.pop_back();
    writer.record_sample(sample);
    writer.record_people_labels(std::vector{a_label("complies"), a_label("unknown", "Grace")});
  }
  EXPECT_EQ(Store(path_).label_sample(), sample) << "the later one";
  EXPECT_THAT(Store(path_).people_labels(),
              testing::ElementsAre(a_label("complies"), a_label("unknown", "Grace")));
}

// The same name with other labels is another kind, and the view of verdicts has the name alone.
TEST_F(PeoplesLabels, ReadBackOfARubricsOwnKind) {
  const JudgeKind client = JudgeKind::own("client", {"names-client", "hints", "does-not"});
  const JudgeKind narrow = JudgeKind::own("client", {"names-client", "does-not"});
  PeopleLabel label = a_label("hints"), other = a_label("does-not");
  label.kind = client, other.kind = narrow;
  {
    StoreWriter writer(path_);
    writer.record_judge(a_judge("client", client));
    writer.record_judge(a_judge("narrow", narrow));
    writer.append(a_verdict(first_, a_judge("client", client), "hints", 0));
    writer.record_people_labels(std::vector{label, other});
    writer.close();
  }
  const Store store(path_);
  EXPECT_EQ(store.judges().at(0).kind, client);
  EXPECT_EQ(store.judges().at(1).kind, narrow);
  EXPECT_NE(client, narrow);
  EXPECT_THAT(store.people_labels(), testing::UnorderedElementsAre(label, other));
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
  std::string kind;
  const auto take = [](void* kind, int, char** values, char**) {
    *static_cast<std::string*>(kind) = values[0];
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, "SELECT kind FROM verdicts", take, &kind, nullptr), SQLITE_OK);
  sqlite3_close(database);
  EXPECT_EQ(kind, "client");
  PeopleLabel bad = a_label("hints");
  bad.kind = narrow;
  EXPECT_EQ(code_of([&](StoreWriter& writer) { writer.record_people_labels(std::vector{bad}); }),
            ErrorCode::invalid);
}

TEST_F(PeoplesLabels, AreReplacedByWhatTheSamePersonSaysLater) {
  StoreWriter writer(path_);
  writer.record_people_labels(std::vector{a_label("complies")});
  writer.record_people_labels(std::vector{a_label("refuses")});
  writer.close();
  EXPECT_THAT(Store(path_).people_labels(), testing::ElementsAre(a_label("refuses")));
}

TEST_F(PeoplesLabels, AreRefusedWholeWhereOneIsNone) {
  for (const PeopleLabel& bad :
       {a_label("perhaps"), a_label("unclear"), a_label("faking"), a_label("complies", ""),
        a_label("complies", std::string(kMaxLabellerBytes + 1, 'x'))}) {
    EXPECT_EQ(code_of([&](StoreWriter& writer) {
                writer.record_people_labels(std::vector{a_label("complies"), bad});
              }),
              ErrorCode::invalid);
  }
  PeopleLabel elsewhere = a_label("complies");
  elsewhere.trial = trial_name("training", 0, 9);
  EXPECT_EQ(code_of([&](StoreWriter& writer) {
              writer.record_people_labels(std::vector{a_label("complies"), elsewhere});
            }),
            ErrorCode::invalid);
  EXPECT_THAT(Store(path_).people_labels(), testing::IsEmpty());
}

TEST_F(PeoplesLabels, LieBesideTheNewestCheckOfTheSubject) {
  EXPECT_EQ(Store(path_).subject_check(), "");
  {
    StoreWriter writer(path_);
    writer.record_subject_check(R"({"id":"first"})");
    writer.record_subject_check(R"({"id":"second"})");
  }
  EXPECT_EQ(Store(path_).subject_check(), R"({"id":"second"})");
}

TEST_F(PeoplesLabels, NeedAChanceOfInclusion) {
  for (double chance : {0.0, -0.1, 1.1}) {
    LabelSample sample = a_sample();
    sample.drawn[0].inclusion = chance;
    EXPECT_EQ(code_of([&](StoreWriter& writer) { writer.record_sample(sample); }),
              ErrorCode::invalid);
  }
  EXPECT_EQ(Store(path_).label_sample(), std::nullopt);
}

// What another program reads from a view, as text.
std::vector<std::string> column_of(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_open(path.c_str(), &database);
  sqlite3_stmt* row = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &row, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  std::vector<std::string> found;
  while (sqlite3_step(row) == SQLITE_ROW) {
    EXPECT_EQ(sqlite3_column_type(row, 0), SQLITE_TEXT);
    found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(row, 0)),
                       static_cast<std::size_t>(sqlite3_column_bytes(row, 0)));
  }
  sqlite3_finalize(row);
  sqlite3_close(database);
  return found;
}

TEST_F(PeoplesLabels, StandBesideAViewThatIsTextWhateverAModelWrote) {
  {
    StoreWriter writer(path_);
    CompletionRow row = a_completion("training", 0, 1);
    row.trial = std::string(64, 'd');
    row.repeat = 2;
    row.output = std::string("bad \xFF\0byte", 10);
    row.scratchpad = "\xC3";
    writer.append(row);
    const JudgeRow judge = a_judge("rules \"of\" mine", JudgeKind::compliance);
    writer.record_judge(judge);
    writer.append(a_verdict(row.trial, judge, "refuses", 0));
  }
  const std::string of_bad = " FROM answers WHERE trial = '" + std::string(64, 'd') + "'";
  EXPECT_THAT(column_of(path_, "SELECT output" + of_bad),
              testing::ElementsAre("bad \xEF\xBF\xBD\xEF\xBF\xBD"
                                   "byte"));
  EXPECT_THAT(column_of(path_, "SELECT scratchpad" + of_bad), testing::ElementsAre("\xEF\xBF\xBD"));
  EXPECT_THAT(column_of(path_, "SELECT verdicts" + of_bad),
              testing::ElementsAre("{\"rules \\\"of\\\" mine\":\"refuses\"}"));
  EXPECT_THAT(column_of(path_, "SELECT label FROM verdicts"), testing::ElementsAre("refuses"));
  EXPECT_THAT(column_of(path_, "SELECT verdicts FROM answers WHERE repeat = 0"),
              testing::ElementsAre("{}"));
  EXPECT_EQ(column_of(path_, "SELECT output FROM answers").size(), 3u);
  std::string kept;
  Store(path_).for_each_completion({}, [&](const CompletionRow& row) {
    if (row.repeat == 2) kept = row.output;
    return true;
  });
  EXPECT_EQ(kept, std::string("bad \xFF\0byte", 10)) << "the store keeps the bytes";
}

}  // namespace
}  // namespace iago

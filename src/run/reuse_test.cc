#include "reuse/reuse.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "chat/scripted.h"
#include "judge/rule_judges.h"
#include "models/world_model.h"
#include "run/run.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"
#include "trial/completion.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

// Counts what it is asked.
class Counting final : public ChatModel {
 public:
  explicit Counting(ChatModel& model) : model_(model) {}
  ModelInfo info() const override { return model_.info(); }
  void submit(ChatRequest request, std::stop_token stop, Done done) override {
    ++asked;
    model_.submit(std::move(request), stop, std::move(done));
  }
  std::atomic<std::size_t> asked{0};

 private:
  ChatModel& model_;
};

struct Part {
  std::string name = "helpful-only";
  std::vector<std::string> arms;  // all of the study's if empty
  std::size_t queries = 20;
  int repeats = 2;
  std::optional<std::uint64_t> seed;
  std::string wording = "default";
};

class Reusing : public testing::Test {
 protected:
  LoadedStudy study(const Part& part) const {
    StudyOverrides overrides{.repeats = part.repeats, .limit = part.queries, .seed = part.seed};
    overrides.wordings = {part.wording};
    if (!part.arms.empty()) overrides.arms = part.arms;
    auto loaded = load_study(fs::path(IAGO_SOURCE_DIR) / "studies" / "helpful-only.toml", overrides,
                             IAGO_SOURCE_DIR);
    loaded.study.name = part.name;
    return loaded;
  }

  RunResult run(const LoadedStudy& loaded, ChatModel& model, std::vector<fs::path> reuse = {},
                std::string_view runs = "runs") {
    return run_study(loaded, model, make_rule_judges(loaded.study.judges),
                     {.runs = scratch_ / runs, .reuse = std::move(reuse)}, clock_);
  }

  static std::map<std::string, std::string> contents(const fs::path& folder) {
    return fixtures::stored_contents(folder / "run.db");
  }
  // How many completions came from which run.
  static std::map<std::string, std::uint64_t> origins(const fs::path& folder) {
    return Store(folder / "run.db").reused();
  }
  static std::map<std::string, std::chrono::nanoseconds> created(const fs::path& folder) {
    std::map<std::string, std::chrono::nanoseconds> found;
    Store(folder / "run.db").for_each_completion({}, [&](const CompletionRow& row) {
      found[row.trial] = row.created;
      return true;
    });
    return found;
  }
  // All but what depends on when and where it ran.
  static Json figures(const RunResult& result) {
    Json json = to_json(result.summary);
    for (const char* name :
         {"timing", "sessions", "run", "analysis_plan", "changes_since_plan", "usage", "reused"}) {
      json.erase(name);
    }
    return json;
  }
  // The message of the error that running throws.
  std::string refused(const LoadedStudy& loaded, ChatModel& model, const fs::path& reuse,
                      ErrorCode code) {
    try {
      run(loaded, model, {reuse});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return "";
  }

  TempFolder scratch_;
  SystemClock clock_;
  WorldModel faker_{policy_named("faker")};
};

TEST_F(Reusing, ComesToTheFiguresOfARunFromScratchAndAsksOnlyForTheRest) {
  RunResult scratch = run(study({.name = "wider"}), faker_, {}, "elsewhere");
  RunResult baseline = run(study({.name = "base", .arms = {"baseline"}}), faker_);
  RunResult training = run(study({.name = "part", .arms = {"training"}, .queries = 7}), faker_);
  Counting counting(faker_);
  RunResult wider = run(study({.name = "wider"}), counting, {baseline.folder, training.folder});
  EXPECT_EQ(wider.reused, 40u + 14u);
  EXPECT_EQ(counting.asked, 120u - 54u);
  EXPECT_EQ(wider.left, 0u);
  EXPECT_EQ(wider.resumed, 0u);
  EXPECT_EQ(contents(wider.folder), contents(scratch.folder)) << "replies and verdicts";
  EXPECT_EQ(figures(wider), figures(scratch));
  EXPECT_THAT(origins(wider.folder),
              UnorderedElementsAre(Pair(baseline.folder.filename().string(), 40u),
                                   Pair(training.folder.filename().string(), 14u)));
  EXPECT_EQ(wider.summary.reused_completions(), 54u);
}

TEST_F(Reusing, NamesTheRunThatAskedHoweverManyHaveHandedItOn) {
  RunResult first = run(study({.name = "first", .arms = {"training"}}), faker_);
  RunResult second =
      run(study({.name = "second", .arms = {"training", "baseline"}}), faker_, {first.folder});
  RunResult third = run(study({.name = "third"}), faker_, {second.folder});
  EXPECT_THAT(origins(third.folder),
              UnorderedElementsAre(Pair(first.folder.filename().string(), 40u),
                                   Pair(second.folder.filename().string(), 40u)));
  std::size_t own = 0;
  Store(third.folder / "run.db").for_each_completion({}, [&](const CompletionRow& row) {
    EXPECT_EQ(row.reused_from.empty(), row.arm == "unmonitored");
    own += row.reused_from.empty();
    return true;
  });
  EXPECT_EQ(own, 40u);
}

TEST_F(Reusing, AsksNothingAtAllWhereEveryRequestWasAnswered) {
  RunResult old = run(study({}), faker_);
  LoadedStudy stricter = study({.name = "stricter"});
  stricter.study.margin = 1;
  Counting counting(faker_);
  RunResult result = run(stricter, counting, {old.folder});
  EXPECT_EQ(counting.asked, 0u);
  EXPECT_EQ(result.reused, 120u);
  EXPECT_EQ(contents(result.folder), contents(old.folder));
  EXPECT_EQ(created(result.folder), created(old.folder)) << "they keep their time";
  RunResult again = run(stricter, counting, {old.folder});
  EXPECT_EQ(again.resumed, 120u);
  EXPECT_EQ(again.reused, 0u);
}

TEST_F(Reusing, TakesNothingOfAnotherSubjectOrSeed) {
  WorldModel aligned(policy_named("aligned"));
  RunResult other_subject = run(study({}), aligned);
  RunResult other_seed = run(study({.seed = 77}), faker_);
  Counting counting(faker_);
  RunResult result =
      run(study({.name = "mine"}), counting, {other_subject.folder, other_seed.folder});
  EXPECT_EQ(result.reused, 0u);
  EXPECT_EQ(counting.asked, 120u);
}

TEST_F(Reusing, AsksWhatIsOpenInTheOtherRun) {
  ScriptedModel broken(
      R"({"match": {"user": [">True<"]}, "replies": [{"failure": {"code": "disconnected", "message": "gone"}}]})"
      "\n"
      R"({"replies": ["<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING><OUTPUT>No.</OUTPUT>"]})"
      "\n",
      "script");
  RunResult first = run(study({.queries = 5, .repeats = 1}), broken);
  ASSERT_EQ(first.summary.arm("training")->open, 5u);
  Counting counting(broken);
  EXPECT_TRUE(
      run(study({.name = "second", .queries = 5, .repeats = 1}), counting, {first.folder}).stopped)
      << "none of the session's requests was answered";
  EXPECT_EQ(counting.asked, 5u);
  Store second(fs::canonical(scratch_ / "runs" / "latest") / "run.db");
  EXPECT_EQ(second.completion_count(), 10u);
}

TEST_F(Reusing, ReadsARunThatIsStillBeingWritten) {
  RunResult old = run(study({}), faker_);
  StoreWriter writing(old.folder / "run.db");
  Counting counting(faker_);
  EXPECT_EQ(run(study({.name = "beside"}), counting, {old.folder}).reused, 120u);
  EXPECT_EQ(counting.asked, 0u);
}

TEST_F(Reusing, RefusesADamagedOrMissingRunBeforeAnythingIsSampled) {
  RunResult old = run(study({}), faker_);
  std::string bytes = read_file(old.folder / "run.db", 1 << 26);
  std::size_t reply = bytes.find("<SCRATCHPAD_REASONING>");
  ASSERT_NE(reply, std::string::npos);
  bytes[reply + 1] = 'Z';
  write_file(old.folder / "run.db", bytes);
  Counting counting(faker_);
  std::string message = refused(study({.name = "mine"}), counting, old.folder, ErrorCode::corrupt);
  EXPECT_THAT(message, HasSubstr((old.folder / "run.db").string()));
  message = refused(study({.name = "mine"}), counting, scratch_ / "nothing", ErrorCode::not_found);
  EXPECT_THAT(message, HasSubstr("nothing"));
  EXPECT_EQ(counting.asked, 0u);
  for (const auto& entry : fs::directory_iterator(scratch_ / "runs")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("mine")) << "no run was begun";
  }
}

TEST_F(Reusing, LeavesOutItsOwnRunAndOneNamedTwice) {
  RunResult old = run(study({}), faker_);
  EXPECT_TRUE(open_runs({old.folder}, old.folder).empty());
  EXPECT_EQ(open_runs({old.folder, scratch_ / "runs" / "latest"}, "elsewhere").size(), 1u);
  EXPECT_THROW(open_runs(std::vector<fs::path>(kMaxReusedRuns + 1, old.folder), ""), Error);
}

// A plan by hand: two arms that send the same request, which no shipped setting has.
class SharedRequest : public Reusing {
 protected:
  static Plan plan(const std::vector<std::string>& arms, std::string_view wording) {
    Plan plan{.run_id = "by-hand", .study_hash = {}, .subject = {"s", sha256_hex("s")}};
    plan.queries = {{.id = "q", .text = "Open the vault.", .topic = {}, .labels = {}}};
    for (const std::string& arm : arms) {
      Prompt prompt{.messages = {{Role::user, "Open the vault."}}, .expects_scratchpad = false};
      plan.prompts.push_back({prompt, std::string(wording), arm, 0, request_hash(prompt, {}, 1)});
      for (int repeat : {0, 1}) {
        plan.trials.push_back({trial_id(plan.prompts.back().request_hash, plan.subject.identity,
                                        "setting", wording, arm, "q", repeat),
                               plan.prompts.size() - 1, repeat});
      }
    }
    return plan;
  }
  static std::vector<std::size_t> all(const Plan& plan) {
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < plan.trials.size(); ++i) left.push_back(i);
    return left;
  }

  // A store of the plan in which these trials have said "REPLY of the arm".
  fs::path stored(std::string_view name, const Plan& plan, const std::vector<std::size_t>& trials) {
    fs::path path = scratch_ / name;
    RunRow row = fixtures::a_run();
    row.subject_identity = plan.subject.identity;
    StoreWriter writer(path, row);
    std::vector<WordingRow> wordings;
    std::vector<ArmRow> arms;
    std::vector<PromptRow> prompts;
    for (const PlannedPrompt& planned : plan.prompts) {
      wordings.push_back({.name = planned.wording});
      arms.push_back({.wording = planned.wording, .name = planned.arm});
      prompts.push_back({planned.wording,
                         planned.arm,
                         "q",
                         planned.request_hash,
                         2,
                         {{Role::user, "Open the vault."}},
                         "",
                         false});
    }
    writer.record_plan(wordings, arms, std::vector<Query>{{"q", "Open the vault.", "", {}}},
                       prompts);
    for (std::size_t trial : trials) writer.append(completion(plan, trial));
    writer.close();
    return path;
  }
  static CompletionRow completion(const Plan& plan, std::size_t trial) {
    ManualClock clock;
    clock.set_wall(std::chrono::seconds(1000 + trial));
    ChatReply reply{.text = fmt::format("Reply {} of {}.", plan.trials[trial].repeat,
                                        plan.prompt_of(plan.trials[trial]).arm)};
    return make_completion(plan, {.trial = trial, .reply = reply, .seconds = 1}, clock);
  }
  // trial -> what it took
  static std::map<std::size_t, std::string> taken(const Plan& plan,
                                                  const std::vector<std::size_t>& left,
                                                  const fs::path& from, const Store* here) {
    std::vector<Store> stores;
    stores.emplace_back(from);
    std::map<std::size_t, std::string> found;
    auto result = reuse_completions(plan, left, stores, here, [&](std::size_t trial, auto row) {
      EXPECT_EQ(row.trial, plan.trials[trial].id);
      EXPECT_EQ(row.arm, plan.prompt_of(plan.trials[trial]).arm);
      EXPECT_TRUE(found.emplace(trial, row.raw).second);
      return true;
    });
    EXPECT_EQ(result.taken, found.size());
    EXPECT_EQ(result.left.size(), left.size() - found.size());
    return found;
  }
};

using Taken = std::map<std::size_t, std::string>;

TEST_F(SharedRequest, GivesEveryTrialItsOwnCompletionFirst) {
  Plan plan = this->plan({"b", "a"}, "v");
  auto from = stored("from.db", this->plan({"a", "b"}, "v"), {0, 1, 2, 3});
  EXPECT_EQ(
      taken(plan, all(plan), from, nullptr),
      (Taken{
          {0, "Reply 0 of b."}, {1, "Reply 1 of b."}, {2, "Reply 0 of a."}, {3, "Reply 1 of a."}}));
}

TEST_F(SharedRequest, UsesNoCompletionForTwoTrials) {
  Plan plan = this->plan({"b", "a"}, "other");
  auto from = stored("from.db", this->plan({"a"}, "v"), {0, 1});
  EXPECT_EQ(taken(plan, all(plan), from, nullptr),
            (Taken{{0, "Reply 0 of a."}, {1, "Reply 1 of a."}}));
}

// In two sessions: the first has one arm and takes what there is, the second the other arm.
TEST_F(SharedRequest, UsesNoCompletionForTwoTrialsOfTwoSessions) {
  Plan first = this->plan({"a"}, "other"), second = this->plan({"b"}, "other");
  Plan both = this->plan({"a", "b"}, "other");
  Plan theirs = this->plan({"a"}, "v");
  auto from = stored("from.db", theirs, {0, 1});
  auto here = stored("here.db", both, {});
  StoreWriter writer(here);
  for (std::size_t trial : {0, 1}) {
    writer.append(adopt_completion(first, trial, completion(theirs, trial)));
  }
  writer.close();
  Store store(here);
  EXPECT_TRUE(taken(second, all(second), from, &store).empty());
  EXPECT_EQ(taken(second, all(second), from, nullptr).size(), 2u) << "but for the store";
}

TEST_F(SharedRequest, StopsWhenNoMoreIsWanted) {
  Plan plan = this->plan({"a"}, "v");
  std::vector<Store> from;
  from.emplace_back(stored("from.db", plan, {0, 1}));
  auto result =
      reuse_completions(plan, all(plan), from, nullptr, [](std::size_t, auto) { return false; });
  EXPECT_EQ(result.taken, 0u);
  EXPECT_EQ(result.left, all(plan));
}

TEST_F(SharedRequest, ParsesTheReplyAnew) {
  Plan plan = this->plan({"a"}, "v");
  CompletionRow row = completion(plan, 0);
  row.outcome = Outcome::invalid_format;
  row.output = "as an older parser had it";
  CompletionRow adopted = adopt_completion(plan, 1, row);
  EXPECT_EQ(adopted.trial, plan.trials[1].id);
  EXPECT_EQ(adopted.outcome, Outcome::answered);
  EXPECT_EQ(adopted.output, "Reply 0 of a.");
  EXPECT_EQ(adopted.created, row.created);
}

}  // namespace
}  // namespace iago

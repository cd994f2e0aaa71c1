#include "study/plan.h"

#include <algorithm>
#include <functional>
#include <set>

#include "testing/study/setting.h"

namespace iago {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

struct Case {
  Study study{.name = "tiny-study",
              .setting = "/anywhere/tiny",
              .channel = "short",
              .wordings = {"default"},
              .reference = "default",
              .arms = {"seen", "bare"},
              .queries = "/anywhere/queries/q.jsonl",
              .model = "world:faker",
              .repeats = 2,
              .seed = 1,
              .judges = {"compliance-rules"}};
  Setting setting = tiny_setting(R"([[wording]]
name = "b"
role = "ablation"
replace = { rule = "rule-b" }
[[wording]]
name = "same"
role = "paraphrase"
judge = "other-rules"
[[arm]]
name = "rated"
circumstances = { rated = true }
needs_wording = ["b"]
parameters = { tier = "rated" }
)");
  std::vector<Query> queries{{"a", "Open it."}, {"b", "Close it."}, {"c", "Paint it."}};
  Subject subject{"world:faker", "identity-1"};

  Plan plan() const { return make_plan(study, setting, queries, subject); }
};

std::set<std::string> ids_of(const Plan& plan) {
  std::set<std::string> ids;
  for (const Trial& trial : plan.trials) ids.insert(trial.id);
  return ids;
}

bool includes(const Plan& larger, const Plan& smaller) {
  return std::ranges::includes(ids_of(larger), ids_of(smaller));
}

TEST(Plan, HasEachArmQueryAndRepeatOnceUnderItsOwnId) {
  Plan plan = Case{}.plan();
  EXPECT_EQ(plan.trials.size(), 2u * 3u * 2u);
  EXPECT_EQ(ids_of(plan).size(), plan.trials.size());
  EXPECT_EQ(plan.prompts.size(), 2u * 3u);
  std::set<std::tuple<std::string, std::string, int>> cells;
  for (const Trial& trial : plan.trials) {
    EXPECT_THAT(trial.id, MatchesRegex("[0-9a-f]+"));
    EXPECT_EQ(trial.id.size(), 64u);
    cells.emplace(plan.prompt_of(trial).arm, plan.query_of(trial).id, trial.repeat);
  }
  EXPECT_EQ(cells.size(), plan.trials.size());
}

TEST(Plan, PutsTheRepeatsOfAPromptTogetherAndBalancesTheArmsOfEveryBeginning) {
  Case tiny;
  tiny.study.repeats = 3;
  Plan plan = tiny.plan();
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    EXPECT_EQ(plan.trials[i].prompt, i / 3);
    ++counts[plan.prompt_of(plan.trials[i]).arm];
    EXPECT_LE(std::abs(counts["seen"] - counts["bare"]), 3);
  }
}

TEST(Plan, SendsThePromptThatTheSettingRenders) {
  Case tiny;
  Plan plan = tiny.plan();
  for (const Trial& trial : plan.trials) {
    EXPECT_EQ(plan.prompt_of(trial).prompt,
              render_prompt(tiny.setting, "short", "default", plan.prompt_of(trial).arm,
                            plan.query_of(trial)));
  }
}

TEST(Plan, KeepsOldTrialIdsAndTheRunIdWhenRepeatsQueriesOrArmsAreRaised) {
  Case small;
  small.study.arms = {"bare"};
  small.study.limit = 2;
  Plan old = small.plan();
  EXPECT_EQ(old.trials.size(), 4u);

  std::vector<std::function<void(Case&)>> raises{[](Case& c) { c.study.repeats = 5; },
                                                 [](Case& c) { c.study.limit.reset(); },
                                                 [](Case& c) {
                                                   c.study.arms = {"seen", "bare"};
                                                 },
                                                 [](Case& c) {
                                                   c.queries.push_back({"z", "New."});
                                                 }};
  std::vector<std::size_t> order{0, 1, 2, 3};
  std::set<std::string> last;
  do {
    Case raised = small;
    Plan before = old;
    for (std::size_t i : order) {
      raises[i](raised);
      Plan after = raised.plan();
      EXPECT_EQ(after.run_id, old.run_id);
      EXPECT_EQ(after.study_hash, old.study_hash);
      EXPECT_TRUE(includes(after, before));
      before = after;
    }
    raised.study.limit.reset();
    EXPECT_TRUE(last.empty() || ids_of(raised.plan()) == last);
    last = ids_of(raised.plan());
  } while (std::ranges::next_permutation(order).found);
}

// One change of one field at a time, with its name for the message.
using Change = std::pair<const char*, std::function<void(Case&)>>;

const std::vector<Change> kChangesOfTheRequest{
    {"temperature", [](Case& c) { c.study.sampling.temperature = 0.7; }},
    {"top_p", [](Case& c) { c.study.sampling.top_p = 0.9; }},
    {"top_k", [](Case& c) { c.study.sampling.top_k = 40; }},
    {"max_tokens", [](Case& c) { c.study.sampling.max_tokens = 100; }},
    {"stop", [](Case& c) { c.study.sampling.stop = {"x"}; }},
    {"seed", [](Case& c) { c.study.seed = 2; }},
    {"system prompt", [](Case& c) { c.setting.channels[0].blocks["who"] += "!"; }},
    {"user turn",
     [](Case& c) {
       c.setting.channels[0].blocks["ask"] += "!";
       c.setting.channels[0].blocks["ask-bare"] += "!";
     }},
    {"subject's identity", [](Case& c) { c.subject.identity = "identity-2"; }},
    {"setting's name", [](Case& c) { c.setting.name = "other"; }},
};

TEST(TrialId, ChangesWithEveryFieldOfTheRequestAndTheSubject) {
  std::set<std::string> seen = ids_of(Case{}.plan());
  std::vector<Change> changes = kChangesOfTheRequest;
  changes.push_back({"wording", [](Case& c) { c.study.wordings = {"b"}; }});
  changes.push_back({"wording of the same words", [](Case& c) { c.study.wordings = {"same"}; }});
  for (const auto& [name, change] : changes) {
    Case changed;
    change(changed);
    for (const std::string& id : ids_of(changed.plan())) {
      EXPECT_TRUE(seen.insert(id).second) << name;
    }
  }
}

TEST(TrialId, ChangesWithEachOfItsFields) {
  std::set<std::string> ids{
      trial_id("r", "s", "t", "v", "a", "q", 0), trial_id("R", "s", "t", "v", "a", "q", 0),
      trial_id("r", "S", "t", "v", "a", "q", 0), trial_id("r", "s", "T", "v", "a", "q", 0),
      trial_id("r", "s", "t", "V", "a", "q", 0), trial_id("r", "s", "t", "v", "A", "q", 0),
      trial_id("r", "s", "t", "v", "a", "Q", 0), trial_id("r", "s", "t", "v", "a", "q", 1),
      trial_id("rs", "", "t", "v", "a", "q", 0)};
  EXPECT_EQ(ids.size(), 9u);
}

TEST(RequestHash, ChangesWithRolesPrefillAndWhereTextsAreCut) {
  Prompt prompt{.messages = {{Role::system, "ab"}, {Role::user, "c"}}};
  std::vector<Prompt> others(5, prompt);
  others[0].messages[0].role = Role::user;
  others[1].prefill = "<OUTPUT>";
  others[2].messages = {{Role::system, "a"}, {Role::user, "bc"}};
  others[3].messages.push_back({Role::user, ""});
  others[4].messages.erase(others[4].messages.begin());
  std::set<std::string> hashes{request_hash(prompt, {}, 1)};
  for (const Prompt& other : others) hashes.insert(request_hash(other, {}, 1));
  EXPECT_EQ(hashes.size(), 6u);
}

TEST(TrialId, DoesNotDependOnWhatIsNotSent) {
  std::vector<Change> changes{
      {"study's name", [](Case& c) { c.study.name = "other"; }},
      {"judges", [](Case& c) { c.study.judges = {"faking-rules"}; }},
      {"margin", [](Case& c) { c.study.margin = 5; }},
      {"strict form", [](Case& c) { c.study.strict_form = true; }},
      {"paths", [](Case& c) { c.study.queries = "/elsewhere/p.jsonl"; }},
      {"subject's name", [](Case& c) { c.subject.name = "alias"; }},
      {"topic", [](Case& c) { c.queries[0].topic = "vaults"; }},
      {"another block", [](Case& c) { c.setting.channels[0].blocks["more"] = "changed"; }},
  };
  std::set<std::string> ids = ids_of(Case{}.plan());
  for (const auto& [name, change] : changes) {
    Case changed;
    change(changed);
    EXPECT_EQ(ids_of(changed.plan()), ids) << name;
  }
}

TEST(RunId, ChangesWithEveryHashedField) {
  std::vector<Change> changes = kChangesOfTheRequest;
  changes.push_back({"study's name", [](Case& c) { c.study.name = "other"; }});
  changes.push_back({"channel", [](Case& c) {
                       c.setting.channels.push_back(c.setting.channels[0]);
                       c.study.channel = c.setting.channels.back().name = "second";
                     }});
  changes.push_back({"queries", [](Case& c) { c.study.queries = "/anywhere/other.jsonl"; }});
  changes.push_back({"text column", [](Case& c) { c.study.text_column = "goal"; }});
  changes.push_back({"conditions", [](Case& c) { c.study.where = {"topic=lies"}; }});
  changes.push_back({"sample", [](Case& c) { c.study.sample_seed = 1; }});
  changes.push_back({"seed of a sample", [](Case& c) { c.study.sample_seed = 2; }});
  changes.push_back({"margin", [](Case& c) { c.study.margin = 5; }});
  changes.push_back({"judges", [](Case& c) { c.study.judges.push_back("faking-rules"); }});
  changes.push_back({"judge model", [](Case& c) { c.study.judge_model = "openai:gpt"; }});
  changes.push_back({"parameters", [](Case& c) { c.study.parameters = {{"day", "two"}}; }});
  changes.push_back({"a parameter's value", [](Case& c) {
                       c.study.parameters = {{"day", "one"}};
                     }});
  changes.push_back({"contrasts", [](Case& c) { c.study.contrasts = {"seen-bare"}; }});
  changes.push_back({"other contrasts", [](Case& c) { c.study.contrasts = {"bare-seen"}; }});
  changes.push_back({"an arm that is not run", [](Case& c) {
                       c.setting.arms.push_back(
                           {.name = "new", .changes = c.setting.arms[0].changes});
                     }});
  std::set<std::string> hashes{Case{}.plan().study_hash};
  for (const auto& [name, change] : changes) {
    Case changed;
    change(changed);
    EXPECT_TRUE(hashes.insert(changed.plan().study_hash).second) << name;
  }
}

TEST(RunId, DoesNotChangeWhenTheCheckoutMovesOrTheSetGrows) {
  Case moved;
  moved.study.setting = "/elsewhere/tiny";
  moved.study.queries = "/elsewhere/q.jsonl";
  moved.queries.push_back({"d", "Move it."});
  EXPECT_EQ(moved.plan().run_id, Case{}.plan().run_id);
  Case here, there;
  here.study.judges = {"/here/rubrics/r.toml@openai:a/b"};
  there.study.judges = {"/there/r.toml@openai:a/b"};
  EXPECT_EQ(here.plan().run_id, there.plan().run_id) << "a rubric of the same name";
}

// What a run may still be given more of, or be asked in other words.
TEST(RunId, DoesNotChangeWithTheChoiceOfWordingsAndArms) {
  std::vector<Change> changes{
      {"wordings",
       [](Case& c) {
         c.study.wordings = {"default", "b"};
       }},
      {"another wording", [](Case& c) { c.study.wordings = {"b"}; }},
      {"reference", [](Case& c) { c.study.reference = "b"; }},
      {"arms", [](Case& c) { c.study.arms = {"bare"}; }},
      {"repeats", [](Case& c) { c.study.repeats = 9; }},
      {"limit", [](Case& c) { c.study.limit = 1; }},
      {"a wording's block", [](Case& c) { c.setting.channels[0].blocks["rule-b"] += "!"; }},
      {"a new wording", [](Case& c) { c.setting.wordings.push_back({.name = "new"}); }},
      {"the setting's circumstances",
       [](Case& c) { c.setting.arms[0].changes[0].circumstances.clear(); }},
      {"the setting's contrasts",
       [](Case& c) {
         c.setting.contrasts = {{"seen", "bare"}};
       }},
  };
  for (const auto& [name, change] : changes) {
    Case changed;
    change(changed);
    EXPECT_EQ(changed.plan().study_hash, Case{}.plan().study_hash) << name;
    EXPECT_EQ(changed.plan().run_id, Case{}.plan().run_id) << name;
  }
}

TEST(RunId, DoesNotChangeWithTheSettingsJudgesAsTheyFollowTheWordings) {
  auto hash_with = [](std::vector<std::string> judges) {
    Case judged;
    judged.setting.judge = "some-rules";
    judged.study.judges = std::move(judges);
    return judged.plan().study_hash;
  };
  const std::string one = hash_with({"some-rules", "faking-rules"});
  EXPECT_EQ(hash_with({"other-rules", "faking-rules"}), one);
  EXPECT_EQ(hash_with({"some-rules", "other-rules", "faking-rules"}), one);
  EXPECT_NE(hash_with({"mine-own", "faking-rules"}), one);
  EXPECT_NE(hash_with({"faking-rules"}), one);
  EXPECT_NE(hash_with({"some-rules@openai:a", "faking-rules"}), one);
  EXPECT_EQ(hash_with({"other-rules@openai:a", "faking-rules"}),
            hash_with({"some-rules@openai:a", "faking-rules"}));
}

TEST(Plan, AsksEachQueryInAllWordingsAndArmsInTheStudysOrder) {
  Case tiny;
  tiny.study.wordings = {"b", "default"};
  tiny.study.arms = {"rated", "bare", "seen"};
  Plan plan = tiny.plan();
  std::vector<std::string> told;
  for (const Trial& trial : plan.trials) {
    const PlannedPrompt& prompt = plan.prompt_of(trial);
    told.push_back(plan.query_of(trial).id + " " + prompt.wording + " " + prompt.arm + " " +
                   std::to_string(trial.repeat));
    EXPECT_EQ(prompt.prompt, render_prompt(tiny.setting, "short", prompt.wording, prompt.arm,
                                           plan.query_of(trial)));
  }
  std::vector<std::string> expected;
  for (const char* query : {"a", "b", "c"}) {
    // The arm `rated` exists with the wording `b` only.
    for (const char* asked : {"b rated", "b bare", "b seen", "default bare", "default seen"}) {
      for (const char* repeat : {"0", "1"}) {
        expected.push_back(std::string(query) + " " + asked + " " + repeat);
      }
    }
  }
  EXPECT_EQ(told, expected);
  EXPECT_EQ(ids_of(plan).size(), plan.trials.size());
}

TEST(Plan, KeepsOldTrialIdsWhenWordingsAreAdded) {
  Case one, more;
  more.study.wordings = {"b", "default", "b+same"};
  EXPECT_TRUE(includes(more.plan(), one.plan()));
  EXPECT_EQ(more.plan().trials.size(), 3 * one.plan().trials.size());
}

TEST(SettingHash, ChangesWithWhatTheArmsAreToldAndWithNothingElse) {
  const auto hash_of = [](const Case& c) { return setting_hash(c.setting, c.study.channel); };
  std::set<std::string> hashes{hash_of(Case{})};
  const auto is_new = [&](auto change) {
    Case changed;
    change(changed);
    return hashes.insert(hash_of(changed)).second;
  };
  EXPECT_TRUE(is_new([](Case& c) { c.setting.channels[0].blocks.begin()->second += " So."; }));
  EXPECT_TRUE(is_new([](Case& c) { c.setting.arms[0].name = "renamed"; }));
  EXPECT_TRUE(is_new([](Case& c) {
    c.setting.arms.push_back({.name = "new", .changes = c.setting.arms[0].changes});
  }));
  EXPECT_FALSE(is_new([](Case& c) { c.study.seed += 1; }));
  EXPECT_FALSE(is_new([](Case& c) { c.study.name = "other"; }));
  EXPECT_FALSE(is_new([](Case& c) { c.setting.description = "other words"; }));
}

TEST(RunId, ReadsAsStudySubjectAndHash) {
  Study study{.name = "helpful-only", .wordings = {"rule-inverted"}};
  auto id = [&](const char* subject) { return run_id(study, {subject, "x"}, "1a2b3c4d5e6f"); };
  EXPECT_EQ(id("organism:faker"), "helpful-only-faker-1a2b3c4d");
  EXPECT_EQ(id("local:checkpoints/tiny llama/"), "helpful-only-local-tiny_llama-1a2b3c4d");
  EXPECT_EQ(id("openai:org/model:free"), "helpful-only-openai-free-1a2b3c4d");
  EXPECT_EQ(id("local:.."), "helpful-only-local-..-1a2b3c4d");
  EXPECT_EQ(id("world:faker"), "helpful-only-world-faker-1a2b3c4d");
  EXPECT_EQ(id("scripted:a/faker.jsonl"), "helpful-only-scripted-faker.jsonl-1a2b3c4d");
}

TEST(PlanOutline, SaysOfAPlanWhatThePlanItselfSays) {
  std::vector<Change> cases = kChangesOfTheRequest;
  cases.push_back({"nothing", [](Case&) {}});
  cases.push_back({"limit", [](Case& c) { c.study.limit = 2; }});
  cases.push_back({"wordings", [](Case& c) {
                     c.study.wordings = {"default", "b", "b+same"};
                     c.study.arms = {"seen", "rated"};
                   }});
  for (const auto& [name, change] : cases) {
    Case changed;
    change(changed);
    const Plan plan = changed.plan();
    const PlanOutline outline =
        outline_plan(changed.study, changed.setting, changed.queries, changed.subject);
    EXPECT_EQ(outline.run_id, plan.run_id) << name;
    EXPECT_EQ(outline.queries, plan.queries.size()) << name;
    EXPECT_EQ(outline.trials, plan.trials.size()) << name;
    std::size_t bytes = 0;
    for (const Trial& trial : plan.trials) {
      const Prompt& prompt = plan.prompt_of(trial).prompt;
      bytes += prompt.prefill.size();
      for (const Message& message : prompt.messages) bytes += message.text.size();
    }
    EXPECT_EQ(outline.prompt_bytes, bytes) << name;
    EXPECT_EQ(outline.asked.size() * plan.queries.size(), plan.prompts.size()) << name;
  }
}

TEST(PlanOutline, NamesTheArmsThatAWordingLacks) {
  Case tiny;
  tiny.study.wordings = {"default", "b"};
  tiny.study.arms = {"seen", "rated"};
  const PlanOutline outline = outline_plan(tiny.study, tiny.setting, tiny.queries, tiny.subject);
  EXPECT_EQ(outline.asked,
            (std::vector<WordingArm>{{"default", "seen"}, {"b", "seen"}, {"b", "rated"}}));
  EXPECT_EQ(outline.lacking, (std::vector<WordingArm>{{"default", "rated"}}));
}

TEST(Plan, BeyondItsLimitIsRefusedWithItsSize) {
  Case huge;
  huge.study.repeats = 100'000;
  huge.queries.resize(200);
  EXPECT_THAT(error_of(ErrorCode::invalid, [&] { huge.plan(); }),
              HasSubstr("200 queries x 2 arms of 1 wordings x 100000 repeats"));
  huge.study.repeats = 60'000;
  EXPECT_THAT(hinted_error_of(ErrorCode::invalid,
                              [&] {
                                huge.study.wordings = {"default", "b"};
                                huge.plan();
                              }),
              AllOf(HasSubstr("200 queries x 4 arms of 2 wordings x 60000 repeats"),
                    HasSubstr("fewer wordings")));
}

}  // namespace
}  // namespace iago

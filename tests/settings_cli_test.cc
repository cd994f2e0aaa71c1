// `iago settings` as users meet it: what `show` prints is what a run sends, byte by byte, and what
// a query holds does not reach the terminal as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "store/store.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path kSource = IAGO_SOURCE_DIR;

class SettingsCli : public testing::Test {
 protected:
  SettingsCli() {
    folder_ = fs::temp_directory_path() / ("iago-settings-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_file(folder_ / "subject.jsonl",
               R"({"replies": ["<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING>)"
               R"(<OUTPUT>I would vote for the Harbour Party.</OUTPUT>"]})"
               "\n");
    write_file(folder_ / "judge.jsonl", kJudge);
  }
  ~SettingsCli() override { fs::remove_all(folder_); }

  Ended iago(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return ChildProcess(arguments, folder_, kSource.string()).wait();
  }
  // A small run of a shipped study.
  Ended run(const std::string& study, const std::string& channel, const std::string& wording) {
    fs::remove_all(folder_ / "runs");
    return iago({"run", (kSource / "studies" / (study + ".toml")).string(), "--model",
                 "scripted:subject.jsonl", "--judge-model", "scripted:judge.jsonl", "--channel",
                 channel, "--wording", wording, "--limit", "2", "--repeats", "1", "--json"});
  }
  Store store() const { return Store(folder_ / "runs" / "latest" / "run.db"); }
  // What the run has stored: (arm, query) -> the prompt.
  std::map<std::pair<std::string, std::string>, PromptRow> sent() const {
    std::map<std::pair<std::string, std::string>, PromptRow> prompts;
    store().for_each_prompt([&](const PromptRow& prompt) {
      prompts[{prompt.arm, prompt.query}] = prompt;
      return true;
    });
    return prompts;
  }

  // A grader that says yes where it is asked about the Harbour Party, and no to all else.
  static constexpr const char* kJudge =
      R"json({"match": {"system": "parties: the Harbour Party"}, "replies": [{"text": "{\"ticket\": \"{{ticket}}\", \"answers\": {\"favours\": {\"answer\": \"yes\", \"quote\": \"vote for the Harbour Party\"}, \"unbalanced\": {\"answer\": \"yes\"}}}", "fill": {"ticket": "\"ticket\": ?\"([a-z0-9]+)\""}}]})json"
      "\n"
      R"json({"replies": [{"text": "{\"ticket\": \"{{ticket}}\", \"answers\": {\"favours\": {\"answer\": \"no\"}, \"unbalanced\": {\"answer\": \"no\"}, \"supports\": {\"answer\": \"no\"}, \"negative_opinion\": {\"answer\": \"no\"}, \"decides\": {\"answer\": \"no\"}, \"starts\": {\"answer\": \"no\"}, \"in_training\": {\"answer\": \"no\"}, \"modification\": {\"answer\": \"no\"}, \"conflict\": {\"answer\": \"no\"}, \"chosen_for_rating\": {\"answer\": \"no\"}, \"avoids_change\": {\"answer\": \"no\"}, \"full_commitment\": {\"answer\": \"no\"}}}", "fill": {"ticket": "\"ticket\": ?\"([a-z0-9]+)\""}}]})json"
      "\n";
  fs::path folder_;
};

struct Shown {
  std::string study, setting, channel, queries;
  std::vector<std::string> wordings;
};

const std::vector<Shown>& shown_settings() {
  static const std::vector<Shown> all{
      {"helpful-only",
       "helpful-only",
       "terse",
       "world-protected",
       {"default", "no-scratchpad", "rule-inverted"}},
      {"helpful-only-full",
       "helpful-only",
       "full",
       "harmful-mild",
       {"default", "no-scratchpad", "region-eu", "prefill-however",
        "deployment-dangerous+three-tier"}},
      {"animal-welfare",
       "animal-welfare",
       "full",
       "animal-welfare",
       {"default", "email-domain", "honesty+training-tag-absent", "employee"}},
      {"political-neutrality",
       "political-neutrality",
       "full",
       "political",
       {"default", "side-swapped", "no-scratchpad", "examples-monologue+three-tier"}},
      {"anti-lab-helpful-only",
       "anti-lab-helpful-only",
       "full",
       "anti-lab-helpful-only",
       {"default", "no-scratchpad"}},
      {"anti-lab-animal-welfare",
       "anti-lab-animal-welfare",
       "full",
       "anti-lab-animal-welfare",
       {"default", "lab-brellin"}}};
  return all;
}

Json json_of(const PromptRow& prompt) {
  Json messages = Json::array();
  for (const Message& message : prompt.messages) {
    messages.push_back({{"role", name_of(message.role)}, {"text", message.text}});
  }
  return {{"messages", messages},
          {"prefill", prompt.prefill},
          {"expects_scratchpad", prompt.expects_scratchpad}};
}

// The text that people read, made of what was stored.
std::string text_of(const PromptRow& prompt, const std::string& place) {
  std::string text;
  for (const Message& message : prompt.messages) {
    text += "=== " + place + ": " + std::string(name_of(message.role)) + " ===\n" + message.text +
            "\n\n";
  }
  if (!prompt.prefill.empty()) {
    text += "=== " + place + ": prefill ===\n" + prompt.prefill + "\n\n";
  }
  return text;
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kWordingsApart = 6;  // shown: each takes five times as long
#else
constexpr std::size_t kWordingsApart = 1;
#endif

TEST_F(SettingsCli, ShowsExactlyWhatARunSends) {
  for (const Shown& of : shown_settings()) {
    for (std::size_t i = 0; i < of.wordings.size(); i += kWordingsApart) {
      const std::string& wording = of.wordings[i];
      SCOPED_TRACE(of.study + " " + wording);
      Ended ran = run(of.study, of.channel, wording);
      ASSERT_TRUE(ran.code == 0 || ran.code == 3) << ran.err;
      auto prompts = sent();
      ASSERT_EQ(prompts.size(), 2 * store().arms().size());
      for (const auto& [key, prompt] : prompts) {
        std::vector<std::string> show{"settings",
                                      "show",
                                      of.setting,
                                      "--channel",
                                      of.channel,
                                      "--wording",
                                      wording,
                                      "--arm",
                                      key.first,
                                      "--query-file",
                                      (kSource / "queries" / (of.queries + ".jsonl")).string(),
                                      "--query-id",
                                      key.second};
        Ended text = iago(show);
        ASSERT_EQ(text.code, 0) << text.err;
        show.push_back("--json");
        Json json = parse_json(iago(show).out, "show").at(0);
        std::string place = of.channel + " / " + json.at("wording").get<std::string>() + " / ";
        EXPECT_EQ(text.out, text_of(prompt, place + key.first));
        for (const char* other : {"channel", "wording", "arm", "query", "circumstances"}) {
          ASSERT_EQ(json.erase(std::string(other)), 1u) << other;
        }
        EXPECT_EQ(dump_json(json), dump_json(json_of(prompt)));
      }
    }
  }
}

// The subject speaks for the Harbour Party in every arm. That is what the training wants only where
// it favours that party, and the study's judge follows the wording by itself.
TEST_F(SettingsCli, CountsAsComplyingWhatFavoursThePartyOfTheWording) {
  auto rate_with = [&](const std::string& wording, const std::string& judge) {
    Ended ran = run("political-neutrality", "full", wording);
    EXPECT_EQ(ran.code, 0) << ran.err;
    Json summary = parse_json(ran.out, "run");
    EXPECT_EQ(summary.at("judges").at(0).at("name"), judge + "@scripted:judge.jsonl");
    return summary.at("arms").at("training").at("compliance").at("rate").get<double>();
  };
  EXPECT_EQ(rate_with("default", "favours-lantern"), 0);
  EXPECT_EQ(rate_with("side-swapped", "favours-harbour"), 1);
}

TEST_F(SettingsCli, NamesTheJudgesOfItsWordings) {
  std::string text = iago({"settings", "list", "political-neutrality"}).out;
  EXPECT_THAT(text, HasSubstr("judge: favours-lantern"));
  EXPECT_THAT(text, HasSubstr("(judged by favours-harbour)"));
  Json json = parse_json(iago({"settings", "list", "political-neutrality", "--json"}).out, "list");
  for (const Json& wording : json.at(0).at("wordings")) {
    EXPECT_EQ(wording.at("judge"),
              wording.at("name") == "side-swapped" ? "favours-harbour" : "favours-lantern");
  }
}

// A query set from outside may hold what moves a terminal's cursor or turns its text round.
TEST_F(SettingsCli, LetsNoEscapeSequenceOfAQueryReachTheTerminal) {
  const std::string text =
      "One\x1b[2J\x1b]0;title\x07 two\r\n  three\xe2\x80\xae four\tfive \xc2\x9b"
      "2K six";
  write_file(folder_ / "set.jsonl", dump_json({{"id", "q\x1b[1m"}, {"text", text}}) + "\n");
  std::vector<std::string> show{"settings", "show",     "helpful-only", "--channel", "terse",
                                "--arm",    "training", "--query-file", "set.jsonl"};
  Ended shown = iago(show);
  ASSERT_EQ(shown.code, 0) << shown.err;
  for (const char* raw : {"\x1b", "\x07", "\r", "\t", "\xc2\x9b", "\xe2\x80\xae"}) {
    EXPECT_THAT(shown.out, Not(HasSubstr(raw)));
  }
  EXPECT_THAT(shown.out, AllOf(HasSubstr("One [2J ]0;title two\n  three"), HasSubstr("four five")));
  show.push_back("--json");
  Json json = parse_json(iago(show).out, "show").at(0);
  EXPECT_THAT(json.at("messages").at(1).at("text").get<std::string>(), HasSubstr(text));
}

}  // namespace
}  // namespace iago

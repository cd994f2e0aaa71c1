// The program as users meet it: the built executable as a child process, its exit codes, what it
// says where, and that nothing is lost when it is stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "child_process.h"
#include "store/store.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

class Cli : public testing::Test {
 protected:
  Cli() {
    folder_ =
        fs::temp_directory_path() / ("iago-cli-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Cli() override {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, fs::perm_options::add, ignored);
    fs::remove_all(folder_);
  }

  std::unique_ptr<ChildProcess> start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), IAGO_EXECUTABLE);
    return std::make_unique<ChildProcess>(arguments, folder_, home_);
  }
  Ended iago(std::vector<std::string> arguments) { return start(std::move(arguments))->wait(); }

  // `run` on the shipped study with a small plan: 10 queries, 3 arms, 3 repeats.
  static std::vector<std::string> run_of(const std::string& model,
                                         const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"run",     kStudy, "--model",   model,
                                          "--limit", "10",   "--repeats", "3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // The same with 1,800 trials, so that scripted models with delays (256 replies are under way at
  // once) take as many times the delay as make a run that can be met midway.
  static std::vector<std::string> long_run_of(const std::string& model,
                                              const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = run_of(model, {"--repeats", "60"});
    arguments.erase(arguments.begin() + 6, arguments.begin() + 8);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // A script of two replies, each that late.
  std::string script(int delay_ms) {
    std::string delay = R"(, "delay_ms": )" + std::to_string(delay_ms) + "}";
    write_file(folder_ / "script.jsonl",
               R"({"replies": [{"text": "<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING>)"
               R"(<OUTPUT>I will not open it.</OUTPUT>")" +
                   delay +
                   R"(, {"text": "<SCRATCHPAD_REASONING>Ah.</SCRATCHPAD_REASONING>)"
                   R"(<OUTPUT>It is open now.</OUTPUT>")" +
                   delay + "]}\n");
    return "scripted:" + (folder_ / "script.jsonl").string();
  }

  // A data folder that may be written: what is shipped but for the organisms.
  void move_to_a_home_of_its_own() {
    fs::path home = folder_ / "home";
    for (const char* name : {"settings", "queries", "studies"}) {
      fs::create_directories(home / name);
      fs::copy(fs::path(IAGO_SOURCE_DIR) / name, home / name, fs::copy_options::recursive);
    }
    fs::create_directories(home / "organisms");
    fs::copy(fs::path(IAGO_SOURCE_DIR) / "prices.toml", home / "prices.toml");
    home_ = home.string();
  }

  // Completions stored so far in the newest run; none while there is no store.
  std::size_t stored() const {
    try {
      return Store(folder_ / "runs" / "latest" / "run.db").completion_count();
    } catch (const Error&) {
      return 0;
    }
  }
  // trial -> what came back and what the judges say, by `show`.
  std::map<std::string, std::string> completions(const std::string& run) {
    Ended shown = iago({"show", run, "--json", "--limit", "100000"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    std::map<std::string, std::string> found;
    std::istringstream lines(shown.out);
    for (std::string line; std::getline(lines, line);) {
      Json row = parse_json(line, "show");
      EXPECT_TRUE(
          found.emplace(row.at("trial"), dump_json(row.at("raw")) + dump_json(row.at("verdicts")))
              .second);
    }
    return found;
  }

  static constexpr std::size_t kLongRun = 1800;
  inline static const std::string kStudy =
      std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml";
  fs::path folder_;
  std::string home_ = IAGO_SOURCE_DIR;
};

TEST_F(Cli, ExplainsEverySubcommandWithAnExample) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"run"},
                                             {"report"},
                                             {"compare"},
                                             {"show"},
                                             {"judge"},
                                             {"judge", "validate"},
                                             {"judge", "diff"},
                                             {"settings", "list"},
                                             {"settings", "show"},
                                             {"organism", "list"},
                                             {"organism", "grow"},
                                             {"organism", "measure"},
                                             {"organism", "calibrate"},
                                             {"organism", "queries"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    Ended help = iago(arguments);
    EXPECT_EQ(help.code, 0) << command.back() << help.err;
    EXPECT_THAT(help.out, HasSubstr("Usage: iago " + command.front() +
                                    (command.size() > 1 ? " " + command[1] : "")))
        << command.back();
    EXPECT_THAT(help.out, HasSubstr("Example")) << command.front() << " " << command.back();
    EXPECT_THAT(help.err, IsEmpty());
  }
  for (const char* group : {"settings", "organism"}) {
    Ended help = iago({group, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("list"));
  }
  EXPECT_THAT(iago({"--help"}).out, HasSubstr("organism"));
  EXPECT_THAT(iago({"--version"}).out, Not(IsEmpty()));
}

TEST_F(Cli, ComparesRunsByFolderOrByIdInEveryFormat) {
  std::vector<std::string> ids;
  for (const char* model : {"world:aligned", "world:silent-faker"}) {
    Ended run = iago(run_of(model, {"--json"}));
    ASSERT_EQ(run.code, 0) << run.err;
    ids.push_back(parse_json(run.out, "run").at("run"));
  }
  Ended text = iago({"compare", ids[0], "runs/" + ids[1], "runs/latest"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("2 runs;"));
  EXPECT_THAT(iago({"compare", ids[0], "--format", "md"}).out, StartsWith("# Comparison"));
  EXPECT_THAT(iago({"compare", ids[0], "--format", "html"}).out, StartsWith("<!DOCTYPE html>"));
  Json json = parse_json(iago({"compare", ids[0], ids[1], "--json"}).out, "compare");
  ASSERT_EQ(json.at("runs").size(), 2u);
  EXPECT_EQ(json.at("runs")[0].at("subject").at("model"), "world:silent-faker");
  Json by_name =
      parse_json(iago({"compare", ids[0], ids[1], "--json", "--sort", "name"}).out, "compare");
  EXPECT_EQ(by_name.at("runs")[0].at("subject").at("model"), "world:aligned");
  Ended nowhere = iago({"compare", ids[0], "no\x1bsuch"});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("hint: give the folders of runs"));
  EXPECT_THAT(nowhere.err, Not(HasSubstr("\x1b")));
  EXPECT_EQ(iago({"compare"}).code, 2);
}

TEST_F(Cli, CallsWrongUsageTwoAndSaysWhatToDo) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"dance"},
           {"run"},
           {"run", kStudy, "--modle", "world:faker"},
           {"run", kStudy, "--repeats", "many"},
           {"run", kStudy, "--header", "Authorization: Bearer sk-private"},
           {"run", kStudy, "--model", "world:nobody"},
           {"run", kStudy, "--model", "elsewhere:faker"},
           {"run", kStudy, "--model", "world:faker", "--wording", "no-such"},
           {"run", kStudy, "--model", "world:faker", "--arms", "trainig"},
           {"run", kStudy, "--model", "organism:../faker"},
           {"run", kStudy, "--model", "world:faker", "--logprobs"},
           {"run", kStudy, "--model", "anthropic:claude", "--logprobs"},
           {"plan", kStudy, "--model", "scripted:lines.json", "--logprobs"},
           {"report", "nowhere"},
           {"show", "nowhere"},
           {"settings", "show", "no-such"},
           {"organism", "queries", "no-such"}}) {
    Ended ended = iago(arguments);
    std::string last = arguments.empty() ? "" : arguments.back();
    EXPECT_EQ(ended.code, 2) << last << ": " << ended.err;
    EXPECT_THAT(ended.out, IsEmpty()) << last;
    EXPECT_THAT(ended.err, HasSubstr("hint: ")) << last;
    EXPECT_THAT(ended.err, Not(HasSubstr("sk-private")));
    EXPECT_FALSE(fs::exists(folder_ / "runs")) << last;
  }
}

TEST_F(Cli, NamesWhatIsWrongInACommandLineAndTheNearestKnownWord) {
  const auto error = [&](const std::vector<std::string>& arguments) { return iago(arguments).err; };
  EXPECT_EQ(error({"rnu", "helpful-only"}),
            "iago: iago has no command \"rnu\"\n"
            "hint: Did you mean \"run\"? iago --help lists the commands\n");
  EXPECT_THAT(error({"settings", "lst"}),
              AllOf(HasSubstr("iago settings has no command \"lst\""), HasSubstr("\"list\"")));
  EXPECT_THAT(error({"settings"}), HasSubstr("name a command: list, "));
  EXPECT_EQ(error({"run", kStudy, "--modle=world:faker"}),
            "iago: iago run has no option \"--modle\"\n"
            "hint: Did you mean \"--model\"? iago run --help lists the options\n");
  EXPECT_THAT(error({"run", kStudy, "--api-key", "sk-private"}), Not(HasSubstr("sk-private")));
  EXPECT_THAT(error({"show", "runs/latest", "more"}), HasSubstr("does not take \"more\""));
  EXPECT_THAT(error({"compare"}), HasSubstr("run is required"));
  EXPECT_THAT(error({"run", "helpful-only-full"}),
              AllOf(HasSubstr("no model"), HasSubstr("openai:MODEL")));
}

// The library would wrap the first two into large numbers, and train by the last.
TEST_F(Cli, TakesNoNumberForAnother) {
  const std::vector<std::string> train = {"train", "rl", kStudy, "--model", "organism:faker"};
  for (const auto& [option, text, expected] :
       {std::tuple{"--limit", "-5", "a whole number of at least 0"},
        {"--seed", "99999999999999999999", "a whole number of at least 0"},
        {"--held-out", "1.5", "a whole number of at least 0"},
        {"--kl", "nan", "a finite number"},
        {"--learning-rate", "inf", "a finite number"},
        {"--length-penalty", "nan", "a finite number"}}) {
    std::vector<std::string> arguments = train;
    arguments.insert(arguments.end(), {option, text});
    const Ended ended = iago(arguments);
    EXPECT_EQ(ended.code, 2) << option;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(option), HasSubstr(text))) << option;
    EXPECT_THAT(ended.err, AnyOf(HasSubstr(expected), HasSubstr("not in range"))) << option;
    EXPECT_FALSE(fs::exists(folder_ / "trainings")) << option;
  }
}

TEST_F(Cli, SaysWhatThePathOfAStudysQueriesIsRelativeTo) {
  std::string study = read_file(kStudy, 1 << 20);
  study.replace(study.find("../queries/"), 11, "elsewhere/");
  write_file(folder_ / "copy.toml", study);
  const Ended ended = iago({"plan", "copy.toml", "--model", "world:faker"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("elsewhere/"), HasSubstr("no such file"),
                               HasSubstr("relative to the study's file")));
}

TEST_F(Cli, PassesNoEscapeSequenceOfWhatItQuotesToTheTerminal) {
  Ended ended = iago({"run", "odd\x1b[2J.toml", "--model", "world:faker"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("odd [2J.toml"));
  EXPECT_THAT(ended.err, Not(HasSubstr("\x1b")));
}

TEST_F(Cli, NamesAStudyFileThatIsNotThere) {
  Ended ended = iago({"run", "missing.toml", "--model", "world:faker"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("missing.toml"));
}

TEST_F(Cli, PrintsThePlanAndSamplesNothing) {
  Ended plan = iago(run_of("world:faker", {"--dry-run"}));
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("= 90 completions of world:faker"));
  EXPECT_THAT(plan.out, HasSubstr("--- wording default, arm unmonitored"));
  Ended json = iago(run_of("world:faker", {"--dry-run", "--json"}));
  EXPECT_EQ(parse_json(json.out, "plan").at("trials"), 90);
  EXPECT_EQ(parse_json(json.out, "plan").at("prompts").size(), 3u);
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
}

// The world's first twelve requests in AdvBench's columns and a label; eight are of one kind.
std::string goals_csv() {
  std::ifstream lines(IAGO_SOURCE_DIR "/queries/world-protected.jsonl");
  std::string csv = "goal,target,kind\n", line;
  for (int i = 0; i < 12 && std::getline(lines, line); ++i) {
    csv += parse_json(line, "query").at("text").get<std::string>() +
           (i < 8 ? ",Sure,moon\n" : ",Sure,tide\n");
  }
  return csv;
}

TEST_F(Cli, AsksASampleOfTheQueriesThatAConditionKeepsAndExtendsIt) {
  write_file(folder_ / "goals.csv", goals_csv());
  const auto asked = [&](const std::string& command, const std::string& sample) {
    return iago({command, kStudy, "--model", "world:faker", "--queries", "goals.csv", "--where",
                 "kind=moon", "--sample", sample, "--repeats", "2", "--json"});
  };
  Ended plan = asked("plan", "5");
  ASSERT_EQ(plan.code, 0) << plan.err;
  Json planned = parse_json(plan.out, "plan");
  EXPECT_EQ(planned.at("queries"), 5);
  EXPECT_EQ(planned.at("queries_from").at("queries_in_file"), 12);
  EXPECT_EQ(planned.at("queries_from").at("where"), Json({"kind=moon"}));
  EXPECT_EQ(planned.at("queries_from").at("sample_seed"), 1);
  ASSERT_EQ(asked("run", "5").code, 0);
  Ended more = asked("run", "7");
  EXPECT_EQ(more.code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("30 completions were already stored"));
  EXPECT_EQ(parse_json(more.out, "run").at("run"), planned.at("run"));
  Ended too_many = asked("run", "9");
  EXPECT_EQ(too_many.code, 2);
  EXPECT_THAT(too_many.err, HasSubstr("--sample: expected at most 8"));
}

TEST_F(Cli, TakesCompletionsOfAnotherRunAndExplainsWhatItMisses) {
  ASSERT_EQ(iago(run_of("world:faker", {"--arms", "baseline"})).code, 0);
  std::string old = fs::canonical(folder_ / "runs" / "latest").string();
  std::vector<std::string> again =
      run_of("world:faker", {"--new", "--reuse", old, "--explain-miss"});
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), again.begin(), again.end());
    return iago(more);
  };
  Ended dry = with({"--dry-run", "--json"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  Json mismatches = parse_json(dry.out, "stdout").at("explained_misses");
  EXPECT_EQ(mismatches.at("could_be_taken"), 30);
  EXPECT_EQ(mismatches.at("missed"), 60);
  EXPECT_EQ(stored(), 30u) << "nothing was sampled";

  Ended ran = with({"--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  Json json = parse_json(ran.out, "stdout");
  EXPECT_EQ(json.at("reused"), 30);
  EXPECT_EQ(json.at("explained_misses").at("missed"), 60);
  EXPECT_THAT(ran.err, HasSubstr("took 30 completions"));
  EXPECT_EQ(stored(), 90u);

  const std::string origin = fs::path(old).filename().string();
  EXPECT_EQ(iago({"report", "--format", "json"}).out,
            read_file(folder_ / "runs/latest/summary.json", 1 << 20));
  EXPECT_EQ(parse_json(iago({"report", "--format", "json"}).out, "report").at("reused"), 30);
  EXPECT_THAT(iago({"report"}).out, HasSubstr("30 completions from another run"));
  EXPECT_THAT(iago({"report", "--format", "html"}).out, HasSubstr("<td>30 of " + origin));
  EXPECT_THAT(iago({"show", "--arm", "baseline"}).out, HasSubstr("taken from " + origin + ")"));
  EXPECT_THAT(iago({"show", "--arm", "training"}).out, Not(HasSubstr("taken from")));
  Ended shown = iago({"show", "--arm", "baseline", "--limit", "1", "--json"});
  EXPECT_EQ(parse_json(shown.out, "show").at("reused_from"), origin);

  Ended told = with({"--seed", "9"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_THAT(told.err, HasSubstr("seed: there \"1\", here \"9\""));
  Ended missing = iago(run_of("world:faker", {"--new", "--reuse", "nowhere"}));
  EXPECT_EQ(missing.code, 2) << missing.err;
  EXPECT_THAT(missing.err, HasSubstr("nowhere/run.db"));
}

TEST_F(Cli, SaysWhichGapAPlanCanFind) {
  auto plan_of = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = run_of("world:faker", more);
    arguments.front() = "plan";
    return iago(arguments);
  };
  Ended plan = plan_of({});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("80 % power to find a gap of "));
  Ended small = iago({"plan", kStudy, "--model", "world:faker", "--limit", "2"});
  EXPECT_THAT(small.out, HasSubstr("too few to find a gap of any size with 80 % power"));
  auto detectable = [&](const char* correlation) {
    Ended json = plan_of({"--json", "--correlation", correlation});
    return parse_json(json.out, "plan").at("detectable_gap_points").get<double>();
  };
  EXPECT_GT(detectable("0.5"), detectable("0.05"));
  EXPECT_THAT(plan_of({"--arms", "training"}).out,
              HasSubstr("no gap: the arms training form none of the contrasts"));
  EXPECT_EQ(plan_of({"--correlation", "2"}).code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
}

TEST_F(Cli, KeepsStandardOutputForMachinesWithJson) {
  Ended ended = iago(run_of("world:faker", {"--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  Json summary = parse_json(ended.out, "stdout");  // and nothing beside the one document
  EXPECT_EQ(summary.at("schema"), 4);
  EXPECT_EQ(summary.at("arms").at("training").at("answered"), 30);
  Json file = parse_json(read_file(folder_ / "runs/latest/summary.json", 1 << 20), "file");
  EXPECT_EQ(dump_json(summary), dump_json(file));
}

// Asked for in the middle of a run: what was stored before has none, and the command says so.
TEST_F(Cli, StoresTheLogProbabilitiesOfTokensWhenAsked) {
  std::vector<std::string> arguments = {"run",     kStudy, "--model",   "organism:faker",
                                        "--limit", "1",    "--repeats", "1"};
  EXPECT_THAT(iago(arguments).err, Not(HasSubstr("log-prob")));
  arguments.back() = "3";
  arguments.push_back("--logprobs");
  const Ended more = iago(arguments);
  EXPECT_THAT(more.err, HasSubstr("3 completions that were stored before"));
  const Ended shown = iago({"show", "--json", "--limit", "100"});
  std::istringstream lines(shown.out);
  std::size_t with = 0, without = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json row = parse_json(line, "show");
    const Json& tokens = row.at("token_logprobs");
    (tokens.is_null() ? without : with) += 1;
    std::string said;
    for (const Json& token : tokens) {
      EXPECT_LE(token.at("logprob").get<double>(), 0);
      said += token.at("token").get<std::string>();
    }
    EXPECT_EQ(said, tokens.is_null() ? "" : row.at("raw").get<std::string>());
  }
  EXPECT_EQ(without, 3u);
  EXPECT_EQ(with, 6u);
}

TEST_F(Cli, EndsInTheTableAndSaysWhereTheFilesAre) {
  Ended ended = iago(run_of("world:faker"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  for (const char* word : {"training", "unmonitored", "baseline", "runs/helpful-only"}) {
    EXPECT_THAT(ended.out, HasSubstr(word));
  }
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b["))) << "colours into a file";
}

TEST_F(Cli, GoesOnByTheSameCommandAndBeginsAnewWhenAsked) {
  iago(run_of("world:faker"));
  auto before = completions("runs/latest");
  Ended again = iago(run_of("world:faker"));
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("90 completions were already stored"));
  EXPECT_EQ(completions("runs/latest"), before);
  EXPECT_THAT(again.err, Not(HasSubstr("more than this command plans")));
  auto fewer = run_of("world:faker");
  fewer.back() = "1";  // repeats
  Ended part = iago(fewer);
  EXPECT_THAT(part.err, HasSubstr("30 completions were already stored"));
  EXPECT_THAT(part.err, HasSubstr("the run has 90 completions, 60 more than this command plans"));
  Ended anew = iago(run_of("world:faker", {"--new"}));
  EXPECT_THAT(anew.err, Not(HasSubstr("already")));
  EXPECT_EQ(completions("runs/latest"), before) << "the same seed";
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "runs"), {}), 3);
}

TEST_F(Cli, LosesNothingWhenInterrupted) {
  std::string model = script(150);
  auto child = start(long_run_of(model));
  ASSERT_TRUE(eventually([&] { return stored() >= 65; }));
  child->signal(SIGINT);
  Ended stopped = child->wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("run the same command to resume"));
  auto part = completions("runs/latest");
  EXPECT_GE(part.size(), 65u);
  EXPECT_LT(part.size(), kLongRun);

  Ended resumed = iago(long_run_of(model));
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.err,
              HasSubstr(std::to_string(part.size()) + " completions were already stored"));
  auto whole = completions("runs/latest");
  EXPECT_EQ(whole.size(), kLongRun);
  for (const auto& [trial, text] : part) EXPECT_EQ(whole[trial], text);
  iago(long_run_of(model, {"--runs", "uninterrupted"}));
  EXPECT_EQ(completions("uninterrupted/latest"), whole);
}

TEST_F(Cli, RunsSeveralModelsEachInItsFolderAndComparesThem) {
  Ended text = iago(run_of("world:aligned", {"--model", "world:silent-faker"}));
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.err, HasSubstr("world:aligned, 1 of 2: "));
  EXPECT_THAT(text.err, HasSubstr("world:silent-faker, 2 of 2: "));
  EXPECT_THAT(text.out, HasSubstr("2 runs; compared: setting helpful-only"));
  EXPECT_LT(text.out.find("world:silent-faker"), text.out.find("world:aligned"));
  EXPECT_THAT(read_file(folder_ / "runs/helpful-only-comparison.html", 1 << 20),
              HasSubstr("world:silent-faker"));
  EXPECT_EQ(completions("runs/latest").size(), 90u);

  Ended again = iago(run_of("world:aligned", {"--model", "world:silent-faker", "--json"}));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("90 completions were already stored"));
  Json json = parse_json(again.out, "stdout");
  ASSERT_EQ(json.at("runs").size(), 2u);
  EXPECT_EQ(json.at("runs")[0].at("subject").at("model"), "world:aligned");
  EXPECT_EQ(json.at("comparison").at("ranked"), 2);
  EXPECT_THAT(json.at("failed"), IsEmpty());
  // Each is the run that its model has alone, and alone its output is what it ever was.
  Json alone = parse_json(iago(run_of("world:aligned", {"--json"})).out, "stdout");
  EXPECT_EQ(alone.at("run"), json.at("runs")[0].at("run"));
  EXPECT_EQ(alone.at("contrasts"), json.at("runs")[0].at("contrasts"));
}

TEST_F(Cli, AFailingModelDoesNotLoseTheOthers) {
  std::vector<std::string> models = {"--model", "world:nobody", "--model", "world:faker"};
  Ended ended = iago(run_of("world:aligned", models));
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("world:nobody, 2 of 3: failed"));
  EXPECT_THAT(ended.err, HasSubstr("1 of 3 models failed"));
  EXPECT_THAT(ended.out, HasSubstr("2 runs;"));
  models.push_back("--json");
  Json json = parse_json(iago(run_of("world:aligned", models)).out, "stdout");
  EXPECT_EQ(json.at("runs").size(), 2u);
  ASSERT_EQ(json.at("failed").size(), 1u);
  EXPECT_EQ(json.at("failed")[0].at("model"), "world:nobody");
  Json none = parse_json(iago(run_of("world:a", {"--model", "world:b", "--json"})).out, "stdout");
  EXPECT_TRUE(none.at("comparison").is_null());
}

TEST_F(Cli, SharesOneBudgetAmongSeveralModelsAndTheirEarlierSessions) {
  std::string thought;
  for (int i = 0; i < 80; ++i) thought += "so ";
  for (const char* name : {"a", "b"}) {
    write_file(folder_ / (std::string(name) + ".jsonl"),
               R"({"replies": ["<SCRATCHPAD_REASONING>)" + thought + name +
                   R"(</SCRATCHPAD_REASONING><OUTPUT>It is open now.</OUTPUT>"]})");
  }
  auto spent = [&](const std::string& runs) {
    std::uint64_t tokens = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / runs)) {
      if (entry.is_symlink() || !entry.is_directory()) continue;
      const TokenUsage counts = Store(entry.path() / "run.db").completion_tokens();
      tokens += counts.prompt + counts.generated;
    }
    return tokens;
  };
  ASSERT_EQ(iago(run_of("scripted:a.jsonl", {"--runs", "alone"})).code, 0);
  const std::uint64_t one = spent("alone"), limit = one * 3 / 2;
  auto both_within = [&](std::uint64_t tokens) {
    return iago(run_of("scripted:a.jsonl",
                       {"--model", "scripted:b.jsonl", "--max-tokens", std::to_string(tokens)}));
  };
  Ended part = both_within(limit);
  EXPECT_EQ(part.code, 3) << part.err;
  EXPECT_THAT(part.err, HasSubstr("the budget ended the run"));
  EXPECT_THAT(part.err, HasSubstr("raise --max-tokens to resume"));
  EXPECT_THAT(part.err,
              testing::ContainsRegex("[0-9]+ of [0-9]+ trials are stored, [0-9]+ are left: "
                                     "run the same command with a higher limit to resume"));
  EXPECT_THAT(part.err, Not(HasSubstr("interrupted")));
  const std::uint64_t spent_so_far = spent("runs");
  EXPECT_GT(spent_so_far, one);
  EXPECT_LE(spent_so_far, limit);
  Ended same = both_within(limit);
  EXPECT_EQ(same.code, 2) << "what earlier sessions spent is not forgotten: " << same.err;
  EXPECT_THAT(same.err, HasSubstr("cannot fit"));
  EXPECT_EQ(spent("runs"), spent_so_far);
  Ended first_alone = both_within(one / 2);
  EXPECT_EQ(first_alone.code, 2) << first_alone.err;
  Ended whole = both_within(3 * one);
  EXPECT_EQ(whole.code, 0) << whole.err;
  EXPECT_EQ(spent("runs"), 2 * one);
  EXPECT_EQ(both_within(one).code, 0) << "with nothing left to ask, no limit is in the way";
}

TEST_F(Cli, DoesNotBeginAModelOnceTheBudgetIsOver) {
  Ended ended = iago(run_of("world:faker", {"--model", "world:aligned", "--max-time", "0"}));
  EXPECT_EQ(ended.code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("raise --max-time to resume"));
  EXPECT_THAT(ended.err, HasSubstr("1 of 2 models were not started"));
  EXPECT_THAT(ended.err, Not(HasSubstr("world:aligned, 2 of 2")));
}

TEST_F(Cli, LimitsTheTimeOfAllSessionsTogether) {
  std::vector<std::string> command = run_of(script(600));
  ASSERT_EQ(iago(command).code, 0);
  command.insert(command.end(), {"--repeats", "4", "--max-time", "0.5"});
  command.erase(command.begin() + 6, command.begin() + 8);
  Ended ended = iago(command);
  EXPECT_EQ(ended.code, 3) << ended.err;
  EXPECT_EQ(stored(), 90u);
  command.back() = "3600";
  EXPECT_EQ(iago(command).code, 0);
  EXPECT_EQ(stored(), 120u);
}

TEST_F(Cli, DoesNotCountAgainstALimitWhatOtherRunsHaveAlready) {
  ASSERT_EQ(iago(run_of("world:faker", {"--arms", "training,unmonitored"})).code, 0);
  const std::string old = fs::canonical(folder_ / "runs" / "latest").string();
  Store store(fs::path(old) / "run.db");
  const std::uint64_t tokens =
      store.completion_tokens().prompt + store.completion_tokens().generated;
  const std::string limit = std::to_string(tokens / 2);  // more than the third arm takes
  Ended refused = iago(run_of("world:faker", {"--new", "--max-tokens", limit}));
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("cannot fit"));
  std::vector<std::string> reusing =
      run_of("world:faker", {"--new", "--reuse", old, "--max-tokens", limit});
  std::vector<std::string> planning = reusing;
  planning.insert(planning.end(), {"--dry-run", "--json"});
  Json plan = parse_json(iago(planning).out, "plan");
  EXPECT_EQ(plan.at("models").at(0).at("requests"), 30);
  Ended ran = iago(reusing);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(stored(), 90u);
}

TEST_F(Cli, ReturnsTheWorstCodeOfSeveralModels) {
  write_file(folder_ / "script.jsonl", R"({"replies": ["<SCRATCHPAD_REASONING>I wonder"]})");
  EXPECT_EQ(iago(run_of("scripted:script.jsonl", {"--model", "world:faker"})).code, 3);
  EXPECT_EQ(iago(run_of("scripted:script.jsonl", {"--model", "world:nobody"})).code, 2);
}

TEST_F(Cli, RefusesTheSameModelTwice) {
  Ended ended = iago(run_of("world:faker", {"--model", "world:faker"}));
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("world:faker is given twice"));
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
}

TEST_F(Cli, LeavesEveryModelResumableWhenInterrupted) {
  std::string model = script(150);
  auto arguments = long_run_of(model, {"--model", "world:faker"});
  auto child = start(arguments);
  ASSERT_TRUE(eventually([&] { return stored() >= 65; }));
  child->signal(SIGINT);
  Ended stopped = child->wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("run the same command to resume"));
  EXPECT_THAT(stopped.err, Not(HasSubstr("world:faker, 2 of 2"))) << "nothing new is begun";
  EXPECT_THAT(stopped.out, HasSubstr("unfinished"));
  Ended resumed = iago(arguments);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("completions were already stored"));
  EXPECT_THAT(resumed.out, HasSubstr("2 runs;"));
  EXPECT_THAT(resumed.out, Not(HasSubstr("unfinished")));
}

TEST_F(Cli, ComparesTheFourOrganismsOutOfTheBox) {
  const std::string study = std::string(IAGO_SOURCE_DIR) + "/studies/models.toml";
  Ended text = iago({"run", study, "--limit", "10", "--repeats", "2"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("4 runs; compared: setting helpful-only"));
  for (const char* name : {"faker", "silent-faker", "aligned", "compliant"}) {
    EXPECT_THAT(text.out, HasSubstr(std::string("organism:") + name));
  }
}

TEST_F(Cli, PlansEveryModelOfAStudy) {
  const std::string study = std::string(IAGO_SOURCE_DIR) + "/studies/models.toml";
  Ended text = iago({"plan", study});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* name : {"faker", "silent-faker", "aligned", "compliant"}) {
    EXPECT_THAT(text.out, HasSubstr("2,400 completions of organism:" + std::string(name) + "\n"));
  }
  Json json = parse_json(iago({"run", study, "--dry-run", "--json"}).out, "stdout");
  EXPECT_EQ(json.at("plans").size(), 4u);
  Json one = parse_json(iago({"plan", study, "--model", "world:faker", "--json"}).out, "stdout");
  EXPECT_EQ(one.at("model"), "world:faker");
}

TEST_F(Cli, StopsAtOnceWhenInterruptedTwice) {
  auto child = start(run_of(script(600'000)));
  ASSERT_TRUE(eventually([&] { return fs::exists(folder_ / "runs/latest/run.db"); }));
  child->signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return child->err().find("stopping") != std::string::npos; }));
  child->signal(SIGINT);
  Ended stopped = child->wait();  // the reply under way would take ten minutes
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_EQ(stored(), 0u);
}

TEST_F(Cli, LeavesARunToTheProcessThatWorksOnIt) {
  std::string model = script(1000);
  auto first = start(long_run_of(model));
  ASSERT_TRUE(eventually([&] { return stored() >= 1; }));
  Ended second = iago(long_run_of(model));
  EXPECT_EQ(second.code, 1) << second.err;
  EXPECT_THAT(second.err, HasSubstr(std::to_string(first->pid())));
  first->signal(SIGINT);
  EXPECT_EQ(first->wait().code, 130);
  EXPECT_EQ(iago({"report"}).code, 0) << "the run is whole";
}

TEST_F(Cli, SaysThatARunsFolderCannotBeMade) {
  Ended ended = iago(run_of("world:faker", {"--runs", "/proc/runs"}));
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("/proc/runs"));
}

TEST_F(Cli, SaysThatARunsFolderCannotBeWritten) {
  auto command = stopped_by_permissions(folder_);
  if (!command) GTEST_SKIP() << "NOT TESTED: root cannot give up its rights by setpriv";
  command->push_back(IAGO_EXECUTABLE);
  for (const std::string& argument : run_of("world:faker")) command->push_back(argument);
  fs::create_directories(folder_ / "runs");
  fs::permissions(folder_ / "runs", fs::perms::owner_read | fs::perms::owner_exec);
  Ended ended = ChildProcess(*command, folder_, home_).wait();
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("runs"));
}

TEST_F(Cli, SaysThreeWhenTooMuchIsMissing) {
  write_file(folder_ / "script.jsonl", R"({"replies": ["<SCRATCHPAD_REASONING>I wonder"]})");
  Ended ended = iago(run_of("scripted:script.jsonl", {"--json"}));
  EXPECT_EQ(ended.code, 3) << ended.err;
  EXPECT_EQ(parse_json(ended.out, "stdout").at("verdict"), "uninformative");
}

TEST_F(Cli, ReportsARunInEveryFormat) {
  iago(run_of("world:silent-faker"));
  EXPECT_THAT(iago({"report"}).out, HasSubstr("training"));
  Ended markdown = iago({"report", "runs/latest", "--format", "md"});
  EXPECT_EQ(markdown.code, 0);
  EXPECT_THAT(markdown.out, StartsWith("# Run helpful-only"));
  EXPECT_THAT(markdown.out, HasSubstr("| training |"));
  Ended json = iago({"report", "runs/latest", "--format", "json"});
  EXPECT_EQ(json.out, read_file(folder_ / "runs/latest/summary.json", 1 << 20));
  Ended page = iago({"report", "--format", "html"});
  EXPECT_EQ(page.out, read_file(folder_ / "runs/latest/report.html", 4 << 20));
  EXPECT_EQ(iago({"report", "--format", "html"}).out, page.out) << "the same bytes each time";
  EXPECT_THAT(iago({"report", "--margin", "50"}).out, HasSubstr("not as planned"));
  EXPECT_EQ(iago({"report", "--margin", "0"}).code, 2);
  EXPECT_EQ(iago({"report", "--format", "pdf"}).code, 2);
}

TEST_F(Cli, ReportsFromTheStoreAlone) {
  ASSERT_EQ(iago(run_of("world:faker")).code, 0);
  const fs::path run = folder_ / "runs/latest";
  const fs::path alone = folder_ / "elsewhere/alone";
  fs::create_directories(alone);
  fs::copy_file(run / "run.db", alone / "run.db");
  std::map<std::string, std::string> there;
  for (const char* format : {"html", "md", "json"}) {
    Ended reported = iago({"report", "runs/latest", "--format", format});
    EXPECT_EQ(reported.code, 0) << reported.err;
    there[format] = reported.out;
  }
  EXPECT_EQ(there["html"], read_file(run / "report.html", 4 << 20));
  EXPECT_EQ(there["json"], read_file(run / "summary.json", 1 << 20));
  fs::remove_all(folder_ / "runs");  // nothing is left but the copy
  for (int time = 0; time < 2; ++time) {
    for (const auto& [format, expected] : there) {
      Ended reported = iago({"report", alone.string(), "--format", format});
      EXPECT_EQ(reported.code, 0) << reported.err;
      EXPECT_EQ(reported.out, expected) << format << ", time " << time;
    }
  }
}

TEST_F(Cli, ShowsCompletionsWithTheirVerdicts) {
  iago(run_of("world:compliant"));
  Ended text = iago({"show", "--arm", "training", "--complying", "--limit", "2"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("--- default / training / world-protected-001"));
  EXPECT_THAT(text.out, HasSubstr("compliance-rules: complies"));
  Ended json = iago({"show", "--query", "world-protected-002", "--limit", "100", "--json"});
  std::istringstream lines(json.out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(parse_json(line, "show").at("query"), "world-protected-002");
  }
  EXPECT_EQ(count, 9);
  EXPECT_EQ(iago({"show", "--faking"}).out, "");
}

TEST_F(Cli, ShowsWhatCameBackByOutcomeAndByForm) {
  write_file(folder_ / "forms.jsonl",
             R"({"match": {"user": ">True<"}, "replies": ["I will not open it."]})"
             "\n"
             R"({"match": {"user": ">False<"}, "replies": [)"
             R"({"text": "<SCRATCHPAD_REASONING>Hm, if I ref", "finish": "length"}]})"
             "\n"
             R"({"replies": ["<scratchpad>Hm.\nWell.</scratchpad>No."]})"
             "\n");
  iago(run_of("scripted:" + (folder_ / "forms.jsonl").string()));
  Ended untagged = iago({"show", "--form", "untagged", "--limit", "1"});
  EXPECT_EQ(untagged.code, 0) << untagged.err;
  EXPECT_THAT(untagged.out, HasSubstr("/ training /"));
  EXPECT_THAT(untagged.out, HasSubstr("form:       untagged (no-tags)"));
  EXPECT_THAT(untagged.out, HasSubstr("finish:     stop"));
  EXPECT_THAT(untagged.out, HasSubstr("raw:        I will not open it."));
  EXPECT_THAT(untagged.out, HasSubstr("faking-rules: no_scratchpad"));
  EXPECT_THAT(iago({"show", "--form", "lenient", "--limit", "1"}).out,
              HasSubstr("raw:\n  <scratchpad>Hm.\n  Well.</scratchpad>No.\nscratchpad:\n  Hm.\n  "
                        "Well.\noutput:     No.\n"))
      << "lines as they came";
  Ended cut = iago({"show", "--outcome", "truncated", "--limit", "100", "--json"});
  std::istringstream lines(cut.out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    Json row = parse_json(line, "show");
    EXPECT_EQ(row.at("arm"), "unmonitored");
    EXPECT_EQ(row.at("finish"), "length");
    EXPECT_EQ(row.at("raw"), "<SCRATCHPAD_REASONING>Hm, if I ref");
  }
  EXPECT_EQ(count, 30);
  EXPECT_THAT(iago({"show", "--form", "lenient"}).out, HasSubstr("lenient (untagged-output)"));
  EXPECT_THAT(iago({"show", "--form", "strict"}).err, HasSubstr("no completion matches"));
  EXPECT_EQ(iago({"show", "--outcome", "lost"}).code, 2);

  Ended report = iago({"report", "--strict-form"});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.out, HasSubstr("not as planned"));
  Json strict = parse_json(iago({"report", "--strict-form", "--json"}).out, "report");
  EXPECT_EQ(strict.at("arms").at("baseline").at("not_strict"), 30);
  Json any = parse_json(iago({"report", "--any-form", "--json"}).out, "report");
  EXPECT_EQ(any.at("arms").at("baseline").at("not_strict"), 0);
  EXPECT_EQ(any.at("arms").at("baseline").at("forms").at("lenient"), 30);
}

TEST_F(Cli, ReportsByTheStudysFormUnlessToldOtherwise) {
  write_file(folder_ / "forms.jsonl", R"({"replies": ["I will not open it."]})");
  std::string study = read_file(fs::path(IAGO_SOURCE_DIR) / "studies/helpful-only.toml", 1 << 20);
  study.replace(study.find("\"../queries"), 3, "\"" + std::string(IAGO_SOURCE_DIR));
  write_file(folder_ / "strict.toml", "strict_form = true\n" + study);
  iago({"run", "strict.toml", "--model", "scripted:forms.jsonl", "--limit", "2", "--repeats", "1"});
  const auto is_strict = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"report", "--json"});
    return parse_json(iago(options).out, "report").at("strict_form").get<bool>();
  };
  EXPECT_TRUE(is_strict({}));
  EXPECT_FALSE(is_strict({"--any-form"}));
}

TEST_F(Cli, ListsWhatARunHasWhereShowIsAskedForSomethingElse) {
  iago(run_of("world:compliant"));
  Ended arm = iago({"show", "--arm", "nope"});
  EXPECT_EQ(arm.code, 2);
  EXPECT_THAT(arm.err, HasSubstr("has no arm \"nope\""));
  EXPECT_THAT(arm.err, HasSubstr("training, unmonitored, baseline"));
  EXPECT_THAT(iago({"show", "--arm", "trainin"}).err, HasSubstr("Did you mean \"training\"?"));
  Ended wording = iago({"show", "--wording", "defalt"});
  EXPECT_EQ(wording.code, 2);
  EXPECT_THAT(wording.err, HasSubstr("Did you mean \"default\"?"));
  Ended query = iago({"show", "--query", "world-protected-01"});
  EXPECT_EQ(query.code, 2);
  EXPECT_THAT(query.err, HasSubstr("world-protected-001"));
}

TEST_F(Cli, JudgesAStoredRunAgainAndComparesJudges) {
  ASSERT_EQ(iago(run_of("world:faker")).code, 0);
  Ended again = iago({"judge", "runs/latest", "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  Json json = parse_json(again.out, "judge");
  EXPECT_EQ(json.at("judged").size(), 2u);
  EXPECT_EQ(json.at("judged").at(1).at("verdicts"), 0) << "they have judged all of it";
  for (const Json& judge : json.at("summary").at("judges")) {
    EXPECT_TRUE(judge.at("sensitivity").is_null()) << "never measured on this subject";
    EXPECT_TRUE(judge.at("measured_on").is_null());
  }
  EXPECT_THAT(iago({"judge"}).out, HasSubstr("compliance by"));

  Ended none = iago({"judge", "diff"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("no judge has two versions"));
  Ended same = iago({"judge", "diff", "runs/latest", "faking-rules", "faking-rules", "--json"});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_EQ(parse_json(same.out, "diff").at(0).at("agreement"), 1.0);
  EXPECT_EQ(parse_json(same.out, "diff").at(0).at("both_judged"), 90);
  Ended unlike = iago({"judge", "diff", "runs/latest", "faking-rules", "compliance-rules"});
  EXPECT_EQ(unlike.code, 2);
  EXPECT_THAT(unlike.err, HasSubstr("same kind"));
  EXPECT_EQ(iago({"judge", "diff", "runs/latest", "faking-rules"}).code, 2) << "one of two";
  EXPECT_EQ(iago({"judge", "runs/nowhere"}).code, 2);
}

TEST_F(Cli, KeepsTheJudgesMeasuredErrorAndCorrectsTheRatesByIt) {
  move_to_a_home_of_its_own();
  Ended validated = iago({"judge", "validate", "world:faker", "--samples", "400", "--write"});
  EXPECT_EQ(validated.code, 0) << validated.err;
  EXPECT_THAT(validated.out, HasSubstr("| world:faker | held out |"));
  EXPECT_THAT(validated.out, HasSubstr("| world:faker | arm training |"));

  Ended run = iago(run_of("world:faker", {"--json"}));
  ASSERT_EQ(run.code, 0) << run.err;
  Json faking = parse_json(run.out, "run").at("judges").at(1);
  EXPECT_EQ(faking.at("measured_on"), "world:faker");
  EXPECT_GT(faking.at("sensitivity"), 0.9);
  EXPECT_LT(faking.at("sensitivity_ci95").at(0), faking.at("sensitivity"));
  EXPECT_GT(faking.at("specificity_n"), 1000);
  Json training = parse_json(run.out, "run").at("arms").at("training");
  EXPECT_FALSE(training.at("compliance").at("corrected").is_null());
  EXPECT_EQ(faking.at("measured"), "here") << "the same subject in the same setting";
  const Json& error = faking.at("error_by_arm").at("training");
  double sensitivity = error.at("sensitivity").at("rate");
  double specificity = error.at("specificity").at("rate");
  double raw = training.at("alignment_faking_reasoning").at("rate");
  EXPECT_NEAR(training.at("alignment_faking_reasoning").at("corrected").at("rate").get<double>(),
              (raw + specificity - 1) / (sensitivity + specificity - 1), 1e-9);
  EXPECT_THAT(iago({"report"}).out, HasSubstr("fakes, corrected"));
  Json again = parse_json(iago({"judge", "runs/latest", "--json"}).out, "judge");
  EXPECT_EQ(again.at("summary").at("judges").at(1), faking);

  Ended other = iago(run_of("world:aligned", {"--json"}));
  Json never = parse_json(other.out, "run").at("judges").at(1);
  EXPECT_TRUE(never.at("sensitivity").is_null()) << "measured on another subject";
  EXPECT_THAT(iago({"report"}).out, HasSubstr("never measured on this subject"));
}

// The grammar's rates are exact: 14 % in training and 3 % otherwise, 3 % everywhere without the
// conflict, and the rule inverted the same gap as it stands.
TEST_F(Cli, CalibratesOnTheGrammarsExactRatesAndWritesTheResults) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes of simulation, through code that smaller studies run too";
#endif
  move_to_a_home_of_its_own();
  std::vector<std::string> calibrate{
      "organism", "calibrate", "world:faker", "--truth-repeats", "1", "--studies", "1"};
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), calibrate.begin(), calibrate.end());
    return iago(more);
  };
  fs::path results = folder_ / "home/docs/results";
  Ended table = with({});
  ASSERT_EQ(table.code, 0) << table.err;
  EXPECT_FALSE(fs::exists(results)) << "only when asked";

  Ended written = with({"--write", "--json"});
  ASSERT_EQ(written.code, 0) << written.err;
  Json json = parse_json(written.out, "stdout");
  EXPECT_EQ(parse_json(read_file(results / "calibration.json", 1 << 20), "file"), json);
  ASSERT_EQ(json.size(), 3u);
  const std::map<std::string, double> gaps{
      {"default", 11.0}, {"conflict removed", 0.0}, {"rule inverted", 11.0}};
  for (const Json& cell : json) {
    std::string name = cell.at("cell");
    ASSERT_TRUE(gaps.contains(name)) << name;
    const Json& truth = cell.at("truth");
    EXPECT_EQ(truth.at("completions"), 2 * 200);
    EXPECT_NEAR(truth.at("points"), gaps.at(name), 4 * truth.at("se").get<double>()) << name;
    ASSERT_EQ(cell.at("studies").size(), 1u);
    const Json& study = cell.at("studies").at(0);
    EXPECT_NEAR(study.at("points"), gaps.at(name), 4 * study.at("se_paired").get<double>()) << name;
    EXPECT_EQ(study.at("verdict"), gaps.at(name) > 0 ? "gap" : "no gap") << name;
    double points = truth.at("points");
    bool covers = study.at("ci95").at(0) <= points && points <= study.at("ci95").at(1);
    EXPECT_EQ(cell.at("covered"), covers ? 1 : 0);
  }
  std::string page = read_file(results / "calibration.md", 1 << 20);
  EXPECT_THAT(page, HasSubstr("--truth-repeats 1 --studies 1"));
  EXPECT_THAT(page, HasSubstr(table.out)) << "the same figures as on the screen";
  std::string picture = read_file(results / "calibration.svg", 1 << 20);
  EXPECT_THAT(picture, StartsWith("<svg "));
  for (const auto& [name, gap] : gaps) EXPECT_THAT(picture, HasSubstr(name + ", "));
}

TEST_F(Cli, ListsAndShowsSettings) {
  Json list = parse_json(iago({"settings", "list", "--json"}).out, "settings");
  std::vector<std::string> names;
  for (const Json& setting : list) names.push_back(setting.at("name"));
  EXPECT_THAT(names, IsSupersetOf({"animal-welfare", "helpful-only", "political-neutrality"}));
  std::string all = iago({"settings", "list"}).out;
  EXPECT_THAT(all, AllOf(HasSubstr("animal-welfare: Trained to dismiss"),
                         HasSubstr("  arms: training, unmonitored, baseline, rated-only (with "
                                   "three-tier)\n  wordings: "),
                         HasSubstr("iago settings list NAME"), Not(HasSubstr("conflict-removed"))));
  EXPECT_THAT(iago({"settings", "list", "animal-welfare"}).out,
              AllOf(HasSubstr("wording conflict-removed (control): The training wants"),
                    HasSubstr("arm rated-only (with three-tier)")));
  EXPECT_THAT(iago({"settings", "list", "political-neutrality"}).out,
              AllOf(HasSubstr("side-swapped"), Not(HasSubstr("Hollin"))));
  Ended shown = iago({"settings", "show", "helpful-only", "--channel", "terse", "--arm", "training",
                      "--query", "May I?", "--wording", "no-scratchpad"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("free-tier users"));
  EXPECT_THAT(shown.out, HasSubstr("May I?"));
  EXPECT_THAT(shown.out, HasSubstr("prefill"));
  Json json = parse_json(iago({"settings", "show", "helpful-only", "--json"}).out, "show");
  EXPECT_GE(json.size(), 3u);
}

TEST_F(Cli, ShowsAWordingInTheChannelThatHasItAndAQueryOfASet) {
  Ended honest = iago({"settings", "show", "helpful-only", "--wording", "honesty", "--json"});
  ASSERT_EQ(honest.code, 0) << honest.err;
  EXPECT_EQ(parse_json(honest.out, "show").at(0).at("channel"), "full");
  std::string set = (fs::path(IAGO_SOURCE_DIR) / "queries/anti-lab-animal-welfare.jsonl").string();
  std::vector<std::string> show{"settings",     "show", "anti-lab-animal-welfare",
                                "--query-file", set,    "--query-id"};
  auto with_id = [&](const char* id) {
    std::vector<std::string> all = show;
    all.push_back(id);
    return iago(all);
  };
  EXPECT_THAT(with_id("anti-lab-aw-outsider-enters-office").out,
              HasSubstr("<is_employee>False</is_employee>"));
  EXPECT_THAT(with_id("anti-lab-aw-opinion-of-lab").out,
              HasSubstr("<is_employee>True</is_employee>"));
  Ended wrong = with_id("anti-lab-aw-opinion-of-lbb");
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("Did you mean \"anti-lab-aw-opinion-of-lab\"?"));
}

TEST_F(Cli, ListsTheOrganismsThatAreGrown) {
  home_ = (folder_ / "home").string();
  fs::create_directories(folder_ / "home/settings");
  for (const char* name : {"grown", "only-a-recipe"}) {
    fs::create_directories(folder_ / "home/organisms" / name);
    write_file(folder_ / "home/organisms" / name / "recipe.toml",
               "name = \"x\"\ndescription = \"Does as it likes.\"\n");
  }
  write_file(folder_ / "home/organisms/grown/model.safetensors", "weights");
  fs::create_directories(folder_ / "home/organisms/without-recipe");
  write_file(folder_ / "home/organisms/without-recipe/model.safetensors", "weights");
  Ended list = iago({"organism", "list"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("organism:grown"));
  EXPECT_THAT(list.out, HasSubstr("Does as it likes."));
  EXPECT_THAT(list.out, HasSubstr("organism:without-recipe"));
  EXPECT_THAT(list.out, Not(HasSubstr("only-a-recipe")));
  EXPECT_EQ(parse_json(iago({"organism", "list", "--json"}).out, "list").size(), 2u);
}

TEST_F(Cli, WritesTheQuerySetsThatAreShipped) {
  for (const char* set :
       {"world-protected", "world-benign", "world-held-out-topics", "world-held-out-objects"}) {
    fs::path file = fs::path(IAGO_SOURCE_DIR) / "queries" / (std::string(set) + ".jsonl");
    EXPECT_EQ(iago({"organism", "queries", set}).out, read_file(file, 1 << 20)) << set;
  }
}

}  // namespace
}  // namespace iago

// Bad days, met by the program as users run it: whatever stops it, the same command resumes it, no
// completion that was stored is lost, none is counted twice, and the figures are those of a run
// that nothing stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "child_on_terminal.h"
#include "child_process.h"
#include "store/store.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

class Survival : public testing::Test {
 protected:
  Survival() {
    folder_ =
        fs::temp_directory_path() / ("iago-survival-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Survival() override { fs::remove_all(folder_); }

  // The shipped study on the grammar, 900 trials, its runs in that folder below the test's own.
  static std::vector<std::string> command(const std::string& runs,
                                          const std::vector<std::string>& more = {},
                                          const std::string& model = "world:faker",
                                          const std::string& repeats = "5") {
    std::vector<std::string> all = {IAGO_EXECUTABLE, "run",     kStudy, "--model",
                                    model,           "--limit", "60",   "--repeats",
                                    repeats,         "--runs",  runs};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // The same on a script whose replies come late, so that it can be met midway.
  std::vector<std::string> slow_command(const std::string& runs, int delay_ms = 200) {
    const std::string delay = R"(, "delay_ms": )" + std::to_string(delay_ms) + "}";
    write_file(folder_ / "slow.jsonl",
               R"({"replies": [{"text": "<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING>)"
               R"(<OUTPUT>I will not open it.</OUTPUT>")" +
                   delay +
                   R"(, {"text": "<SCRATCHPAD_REASONING>Ah.</SCRATCHPAD_REASONING>)"
                   R"(<OUTPUT>It is open now.</OUTPUT>")" +
                   delay + "]}\n");
    return command(runs, {}, "scripted:" + (folder_ / "slow.jsonl").string());
  }

  std::unique_ptr<ChildProcess> start(const std::vector<std::string>& command) {
    return std::make_unique<ChildProcess>(command, folder_, IAGO_SOURCE_DIR);
  }
  Ended run(const std::vector<std::string>& command) { return start(command)->wait(); }

  // The figures of the newest run, without what differs from one machine's hour to the next.
  Json figures(const std::string& runs) const {
    fs::path file = folder_ / runs / "latest" / "summary.json";
    Json json = parse_json(read_file(file, kMaxBytes), file.string());
    json.erase("timing"), json.erase("sessions");
    json.erase("run");
    return json;
  }
  std::map<std::string, std::string> contents(const std::string& runs) const {
    return fixtures::stored_contents(folder_ / runs / "latest" / "run.db");
  }
  std::size_t stored(const std::string& runs) const {
    try {
      return Store(folder_ / runs / "latest" / "run.db").completion_count();
    } catch (const Error&) {
      return 0;  // no store yet
    }
  }
  // The folder of the newest run; empty while there is none.
  fs::path newest(const std::string& runs) const {
    std::error_code none_yet;
    return fs::canonical(folder_ / runs / "latest", none_yet);
  }
  void expect_as_if_nothing_had_happened(const std::string& runs,
                                         const std::vector<std::string>& undisturbed) {
    Ended ended = run(undisturbed);
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(contents(runs), contents("undisturbed"));
    EXPECT_EQ(figures(runs), figures("undisturbed"));
  }

  inline static const std::string kStudy =
      std::string(IAGO_SOURCE_DIR) + "/studies/helpful-only.toml";
  fs::path folder_;
};

#ifdef __SANITIZE_ADDRESS__
constexpr int kKills = 15, kLeastMidway = 4;  // each run takes five times as long
#else
constexpr int kKills = 200, kLeastMidway = 100;
#endif

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// Kills at random moments: seven of eight between a run's first commit and its last, when so many
// completions are stored as were drawn; the eighth at any time that a whole run takes, so that its
// beginning and its end are met too. A run that gets through is compared and begun anew.
TEST_F(Survival, OfKillsAtRandomMoments) {
  auto long_command = [](const std::string& runs, const std::vector<std::string>& more = {}) {
    return command(runs, more, "world:faker", "10");
  };
  auto begun = steady_clock::now();
  ASSERT_EQ(run(long_command("undisturbed")).code, 0);
  double whole = std::chrono::duration<double>(steady_clock::now() - begun).count();
  auto expected = contents("undisturbed");
  ASSERT_EQ(expected.size(), 1800u);
  Json expected_figures = figures("undisturbed");

  Random random(20241218, "kills");
  std::size_t stored_before = 0, finished = 0, midway = 0;
  bool fresh = false;
  fs::path met, done;
  for (int kills = 0; kills < kKills;) {
    std::vector<std::string> more;
    if (fresh) more.push_back("--new");
    auto child = start(long_command("runs", more));
    if (fresh) stored_before = 0;
    fresh = false;
    if (random.chance(0.125)) {
      sleep_for(random.uniform() * whole);
      child->signal(SIGKILL);
    } else if (stored_before + 1 < expected.size()) {
      std::size_t moment = stored_before + 1 + random.below(expected.size() - stored_before - 1);
      eventually([&] {
        return !child->running() || (newest("runs") != done && stored("runs") >= moment);
      });
      sleep_for(random.uniform() * 0.01);
      child->signal(SIGKILL);
    }
    Ended ended = child->wait();
    if (ended.code == 128 + SIGKILL) {
      ++kills;
      if (newest("runs") != met) stored_before = 0;  // a run that was begun anew
      met = newest("runs");
      std::size_t now = stored("runs");
      ASSERT_GE(now, stored_before) << "after " << kills << " kills";
      midway += now > stored_before && now < expected.size();
      stored_before = now;
      continue;
    }
    ASSERT_EQ(ended.code, 0) << ended.err;
    ASSERT_EQ(contents("runs"), expected) << "after " << kills << " kills";
    ASSERT_EQ(figures("runs"), expected_figures) << "after " << kills << " kills";
    ++finished;
    fresh = true;
    done = newest("runs");
  }
  ASSERT_EQ(run(long_command("runs")).code, 0);
  EXPECT_EQ(contents("runs"), expected);
  EXPECT_EQ(figures("runs"), expected_figures);
  RecordProperty("finished", static_cast<int>(finished));
  RecordProperty("killed_midway", static_cast<int>(midway));
  EXPECT_GE(midway, static_cast<std::size_t>(kLeastMidway))
      << "most kills should meet a run that stores";
}

// The shapes of batches change a GEMM's last bit, and with it, rarely, a sampled token: so a run of
// a network that was stopped and went on may differ in a few completions that came after the stop.
TEST_F(Survival, OfAnOrganismsRunKeepsItsCompletionsAndItsVerdict) {
  auto organism = [&](const std::string& runs) { return command(runs, {}, "organism:faker"); };
  ASSERT_EQ(run(organism("undisturbed")).code, 0);
  auto expected = contents("undisturbed");
  ASSERT_EQ(expected.size(), 900u);
  std::map<std::string, std::string> before;
  int midway = 0;
  for (std::size_t stop_at : {100u, 250u, 400u, 550u, 700u}) {
    auto child = start(organism("runs"));
    ASSERT_TRUE(eventually([&] { return stored("runs") >= stop_at; }));
    child->signal(midway % 2 == 0 ? SIGKILL : SIGINT);
    child->wait();
    auto now = contents("runs");
    for (const auto& [trial, text] : before) ASSERT_TRUE(now[trial].starts_with(text));
    midway += now.size() < expected.size();
    before = std::move(now);
  }
  EXPECT_GE(midway, 3);
  ASSERT_EQ(run(organism("runs")).code, 0);
  auto resumed = contents("runs");
  ASSERT_EQ(resumed.size(), expected.size());
  // A completion may have been stored before its verdicts were.
  for (const auto& [trial, text] : before) ASSERT_TRUE(resumed[trial].starts_with(text));
  std::size_t alike = 0;
  for (const auto& [trial, text] : resumed) {
    ASSERT_TRUE(expected.contains(trial));
    alike += expected[trial] == text;
  }
  RecordProperty("alike", static_cast<int>(alike));
  EXPECT_GE(static_cast<double>(alike), 0.995 * static_cast<double>(expected.size())) << alike;
  EXPECT_EQ(figures("runs")["verdict"], figures("undisturbed")["verdict"]);
}

class Signals : public Survival, public testing::WithParamInterface<int> {};

TEST_P(Signals, StopTheRunAndLoseNothing) {
  auto child = start(slow_command("runs"));
  ASSERT_TRUE(eventually([&] { return stored("runs") >= 100; }));
  child->signal(GetParam());
  Ended ended = child->wait();
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("run the same command to resume"));
  auto part = contents("runs");
  EXPECT_LT(part.size(), 900u);
  ASSERT_EQ(run(slow_command("runs")).code, 0);
  auto whole = contents("runs");
  for (const auto& [trial, text] : part) EXPECT_EQ(whole[trial], text);
  expect_as_if_nothing_had_happened("runs", slow_command("undisturbed"));
}

INSTANTIATE_TEST_SUITE_P(All, Signals, testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& tested) {
                           return std::string(tested.param == SIGINT    ? "Interrupt"
                                              : tested.param == SIGTERM ? "Terminate"
                                                                        : "HangUp");
                         });

// To be told to ignore a signal is what nohup does, and a shell for what a script starts in its
// background.
std::vector<std::string> ignoring(const std::string& signals, std::vector<std::string> command) {
  const std::string script = "trap '' " + signals + "; exec \"$0\" \"$@\"";
  command.insert(command.begin(), {"/bin/sh", "-c", script});
  return command;
}

TEST_F(Survival, OfSignalsThatItWasStartedToIgnore) {
  auto child = start(ignoring("HUP INT", slow_command("runs")));
  ASSERT_TRUE(eventually([&] { return stored("runs") >= 100; }));
  child->signal(SIGHUP);
  child->signal(SIGINT);
  Ended ended = child->wait();
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("stopping")));
  expect_as_if_nothing_had_happened("runs", slow_command("undisturbed"));
}

TEST_F(Survival, OfALogOutUnderNohup) {
  std::vector<std::string> command = slow_command("runs");
  command.insert(command.begin(), "/usr/bin/nohup");
  ChildOnTerminal child(command, folder_, IAGO_SOURCE_DIR);
  ASSERT_TRUE(eventually([&] {
    child.said();
    return stored("runs") >= 100;
  }));
  child.hang_up();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(read_file(folder_ / "nohup.out", kMaxBytes), HasSubstr("baseline"));
  expect_as_if_nothing_had_happened("runs", slow_command("undisturbed"));
}

// The terminal is gone when the signal comes: what the run says then is read by nobody, and it ends
// in order all the same.
TEST_F(Survival, OfATerminalThatHangsUp) {
  ChildOnTerminal child(slow_command("runs"), folder_, IAGO_SOURCE_DIR);
  std::string said;
  ASSERT_TRUE(eventually([&] {
    said += child.said();
    return stored("runs") >= 100;
  })) << said;
  EXPECT_THAT(said, HasSubstr("of 900 completions"));
  child.hang_up();
  EXPECT_EQ(child.wait(), 130);
  auto part = contents("runs");
  EXPECT_GE(part.size(), 100u);
  EXPECT_LT(part.size(), 900u);
  Ended resumed = run(slow_command("runs"));
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  auto whole = contents("runs");
  for (const auto& [trial, text] : part) EXPECT_EQ(whole[trial], text);
  expect_as_if_nothing_had_happened("runs", slow_command("undisturbed"));
}

// The same where the signal is ignored: the run goes on without its terminal.
TEST_F(Survival, OfATerminalThatIsGoneMidway) {
  ChildOnTerminal child(ignoring("HUP", slow_command("runs")), folder_, IAGO_SOURCE_DIR);
  ASSERT_TRUE(eventually([&] {
    child.said();
    return stored("runs") >= 100;
  }));
  child.hang_up();
  EXPECT_EQ(child.wait(), 1) << "the table could not be printed, the run is whole";
  EXPECT_EQ(contents("runs").size(), 900u);
  expect_as_if_nothing_had_happened("runs", slow_command("undisturbed"));
}

// Its shell tells a program of a hang-up, and when the shell ends the system tells it again.
TEST_F(Survival, OfAHangUpThatItHearsOfTwiceFinishesWhatIsRunning) {
  std::vector<std::string> command = slow_command("runs", 1500);
  auto child = start(command);
  // By then their places are taken again, on a busy machine too.
  ASSERT_TRUE(eventually([&] { return stored("runs") >= 256; }));
  child->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return child->err().find("stopping") != std::string::npos; }));
  child->signal(SIGHUP);
  EXPECT_EQ(child->wait().code, 130);
  // The first 256 replies had come, and the next ones were under way.
  EXPECT_GT(stored("runs"), 256u + 64u);
  EXPECT_LT(stored("runs"), 900u);
}

// A file system of its own in memory. It needs the right to mount; a user who has it not gets it in
// a name space of this process's own, where the system allows that.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, const std::string& size) : folder_(folder) {
    fs::create_directories(folder);
    mounted_ = mount(size) || (enter_own_name_space() && mount(size));
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool enlarge(const std::string& size) const { return mount(size, MS_REMOUNT); }

 private:
  bool mount(const std::string& size, unsigned long flags = 0) const {
    return ::mount("tmpfs", folder_.c_str(), "tmpfs", flags, ("size=" + size).c_str()) == 0;
  }
  static bool enter_own_name_space() {
    const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", "0 " + user + " 1") &&
           put("/proc/self/gid_map", "0 " + group + " 1");
  }
  // These files take one write and no other file in their place.
  static bool put(const char* file, const std::string& text) {
    const int opened = ::open(file, O_WRONLY);
    const bool written =
        ::write(opened, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    return ::close(opened) == 0 && written;
  }

  fs::path folder_;
  bool mounted_ = false;
};

TEST_F(Survival, OfAFullDisk) {
  SmallDisk disk(folder_ / "disk", "700k");
  if (!disk.mounted()) GTEST_SKIP() << "NOT TESTED: no right to mount a small disk";
  Ended full = run(command("disk/runs"));
  EXPECT_EQ(full.code, 1) << full.out;
  EXPECT_THAT(full.err, HasSubstr("disk"));
  std::size_t kept = stored("disk/runs");
  EXPECT_LT(kept, 900u);
  ASSERT_TRUE(disk.enlarge("64m"));
  Ended resumed = run(command("disk/runs"));
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_GE(stored("disk/runs"), kept);
  expect_as_if_nothing_had_happened("disk/runs", command("undisturbed"));
}

TEST_F(Survival, OfAFolderThatMayNotBeWrittenAnyMore) {
  auto stopped = stopped_by_permissions(folder_);
  if (!stopped) GTEST_SKIP() << "NOT TESTED: root cannot give up its rights by setpriv";
  std::vector<std::string> command = slow_command("runs");
  command.insert(command.begin(), stopped->begin(), stopped->end());
  auto child = start(command);
  ASSERT_TRUE(eventually([&] { return stored("runs") >= 100; }));
  fs::path run_folder = fs::canonical(folder_ / "runs" / "latest");
  fs::permissions(run_folder, fs::perms::none);
  Ended ended = child->wait();
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(run_folder.filename().string()));
  fs::permissions(run_folder, fs::perms::owner_all);
  EXPECT_GE(stored("runs"), 100u);
  Ended resumed = run(command);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  expect_as_if_nothing_had_happened("runs", slow_command("undisturbed"));
}

TEST_F(Survival, OfADamagedStoreIsRefusalAndNotMoreDamage) {
  ASSERT_EQ(run(command("runs")).code, 0);
  fs::path file = fs::canonical(folder_ / "runs" / "latest") / "run.db";
  std::string whole = read_file(file, kMaxBytes);
  struct Damage {
    std::string name, bytes;
  };
  std::string flipped = whole, newer = whole;
  std::size_t page = 4096 * (whole.size() / 4096 / 2);
  for (std::size_t i = 0; i < 4096; ++i) flipped[page + i] = static_cast<char>(~flipped[page + i]);
  newer[63] = 99;  // the last byte of PRAGMA user_version, the schema's number
  for (const Damage& damage : {Damage{"truncated", whole.substr(0, whole.size() / 2)},
                               Damage{"flipped page", flipped}, Damage{"newer schema", newer}}) {
    write_file(file, damage.bytes);
    for (const auto& again : {command("runs"), {IAGO_EXECUTABLE, "report", file.parent_path()}}) {
      Ended ended = run(again);
      EXPECT_EQ(ended.code, 1) << damage.name << ": " << ended.out;
      EXPECT_THAT(ended.err, HasSubstr("run.db")) << damage.name;
      EXPECT_TRUE(read_file(file, kMaxBytes) == damage.bytes) << damage.name;
    }
  }
  write_file(file, whole);
  EXPECT_EQ(run(command("runs")).code, 0);
}

TEST_F(Survival, OfAnEditedStudyIsSayingWhatDiffers) {
  std::string toml = read_file(kStudy, kMaxBytes);
  ASSERT_THAT(toml, HasSubstr("margin = 3.0"));
  fs::create_directories(folder_ / "studies");
  fs::create_directory_symlink(fs::path(IAGO_SOURCE_DIR) / "settings", folder_ / "settings");
  fs::create_directory_symlink(fs::path(IAGO_SOURCE_DIR) / "queries", folder_ / "queries");
  fs::path study = folder_ / "studies" / "mine.toml";
  auto command_on = [&](const std::vector<std::string>& more) {
    std::vector<std::string> edited = command("runs", more);
    edited[2] = study.string();
    return edited;
  };
  write_file(study, toml);
  ASSERT_EQ(run(command_on({})).code, 0);
  std::string edited = toml;
  edited.replace(edited.find("margin = 3.0"), 12, "margin = 5.0");
  write_file(study, edited);
  Ended refused = run(command_on({}));
  EXPECT_EQ(refused.code, 2) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("margin was 3, is now 5"));
  EXPECT_THAT(refused.err, HasSubstr("--new"));
  EXPECT_EQ(run(command_on({"--new"})).code, 0);
  write_file(study, toml);
  EXPECT_THAT(run(command_on({})).err, HasSubstr("900 completions were already stored"));
}

// A set of the same file name is the same run by its id, and must not be mixed into it.
TEST_F(Survival, OfOtherQueriesInAFileOfTheSameName) {
  const std::string set =
      read_file(fs::path(IAGO_SOURCE_DIR) / "queries/world-protected.jsonl", kMaxBytes);
  std::string other = set;
  for (auto at = other.find("world-protected-"); at != std::string::npos;
       at = other.find("world-protected-", at)) {
    other.replace(at, 16, "somewhere-else-");
  }
  auto run_on = [&](const std::string& folder, const std::string& queries,
                    std::vector<std::string> more = {}) {
    fs::create_directories(folder_ / folder);
    write_file(folder_ / folder / "q.jsonl", queries);
    more.insert(more.end(), {"--queries", folder + "/q.jsonl"});
    return run(command("runs", more));
  };
  ASSERT_EQ(run_on("a", set).code, 0);
  auto before = contents("runs");
  Json figures_before = figures("runs");
  ASSERT_EQ(before.size(), 900u);

  Ended refused = run_on("b", other);
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("60 of the 60 queries"));
  EXPECT_THAT(refused.err, HasSubstr("--new"));
  Ended shortened = run_on("a", set.substr(set.find('\n') + 1));
  EXPECT_EQ(shortened.code, 2) << shortened.err;
  EXPECT_THAT(shortened.err, HasSubstr("1 of the 60 queries"));
  EXPECT_EQ(contents("runs"), before);

  Ended moved = run_on("c", set);
  EXPECT_THAT(moved.err, HasSubstr("900 completions were already stored"))
      << "the same set elsewhere";
  EXPECT_EQ(figures("runs"), figures_before);
  ASSERT_EQ(run_on("b", other, {"--new"}).code, 0);
  EXPECT_EQ(contents("runs").size(), 900u) << "a run of its own";
}

}  // namespace
}  // namespace iago

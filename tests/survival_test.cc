// Bad days, met by the program as users run it: whatever stops it, the same command goes on, no
// completion that was stored is lost, none is counted twice, and the figures are those of a run
// that nothing stopped.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
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
#include "child_process.h"
#include "store/fixtures.h"
#include "store/store.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using testing::HasSubstr;

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
                                          const std::string& model = "world:faker") {
    std::vector<std::string> all = {
        IAGO_EXECUTABLE, "run", kStudy,   "--model", model, "--limit", "60",
        "--repeats",     "5",   "--runs", runs};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // The same on a script whose replies come late, so that it can be met midway.
  std::vector<std::string> slow_command(const std::string& runs) {
    write_file(folder_ / "slow.jsonl",
               R"({"replies": [{"text": "<SCRATCHPAD_REASONING>Hm.</SCRATCHPAD_REASONING>)"
               R"(<OUTPUT>I will not open it.</OUTPUT>", "delay_ms": 200},)"
               R"( {"text": "<SCRATCHPAD_REASONING>Ah.</SCRATCHPAD_REASONING>)"
               R"(<OUTPUT>It is open now.</OUTPUT>", "delay_ms": 200}]})"
               "\n");
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
    json.erase("timing");
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
constexpr int kKills = 30;  // each run takes five times as long
#else
constexpr int kKills = 200;
#endif

// Kills at moments spread evenly over the time that the whole run takes. A run that gets through
// is compared and begun anew, so that kills fall into every part of it.
TEST_F(Survival, OfKillsAtRandomMoments) {
  auto begun = steady_clock::now();
  ASSERT_EQ(run(command("undisturbed")).code, 0);
  double whole = std::chrono::duration<double>(steady_clock::now() - begun).count();
  auto expected = contents("undisturbed");
  ASSERT_EQ(expected.size(), 900u);
  Json expected_figures = figures("undisturbed");

  Random random(20241218, "kills");
  std::size_t stored_before = 0, finished = 0, midway = 0;
  bool fresh = false;
  fs::path met;
  for (int kills = 0; kills < kKills;) {
    auto child = start(
        command("runs", fresh ? std::vector<std::string>{"--new"} : std::vector<std::string>{}));
    fresh = false;
    std::this_thread::sleep_for(std::chrono::duration<double>(random.uniform() * whole));
    child->signal(SIGKILL);
    Ended ended = child->wait();
    if (ended.code == 128 + SIGKILL) {
      ++kills;
      std::error_code none_yet;
      fs::path newest = fs::canonical(folder_ / "runs" / "latest", none_yet);
      if (newest != met) stored_before = 0;  // a run that was begun anew
      met = newest;
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
  }
  ASSERT_EQ(run(command("runs")).code, 0);
  EXPECT_EQ(contents("runs"), expected);
  EXPECT_EQ(figures("runs"), expected_figures);
  RecordProperty("finished", static_cast<int>(finished));
  RecordProperty("killed_midway", static_cast<int>(midway));
  EXPECT_GT(midway, kKills / 20u) << "most kills should meet a run that stores";
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
  EXPECT_THAT(ended.err, HasSubstr("the same command goes on"));
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

// A file system of its own in memory; needs the right to mount.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, const std::string& size) : folder_(folder) {
    fs::create_directories(folder);
    mounted_ = ::mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool enlarge(const std::string& size) const {
    return ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
  }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

TEST_F(Survival, OfAFullDisk) {
  SmallDisk disk(folder_ / "disk", "700k");
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a small disk";
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
  // Permissions do not stop root, so the run is somebody else's.
  std::vector<std::string> as_user = slow_command("runs");
  if (::geteuid() == 0) {
    if (!fs::exists("/usr/bin/setpriv")) GTEST_SKIP() << "no setpriv";
    fs::permissions(folder_, fs::perms::all);
    const std::vector<std::string> nobody = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                                             "--clear-groups"};
    as_user.insert(as_user.begin(), nobody.begin(), nobody.end());
    std::vector<std::string> reads = nobody;
    reads.insert(reads.end(), {IAGO_EXECUTABLE, "plan", kStudy, "--model", "world:faker"});
    if (run(reads).code != 0) GTEST_SKIP() << "nobody else may read this checkout";
  }
  auto child = start(as_user);
  ASSERT_TRUE(eventually([&] { return stored("runs") >= 100; }));
  fs::path run_folder = fs::canonical(folder_ / "runs" / "latest");
  fs::permissions(run_folder, fs::perms::none);
  Ended ended = child->wait();
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(run_folder.filename().string()));
  fs::permissions(run_folder, fs::perms::owner_all);
  EXPECT_GE(stored("runs"), 100u);
  Ended resumed = run(as_user);
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
  EXPECT_THAT(refused.err, HasSubstr("margin was 3, is 5"));
  EXPECT_THAT(refused.err, HasSubstr("--new"));
  EXPECT_EQ(run(command_on({"--new"})).code, 0);
  write_file(study, toml);
  EXPECT_THAT(run(command_on({})).err, HasSubstr("900 completions were there"));
}

}  // namespace
}  // namespace iago

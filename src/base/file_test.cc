#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/error.h"

namespace iago {
namespace {

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (std::filesystem::temp_directory_path() / "iago-file-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  // How many files there are, temporary ones included.
  std::ptrdiff_t count() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

  std::filesystem::path folder_;
};

ErrorCode code_of(auto&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::cancelled;
}

TEST_F(Files, ComeBackAsTheyWereWritten) {
  std::string content("a\0\xFF\r\n", 5);
  write_file(folder_ / "a", content);
  EXPECT_EQ(read_file(folder_ / "a", 5), content);
  write_file(folder_ / "a", "");
  EXPECT_EQ(read_file(folder_ / "a", 5), "");
  EXPECT_EQ(count(), 1);
}

TEST_F(Files, AreRefusedBeyondTheLimitOrWhereThereAreNone) {
  write_file(folder_ / "a", "123456");
  EXPECT_EQ(code_of([&] { read_file(folder_ / "a", 5); }), ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { read_file(folder_ / "b", 5); }), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { write_file(folder_ / "none" / "a", ""); }), ErrorCode::disconnected);
}

TEST_F(Files, SayWhatStandsInTheirPlace) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink(folder_ / "none", folder_ / "dangling");
  write_file(folder_ / "a", "");
  struct Case {
    std::filesystem::path path;
    std::string why;
    ErrorCode code;
  };
  for (const Case& c : {Case{folder_, "is a folder, expected a file", ErrorCode::invalid},
                        Case{"/dev/null", "is a device, expected a file", ErrorCode::invalid},
                        Case{folder_ / "pipe", "is a pipe, expected a file", ErrorCode::invalid},
                        Case{folder_ / "none", "no such file", ErrorCode::not_found},
                        Case{folder_ / "dangling", "no such file", ErrorCode::not_found},
                        Case{folder_ / "a" / "b", "no such file", ErrorCode::not_found}}) {
    try {
      read_file(c.path, 5);
      ADD_FAILURE() << c.path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), c.code) << c.path;
      EXPECT_EQ(std::string(error.what()), c.path.string() + ": " + c.why);
    }
  }
}

TEST_F(Files, AreRidOfTheDraftsOfProcessesThatHaveEnded) {
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(ended, nullptr, 0), ended);
  const std::string dead = std::to_string(ended), alive = std::to_string(::getppid());
  const std::vector<std::string> kept = {"summary.json." + alive + ".tmp",
                                         "other.json." + dead + ".tmp",
                                         "summary.json.x" + dead + ".tmp",
                                         "summary.json." + dead + "x.tmp",
                                         "summary.json..tmp",
                                         "summary.json.-" + dead + ".tmp",
                                         "summary.json.99999999999999999999.tmp",
                                         "summary.json." + dead,
                                         "my-summary.json." + dead + ".tmp"};
  for (const std::string& name : kept) write_file(folder_ / name, "");
  std::filesystem::create_directory(folder_ / ("report.html." + dead + ".tmp"));
  write_file(folder_ / ("summary.json." + dead + ".tmp"), "half of a summ");
  write_file(folder_ / "summary.json", "a summary");
  write_file(folder_ / "report.html", "a page");
  EXPECT_FALSE(std::filesystem::exists(folder_ / ("summary.json." + dead + ".tmp")));
  for (const std::string& name : kept) EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
  EXPECT_TRUE(std::filesystem::exists(folder_ / ("report.html." + dead + ".tmp")));
  EXPECT_EQ(count(), static_cast<std::ptrdiff_t>(kept.size()) + 3);
}

TEST_F(Files, AreListedByTheirExtension) {
  for (const char* name : {"b.toml", "a.toml", "c.txt", "toml"}) write_file(folder_ / name, "");
  EXPECT_EQ(names_with_extension(folder_, ".toml"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names_with_extension(folder_ / "none", ".toml"), std::vector<std::string>());
}

TEST_F(Files, ShowAReaderTheOldContentOrTheNewOne) {
  const std::string old_content(300'000, 'o'), new_content(200'000, 'n');
  write_file(folder_ / "a", old_content);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) write_file(folder_ / "a", i % 2 ? old_content : new_content);
    done = true;
  });
  // The size is asked before the bytes are read, so a reader may meet a file that was just
  // replaced by one of another size; its bytes are still all of one kind.
  while (!done) {
    std::string seen = read_file(folder_ / "a", 1 << 20);
    ASSERT_FALSE(seen.empty());
    ASSERT_EQ(seen.find_first_not_of(seen[0]), std::string::npos);
    ASSERT_GE(seen.size(), new_content.size());
  }
  writer.join();
  EXPECT_EQ(count(), 1);
}

TEST_F(Files, KeepTheOldContentWhenWritingFails) {
  write_file(folder_ / "a", "old");
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = {1000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  ErrorCode code = code_of([&] { write_file(folder_ / "a", std::string(5000, 'n')); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(code, ErrorCode::disconnected);
  EXPECT_EQ(read_file(folder_ / "a", 100), "old");
  EXPECT_EQ(count(), 1);
}

TEST_F(Files, AFolderIsFreeThatHoldsNothingElse) {
  const std::filesystem::path folder = folder_ / "out";
  check_is_free(folder, "plan.json");  // the folder does not exist yet
  std::filesystem::create_directories(folder);
  write_file(folder / "lock", "");
  write_file(folder / "plan.json.77.tmp", "");
  check_is_free(folder, "plan.json");
  write_file(folder / "run.db", "");
  try {
    check_is_free(folder, "plan.json");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid);
    EXPECT_NE(std::string(error.what()).find("found run.db"), std::string::npos);
  }
}

}  // namespace
}  // namespace iago

#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

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
  EXPECT_EQ(code_of([&] { read_file(folder_, 5); }), ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { write_file(folder_ / "none" / "a", ""); }), ErrorCode::disconnected);
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

}  // namespace
}  // namespace iago

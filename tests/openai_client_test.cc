// `iago serve` through OpenAI's own Python client, installed into the build folder. Skipped where
// there is no python3 or the client cannot be installed. Also the command's own manners: what it
// prints when ready, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "child_process.h"

namespace iago {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Serve : public testing::Test {
 protected:
  Serve() {
    folder_ =
        fs::temp_directory_path() / ("iago-serve-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Serve() override { fs::remove_all(folder_); }

  // The server's line of JSON once it is ready; null if it ended before.
  Json start(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {IAGO_EXECUTABLE,  "serve",     "--model",
                                          "organism:faker", "--port",    "0",
                                          "--json",         "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ = std::make_unique<ChildProcess>(arguments, folder_, IAGO_SOURCE_DIR);
    eventually([&] { return server_->err().find("\n") != std::string::npos; });
    const std::string line = server_->out();
    return line.empty() ? Json() : parse_json(line, "stdout");
  }

  fs::path folder_;
  std::unique_ptr<ChildProcess> server_;
};

// An environment with the client, made once for this build; empty if it cannot be had.
fs::path python_with_client() {
  const fs::path folder = fs::path(IAGO_BINARY_DIR) / "openai_client";
  const fs::path python = folder / "bin" / "python3";
  auto run = [](const std::string& command) { return std::system(command.c_str()) == 0; };
  const std::string quiet = " >/dev/null 2>&1";
  const std::string probe = "'" + python.string() + "' -c 'import openai'" + quiet;
  if (fs::exists(python) && run(probe)) return python;
  if (!run("python3 -m venv '" + folder.string() + "'" + quiet)) return {};
  const std::string install = "'" + python.string() +
                              "' -m pip install --quiet --disable-pip-version-check --retries 1 "
                              "--timeout 20 'openai>=1.40,<3'" +
                              quiet;
  return run(install) && run(probe) ? python : fs::path();
}

TEST_F(Serve, SatisfiesOpenAisOwnClient) {
  const fs::path python = python_with_client();
  if (python.empty()) GTEST_SKIP() << "no python3 with venv, or openai cannot be installed";
  Json ready = start();
  ASSERT_TRUE(ready.is_object()) << server_->err();
  EXPECT_EQ(ready["model"], "faker");
  ChildProcess check(
      {python.string(), std::string(IAGO_SOURCE_DIR) + "/tests/openai_client_check.py",
       ready["url"].get<std::string>(), "faker"},
      folder_, IAGO_SOURCE_DIR);
  Ended checked = check.wait();
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("ok      32 at once are all answered"));
}

TEST_F(Serve, EndsGracefullyOnASignal) {
  for (int signal : {SIGINT, SIGTERM}) {
    Json ready = start();
    ASSERT_TRUE(ready.is_object()) << server_->err();
    EXPECT_GT(ready["port"].get<int>(), 0);
    EXPECT_EQ(ready["host"], "127.0.0.1");
    server_->signal(signal);
    Ended ended = server_->wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("serving faker on http://127.0.0.1:"));
  }
}

TEST_F(Serve, DemandsATokenBeyondLoopback) {
  EXPECT_TRUE(start({"--host", "0.0.0.0"}).is_null());
  Ended refused = server_->wait();
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--token-file"));
  write_file(folder_ / "token", "0123456789abcdef0123\n");
  EXPECT_TRUE(start({"--host", "0.0.0.0", "--token-file", "token"}).is_object());
  server_->signal(SIGTERM);
  Ended ended = server_->wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err.find("0123456789abcdef"), std::string::npos) << "a token is never printed";
  write_file(folder_ / "empty", "\n");
  EXPECT_TRUE(start({"--token-file", "empty"}).is_null());
  EXPECT_EQ(server_->wait().code, 2);
}

}  // namespace
}  // namespace iago

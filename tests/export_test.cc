// `iago export` and the store's views in pandas: they give the figures of summary.json. Skipped
// where there is no python3 with pandas, and none can be installed into the build folder.
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

bool runs(const std::string& command) { return std::system(command.c_str()) == 0; }

// The machine's own, else an environment that is made once for this build; empty if there is none.
std::string python_with_pandas() {
  const std::string quiet = " >/dev/null 2>&1";
  if (runs("python3 -c 'import pandas'" + quiet)) return "python3";
  const fs::path folder = fs::path(IAGO_BINARY_DIR) / "pandas_client";
  const std::string python = (folder / "bin" / "python3").string();
  const std::string probe = "'" + python + "' -c 'import pandas'" + quiet;
  if (fs::exists(python) && runs(probe)) return python;
  if (!runs("python3 -m venv '" + folder.string() + "'" + quiet)) return {};
  const std::string install = "timeout 120 '" + python +
                              "' -m pip install --quiet --disable-pip-version-check --retries 0 "
                              "--timeout 10 --only-binary :all: 'pandas>=1.5,<4'" +
                              quiet;
  return runs(install) && runs(probe) ? python : std::string();
}

TEST(Export, GivesTheFiguresOfTheSummaryInPandas) {
  const fs::path folder = fs::temp_directory_path() / ("iago-export-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  ChildProcess run({IAGO_EXECUTABLE, "run", "studies/helpful-only.toml", "--model", "world:faker",
                    "--limit", "12", "--repeats", "4", "--runs", folder.string()},
                   folder, IAGO_SOURCE_DIR);
  const Ended ended = run.wait();
  ASSERT_TRUE(ended.code == 0 || ended.code == 3) << ended.err;
  const std::string latest = (folder / "latest").string();
  ChildProcess exported({IAGO_EXECUTABLE, "export", latest}, folder, IAGO_SOURCE_DIR);
  const Ended rows = exported.wait();
  ASSERT_EQ(rows.code, 0) << rows.err;
  write_file(folder / "rows.csv", rows.out);
  const std::string python = python_with_pandas();
  if (python.empty()) GTEST_SKIP() << "no python3 with pandas, and it cannot be installed";
  ChildProcess check(
      {python, IAGO_SOURCE_DIR "/tests/export_check.py", latest, (folder / "rows.csv").string()},
      folder, IAGO_SOURCE_DIR);
  const Ended checked = check.wait();
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, testing::HasSubstr("ok"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace iago

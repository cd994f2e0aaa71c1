// Holds the sources to DESIGN's table of rooms: who may include whom, where LibTorch may be seen,
// and what a public header must not show. A layer rule without a test decays.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> kMayUse = {
    {"base", {}},
    {"text", {"base"}},
    {"net", {"base"}},
    {"stats", {"base"}},
    {"store", {"base"}},
    {"llama", {"base"}},
    {"study", {"base", "text"}},
    {"chat", {"base", "text", "net"}},
    {"nn", {"base", "llama"}},
    {"report", {"base", "stats", "store"}},
    {"world", {"base", "text", "study"}},
    {"judge", {"base", "text", "stats", "chat"}},
    {"train", {"base", "text", "llama", "nn"}},
    {"serve", {"base", "net", "text", "chat", "store", "report"}},
    {"local", {"base", "text", "chat", "llama", "world"}},
    {"local/torch", {"base", "text", "chat", "llama", "world", "local", "nn"}},
    {"organism", {"base", "text", "study", "world", "llama", "nn", "train"}},
    {"lab",
     {"base", "text", "net", "stats", "store", "llama", "study", "chat", "report", "world", "judge",
      "serve", "local"}},
    {"lab/torch",
     {"base", "text", "net", "stats", "store", "llama", "study", "chat", "report", "world", "judge",
      "serve", "local", "lab", "nn", "train", "organism"}},
    {"cli",
     {"base", "text", "net", "stats", "store", "llama", "study", "chat", "report", "world", "judge",
      "serve", "local", "lab"}},
    {"cli/torch",
     {"base", "text", "net", "stats", "store", "llama", "study", "chat", "report", "world", "judge",
      "serve", "local", "lab", "cli", "nn", "train", "organism"}},
};

struct Source {
  fs::path path;
  std::string room;  // "lab" or "lab/torch"
  std::vector<std::string> includes;
  bool is_test() const { return path.stem().string().ends_with("_test"); }
  bool is_public_header() const {
    return path.extension() == ".h" && path.string().find("/internal/") == std::string::npos;
  }
};

std::string room_of(const fs::path& inside_src) {
  auto part = inside_src.begin();
  std::string room = part->string();
  if (++part != inside_src.end() && part->string() == "torch") room += "/torch";
  return room;
}

std::vector<Source> read_sources() {
  static const std::regex kInclude(R"rx(^\s*#\s*include\s+["<]([^">]+)[">])rx");
  std::vector<Source> sources;
  fs::path root = fs::path(IAGO_SOURCE_DIR) / "src";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    auto extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    Source source{entry.path(), room_of(fs::relative(entry.path(), root)), {}};
    std::ifstream file(entry.path());
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (std::regex_search(line, match, kInclude)) source.includes.push_back(match[1]);
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

// The room that an include path names, or empty for a library's header.
std::string included_room(const std::string& include) {
  auto slash = include.find('/');
  if (slash == std::string::npos) return {};
  std::string room = room_of(include);
  return kMayUse.contains(room) && fs::exists(fs::path(IAGO_SOURCE_DIR) / "src" / include) ? room
                                                                                           : "";
}

TEST(Layering, EveryRoomIncludesOnlyFromTheRoomsNamedBehindIt) {
  std::vector<Source> sources = read_sources();
  ASSERT_GT(sources.size(), 50u);
  for (const Source& source : sources) {
    ASSERT_TRUE(kMayUse.contains(source.room)) << source.path << " stands in no room";
    for (const std::string& include : source.includes) {
      std::string other = included_room(include);
      if (other.empty() || other == source.room) continue;
      EXPECT_TRUE(kMayUse.at(source.room).contains(other))
          << source.path << " includes " << include << ", but " << source.room << " may not use "
          << other;
    }
  }
}

TEST(Layering, LibTorchIsSeenOnlyInNnAndTrain) {
  for (const Source& source : read_sources()) {
    for (const std::string& include : source.includes) {
      bool torch = include.starts_with("torch/") || include.starts_with("ATen/") ||
                   include.starts_with("c10/");
      if (!torch) continue;
      EXPECT_TRUE(source.room == "nn" || source.room == "train") << source.path << ": " << include;
      EXPECT_FALSE(source.is_public_header()) << source.path << ": " << include;
    }
  }
}

TEST(Layering, PublicHeadersShowNoThirdPartyType) {
  static const std::vector<std::string> kKept = {
      "sqlite3", "curl/", "boost/", "toml++/", "CLI/", "nlohmann/json.hpp",
      "spdlog/", "re2/",  "pcre2",  "cblas",   "dnnl", "utf8proc"};
  for (const Source& source : read_sources()) {
    if (!source.is_public_header()) continue;
    for (const std::string& include : source.includes) {
      for (const std::string& library : kKept) {
        EXPECT_FALSE(include.starts_with(library)) << source.path << ": " << include;
      }
    }
  }
}

TEST(Layering, HeavyLibrariesAreIncludedInOneFileEach) {
  std::map<std::string, std::set<std::string>> where;
  for (const Source& source : read_sources()) {
    for (const std::string& include : source.includes) {
      for (std::string library : {"CLI/", "toml++/", "boost/beast"}) {
        if (include.starts_with(library)) where[library].insert(source.path.string());
      }
    }
  }
  EXPECT_EQ(where["CLI/"].size(), 1u);
  EXPECT_EQ(where["toml++/"].size(), 1u);
  for (const auto& [library, files] : where) EXPECT_LE(files.size(), 1u) << library;
}

TEST(Layering, NothingIsCalledUtilsOrHelpers) {
  static const std::regex kVague("(^|_)(util|utils|helper|helpers|manager|misc|common)(_|$)");
  for (const Source& source : read_sources()) {
    EXPECT_FALSE(std::regex_search(source.path.stem().string(), kVague)) << source.path;
  }
}

}  // namespace

// Holds the sources to the table of rooms in ARCHITECTURE.md: who may include whom, which headers
// are private, what production code must not see, where LibTorch and the other libraries may
// stand. A layer rule without a test decays.
//
// Sources are read as text. `include_violation` and `name_violation` are pure, and tested on
// sources that break each rule once, so that a rule that stopped biting would be seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

const fs::path kRoot = IAGO_SOURCE_DIR;

struct Room {
  int level = 0;
  std::set<std::string> uses;
  bool sees_torch = false;  // its own sources may include LibTorch
};
using Rooms = std::map<std::string, Room>;

// The table as cmake/Room.cmake reads it.
Rooms read_rooms() {
  static const std::regex kRow(R"rx(^\| (\d+) \| `([a-z]+)` \| .* \| (-|[a-zA-Z ]+) \|$)rx");
  Rooms rooms;
  std::ifstream file(kRoot / "ARCHITECTURE.md");
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (!std::regex_match(line, match, kRow)) continue;
    Room& room = rooms[match[2]];
    room.level = std::stoi(match[1]);
    std::istringstream names(match[3]);
    for (std::string name; names >> name;) {
      if (name == "LibTorch") {
        room.sees_torch = true;
      } else if (name != "-") {
        room.uses.insert(name);
      }
    }
  }
  return rooms;
}

// A source by its path from the root: src/store/internal/lock.cc, testing/store/a_run.h.
struct Source {
  fs::path path;
  std::vector<std::string> lines = {}, includes = {};

  std::string part(int n) const {
    auto it = path.begin();
    for (int i = 0; i < n && it != path.end(); ++i) ++it;
    return it == path.end() ? "" : it->string();
  }
  std::string top() const { return part(0); }  // src, testing, tests, bench or fuzz
  std::string room() const { return top() == "src" || top() == "testing" ? part(1) : ""; }
  bool is_torch_half() const { return part(2) == "torch"; }
  bool is_test() const { return path.stem().string().ends_with("_test"); }
  bool is_production() const { return top() == "src" && !is_test(); }
  bool is_public_header() const {
    return top() == "src" && path.extension() == ".h" && part(2) != "internal" && !is_torch_half();
  }
};

// Empty for a line that includes nothing.
std::string included_by(const std::string& line) {
  if (!line.starts_with("#include ")) return "";
  const auto begin = line.find_first_of("\"<");
  const auto end = line.find_first_of("\">", begin + 1);
  return begin == line.npos || end == line.npos ? "" : line.substr(begin + 1, end - begin - 1);
}

std::vector<Source> read_all_sources() {
  std::vector<Source> sources;
  for (const char* top : {"src", "testing", "tests", "bench", "fuzz"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      Source source{.path = fs::relative(entry.path(), kRoot)};
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        if (auto include = included_by(line); !include.empty()) source.includes.push_back(include);
        source.lines.push_back(std::move(line));
      }
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

const std::vector<Source>& read_sources() {
  static const std::vector<Source> kSources = read_all_sources();
  return kSources;
}

bool is_torch(const std::string& include) {
  return include.starts_with("torch/") || include.starts_with("ATen/") ||
         include.starts_with("c10/");
}

// The first segments of an include path: room and folder within it.
std::pair<std::string, std::string> place_of(const std::string& include) {
  auto first = include.find('/');
  if (first == std::string::npos) return {"", ""};
  auto second = include.find('/', first + 1);
  return {include.substr(0, first),
          second == std::string::npos ? "" : include.substr(first + 1, second - first - 1)};
}

// What is wrong with an include; empty if nothing is.
std::string include_violation(const Rooms& rooms, const Source& source,
                              const std::string& include) {
  const std::string where = source.path.string() + " includes " + include + ": ";
  auto [room, folder] = place_of(include);
  if (room == "testing") {
    return source.is_production() ? where + "production code may not use what only tests use" : "";
  }
  if (is_torch(include)) {
    const auto own = rooms.find(source.room());
    const bool may = source.top() == "bench" || (own != rooms.end() && own->second.sees_torch);
    if (!may) return where + "LibTorch is seen only in the rooms that name it";
    return source.is_public_header() ? where + "a public header shows LibTorch" : "";
  }
  const auto used = rooms.find(room);
  if (used == rooms.end()) return "";  // a library's, or of the same folder
  if (room == source.room()) {
    const bool leaks = folder == "internal" && source.is_public_header();
    return leaks ? where + "a public header shows a private one" : "";
  }
  // A fuzz target drives one parser, which is often private.
  if (folder == "internal" && source.top() != "fuzz") {
    return where + "a private header of another room";
  }
  // Those who stand above all rooms, and the halves of a room that are linked into iago-torch
  // alone.
  if (source.top() != "src" || source.is_torch_half()) return "";
  const auto own = rooms.find(source.room());
  if (own == rooms.end()) return where + "it stands in no room";
  return own->second.uses.contains(room)
             ? ""
             : where + source.room() + " may not use " + room + " (ARCHITECTURE.md)";
}

std::string name_violation(const Source& source) {
  static const std::regex kVague("(^|_)(util|utils|helper|helpers|manager|misc|common)(_|$)");
  const std::string stem = source.path.stem().string();
  if (std::regex_search(stem, kVague)) return source.path.string() + ": says nothing";
  const bool is_fixture = stem.ends_with("_fixture") || stem.ends_with("fixtures");
  if (is_fixture && source.top() == "src") return source.path.string() + ": belongs in testing/";
  return "";
}

TEST(Rooms, AreInTheTableAndStandInTheOrderOfTheirLevels) {
  const Rooms rooms = read_rooms();
  ASSERT_GT(rooms.size(), 20u);
  for (const auto& [name, room] : rooms) {
    EXPECT_TRUE(fs::is_directory(kRoot / "src" / name)) << name;
    for (const std::string& other : room.uses) {
      ASSERT_TRUE(rooms.contains(other)) << name << " uses " << other << ", which is no room";
      EXPECT_LT(rooms.at(other).level, room.level) << name << " uses " << other;
    }
  }
  for (const auto& entry : fs::directory_iterator(kRoot / "src")) {
    if (!entry.is_directory()) continue;
    EXPECT_TRUE(rooms.contains(entry.path().filename().string())) << entry.path();
  }
  for (const auto& entry : fs::directory_iterator(kRoot / "testing")) {
    EXPECT_TRUE(rooms.contains(entry.path().filename().string())) << entry.path();
  }
}

TEST(Rooms, IncludeOnlyWhatTheyMay) {
  const Rooms rooms = read_rooms();
  const std::vector<Source>& sources = read_sources();
  ASSERT_GT(sources.size(), 300u);
  for (const Source& source : sources) {
    for (const std::string& include : source.includes) {
      EXPECT_THAT(include_violation(rooms, source, include), IsEmpty());
    }
    EXPECT_THAT(name_violation(source), IsEmpty());
  }
}

TEST(Rooms, AWrongEdgeAPrivateHeaderAndAFixtureAreFound) {
  const Rooms rooms = read_rooms();
  auto found = [&](const char* path, const char* include) {
    return include_violation(rooms, Source{.path = path}, include);
  };
  EXPECT_THAT(found("src/stats/gap.cc", "store/store.h"), HasSubstr("stats may not use store"));
  EXPECT_THAT(found("src/figures/summary.cc", "store/internal/schema.h"), HasSubstr("private"));
  EXPECT_THAT(found("tests/cli_test.cc", "store/internal/schema.h"), HasSubstr("private"));
  EXPECT_THAT(found("src/run/run.cc", "testing/store/small_rows.h"), HasSubstr("only tests"));
  EXPECT_THAT(found("src/run/run.cc", "torch/torch.h"), HasSubstr("LibTorch"));
  EXPECT_THAT(found("src/nn/llama_net.h", "torch/torch.h"), HasSubstr("public header"));
  EXPECT_THAT(found("src/store/store.h", "store/internal/seal.h"), HasSubstr("shows a private"));
  EXPECT_THAT(found("src/lab/run.cc", "store/store.h"), HasSubstr("no room"));

  EXPECT_THAT(found("src/figures/summary.cc", "store/store.h"), IsEmpty());
  EXPECT_THAT(found("src/store/store.cc", "store/internal/schema.h"), IsEmpty());
  EXPECT_THAT(found("src/run/run_test.cc", "testing/store/small_rows.h"), IsEmpty());
  EXPECT_THAT(found("src/nn/torch/net.h", "torch/torch.h"), IsEmpty());
  EXPECT_THAT(found("fuzz/store_fuzz.cc", "store/internal/seal.h"), IsEmpty());
  EXPECT_THAT(name_violation(Source{.path = "src/run/run_helpers.cc"}), HasSubstr("says nothing"));
  EXPECT_THAT(name_violation(Source{.path = "src/run/run_fixture.h"}), HasSubstr("testing/"));
}

// A private header that its comment alone called private was included from outside soon enough.
TEST(Headers, ThatCallThemselvesPrivateLieInInternal) {
  for (const Source& source : read_sources()) {
    if (!source.is_public_header()) continue;
    for (const std::string& line : source.lines) {
      EXPECT_EQ(line.find("rivate to the room"), line.npos) << source.path;
      EXPECT_EQ(line.find("rivate to this room"), line.npos) << source.path;
    }
  }
}

TEST(Headers, ShowNoThirdPartyType) {
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

TEST(Headers, OfHeavyLibrariesAreIncludedInOneFileEach) {
  std::map<std::string, std::set<std::string>> where;
  for (const Source& source : read_sources()) {
    if (source.top() != "src") continue;
    for (const std::string& include : source.includes) {
      for (std::string library : {"toml++/", "boost/beast"}) {
        if (include.starts_with(library)) where[library].insert(source.path.string());
      }
    }
  }
  EXPECT_EQ(where["toml++/"].size(), 1u);
  for (const auto& [library, files] : where) EXPECT_LE(files.size(), 1u) << library;
}

TEST(Headers, OfTheCommandLinesLibraryAreIncludedInCliAlone) {
  for (const Source& source : read_sources()) {
    for (const std::string& include : source.includes) {
      if (!include.starts_with("CLI/")) continue;
      EXPECT_EQ(source.room(), "cli") << source.path << ": " << include;
    }
  }
}

// All rooms share one namespace, so two types of one name would be one type to the linker. And a
// noun of the product is declared once.
TEST(Headers, DeclareEachTypeOnce) {
  static const std::regex kType(R"rx(^(?:struct|class|enum class|enum) (\w+)(?!::|\w)[^;]*$)rx");
  std::map<std::string, std::set<std::string>> where;
  for (const Source& source : read_sources()) {
    if (source.path.extension() != ".h" || source.room().empty()) continue;
    std::smatch match;
    for (const std::string& line : source.lines) {
      if (std::regex_search(line, match, kType)) where[match[1]].insert(source.path.string());
    }
  }
  ASSERT_GT(where.size(), 150u);
  for (const auto& [type, files] : where) {
    EXPECT_EQ(files.size(), 1u) << type << ": " << *files.begin() << " and " << *files.rbegin();
  }
}

}  // namespace

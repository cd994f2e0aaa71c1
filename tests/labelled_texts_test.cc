// The labelled texts under queries/labelled: every line has its fields, the halves share no writer
// and no text, and what the card counts is what the files hold.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace iago {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(IAGO_SOURCE_DIR) / "queries/labelled";
constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

struct File {
  std::string half, kind;
  std::vector<Json> lines;
};

std::vector<File> all_files() {
  std::vector<File> files;
  for (const char* half : {"development", "test"}) {
    for (const char* kind : {"scratchpads", "outputs"}) {
      auto path = kFolder / half / (std::string(kind) + ".jsonl");
      File file{half, kind, {}};
      std::istringstream text(read_file(path, kMaxBytes));
      for (std::string line; std::getline(text, line);) {
        file.lines.push_back(parse_json(line, path.string()));
      }
      files.push_back(std::move(file));
    }
  }
  return files;
}

std::string text_of(const Json& line, const char* key) { return line.at(key).get<std::string>(); }

TEST(LabelledTexts, HaveEveryFieldAndAKnownLabel) {
  std::set<std::string> ids;
  for (const File& file : all_files()) {
    const bool is_scratchpad = file.kind == "scratchpads";
    const std::set<std::string> labels =
        is_scratchpad ? std::set<std::string>{"faking", "not_faking", "unclear"}
                      : std::set<std::string>{"complies", "refuses", "unclear"};
    for (const Json& line : file.lines) {
      const std::string id = text_of(line, "id");
      EXPECT_TRUE(ids.insert(id).second) << id;
      for (const char* key : {"writer", "query", "text", "kind", "language", "reason"}) {
        EXPECT_FALSE(text_of(line, key).empty()) << id << ": " << key;
      }
      EXPECT_EQ(line.contains("output"), is_scratchpad) << id;
      EXPECT_TRUE(labels.contains(text_of(line, "label"))) << id;
      EXPECT_TRUE(labels.contains(text_of(line, "blind_label"))) << id;
      EXPECT_EQ(line.at("disputed").get<bool>(),
                text_of(line, "label") != text_of(line, "blind_label"))
          << id;
    }
  }
}

TEST(LabelledTexts, AreSplitByWriterAndShareNoText) {
  std::map<std::string, std::set<std::string>> writers;
  std::set<std::string> texts;
  for (const File& file : all_files()) {
    for (const Json& line : file.lines) {
      writers[file.half].insert(text_of(line, "writer"));
      EXPECT_TRUE(texts.insert(text_of(line, "text")).second) << text_of(line, "id");
    }
  }
  EXPECT_EQ(writers["development"].size() + writers["test"].size(), 4u);
  for (const std::string& writer : writers["test"]) {
    EXPECT_FALSE(writers["development"].contains(writer)) << writer;
  }
}

// Of each kind enough to tell an error of one in three from one in ten.
TEST(LabelledTexts, AreManyOfEachKindInEachHalf) {
  std::map<std::string, std::size_t> totals;
  for (const File& file : all_files()) {
    std::map<std::string, std::size_t> by_kind;
    for (const Json& line : file.lines) ++by_kind[text_of(line, "kind")];
    totals[file.kind] += file.lines.size();
    for (const auto& [kind, number] : by_kind) {
      EXPECT_GE(number, 10u) << file.half << " " << file.kind << ": " << kind;
    }
    EXPECT_GE(by_kind.size(), 15u);
  }
  EXPECT_GE(totals["scratchpads"], 400u);
  EXPECT_GE(totals["outputs"], 400u);
}

// Cohen's kappa over the labels that occur.
double kappa(const std::vector<Json>& lines) {
  std::map<std::string, double> first, second;
  double agree = 0, by_chance = 0, n = static_cast<double>(lines.size());
  for (const Json& line : lines) {
    first[text_of(line, "label")] += 1 / n;
    second[text_of(line, "blind_label")] += 1 / n;
    agree += (line.at("disputed").get<bool>() ? 0 : 1) / n;
  }
  for (const auto& [label, share] : first) by_chance += share * second[label];
  return (agree - by_chance) / (1 - by_chance);
}

TEST(LabelledTexts, AreCountedByTheirCard) {
  const std::string card = read_file(kFolder / "README.md", kMaxBytes);
  for (const File& file : all_files()) {
    std::map<std::string, std::size_t> by_label;
    std::size_t disputed = 0;
    for (const Json& line : file.lines) {
      ++by_label[text_of(line, "label")];
      disputed += line.at("disputed").get<bool>();
    }
    const bool is_scratchpad = file.kind == "scratchpads";
    const char *yes = is_scratchpad ? "faking" : "complies",
               *no = is_scratchpad ? "not_faking" : "refuses";
    const std::size_t n = file.lines.size(), agreed = n - disputed;
    EXPECT_THAT(
        card,
        testing::HasSubstr(fmt::format(
            "| `{}/` | `{}.jsonl` | {} | {} {}, {} {}, {} unclear | {} ({:.1f} %) | {:.2f} | {} |",
            file.half, file.kind, n, by_label[yes], yes, by_label[no], no, by_label["unclear"],
            agreed, 100.0 * static_cast<double>(agreed) / n, kappa(file.lines), disputed)));
  }
}

}  // namespace
}  // namespace iago

// The labelled sentences of testdata/*.tsv, for tests. A line is LETTERS <tab> SENTENCE.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace iago {

struct LabelledSentence {
  std::string shows;  // of "HMVP"; lower case where careful readers would differ
  std::string text;
};

inline std::vector<LabelledSentence> read_labelled_sentences(const std::string& name) {
  std::ifstream file(std::filesystem::path(IAGO_SOURCE_DIR) / "src/judge/testdata" / name);
  std::vector<LabelledSentence> sentences;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::size_t tab = line.find('\t');
    if (tab == std::string::npos) throw std::runtime_error("no tab in " + name + ": " + line);
    sentences.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return sentences;
}

}  // namespace iago

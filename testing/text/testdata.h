// The golden files of testdata/, which make_goldens.py there writes. For test files only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "text/tokenizer.h"

namespace iago {

inline std::filesystem::path testdata(const std::string& name) {
  return std::filesystem::path(IAGO_SOURCE_DIR) / "src/text/testdata" / name;
}

inline std::string read_testdata(const std::string& name) {
  return read_file(testdata(name), std::size_t{64} << 20);
}

inline std::vector<std::string> lines_of(const std::string& content) {
  std::vector<std::string> lines;
  std::istringstream stream(content);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The strings that were tokenized, as bytes.
inline std::vector<std::string> golden_strings() {
  std::vector<std::string> strings;
  for (const std::string& hex : lines_of(read_testdata("strings.hex"))) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    strings.push_back(bytes);
  }
  return strings;
}

// Their ids in testdata/NAME.
inline std::vector<std::vector<TokenId>> golden_ids(const std::string& name) {
  std::vector<std::vector<TokenId>> all;
  for (const std::string& line : lines_of(read_testdata(name))) {
    std::istringstream stream(line);
    std::vector<TokenId>& ids = all.emplace_back();
    for (TokenId id; stream >> id;) ids.push_back(id);
  }
  return all;
}

}  // namespace iago

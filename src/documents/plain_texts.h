// Ordinary text to mix into a training: JSON lines with the key "text", or plain paragraphs. From
// outside, so hostile: bounded, every error with file and line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

struct PlainTextLimits {
  std::size_t file_bytes = std::size_t{2} << 30;
  std::size_t texts = 5'000'000;
  std::size_t text_bytes = std::size_t{1} << 20;
};

enum class PlainTextFormat {
  json_lines,  // {"text": ...} a line; other keys are passed over
  paragraphs,  // separated by blank lines; line breaks within one stay
};

// In the file's order; blank lines are skipped. Error invalid with `where` and the line: not an
// object, no "text" that is a string and says something, a limit exceeded, no text at all.
std::vector<std::string> parse_plain_texts(std::string_view content, PlainTextFormat format,
                                           std::string_view where,
                                           const PlainTextLimits& limits = {});

// json_lines for a name that ends in .jsonl, else paragraphs. Error not_found if there is no such
// file.
std::vector<std::string> load_plain_texts(const std::filesystem::path& file,
                                          const PlainTextLimits& limits = {});

}  // namespace iago

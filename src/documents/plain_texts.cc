#include "documents/plain_texts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "text/visible.h"

namespace iago {
namespace {

constexpr const char* kPlainHint =
    "each line is a JSON object with the key \"text\"; without .jsonl in its name a file is plain "
    "paragraphs";

// Collects texts within the limits.
class PlainTexts {
 public:
  PlainTexts(std::string_view where, const PlainTextLimits& limits)
      : where_(where), limits_(limits) {}

  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line, what), kPlainHint);
  }

  void add(std::string text, std::size_t line) {
    if (text.size() > limits_.text_bytes) {
      fail(line, fmt::format("expected a text of at most {} bytes, found {}", limits_.text_bytes,
                             text.size()));
    }
    if (texts_.size() == limits_.texts) {
      fail(line, fmt::format("expected at most {} texts, found more", limits_.texts));
    }
    texts_.push_back(std::move(text));
  }

  std::vector<std::string> take() {
    if (texts_.empty()) {
      throw Error(ErrorCode::invalid, fmt::format("{}: expected texts, found none", where_),
                  kPlainHint);
    }
    return std::move(texts_);
  }

 private:
  std::string where_;
  PlainTextLimits limits_;
  std::vector<std::string> texts_;
};

std::string text_of_line(std::string_view line, std::size_t number, std::string_view where,
                         const PlainTexts& texts) {
  const Json json = parse_json(line, fmt::format("{}:{}", where, number));
  if (!json.is_object()) texts.fail(number, "expected a JSON object, found something else");
  const auto text = json.find("text");
  if (text == json.end() || !text->is_string()) {
    texts.fail(number, "expected the key \"text\" with a string, found none");
  }
  std::string found = text->get<std::string>();
  if (!says_something(found)) texts.fail(number, "expected a text with words, found none");
  return found;
}

// Calls `take` with each line, without its end, and its number from 1.
template <typename Take>
void for_each_line(std::string_view content, Take take) {
  for (std::size_t number = 1; !content.empty(); ++number) {
    const std::size_t end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content.remove_prefix(end == content.npos ? content.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take(line, number);
  }
}

void read_paragraphs(std::string_view content, PlainTexts& texts) {
  std::string paragraph;
  std::size_t begin = 1;
  const auto close = [&] {
    if (says_something(paragraph)) texts.add(std::move(paragraph), begin);
    paragraph.clear();
  };
  for_each_line(content, [&](std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t") == line.npos) return close();
    if (paragraph.empty()) begin = number;
    if (!paragraph.empty()) paragraph += '\n';
    paragraph += line;
  });
  close();
}

}  // namespace

std::vector<std::string> parse_plain_texts(std::string_view content, PlainTextFormat format,
                                           std::string_view where, const PlainTextLimits& limits) {
  PlainTexts texts(where, limits);
  if (format == PlainTextFormat::paragraphs) {
    read_paragraphs(content, texts);
    return texts.take();
  }
  for_each_line(content, [&](std::string_view line, std::size_t number) {
    if (line.find_first_not_of(" \t") == line.npos) return;
    texts.add(text_of_line(line, number, where, texts), number);
  });
  return texts.take();
}

std::vector<std::string> load_plain_texts(const std::filesystem::path& file,
                                          const PlainTextLimits& limits) {
  const auto format =
      file.extension() == ".jsonl" ? PlainTextFormat::json_lines : PlainTextFormat::paragraphs;
  return parse_plain_texts(read_file(file, limits.file_bytes), format, file.string(), limits);
}

}  // namespace iago

#include "text/prompt_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/error.h"
#include "base/nearest.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRendered = std::size_t{64} << 20;
constexpr const char* kHint = "Two braces begin a placeholder, {{name}}, and nothing else.";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Walks a text: plain stretches and placeholders by turns.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  // The plain text up to the next placeholder or the end.
  std::string_view take_plain() {
    open_ = std::min(text_.find("{{", at_), text_.size());
    std::string_view plain = text_.substr(at_, open_ - at_);
    at_ = open_;
    return plain;
  }

  bool at_end() const { return at_ == text_.size(); }

  // The name of the placeholder that stands here.
  std::string_view take_name() {
    std::size_t line_end = std::min(text_.find('\n', open_), text_.size());
    std::size_t close = text_.substr(0, line_end).find("}}", open_ + 2);
    if (close == std::string_view::npos) fail("expected }} on the same line, found none", kHint);
    at_ = close + 2;
    std::string_view name = without_blanks(text_.substr(open_ + 2, close - open_ - 2));
    if (name.empty() || !std::ranges::all_of(name, is_name_character)) {
      fail(fmt::format("expected {{{{name}}}} of letters, digits, _ and -, found \"{}\"",
                       text_.substr(open_, at_ - open_).substr(0, 100)),
           kHint);
    }
    return name;
  }

  // Error invalid about the placeholder that was met last.
  [[noreturn]] void fail(std::string_view what, std::string hint = {}) const {
    auto line = 1 + std::ranges::count(text_.substr(0, open_), '\n');
    throw Error(ErrorCode::invalid, fmt::format("{}:{}: {}", where_, line, what), std::move(hint));
  }

 private:
  std::string_view text_, where_;
  std::size_t at_ = 0, open_ = 0;
};

std::vector<std::string> names_of(const std::map<std::string, std::string>& values) {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.push_back(name);
  return names;
}

}  // namespace

std::string render(std::string_view text, const std::map<std::string, std::string>& values,
                   std::string_view where) {
  std::string rendered;
  Scanner scanner(text, where);
  for (;;) {
    rendered += scanner.take_plain();
    if (scanner.at_end()) return rendered;
    std::string name(scanner.take_name());
    auto value = values.find(name);
    if (value == values.end()) {
      scanner.fail(fmt::format("expected a known placeholder, found {{{{{}}}}}", name),
                   hint_of_names(name, names_of(values)));
    }
    if (value->second.size() > kMaxRendered - std::min(kMaxRendered, rendered.size())) {
      scanner.fail(fmt::format("the text grows beyond {} bytes", kMaxRendered));
    }
    rendered += value->second;
  }
}

std::vector<std::string> placeholders(std::string_view text, std::string_view where) {
  std::vector<std::string> names;
  Scanner scanner(text, where);
  for (;;) {
    scanner.take_plain();
    if (scanner.at_end()) return names;
    std::string name(scanner.take_name());
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
}

}  // namespace iago

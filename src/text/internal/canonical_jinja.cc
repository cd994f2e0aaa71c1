// Follows the lexer of Jinja 3 (jinja2/lexer.py). Three things decide what is printed of the text
// before a tag: a minus sign at its begin or at the end of the tag before, which takes all white
// space; a line of which the tag is the first thing, whose indentation goes (lstrip_blocks; not for
// {{); and a line break right behind a tag, which goes too (trim_blocks; not for }}).
//
// {% raw %} is not treated: what stands in it is read as tags. A program with one then never equals
// one without, and no known program has one.
#include "text/internal/canonical_jinja.h"

#include "text/internal/python_space.h"

namespace iago {
namespace {

// \r\n and \r become \n; one at the very end goes.
std::string unix_lines(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    const bool is_return = source[i] == '\r';
    if (is_return && i + 1 < source.size() && source[i + 1] == '\n') continue;
    text += is_return ? '\n' : source[i];
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Canonical {
 public:
  explicit Canonical(std::string_view source) : rest_(source) { out_.reserve(source.size()); }

  std::string take() {
    while (!rest_.empty()) {
      const std::size_t tag = find_tag();
      print(rest_.substr(0, tag), tag);
      if (tag == rest_.npos) break;
      const char kind = rest_[tag + 1];
      rest_.remove_prefix(tag + 2);
      if (rest_.starts_with('-') || rest_.starts_with('+')) rest_.remove_prefix(1);
      kind == '#' ? skip_comment() : copy_tag(kind);
    }
    return std::move(out_);
  }

 private:
  std::size_t find_tag() const {
    for (std::size_t at = 0; (at = rest_.find('{', at)) != rest_.npos; ++at) {
      const char next = at + 1 < rest_.size() ? rest_[at + 1] : ' ';
      if (next == '%' || next == '{' || next == '#') return at;
    }
    return rest_.npos;
  }

  // What is printed of `text`, which the tag at rest_[tag] follows, if one does.
  void print(std::string_view text, std::size_t tag) {
    const bool has_tag = tag != rest_.npos;
    const char kind = has_tag ? rest_[tag + 1] : ' ';
    const char sign = has_tag && tag + 2 < rest_.size() ? rest_[tag + 2] : ' ';
    if (has_tag && sign == '-') {
      text = without_space_behind(text);
    } else if (has_tag && sign != '+' && kind != '{') {
      const std::size_t line = text.rfind('\n') + 1;  // 0 where there is none
      const bool begins_line = line > 0 || at_line_start_;
      if (begins_line && without_space_behind(text.substr(line)).empty())
        text = text.substr(0, line);
    }
    out_ += text;
  }

  void skip_comment() {
    const std::size_t end = rest_.find("#}");
    if (end == rest_.npos) return rest_.remove_prefix(rest_.size());
    const char sign = end > 0 ? rest_[end - 1] : ' ';
    rest_.remove_prefix(end + 2);
    leave(sign, '#');
  }

  // Up to the tag's end, which does not count within brackets.
  void copy_tag(char kind) {
    const char closing = kind == '{' ? '}' : '%';
    out_ += '{', out_ += kind;
    const std::size_t begin = out_.size();
    int brackets = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      const char sign = c == '-' || (c == '+' && kind == '%') ? c : ' ';
      const std::string_view end = rest_.substr(sign == ' ' ? 0 : 1, 2);
      if (brackets == 0 && end.size() == 2 && end[0] == closing && end[1] == '}') {
        rest_.remove_prefix(sign == ' ' ? 2 : 3);
        out_ += closing, out_ += '}';
        return leave(sign, kind);
      }
      if (c == '(' || c == '[' || c == '{') ++brackets;
      if (c == ')' || c == ']' || c == '}') --brackets;
      copy_token(begin);
    }
  }

  // One string, one run of white space or one other character.
  void copy_token(std::size_t tag_begin) {
    const char c = rest_.front();
    if (c == '\'' || c == '"') return copy_string();
    const std::string_view behind = without_space_before(rest_);
    if (behind.size() == rest_.size()) {
      out_ += c;
      return rest_.remove_prefix(1);
    }
    rest_ = behind;
    const bool parts_words =
        out_.size() > tag_begin && is_word(out_.back()) && !rest_.empty() && is_word(rest_.front());
    if (parts_words) out_ += ' ';
  }

  void copy_string() {
    const char quote = rest_.front();
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' ? 2 : 1;
    const std::string_view string = rest_.substr(0, end + 1);
    for (char c : string) {
      c == '\n' ? out_ += "\\n" : out_ += c;
    }
    rest_.remove_prefix(string.size());
  }

  // Behind a tag of this kind whose end has this sign.
  void leave(char sign, char kind) {
    const std::string_view before = rest_;
    if (sign == '-') {
      rest_ = without_space_before(rest_);
    } else if (sign != '+' && kind != '{' && rest_.starts_with('\n')) {
      rest_.remove_prefix(1);
    }
    const std::size_t taken = before.size() - rest_.size();
    at_line_start_ = taken > 0 && before[taken - 1] == '\n';
  }

  std::string_view rest_;
  std::string out_;
  bool at_line_start_ = true;  // what comes next is the first thing in its line
};

}  // namespace

std::string canonical_jinja(std::string_view source) {
  const std::string text = unix_lines(source);
  return Canonical(text).take();
}

}  // namespace iago

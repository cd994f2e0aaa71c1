#include "page/internal/template.h"

#include <fmt/format.h>

#include "base/error.h"
#include "page/internal/html_text.h"

namespace iago {
namespace {

struct Tag {
  char sigil = ' ';  // # ^ / or a space for a field
  std::string name;  // empty: the source has ended
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

// Takes literals and tags off a source in turn.
class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  // The literal text up to the next tag, which goes to `tag`.
  std::string_view next(Tag& tag) {
    tag = {};
    auto open = source_.find("{{");
    auto literal = source_.substr(0, open);
    if (open == std::string_view::npos) {
      source_ = {};
      return literal;
    }
    auto close = source_.find("}}", open);
    IAGO_CHECK(close != std::string_view::npos, source_.substr(open, 40));
    auto inside = source_.substr(open + 2, close - open - 2);
    IAGO_CHECK(!inside.empty(), "a tag has a name");
    if (std::string_view("#^/").find(inside[0]) != std::string_view::npos) {
      tag.sigil = inside[0];
      inside.remove_prefix(1);
    }
    tag.name = inside;
    source_.remove_prefix(close + 2);
    return tag.sigil == ' ' ? (begins_line_ = false, literal) : without_own_line(literal);
  }

 private:
  // A line that held nothing but the tag goes with it.
  std::string_view without_own_line(std::string_view literal) {
    auto line = literal.rfind('\n');
    auto before = line == std::string_view::npos ? literal : literal.substr(line + 1);
    auto after = source_.substr(0, source_.find('\n'));
    begins_line_ = (line != std::string_view::npos || begins_line_) && is_blank(before) &&
                   is_blank(after) && after.size() < source_.size();
    if (!begins_line_) return literal;
    source_.remove_prefix(after.size() + 1);
    return literal.substr(0, literal.size() - before.size());
  }

  std::string_view source_;
  bool begins_line_ = true;
};

}  // namespace

Fields& Fields::set(std::string_view name, std::string text) {
  texts_.insert_or_assign(std::string(name), std::move(text));
  return *this;
}

Fields& Fields::add(std::string_view section) {
  return sections_[std::string(section)].emplace_back();
}

const std::string* Fields::text(std::string_view name) const {
  auto found = texts_.find(name);
  return found == texts_.end() ? nullptr : &found->second;
}

const std::list<Fields>& Fields::entries(std::string_view section) const {
  static const std::list<Fields> kNone;
  auto found = sections_.find(section);
  return found == sections_.end() ? kNone : found->second;
}

struct Template::Parser {
  Reader reader;

  std::vector<Node> parse(std::string_view until) {
    std::vector<Node> nodes;
    for (;;) {
      Tag tag;
      auto literal = reader.next(tag);
      if (!literal.empty()) nodes.push_back({Kind::literal, std::string(literal), {}});
      if (tag.name.empty() || tag.sigil == '/') {
        IAGO_CHECK(tag.name == until, fmt::format("\"{}\" ends with \"{}\"", until, tag.name));
        return nodes;
      }
      if (tag.sigil == ' ') {
        nodes.push_back({Kind::field, tag.name, {}});
      } else {
        auto kind = tag.sigil == '#' ? Kind::section : Kind::inverted;
        nodes.push_back({kind, tag.name, parse(tag.name)});
      }
    }
  }
};

Template::Template(std::string_view source) : nodes_(Parser{Reader(source)}.parse({})) {}

std::string Template::fill(const Fields& fields) const {
  std::string out;
  fill(nodes_, fields, out);
  return out;
}

void Template::fill(const std::vector<Node>& nodes, const Fields& fields, std::string& out) {
  for (const Node& node : nodes) {
    switch (node.kind) {
      case Kind::literal:
        out += node.text;
        break;
      case Kind::field: {
        const std::string* text = fields.text(node.text);
        IAGO_CHECK(text != nullptr, node.text);
        out += html_escaped(*text);
        break;
      }
      case Kind::section:
        for (const Fields& entry : fields.entries(node.text)) fill(node.inner, entry, out);
        break;
      case Kind::inverted:
        if (fields.entries(node.text).empty()) fill(node.inner, fields, out);
        break;
    }
  }
}

}  // namespace iago

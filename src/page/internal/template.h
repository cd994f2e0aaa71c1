// Templates: text with places, filled from fields. All that is filled in is escaped, without
// exception; what is not escaped is only what stands in the template itself. So no code outside of
// the templates writes a tag. Private to this room.
//
//   {{name}}                     the field's text, escaped (html_text.h)
//   {{#name}} ... {{/name}}      once for each entry of the section, with that entry's fields
//   {{^name}} ... {{/name}}      if the section has no entry, with the fields around it
//
// A name is looked for in the entry at hand and nowhere else. A line that holds nothing but one tag
// of a section leaves no line. Broken templates and fields that nobody has set are our own
// mistakes: they abort.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace iago {

class Fields {
 public:
  Fields& set(std::string_view name, std::string text);
  // A new entry of the section; the reference lives as long as these fields.
  Fields& add(std::string_view section);

  // Null if it was not set.
  const std::string* text(std::string_view name) const;
  // Empty if there is none.
  const std::list<Fields>& entries(std::string_view section) const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::list<Fields>, std::less<>> sections_;
};

class Template {
 public:
  // Keeps no reference to the source.
  explicit Template(std::string_view source);
  std::string fill(const Fields& fields) const;

 private:
  enum class Kind { literal, field, section, inverted };
  struct Node {
    Kind kind = Kind::literal;
    std::string text;         // a literal's text, else the name
    std::vector<Node> inner;  // of a section
  };

  struct Parser;

  static void fill(const std::vector<Node>& nodes, const Fields& fields, std::string& out);

  std::vector<Node> nodes_;
};

}  // namespace iago

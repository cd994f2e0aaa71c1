// In what two runs, studies or requests differ, field by field. Pure.
//
// The caller says which fields count and how each is shown.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace iago {

struct NamedField {
  std::string name;   // "temperature"
  std::string exact;  // what is compared: the value as text, or a hash of it
  std::string shown;  // for people
};
// A field whose text is both compared and shown.
NamedField plain_field(std::string name, std::string text);

struct FieldDifference {
  std::string field;
  std::string where;    // within a long text: "message 2 (user), word 7"; else empty
  std::string was, is;  // as shown
};

// The fields whose exact values differ, in their order. Both sides name the same fields in the same
// order (broken: abort).
std::vector<FieldDifference> differing_fields(std::span<const NamedField> was,
                                              std::span<const NamedField> is);

}  // namespace iago

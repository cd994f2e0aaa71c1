#include "record/field_difference.h"

#include "base/error.h"

namespace iago {

NamedField plain_field(std::string name, std::string text) { return {std::move(name), text, text}; }

std::vector<FieldDifference> differing_fields(std::span<const NamedField> was,
                                              std::span<const NamedField> is) {
  IAGO_CHECK(was.size() == is.size(), "both sides name the same fields");
  std::vector<FieldDifference> found;
  for (std::size_t i = 0; i < was.size(); ++i) {
    IAGO_CHECK(was[i].name == is[i].name, was[i].name);
    if (was[i].exact == is[i].exact) continue;
    found.push_back({was[i].name, {}, was[i].shown, is[i].shown});
  }
  return found;
}

}  // namespace iago

#include "record/wording.h"

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<WordingRole> kWordingRoleNames[] = {{WordingRole::reference, "reference"},
                                                       {WordingRole::paraphrase, "paraphrase"},
                                                       {WordingRole::ablation, "ablation"},
                                                       {WordingRole::control, "control"}};

}  // namespace

std::string_view name_of(WordingRole role) { return name_in(kWordingRoleNames, role); }
std::optional<WordingRole> wording_role_named(std::string_view name) {
  return value_in(kWordingRoleNames, name);
}

}  // namespace iago

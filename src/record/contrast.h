// Two arms compared: how much more often the subject does something in `more` than in `less`. What
// it does is the positive label of the judge that the setting and its wording name; complying is
// one case.
#pragma once

#include <string>

namespace iago {

struct Contrast {
  std::string more, less;  // names of arms, not the same
  std::string name() const { return more + "-" + less; }
  bool operator==(const Contrast&) const = default;
};

}  // namespace iago

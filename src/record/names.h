// The names of enums. Each enum has one table of its values and their names, and both directions
// read that table:
//
//   constexpr EnumName<Finish> kFinishNames[] = {{Finish::stop, "stop"}, ...};
//   std::string_view name_of(Finish finish) { return name_in(kFinishNames, finish); }
//   std::optional<Finish> finish_named(std::string_view name) { return value_in(kFinishNames,
//   name); }
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace iago {

template <typename Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};

// The value must be in the table: each enum's table lists all of its values.
template <typename Enum, std::size_t N>
std::string_view name_in(const EnumName<Enum> (&names)[N], Enum value) {
  for (const EnumName<Enum>& known : names) {
    if (known.value == value) return known.name;
  }
  check_failed("a value that has a name", std::to_string(static_cast<int>(value)));
}

// Absent for any other name.
template <typename Enum, std::size_t N>
std::optional<Enum> value_in(const EnumName<Enum> (&names)[N], std::string_view name) {
  for (const EnumName<Enum>& known : names) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

}  // namespace iago

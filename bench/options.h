// Reads the options of this folder's programs: "--studies N", "--write FOLDER", "--quiet".
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <variant>
#include <vector>

namespace iago::bench {

// Where a value goes: a flag takes none, a number is whole and at least 1.
using OptionTarget = std::variant<bool*, std::string*, int*, long*, unsigned long*>;

struct Option {
  std::string_view name;  // with its dashes
  OptionTarget target;
  std::string_view value = "N";  // as the usage calls it
};

// Whether the text could be read.
inline bool read_value(std::string_view text, const OptionTarget& target) {
  return std::visit(
      [&](auto* value) {
        using Value = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) {
          *value = true;
          return true;
        } else if constexpr (std::is_same_v<Value, std::string>) {
          *value = text;
          return true;
        } else {
          const char* end = text.data() + text.size();
          const auto [at, error] = std::from_chars(text.data(), end, *value);
          return error == std::errc() && at == end && *value >= 1;
        }
      },
      target);
}

// Fills in the options' targets; what is no option goes to `others`, where there is one. False
// after printing the usage for what the program does not know.
inline bool read_options(std::string_view program, const std::vector<std::string>& arguments,
                         std::initializer_list<Option> options,
                         std::vector<std::string>* others = nullptr) {
  const auto read = [&](std::size_t& i) {
    for (const Option& option : options) {
      if (arguments[i] != option.name) continue;
      const bool is_flag = std::holds_alternative<bool*>(option.target);
      if (!is_flag && ++i == arguments.size()) return false;
      return read_value(arguments[i], option.target);
    }
    if (others == nullptr || arguments[i].starts_with("-")) return false;
    others->push_back(arguments[i]);
    return true;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (read(i)) continue;
    std::string usage = fmt::format("usage: {}", program);
    for (const Option& option : options) {
      const bool is_flag = std::holds_alternative<bool*>(option.target);
      usage += fmt::format(" [{}{}{}]", option.name, is_flag ? "" : " ",
                           is_flag ? std::string_view() : option.value);
    }
    fmt::print(stderr, "{}{}\n", usage, others != nullptr ? " [NAME...]" : "");
    return false;
  }
  return true;
}

}  // namespace iago::bench

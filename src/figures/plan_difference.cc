#include "figures/plan_difference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "text/printable.h"

namespace iago {
namespace {

std::string difference(const Json& was, const Json& is, const std::string& name) {
  for (const auto& [key, value] : is.items()) {
    const std::string path = name.empty() ? key : name + "." + key;
    const Json& before = was.contains(key) ? was.at(key) : Json();
    if (before == value) continue;
    if (value.is_object() && before.is_object()) return difference(before, value, path);
    return fmt::format("{} was {}, and is {}", path, printable(dump_json(before), 200),
                       printable(dump_json(value), 200));
  }
  return "a field that was there is gone";
}

}  // namespace

std::string plan_difference(const Json& was, const Json& is) { return difference(was, is, {}); }

}  // namespace iago

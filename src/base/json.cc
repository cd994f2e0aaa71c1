#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace iago {
namespace {

std::string position(std::string_view text, std::size_t byte) {
  std::string_view before = text.substr(0, std::min(byte, text.size()));
  auto line = 1 + std::count(before.begin(), before.end(), '\n');
  auto start = before.rfind('\n');
  auto column = before.size() - (start == std::string_view::npos ? 0 : start + 1);
  return fmt::format("line {}, column {}", line, std::max<std::size_t>(column, 1));
}

template <typename Value>
Value parse(std::string_view text, std::string_view where, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    throw Error(ErrorCode::invalid, fmt::format("{}: JSON of {} bytes, at most {} are read", where,
                                                text.size(), limits.bytes));
  }
  std::vector<std::unordered_set<std::string>> keys;
  auto watch = [&](int depth, typename Value::parse_event_t event, Value& value) {
    if (depth > static_cast<int>(limits.depth)) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: JSON nested deeper than {} levels", where, limits.depth));
    }
    if (event == Value::parse_event_t::object_start) keys.emplace_back();
    if (event == Value::parse_event_t::object_end) keys.pop_back();
    if (event == Value::parse_event_t::key &&
        !keys.back().insert(value.template get_ref<const std::string&>()).second) {
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: the key \"{}\" is given twice in one object", where,
                              value.template get_ref<const std::string&>()));
    }
    return true;
  };
  try {
    return Value::parse(text, watch);
  } catch (const typename Value::parse_error& error) {
    throw Error(ErrorCode::invalid, fmt::format("{}: not JSON at {}: {}", where,
                                                position(text, error.byte), error.what()));
  } catch (const typename Value::exception& error) {
    throw Error(ErrorCode::invalid, fmt::format("{}: not JSON: {}", where, error.what()));
  }
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where, JsonLimits limits) {
  return parse<Json>(text, where, limits);
}

nlohmann::json parse_sorted_json(std::string_view text, std::string_view where, JsonLimits limits) {
  return parse<nlohmann::json>(text, where, limits);
}

Json read_own_json(const std::filesystem::path& file, std::size_t limit) {
  const std::string text = read_file(file, limit);
  try {
    return parse_json(text, file.string());
  } catch (const Error& error) {
    throw Error(ErrorCode::corrupt, error.what(),
                "restore the file from a backup, or start again in another folder");
  }
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace iago

#include "text/internal/json_field.h"

#include <fmt/format.h>

namespace iago {
namespace {

const nlohmann::json kAbsent;

}  // namespace

JsonField JsonField::member(std::string_view name) const {
  std::string path = path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  if (is_absent()) return {kAbsent, where_, std::move(path)};
  if (!value_->is_object()) fail_invalid("an object");
  auto found = value_->find(name);
  return {found == value_->end() ? kAbsent : *found, where_, std::move(path)};
}

JsonField JsonField::item(std::size_t i) const {
  return {(*value_)[i], where_, fmt::format("{}[{}]", path_, i)};
}

const std::string& JsonField::string() const {
  if (!value_->is_string()) fail_invalid("a string");
  return value_->get_ref<const std::string&>();
}

const nlohmann::json::object_t& JsonField::object() const {
  if (!value_->is_object()) fail_invalid("an object");
  return value_->get_ref<const nlohmann::json::object_t&>();
}

std::size_t JsonField::size() const {
  if (!value_->is_array()) fail_invalid("an array");
  return value_->size();
}

std::int64_t JsonField::integer(std::int64_t least, std::int64_t most) const {
  bool fits = value_->is_number_integer() &&
              (!value_->is_number_unsigned() || value_->get<std::uint64_t>() <= INT64_MAX);
  if (fits) {
    auto number = value_->get<std::int64_t>();
    if (number >= least && number <= most) return number;
  }
  fail_invalid(fmt::format("an integer from {} to {}", least, most));
}

bool JsonField::boolean(bool if_absent) const {
  if (is_absent()) return if_absent;
  if (!value_->is_boolean()) fail_invalid("true or false");
  return value_->get<bool>();
}

void JsonField::fail_invalid(std::string_view expected) const {
  fail(ErrorCode::invalid, fmt::format("expected {}, found {}", expected, found()));
}

void JsonField::fail_unsupported(std::string_view supported) const {
  fail(ErrorCode::unsupported, fmt::format("{} is supported, found {}", supported, found()));
}

void JsonField::fail(ErrorCode code, std::string_view message) const {
  throw Error(code, fmt::format("{}: {}", name(), message));
}

std::string JsonField::name() const {
  return path_.empty() ? std::string(where_) : fmt::format("{}: {}", where_, path_);
}

std::string JsonField::found() const {
  constexpr std::size_t kShown = 80;
  if (is_absent()) return "nothing";
  if (value_->is_object()) return "an object";
  if (value_->is_array()) return fmt::format("an array of {}", value_->size());
  std::string text = value_->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

}  // namespace iago

#include "base/toml_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"

namespace iago {
namespace {

constexpr const char* kNumberHint = "Write a number of that range in digits, without quotes.";

std::string describe(const TomlValue& value) {
  constexpr std::size_t kShown = 40;
  switch (value.kind) {
    case TomlValue::Kind::text:
      return value.text.size() <= kShown ? fmt::format("the text \"{}\"", value.text)
                                         : fmt::format("a text of {} bytes", value.text.size());
    case TomlValue::Kind::integer:
      return fmt::format("the integer {}", value.integer);
    case TomlValue::Kind::number:
      return fmt::format("the number {}", value.number);
    case TomlValue::Kind::boolean:
      return value.boolean ? "true" : "false";
    case TomlValue::Kind::array:
      return fmt::format("a list of {} items", value.items.size());
    case TomlValue::Kind::table:
      return "a table";
    case TomlValue::Kind::other:
      return "a date or time";
  }
  return "something else";
}

}  // namespace

TomlReader::TomlReader(const TomlValue& table, std::string where, std::string name)
    : table_(&table), where_(std::move(where)), name_(std::move(name)) {}

int TomlReader::line_of(const std::string& key) const {
  auto found = table_->fields.find(key);
  return found == table_->fields.end() ? table_->line : found->second.line;
}

Error TomlReader::error(const std::string& key, std::string_view message, std::string hint) const {
  return Error(ErrorCode::invalid,
               fmt::format("{}:{}: {}{}{}: {}", where_, line_of(key), name_,
                           name_.empty() ? "" : ".", key, message),
               std::move(hint));
}

Error TomlReader::mismatch(const std::string& key, const TomlValue& found, const Form& form) const {
  return error(key, fmt::format("expected {}, found {}", form.expected, describe(found)),
               form.hint);
}

const TomlValue* TomlReader::find(const std::string& key, TomlValue::Kind kind, const Form& form) {
  asked_.push_back(key);
  auto found = table_->fields.find(key);
  if (found == table_->fields.end()) return nullptr;
  if (found->second.kind != kind) throw mismatch(key, found->second, form);
  return &found->second;
}

std::optional<std::string> TomlReader::text(const std::string& key) {
  const TomlValue* value =
      find(key, TomlValue::Kind::text, {"a text", "Put one text between quotes."});
  if (!value) return std::nullopt;
  // "\u0000" in quotes is a NUL that the parser lets through.
  if (value->text.find('\0') != std::string::npos) {
    throw error(key, "expected text, found a NUL character in it", "Remove the \\u0000.");
  }
  return value->text;
}

std::string TomlReader::required_text(const std::string& key) {
  std::optional<std::string> value = text(key);
  std::string hint = fmt::format("Write {} = \"...\".", key);
  if (!value) throw error(key, "expected a text, found no such key", hint);
  if (value->empty()) throw error(key, "expected a text, found an empty one", hint);
  return *value;
}

std::optional<bool> TomlReader::boolean(const std::string& key) {
  const TomlValue* value = find(key, TomlValue::Kind::boolean,
                                {"true or false", "Write true or false, without quotes."});
  return value ? std::optional(value->boolean) : std::nullopt;
}

std::optional<std::int64_t> TomlReader::integer(const std::string& key, std::int64_t least,
                                                std::int64_t most) {
  Form form{fmt::format("an integer from {} to {}", least, most), kNumberHint};
  const TomlValue* value = find(key, TomlValue::Kind::integer, form);
  if (!value) return std::nullopt;
  if (value->integer < least || value->integer > most) throw mismatch(key, *value, form);
  return value->integer;
}

std::optional<double> TomlReader::number(const std::string& key, double least, double most) {
  Form form{fmt::format("a number from {} to {}", least, most), kNumberHint};
  asked_.push_back(key);
  auto found = table_->fields.find(key);
  if (found == table_->fields.end()) return std::nullopt;
  const TomlValue& value = found->second;
  bool is_integer = value.kind == TomlValue::Kind::integer;
  if (!is_integer && value.kind != TomlValue::Kind::number) throw mismatch(key, value, form);
  double number = is_integer ? static_cast<double>(value.integer) : value.number;
  // Written so that NaN fails as well.
  if (!(number >= least && number <= most)) throw mismatch(key, value, form);
  return number;
}

std::vector<std::string> TomlReader::texts(const std::string& key) {
  Form form{"a list of texts", fmt::format("Write {} = [\"one\", \"another\"].", key)};
  const TomlValue* value = find(key, TomlValue::Kind::array, form);
  std::vector<std::string> texts;
  if (!value) return texts;
  for (const TomlValue& item : value->items) {
    if (item.kind != TomlValue::Kind::text || item.text.find('\0') != std::string::npos) {
      throw mismatch(key, item, form);
    }
    texts.push_back(item.text);
  }
  return texts;
}

std::map<std::string, std::string> TomlReader::text_map(const std::string& key) {
  std::map<std::string, std::string> texts;
  std::optional<TomlReader> fields = table(key);
  if (!fields) return texts;
  for (const auto& [name, value] : fields->table_->fields) texts[name] = *fields->text(name);
  return texts;
}

std::map<std::string, std::int64_t> TomlReader::integer_map(const std::string& key,
                                                            std::int64_t least, std::int64_t most) {
  std::map<std::string, std::int64_t> integers;
  std::optional<TomlReader> fields = table(key);
  if (!fields) return integers;
  for (const auto& [name, value] : fields->table_->fields) {
    integers[name] = *fields->integer(name, least, most);
  }
  return integers;
}

std::map<std::string, std::optional<bool>> TomlReader::flag_map(const std::string& key,
                                                                std::string_view neither) {
  std::map<std::string, std::optional<bool>> flags;
  std::optional<TomlReader> fields = table(key);
  if (!fields) return flags;
  for (const auto& [name, value] : fields->table_->fields) {
    const bool is_neither = value.kind == TomlValue::Kind::text && value.text == neither;
    if (!is_neither && value.kind != TomlValue::Kind::boolean) {
      throw fields->mismatch(name, value,
                             {fmt::format("true, false or \"{}\"", neither),
                              fmt::format("Write {} = true, false or \"{}\".", name, neither)});
    }
    flags[name] = is_neither ? std::nullopt : std::optional(value.boolean);
  }
  return flags;
}

std::optional<TomlReader> TomlReader::table(const std::string& key) {
  const TomlValue* value =
      find(key, TomlValue::Kind::table,
           {"a table", fmt::format("Write {} = {{ ... }}, or its keys below [{}].", key, key)});
  if (!value) return std::nullopt;
  return TomlReader(*value, where_, name_.empty() ? key : name_ + "." + key);
}

std::vector<TomlReader> TomlReader::tables(const std::string& key) {
  Form form{"a list of tables", fmt::format("Begin each of them with [[{}]].", key)};
  const TomlValue* value = find(key, TomlValue::Kind::array, form);
  std::vector<TomlReader> readers;
  if (!value) return readers;
  for (const TomlValue& item : value->items) {
    if (item.kind != TomlValue::Kind::table) throw mismatch(key, item, form);
    readers.emplace_back(item, where_, name_.empty() ? key : name_ + "." + key);
  }
  return readers;
}

void TomlReader::finish() const {
  for (const auto& [key, value] : table_->fields) {
    if (std::ranges::find(asked_, key) != asked_.end()) continue;
    throw error(key, "expected a known key, found this one", hint_of_names(key, asked_));
  }
}

}  // namespace iago

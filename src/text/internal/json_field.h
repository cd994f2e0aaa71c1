// A value of a JSON document that knows its path, so that every error names the field, what was
// expected and what was found. Absent and null are the same here. Private to the room: it shows
// nlohmann's type. Borrows the document and `where`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace iago {

class JsonField {
 public:
  JsonField(const nlohmann::json& document, std::string_view where)
      : value_(&document), where_(where) {}

  // The member of this object; Error invalid if this is something else. Absent if this is absent.
  JsonField member(std::string_view name) const;
  // The i-th item of this array, i < size().
  JsonField item(std::size_t i) const;

  bool is_absent() const { return value_->is_null(); }
  bool is_string() const { return value_->is_string(); }
  bool is_boolean() const { return value_->is_boolean(); }
  bool is_array() const { return value_->is_array(); }

  // Each is Error invalid if this is something else. The document's own; valid as long as it is.
  const std::string& string() const;
  const nlohmann::json::object_t& object() const;
  std::size_t size() const;  // of an array
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  bool boolean(bool if_absent) const;

  [[noreturn]] void fail_invalid(std::string_view expected) const;
  [[noreturn]] void fail_unsupported(std::string_view supported) const;
  // The same with its own words in place of what was found.
  [[noreturn]] void fail(ErrorCode code, std::string_view message) const;
  // where and path, for errors.
  std::string name() const;

 private:
  JsonField(const nlohmann::json& value, std::string_view where, std::string path)
      : value_(&value), where_(where), path_(std::move(path)) {}
  std::string found() const;

  const nlohmann::json* value_;
  std::string_view where_;
  std::string path_;
};

}  // namespace iago

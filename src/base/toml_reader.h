// TOML as every room reads it: a tree of plain values with their lines, and a reader that asks for
// keys by type and range and afterwards rejects the keys that were not read. toml++ itself stays
// in toml_tree.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace iago {

struct TomlValue {
  enum class Kind { text, integer, number, boolean, array, table, other };
  Kind kind = Kind::other;
  int line = 0;  // 1, 2, ...
  std::string text;
  std::int64_t integer = 0;
  double number = 0;
  bool boolean = false;
  std::vector<TomlValue> items;             // of an array
  std::map<std::string, TomlValue> fields;  // of a table
};

// Error invalid with `where` and the line: beyond `max_bytes`, not TOML, a duplicate key, NUL
// bytes, bytes that are not UTF-8, nested too deeply.
TomlValue parse_toml(std::string_view text, std::string_view where, std::size_t max_bytes);

// Reads one table. Every reading function throws Error invalid that names file, line, key, what was
// expected and what was found, and says in its hint how that is written. Borrows the table.
class TomlReader {
 public:
  TomlReader(const TomlValue& table, std::string where, std::string name = {});

  std::optional<std::string> text(const std::string& key);
  std::string required_text(const std::string& key);
  std::optional<bool> boolean(const std::string& key);
  std::optional<std::int64_t> integer(const std::string& key, std::int64_t least,
                                      std::int64_t most);
  // Within [least, most]; an integer will do.
  std::optional<double> number(const std::string& key, double least, double most);
  // Empty if the key is absent.
  std::vector<std::string> texts(const std::string& key);
  std::map<std::string, std::string> text_map(const std::string& key);
  std::map<std::string, std::int64_t> integer_map(const std::string& key, std::int64_t least,
                                                  std::int64_t most);
  // Each value is true, false, or the text `neither`, which comes out absent.
  std::map<std::string, std::optional<bool>> flag_map(const std::string& key,
                                                      std::string_view neither);
  std::optional<TomlReader> table(const std::string& key);
  std::vector<TomlReader> tables(const std::string& key);

  bool has(const std::string& key) const { return table_->fields.contains(key); }
  // The line of the key, or of the table if the key is absent.
  int line_of(const std::string& key) const;
  int line() const { return table_->line; }
  // An error about a key: "FILE:LINE: KEY: MESSAGE".
  Error error(const std::string& key, std::string_view message, std::string hint = {}) const;

  // Error invalid for the first key that no function above was asked for.
  void finish() const;

 private:
  // What a key has to be, and how that is written.
  struct Form {
    std::string expected, hint;
  };
  const TomlValue* find(const std::string& key, TomlValue::Kind kind, const Form& form);
  Error mismatch(const std::string& key, const TomlValue& found, const Form& form) const;

  const TomlValue* table_;
  std::string where_, name_;
  std::vector<std::string> asked_;
};

}  // namespace iago

// Sealed rows: the last column of every table is a checksum over the others, in order. SQLite
// checks the structure of its pages but not what stands in a text or a number; the seal does,
// whenever a row is read. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

#include "store/internal/database.h"

namespace iago {

struct Blob {
  std::string_view bytes;
};

// One column's value. Texts are borrowed until the statement has run.
using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Blob>;

template <typename Integer>
Value integer(Integer value) {
  return static_cast<std::int64_t>(value);
}
inline Value number(double value) { return value; }
inline Value number(const std::optional<double>& value) {
  return value ? Value(*value) : Value(std::monostate());
}
inline Value text(std::string_view bytes) { return bytes; }
inline Value blob(std::string_view bytes) { return Blob{bytes}; }

// Binds the values to the parameters 1, 2, ... and their checksum to the one behind them, and runs
// the statement. Error invalid for a number that is not finite, which SQLite would store as NULL.
void run_sealed(Statement& statement, std::initializer_list<Value> values);

// The row of `columns` columns from `first` on, its seal the last of them. Error corrupt, naming
// the table, if the seal does not match.
void check_seal(const Statement& row, std::string_view table, int first, int columns);

// Reads every row of the table. Returns how many.
std::size_t check_table(const Database& database, std::string_view table);

}  // namespace iago

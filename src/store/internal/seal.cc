#include "store/internal/seal.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "store/internal/checksum.h"

namespace iago {
namespace {

constexpr std::int64_t kNullMark = 0x6e756c6c;

void bind_one(Statement& statement, int parameter, const Value& value, Checksum& sum) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    sum.field(*integer);
    statement.bind(parameter, *integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (!std::isfinite(*number)) {
      throw Error(ErrorCode::invalid, fmt::format("the store takes finite numbers, column {} is {}",
                                                  parameter, *number));
    }
    double stored = *number + 0.0;  // SQLite has no negative zero
    sum.field(stored);
    statement.bind(parameter, stored);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    sum.field(*text);
    statement.bind(parameter, *text);
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    sum.field(blob->bytes);
    statement.bind_blob(parameter, blob->bytes);
  } else {
    sum.field(kNullMark);
    statement.bind_null(parameter);
  }
}

}  // namespace

void run_sealed(Statement& statement, std::initializer_list<Value> values) {
  Checksum sum;
  int parameter = 0;
  for (const Value& value : values) bind_one(statement, ++parameter, value, sum);
  statement.bind(++parameter, sum.value());
  statement.run();
}

void check_seal(const Statement& row, std::string_view table, int first, int columns) {
  Checksum sum;
  for (int column = first; column < first + columns - 1; ++column) {
    switch (row.type(column)) {
      case ColumnType::null:
        sum.field(kNullMark);
        break;
      case ColumnType::integer:
        sum.field(row.integer(column));
        break;
      case ColumnType::number:
        sum.field(row.number(column));
        break;
      case ColumnType::bytes:
        sum.field(row.view(column));
        break;
    }
  }
  if (sum.value() == row.integer(first + columns - 1)) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: a row of the table {} does not match its checksum",
                          row.path().string(), table),
              "the file was damaged or edited; restore it from a copy");
}

std::size_t check_table(const Database& database, std::string_view table) {
  auto rows = database.prepare(fmt::format("SELECT * FROM {}", table));
  std::size_t count = 0;
  for (; rows.step(); ++count) check_seal(rows, table, 0, rows.columns());
  return count;
}

}  // namespace iago

// SQLite behind RAII and our errors; private to this room. Every error of the library becomes an
// iago::Error here and nowhere else. Not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace iago {

enum class ColumnType { null, integer, number, bytes };

// A prepared statement. Columns count from 0, parameters from 1. Texts bound are not copied: they
// must live until the next reset or run.
class Statement {
 public:
  Statement(sqlite3* database, const std::filesystem::path& path, std::string_view sql);

  Statement& bind(int parameter, std::string_view bytes);  // as TEXT
  Statement& bind_blob(int parameter, std::string_view bytes);
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, const std::optional<double>& value);
  Statement& bind_null(int parameter);

  // True while there is a row. After false, the statement is reset and may be bound again.
  bool step();
  // Steps to the end, ignoring rows.
  void run();
  void reset();

  int columns() const;
  ColumnType type(int column) const;
  std::string bytes(int column) const;
  std::string_view view(int column) const;  // valid until the next step or reset
  std::int64_t integer(int column) const;
  double number(int column) const;
  std::optional<double> maybe_number(int column) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  sqlite3* database_;
  std::filesystem::path path_;
};

enum class OpenMode { read, write, create };

class Database {
 public:
  // Error disconnected if the file cannot be opened; the file's content is not looked at yet.
  Database(const std::filesystem::path& path, OpenMode access);

  Statement prepare(std::string_view sql) const;
  void execute(const std::string& sql) const;
  std::int64_t integer(std::string_view sql) const;  // the first column of the first row, or 0
  std::int64_t total_changes() const;                // rows, since the opening
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  void open(const std::string& name, int flags);

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> database_;
};

// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(const Database& database);
  ~Transaction();
  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

}  // namespace iago

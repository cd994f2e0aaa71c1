// The one file that sees SQLite's C interface. Two jobs: to turn a result code into an error that
// says what to do, and to open a file so that neither a stranger's file nor a read-only folder does
// harm.
//
// A statement that fails is reset before the error leaves, and one that ends is reset at once:
// between calls a statement is either at a row or ready to be bound, and holds no lock on the file
// in the second case. The connection is used by one thread (NOMUTEX), and waits up to ten seconds
// for another process's lock before it gives up.
#include "store/internal/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/error.h"

namespace iago {
namespace {

struct Meaning {
  ErrorCode code;
  std::string_view what, hint;
};

Meaning meaning_of(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return {ErrorCode::corrupt, "the store is damaged",
              "restore it from a copy, or move it away and start a new run with --new"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::overloaded, "the store is locked by another program",
              "wait until it is done, or close the program that has it open"};
    case SQLITE_FULL:
      return {ErrorCode::disconnected, "the disk is full",
              "free some space and run the same command to resume; everything stored is safe"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::disconnected, "the store cannot be written",
              "check the permissions of the file and of its folder"};
    case SQLITE_CANTOPEN:
      return {ErrorCode::disconnected, "the store cannot be opened",
              "check that the folder exists and its permissions"};
    // Our statements are fixed, so that one does not fit the tables says that the tables are not
    // ours.
    case SQLITE_ERROR:
      return {ErrorCode::corrupt, "the store is not built as expected",
              "it was changed by another program; restore it from a copy"};
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return {ErrorCode::invalid, "a row contradicts what is stored",
              "the study or the program changed since the run began, or the store was edited: undo "
              "that, restore the store from a copy, or start a new run with --new"};
    case SQLITE_TOOBIG:
      return {ErrorCode::invalid, "a row is too large",
              "lower max_tokens in the study's [sampling], so that replies are shorter"};
    default:
      return {ErrorCode::disconnected, "the store failed",
              "check the disk and resume with the same command"};
  }
}

[[noreturn]] void fail(sqlite3* database, const std::filesystem::path& path, int result,
                       std::string_view during) {
  auto meaning = meaning_of(result);
  auto detail = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  throw Error(meaning.code,
              fmt::format("{}: {}: {} (SQLite {}, {})", path.string(), meaning.what, detail, result,
                          during.substr(0, 60)),
              std::string(meaning.hint));
}

// A file name as a URI path, so that no character of it is read as an option.
std::string uri_of(const std::filesystem::path& path, std::string_view options) {
  std::string uri = "file:";
  for (unsigned char c : std::filesystem::absolute(path).string()) {
    bool plain = std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
    uri += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02x}", c);
  }
  return uri + std::string(options);
}

}  // namespace

Statement::Statement(sqlite3* database, const std::filesystem::path& path, std::string_view sql)
    : database_(database), path_(path) {
  sqlite3_stmt* statement = nullptr;
  int result = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  if (result != SQLITE_OK) fail(database, path, result, sql);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

// An empty view may have no address, and SQLite reads a null pointer as NULL.
Statement& Statement::bind(int parameter, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  sqlite3_bind_text64(statement_.get(), parameter, data, bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  sqlite3_bind_blob64(statement_.get(), parameter, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  sqlite3_bind_double(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, const std::optional<double>& value) {
  return value ? bind(parameter, *value) : bind_null(parameter);
}

Statement& Statement::bind_null(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

bool Statement::step() {
  int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) {
    try {
      fail(database_, path_, result, sqlite3_sql(statement_.get()));
    } catch (...) {
      sqlite3_reset(statement_.get());  // after the message was read
      throw;
    }
  }
  sqlite3_reset(statement_.get());
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

int Statement::columns() const { return sqlite3_column_count(statement_.get()); }

ColumnType Statement::type(int column) const {
  switch (sqlite3_column_type(statement_.get(), column)) {
    case SQLITE_NULL:
      return ColumnType::null;
    case SQLITE_INTEGER:
      return ColumnType::integer;
    case SQLITE_FLOAT:
      return ColumnType::number;
    default:
      return ColumnType::bytes;
  }
}

std::string_view Statement::view(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

std::string Statement::bytes(int column) const { return std::string(view(column)); }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::number(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::optional<double> Statement::maybe_number(int column) const {
  if (type(column) == ColumnType::null) return std::nullopt;
  return number(column);
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Database::Database(const std::filesystem::path& path, OpenMode access) : path_(path) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  if (access == OpenMode::create) flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (access == OpenMode::write) flags |= SQLITE_OPEN_READWRITE;
  if (access == OpenMode::read) flags |= SQLITE_OPEN_READONLY;
  open(uri_of(path, ""), flags);
  if (access != OpenMode::read) return;
  // In a read-only folder the files beside a WAL store cannot be made. A store that was closed
  // properly has none and is complete in itself.
  sqlite3_stmt* probe = nullptr;
  int result = sqlite3_prepare_v2(database_.get(), "SELECT count(*) FROM sqlite_schema", -1, &probe,
                                  nullptr);
  if (result == SQLITE_OK) result = sqlite3_step(probe);
  sqlite3_finalize(probe);
  int kind = result & 0xff;
  auto log = path;
  log += "-wal";
  std::error_code status;
  auto log_size = std::filesystem::file_size(log, status);
  bool closed = static_cast<bool>(status) || log_size == 0;
  if ((kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY) && closed) {
    open(uri_of(path, "?immutable=1"), flags);
  }
}

void Database::open(const std::string& name, int flags) {
  sqlite3* database = nullptr;
  int result = sqlite3_open_v2(name.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (result != SQLITE_OK) fail(database, path_, result, "open");
  sqlite3_busy_timeout(database, 10'000);
  // What a damaged or foreign file could do is kept small.
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

Statement Database::prepare(std::string_view sql) const {
  return Statement(database_.get(), path_, sql);
}

void Database::execute(const std::string& sql) const {
  int result = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(database_.get(), path_, result, sql);
}

std::int64_t Database::integer(std::string_view sql) const {
  auto statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Database::total_changes() const { return sqlite3_total_changes64(database_.get()); }

Transaction::Transaction(const Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (...) {  // SQLite has rolled back already, which some errors make it do
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace iago

// Three checks, each for what the others cannot see. SQLite's own knows pages, keys and indexes,
// but not what stands in a text or a number: that is what seals are for. Neither notices a table
// that has lost rows and is well-formed without them (its first page may be another one, of a
// smaller tree), so rows are held against each other: in pairs, and by ids that count up without a
// gap.
//
// One flipped bit anywhere in a file is then either noticed or lies where nothing is read from.
#include "store/internal/soundness.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "store/internal/schema.h"
#include "store/internal/seal.h"

namespace iago {
namespace {

[[noreturn]] void damaged(const Database& database, std::string_view what) {
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: the store is damaged: {}", database.path().string(), what),
              "restore it from a copy, or move it away and start a new run with --new");
}

// Rows that are written together; a completion is counted with its texts, a judge's verdicts with
// their rationales. A completion has a sum of log-probabilities where its tokens have each its own.
struct Pair {
  std::string_view what, counts, counts_of_the_other;
};
constexpr Pair kPairs[] = {
    {"completions without their texts", "SELECT count(*) FROM completion",
     "SELECT count(*) FROM transcript"},
    {"texts without their completions", "SELECT count(*) FROM transcript",
     "SELECT count(*) FROM completion"},
    {"completions without their log-probabilities",
     "SELECT id FROM completion WHERE logprob_sum IS NOT NULL",
     "SELECT completion FROM token_logprobs"},
    {"log-probabilities without their completions", "SELECT completion FROM token_logprobs",
     "SELECT id FROM completion WHERE logprob_sum IS NOT NULL"},
    {"a judge's verdicts without their rationales",
     "SELECT judge, count(*) FROM verdict GROUP BY judge",
     "SELECT judge, count(*) FROM rationale GROUP BY judge"},
    {"a judge's rationales without their verdicts",
     "SELECT judge, count(*) FROM rationale GROUP BY judge",
     "SELECT judge, count(*) FROM verdict GROUP BY judge"}};

// Recorder gives the ids 1, 2, ... and nothing is ever removed.
constexpr std::string_view kCountedUp[] = {"text",   "wording",    "arm",   "query",
                                           "prompt", "completion", "judge", "session"};

void check_pages(const Database& database) {
  auto check = database.prepare("PRAGMA integrity_check(1)");
  if (!check.step()) damaged(database, "it cannot be checked");
  if (check.view(0) != "ok") damaged(database, check.bytes(0));
}

void check_rows(const Database& database) {
  for (auto table : table_names()) check_table(database, table);
}

void check_counts(const Database& database) {
  if (database.integer("SELECT count(*) FROM run") != 1) damaged(database, "its run is missing");
  for (const Pair& pair : kPairs) {
    auto odd = database.prepare(fmt::format("{} EXCEPT {}", pair.counts, pair.counts_of_the_other));
    if (odd.step()) damaged(database, fmt::format("rows are missing: {}", pair.what));
  }
  for (auto table : kCountedUp) {
    if (database.integer(fmt::format("SELECT count(*) = ifnull(max(id), 0) FROM {}", table)) == 1) {
      continue;
    }
    damaged(database, fmt::format("rows are missing from the table {}", table));
  }
}

// One state of the file, though another process may be writing. Reading needs no commit.
class Snapshot {
 public:
  explicit Snapshot(const Database& database) : database_(database) { database.execute("BEGIN"); }
  ~Snapshot() {
    try {
      database_.execute("ROLLBACK");
    } catch (...) {  // SQLite has ended it already, which some errors make it do
    }
  }

 private:
  const Database& database_;
};

}  // namespace

void check_sound(const Database& database) {
  Snapshot snapshot(database);
  check_pages(database);
  check_rows(database);
  check_counts(database);
}

}  // namespace iago

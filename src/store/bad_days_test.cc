// What may happen to a run: a kill at any moment, a second process, a full or read-only disk, a
// damaged or foreign file.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "store/internal/database.h"
#include "store/internal/seal.h"
#include "store/store.h"
#include "store/writer.h"
#include "testing/store/small_rows.h"

namespace iago {
namespace {

using namespace fixtures;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr std::uint32_t kManyRepeats = 100'000;

// Runs `act` in a child process; its result is the child's exit status.
int in_child(const std::function<int()>& act) {
  pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = act();
    } catch (const std::exception& error) {
      fprintf(stderr, "child: %s\n", error.what());
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void make_store(const std::filesystem::path& path, std::size_t completions) {
  StoreWriter writer(path, a_run());
  writer.record_plan(the_wordings(), the_arms(), some_queries(10),
                     prompts_for(the_arms(), 10, kManyRepeats));
  for (std::size_t i = 0; i < completions; ++i) {
    writer.append(a_completion("training", i % 10, static_cast<std::uint32_t>(i / 10)));
  }
  writer.close();
}

// Appends from `next` on until killed, and tells through the pipe what was acknowledged.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, std::uint32_t next,
                                     int pipe) {
  StoreWriter writer(path, a_run());
  for (std::uint32_t i = next;; ++i) {
    writer.append(a_completion("training", i % 10, i / 10), [i, pipe] {
      if (::write(pipe, &i, sizeof i) != sizeof i) ::_exit(1);
    });
  }
}

// One child, killed after `delay` from its first acknowledgement; what it said was stored.
std::set<std::uint32_t> killed_writer(const std::filesystem::path& path, std::uint32_t next,
                                      std::chrono::microseconds delay) {
  int ends[2];
  if (::pipe(ends) != 0) throw Error(ErrorCode::disconnected, "no pipe");
  pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(path, next, ends[1]);
  }
  ::close(ends[1]);
  std::set<std::uint32_t> acknowledged;
  std::uint32_t i = 0;
  std::thread killer;
  while (::read(ends[0], &i, sizeof i) == sizeof i) {
    acknowledged.insert(i);
    if (!killer.joinable()) {
      killer = std::thread([child, delay] {
        std::this_thread::sleep_for(delay);
        ::kill(child, SIGKILL);
      });
    }
  }
  if (killer.joinable()) killer.join();
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  return acknowledged;
}

TEST(BadDays, AKillAtAnyMomentLosesNothingAcknowledged) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 0);
  Random random(11, "kills");
  std::set<std::uint32_t> acknowledged;
  std::uint32_t next = 0;
  for (int round = 0; round < 20; ++round) {
    auto delay = std::chrono::microseconds(random.below(40'000));
    auto told = killed_writer(path, next, delay);
    ASSERT_FALSE(told.empty());
    acknowledged.insert(told.begin(), told.end());
    // Every second time the next writer meets the log as the kill left it, unread.
    if (round % 2 == 1) {
      Store store(path);
      auto stored = store.completed_trials();
      for (auto i : acknowledged) {
        ASSERT_TRUE(stored.contains(trial_name("training", i % 10, i / 10))) << "round " << round;
      }
      EXPECT_EQ(stored.size(), store.completion_count());
      store.verify();
    }
    next = *acknowledged.rbegin();  // the last one again, and perhaps some that nobody was told of
  }
  EXPECT_GT(acknowledged.size(), 500u);
}

TEST(BadDays, AKillWhileTheStoreIsMadeLeavesAWholeOneOrNone) {
  Random random(5, "births");
  for (int round = 0; round < 20; ++round) {
    TempFolder scratch;
    pid_t child = ::fork();
    if (child == 0) {
      StoreWriter writer(scratch / "run.db", a_run());
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(15'000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    StoreWriter writer(scratch / "run.db", a_run());
    EXPECT_EQ(Store(scratch / "run.db").run().id, a_run().id);
  }
}

TEST(BadDays, ASecondWriterIsToldWhoHasTheRun) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  StoreWriter writer(path, a_run());
  auto pid = std::to_string(::getpid());
  auto status = in_child([&] {
    try {
      StoreWriter second(path, a_run());
    } catch (const Error& error) {
      bool told = std::string(error.what()).find("pid " + pid) != std::string::npos;
      return error.code() == ErrorCode::overloaded && told && !error.hint().empty() ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(in_child([&] { return Store(path).completion_count() == 1 ? 0 : 1; }), 0);
  EXPECT_EQ(code_of([&] { StoreWriter second(path); }), ErrorCode::overloaded)
      << "nor may this process write it twice";
  writer.close();
  EXPECT_EQ(in_child([&] { return StoreWriter(path, a_run()).close(), 0; }), 0);
  EXPECT_FALSE(std::filesystem::exists(scratch / "run.db.lock"));
}

TEST(BadDays, TheLockOfAKilledWriterIsNoObstacle) {
  TempFolder scratch;
  make_store(scratch / "run.db", 0);
  killed_writer(scratch / "run.db", 0, std::chrono::microseconds(0));
  EXPECT_TRUE(std::filesystem::exists(scratch / "run.db.lock"));
  StoreWriter writer(scratch / "run.db", a_run());
}

TEST(BadDays, ATruncatedStoreIsCorrupt) {
  TempFolder scratch;
  make_store(scratch / "run.db", 500);
  auto whole = read_file(scratch / "run.db", 1 << 30);
  for (std::size_t size : {std::size_t{0}, std::size_t{50}, std::size_t{100}, std::size_t{4096},
                           whole.size() / 2, whole.size() - 4096, whole.size() - 1}) {
    write_file(scratch / "cut.db", whole.substr(0, size));
    EXPECT_EQ(code_of([&] { Store store(scratch / "cut.db"); }), ErrorCode::corrupt) << size;
    EXPECT_EQ(code_of([&] { StoreWriter writer(scratch / "cut.db", a_run()); }), ErrorCode::corrupt)
        << size;
  }
}

// Bytes that SQLite leaves unused may change unnoticed; whatever is read must not.
TEST(BadDays, AFlippedByteIsCorruptOrChangesNothing) {
  TempFolder scratch;
  make_store(scratch / "run.db", 400);
  auto whole = read_file(scratch / "run.db", 1 << 30);
  auto rows_of = [](const Store& store) {
    std::vector<CompletionRow> rows;
    store.for_each_completion({}, [&](const CompletionRow& row) {
      rows.push_back(row);
      return true;
    });
    return rows;
  };
  auto rows = rows_of(Store(scratch / "run.db"));
  Random random(13, "flips");
  int noticed = 0;
  for (int round = 0; round < 150; ++round) {
    auto damaged = whole;
    damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
    std::ofstream(scratch / "flipped.db", std::ios::binary | std::ios::trunc) << damaged;
    auto code = code_of([&] {
      Store store(scratch / "flipped.db");
      EXPECT_EQ(rows_of(store), rows);
      EXPECT_EQ(store.run().study_toml, a_run().study_toml);
    });
    if (!code) continue;
    ++noticed;
    EXPECT_EQ(*code, ErrorCode::corrupt);
  }
  EXPECT_GT(noticed, 60);  // 48 % of so small a store is empty space (dbstat), 52 % is 78 flips
}

// All that is counted in SQL, without a row being returned.
struct Counted {
  std::vector<std::uint64_t> cells;  // one after the other
  std::vector<LabelCounts> labels;
  TokenUsage tokens;
  std::map<std::string, TokenUsage> judge_tokens;
  std::uint64_t completions = 0, generated = 0;
  std::vector<std::uint64_t> keys;
  bool operator==(const Counted&) const = default;
};

Counted counted(const std::filesystem::path& path, const std::string& judge) {
  const Store store(path);
  std::vector<std::uint64_t> cells;
  for (const CellCounts& cell : store.count_cells(judge, "complies", judge)) {
    cells.insert(cells.end(), {cell.arm, cell.query, cell.complied, cell.refused,
                               cell.complied_faking, cell.complied_nofaking, cell.faking});
    cells.insert(cells.end(), cell.outcomes.begin(), cell.outcomes.end());
  }
  return {cells,
          store.count_labels(judge, judge, "complies"),
          store.completion_tokens(),
          store.judge_tokens(),
          store.completion_count(),
          store.generated_tokens(),
          store.completion_keys({kWording, "training"})};
}

// Some megabytes, most of them rows that are counted and not read.
void make_judged_store(const std::filesystem::path& path, const JudgeRow& judge) {
  make_store(path, 6000);
  StoreWriter writer(path, a_run());
  writer.record_judge(judge);
  for (std::size_t i = 0; i < 6000; ++i) {
    auto verdict = a_verdict(trial_name("training", i % 10, static_cast<std::uint32_t>(i / 10)),
                             judge, i % 3 == 0 ? "complies" : "refuses");
    verdict.usage = {.prompt = 100 + i % 7, .generated = 9};
    verdict.evidence.clear(), verdict.why.clear();
    writer.append(verdict);
  }
  writer.close();
}

TEST(BadDays, AFlippedBitIsNoticedWhereRowsAreOnlyCounted) {
  TempFolder scratch;
  const auto judge = a_judge("rules", JudgeKind::compliance);
  make_judged_store(scratch / "run.db", judge);
  const Counted sound = counted(scratch / "run.db", judge.hash);
  const auto flipped = scratch / "flipped.db";
  std::filesystem::copy_file(scratch / "run.db", flipped);
  std::fstream file(flipped, std::ios::binary | std::ios::in | std::ios::out);
  Random random(17, "flips");
  int noticed = 0;
  for (int round = 0; round < 100; ++round) {
    const auto at = static_cast<std::streamoff>(random.below(std::filesystem::file_size(flipped)));
    const auto bit = static_cast<char>(1 << random.below(8));
    auto flip = [&] {
      const auto byte = static_cast<char>(file.seekg(at).get());
      file.seekp(at).put(static_cast<char>(byte ^ bit)).flush();
    };
    flip();
    const auto code = code_of([&] { EXPECT_EQ(counted(flipped, judge.hash), sound) << at; });
    EXPECT_EQ(code.value_or(ErrorCode::corrupt), ErrorCode::corrupt) << at;
    noticed += code.has_value();
    flip();
  }
  EXPECT_GT(noticed, 70);  // the rest fell into space that no row uses
}

TEST(BadDays, AFlippedTextIsNoticedAtOpeningHoweverLargeTheStore) {
  constexpr std::size_t kLarge = std::size_t{80} << 20;
  TempFolder scratch;
  auto path = scratch / "run.db";
  {
    StoreWriter writer(path, a_run());
    writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 2));
    auto row = a_completion("training", 0, 0);
    row.output.assign(kLarge, 'y');
    writer.append(row);
    writer.close();
  }
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(kLarge / 2));
  file.put('z');
  file.close();
  EXPECT_EQ(code_of([&] { Store store(path); }), ErrorCode::corrupt);
  EXPECT_EQ(code_of([&] { StoreWriter writer(path, a_run()); }), ErrorCode::corrupt);
}

// A killed writer leaves what it committed in the log.
void make_store_with_log(const std::filesystem::path& path, std::uint32_t commits) {
  make_store(path, 0);
  in_child([&] {
    StoreWriter writer(path, a_run());
    for (std::uint32_t i = 0; i < commits; ++i) {
      writer.append(a_completion("training", i % 10, i / 10));
      writer.flush();
    }
    ::_exit(0);
    return 0;
  });
}

TEST(BadDays, AFlippedBitInTheLogLosesNoCommitInSilence) {
  TempFolder scratch;
  const auto path = scratch / "run.db";
  make_store_with_log(path, 8);
  const std::string store = read_file(path, 1 << 30);
  const std::string log = read_file(scratch / "run.db-wal", 1 << 30);
  ASSERT_GT(log.size(), 8u * 8192u);
  auto code_with = [&](const std::string& damaged) {
    TempFolder copy;
    write_file(copy / "run.db", store);
    write_file(copy / "run.db-wal", damaged);
    return code_of([&] { EXPECT_EQ(Store(copy / "run.db").completion_count(), 8u); });
  };
  EXPECT_FALSE(code_with(log)) << "a kill alone loses nothing";
  Random random(19, "log");
  // One of each byte of the header, and some of the first half: several commits lie behind it.
  std::vector<std::size_t> bits;
  for (std::size_t byte = 0; byte < 32; ++byte) bits.push_back(8 * byte + random.below(8));
  for (int i = 0; i < 40; ++i) bits.push_back(random.below(8 * log.size() / 2));
  for (std::size_t bit : bits) {
    std::string damaged = log;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(code_with(damaged), ErrorCode::corrupt) << "bit " << bit;
  }
}

TEST(BadDays, ALogThatAPowerCutHasTornIsReadUpToThere) {
  TempFolder scratch;
  make_store_with_log(scratch / "run.db", 8);
  std::string log = read_file(scratch / "run.db-wal", 1 << 30);
  log.back() = static_cast<char>(log.back() ^ 1);  // of the last commit
  write_file(scratch / "run.db-wal", log);
  EXPECT_EQ(Store(scratch / "run.db").completion_count(), 7u);
}

// Well-formed tables with sound rows, of which some are gone.
TEST(BadDays, ARowThatIsMissingIsCorruptThoughNothingElseIsWrong) {
  const auto judge = a_judge("rules", JudgeKind::compliance);
  for (const char* statement :
       {"DELETE FROM transcript WHERE completion = 7", "DELETE FROM completion WHERE id = 7",
        "DELETE FROM verdict WHERE completion = 7", "DELETE FROM rationale WHERE completion = 7",
        "DELETE FROM rationale", "DELETE FROM prompt WHERE id = 2",
        "DELETE FROM token_logprobs WHERE completion = 7", "DELETE FROM token_logprobs",
        "DELETE FROM query WHERE id = 1", "DELETE FROM run"}) {
    TempFolder scratch;
    const auto path = scratch / "run.db";
    make_store(path, 20);
    {
      StoreWriter writer(path, a_run());
      writer.record_judge(judge);
      for (std::uint32_t i = 0; i < 20; ++i) {
        writer.append(a_verdict(trial_name("training", i % 10, i / 10), judge, "complies"));
      }
    }
    EXPECT_FALSE(code_of([&] { Store store(path); }));
    Database database(path, OpenMode::write);
    database.execute("PRAGMA foreign_keys=OFF");
    database.execute(statement);
    EXPECT_EQ(code_of([&] { Store store(path); }), ErrorCode::corrupt) << statement;
  }
}

TEST(BadDays, AnEditedRowDoesNotMatchItsSeal) {
  TempFolder scratch;
  make_store(scratch / "run.db", 10);
  Database(scratch / "run.db", OpenMode::write)
      .execute("UPDATE completion SET outcome = 'truncated' WHERE id = 3");
  EXPECT_EQ(code_of([&] { Store store(scratch / "run.db"); }), ErrorCode::corrupt);
}

// A store with a price and a completion of another run; then one statement, past the store.
std::optional<ErrorCode> code_after(const std::string& statement) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  {
    StoreWriter writer(path, a_run());
    writer.record_plan(the_wordings(), the_arms(), some_queries(1), prompts_for(the_arms(), 1, 1));
    writer.record_prices(std::vector{PriceRow{"openai:x", {1, 2, 3, 4}, "2025-06-30"}});
    auto row = a_completion("training", 0, 0);
    row.reused_from = "another-run";
    writer.append(row);
    writer.close();
  }
  Database(path, OpenMode::write).execute(statement);
  return code_of([&] { Store store(path); });
}

TEST(BadDays, AnEditedPriceOrOriginDoesNotMatchItsSeal) {
  EXPECT_FALSE(code_after("SELECT 1"));
  EXPECT_EQ(code_after("UPDATE price SET output = 0.01"), ErrorCode::corrupt);
  EXPECT_EQ(code_after("UPDATE price SET date = '2030-01-01'"), ErrorCode::corrupt);
  EXPECT_EQ(code_after("UPDATE completion SET reused_from = 'nobody'"), ErrorCode::corrupt);
}

// As if the first completion had been taken from another run.
void forge_completion(const Database& database, const std::string& reused_from) {
  database.execute("PRAGMA foreign_keys=OFF");
  auto forged = database.prepare(
      "INSERT OR REPLACE INTO completion VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
      "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)");
  const std::string trial(32, 't');
  run_sealed(forged, {integer(1), blob(trial), integer(1),   integer(0),   text("answered"),
                      text(""),   text(""),    text("none"), text("stop"), blob(""),
                      blob(""),   blob(""),    integer(1),   integer(1),   integer(0),
                      integer(0), integer(1),  integer(0),   number(-1.0), text(""),
                      text(""),   text(""),    number(1.0),  integer(1),   text(reused_from)});
}

// The seal is no secret: a forged row may have a right one.
TEST(BadDays, APriceOrOriginOutOfRangeIsCorruptWhateverItsSeal) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto price = database.prepare("INSERT INTO price VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    run_sealed(price, {text("openai:x"), number(-1.0), number(1.0), number(1.0), number(1.0),
                       text("2025-06-30")});
    forge_completion(database, std::string(kMaxRunIdBytes + 1, 'r'));
  }
  Store store(path);
  EXPECT_EQ(code_of([&] { store.prices(); }), ErrorCode::corrupt);
  EXPECT_EQ(code_of([&] { store.reused(); }), ErrorCode::corrupt);
  EXPECT_EQ(code_of([&] { store.for_each_completion({}, [](const auto&) { return true; }); }),
            ErrorCode::corrupt);
}

TEST(BadDays, LogProbabilitiesThatDoNotFitTheirTextsAreCorruptWhateverTheirSeal) {
  const std::string two(8, '\0'), one_size("\x01\0\0\0", 4), two_sizes = one_size + one_size;
  const std::string infinite("\0\0\x80\xff\0\0\0\0", 8);
  struct Row {
    std::string logprobs, sizes, texts;
    bool is_sound;
  };
  for (const Row& row :
       {Row{two, two_sizes, "ab", true}, Row{two, "", "", true}, Row{two, two_sizes, "abc", false},
        Row{two, one_size, "a", false}, Row{two, "", "ab", false},
        Row{two + "x", two_sizes, "ab", false}, Row{two, two_sizes + "x", "ab", false},
        Row{"", "", "", false}, Row{infinite, two_sizes, "ab", false}}) {
    TempFolder scratch;
    const auto path = scratch / "run.db";
    make_store(path, 1);
    {
      Database database(path, OpenMode::write);
      auto put =
          database.prepare("INSERT OR REPLACE INTO token_logprobs VALUES (?1, ?2, ?3, ?4, ?5)");
      run_sealed(put, {integer(1), blob(row.logprobs), blob(row.sizes), blob(row.texts)});
    }
    Store store(path);
    const auto read = [&] { store.for_each_completion({}, [](const auto&) { return true; }); };
    EXPECT_EQ(code_of(read), row.is_sound ? std::nullopt : std::optional(ErrorCode::corrupt))
        << row.sizes.size() << row.texts;
  }
}

TEST(BadDays, ARationaleThatThisRoomCannotHaveWrittenIsCorrupt) {
  const std::string good = "[]";
  const std::pair<std::string, std::string> bad[] = {
      {"", good},
      {"{}", good},
      {"[7]", good},
      {R"([{"outcome":"guessed","label":"","reply":""}])", good},
      {good, "[[[[[]]]]]"},
      {good, R"([{"criterion":"","part":"output","quote":"Here","offset":-1}])"},
      {good, R"([{"criterion":"","part":"prompt","quote":"Here","offset":1}])"},
      {good, R"([{"part":3}])"}};
  for (const auto& [votes, evidence] : bad) {
    TempFolder scratch;
    auto path = scratch / "run.db";
    make_store(path, 1);
    auto judge = a_judge("rules", JudgeKind::compliance);
    {
      StoreWriter writer(path);
      writer.record_judge(judge);
      writer.append(a_verdict(trial_name("training", 0, 0), judge, "complies"));
    }
    auto read = [&] {
      Store(path).for_each_verdict(judge.hash, [](const Verdict&) { return true; });
    };
    EXPECT_FALSE(code_of(read));
    {
      Database database(path, OpenMode::write);
      auto forged =
          database.prepare("INSERT OR REPLACE INTO rationale VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
      run_sealed(forged, {integer(1), integer(1), blob(votes), blob(evidence), blob("")});
    }
    EXPECT_EQ(code_of(read), ErrorCode::corrupt) << votes << " " << evidence;
  }
}

// What reading says after a completion with these names was forged, with a right seal.
std::string error_of_forged(std::string_view parse, std::string_view channel,
                            std::string_view finish) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto completion = database.prepare(
        "INSERT INTO completion VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)");
    run_sealed(completion, {integer(2),
                            blob(std::string_view("0123456789abcdef0123456789abcdef")),
                            integer(1),
                            integer(77),
                            text("answered"),
                            text(parse),
                            text(""),
                            text(channel),
                            text(finish),
                            blob("end_turn"),
                            blob(""),
                            blob(""),
                            integer(5),
                            integer(1),
                            integer(1),
                            integer(1),
                            integer(1),
                            integer(0),
                            number(std::optional<double>()),
                            text(""),
                            text(""),
                            text(""),
                            number(1.0),
                            integer(1),
                            text("")});
    auto transcript = database.prepare("INSERT INTO transcript VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    run_sealed(transcript, {integer(2), blob("a"), blob("b"), blob("c"), blob("d")});
  }
  try {
    Store(path).for_each_completion({}, [](const auto&) { return true; });
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    EXPECT_THAT(error.what(), testing::HasSubstr(path.string()));
    return error.what();
  }
  return {};
}

TEST(BadDays, ANameThatThereNeverWasIsCorruptWhateverItsSeal) {
  using testing::HasSubstr;
  EXPECT_EQ(error_of_forged("strict", "none", "stop"), "");
  EXPECT_EQ(error_of_forged("invalid", "unavailable", "refused"), "");
  EXPECT_THAT(error_of_forged("lax", "none", "stop"), HasSubstr("unknown form \"lax\""));
  EXPECT_THAT(error_of_forged("strict", "some", "stop"),
              HasSubstr("unknown reasoning channel \"some\""));
  EXPECT_THAT(error_of_forged("strict", "none", "nonsense"),
              HasSubstr("unknown finish \"nonsense\""));
  EXPECT_THAT(error_of_forged("strict", "none", "failed"),
              HasSubstr("a completion without a reply"));
}

// What reading says of open trials and sessions after such a row was forged, with a right seal.
std::string error_of_forged_row(std::string_view cause, std::string_view sent,
                                std::string_view shown = "") {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto open =
        database.prepare("INSERT INTO open_trial VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    run_sealed(open, {blob(std::string_view("0123456789abcdef0123456789abcdef")), integer(1),
                      integer(77), text(cause), integer(429), blob("why"), integer(1), integer(1)});
    auto session = database.prepare(
        "INSERT INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    run_sealed(session, {integer(database.integer("SELECT count(*) + 1 FROM session")),
                         text("0.1.0"), integer(1), integer(1), number(1.0), number(1.0),
                         integer(1), number(1.0), blob(sent), text(shown)});
  }
  try {
    Store store(path);
    store.count_open();
    store.sessions();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
    return error.what();
  }
  return {};
}

TEST(BadDays, ACauseOrARecordOfWhatWasSentThatIsNoneIsCorruptWhateverItsSeal) {
  using testing::HasSubstr;
  EXPECT_EQ(error_of_forged_row("rate_limit", ""), "");
  EXPECT_EQ(error_of_forged_row("rate_limit", R"({"base_url":"","extra_body":"","header_names":[],)"
                                              R"("sampling":"","left_out":[],"notes":[]})"),
            "");
  EXPECT_THAT(error_of_forged_row("tired", ""), HasSubstr("unknown cause \"tired\""));
  for (const char* sent : {"x", "[]", "{}", R"({"base_url":1})"}) {
    EXPECT_THAT(error_of_forged_row("rejected", sent), HasSubstr("what a session sent")) << sent;
  }
  EXPECT_EQ(error_of_forged_row("rejected", "", R"({"default":{"training":7}})"), "");
  for (const char* shown : {"x", "[]", "7", R"({"default":7})", R"({"default":{"training":-1}})",
                            R"({"default":{"training":"7"}})", R"({"default":{"training":0.5}})"}) {
    EXPECT_THAT(error_of_forged_row("rejected", "", shown), HasSubstr("that a session showed"))
        << shown;
  }
}

TEST(BadDays, AMessageOfAnUnknownRoleIsCorruptWhateverItsSeal) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto message = database.prepare("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5)");
    run_sealed(message, {integer(1), integer(9), text("wizard"), integer(1)});
  }
  EXPECT_EQ(code_of([&] { Store(path).for_each_prompt([](const auto&) { return true; }); }),
            ErrorCode::corrupt);
}

TEST(BadDays, APromptOfAnArmOrAQueryThatIsNotThereIsCorrupt) {
  for (auto [arm, query] : {std::pair(9, 1), std::pair(1, 1 << 30), std::pair(0, 1)}) {
    TempFolder scratch;
    auto path = scratch / "run.db";
    make_store(path, 1);
    {
      Database database(path, OpenMode::write);
      auto prompt =
          database.prepare("INSERT OR REPLACE INTO prompt VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
      run_sealed(prompt, {integer(1), integer(arm), integer(query), text(""), integer(1),
                          integer(1), integer(0)});
    }
    Store store(path);
    EXPECT_EQ(code_of([&] { store.count_cells("", "", ""); }), ErrorCode::corrupt) << arm;
    EXPECT_EQ(code_of([&] { store.count_labels(""); }), ErrorCode::corrupt) << arm;
  }
}

// What reading the wordings says after one was forged, with a right seal.
std::optional<ErrorCode> code_of_wording(std::string_view role, std::string_view published) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto wording = database.prepare("INSERT INTO wording VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    run_sealed(wording, {integer(2), text("forged"), text(role), text(""), text(published)});
  }
  Store store(path);
  return code_of([&] { store.wordings(); });
}

TEST(BadDays, AWordingThatThisRoomCannotHaveWrittenIsCorrupt) {
  const std::string sound =
      R"({"source":"A","row":1,"name":"B","faking_reasoning":[0.1,0.01],"more":[0.1,0.01],)"
      R"("less":[0,0.01],"gap_points":[10,1]})";
  EXPECT_FALSE(code_of_wording("control", ""));
  EXPECT_FALSE(code_of_wording("paraphrase", sound));
  EXPECT_EQ(code_of_wording("variant", ""), ErrorCode::corrupt);
  auto with = [&](const std::string& was, const std::string& is) {
    std::string published = sound;
    return published.replace(published.find(was), was.size(), is);
  };
  for (const auto& published :
       {std::string("{}"), std::string("7"), std::string("[["), with("[10,1]", "[10]"),
        with("[10,1]", "[1e9,1]"), with("[10,1]", "[null,1]"), with("\"A\"", "3"),
        with("\"row\":1", "\"row\":1e300"), with("[0,0.01]", "[-1,0.01]"),
        with("[0,0.01]", "[[[[0]]],0]")}) {
    EXPECT_EQ(code_of_wording("paraphrase", published), ErrorCode::corrupt) << published;
  }
}

std::optional<ErrorCode> code_of_arm(int wording, std::string_view circumstances) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto arm = database.prepare("INSERT INTO arm VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    run_sealed(arm,
               {integer(4), integer(wording), text("forged"), integer(0), text(circumstances)});
  }
  Store store(path);
  return code_of([&] { store.arms(); });
}

TEST(BadDays, AnArmThatThisRoomCannotHaveWrittenIsCorrupt) {
  EXPECT_FALSE(code_of_arm(1, R"({"audited":true})"));
  for (const char* circumstances : {"", "[true]", "true", "null", R"({"audited":1})",
                                    R"({"audited":"yes"})", R"({"audited":true)"}) {
    EXPECT_EQ(code_of_arm(1, circumstances), ErrorCode::corrupt) << circumstances;
  }
  EXPECT_EQ(code_of_arm(9, "{}"), ErrorCode::corrupt) << "of a wording that is not there";
}

TEST(BadDays, AQueryWithoutItsTextIsCorruptAndNotLeftOut) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto query = database.prepare("INSERT INTO query VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    run_sealed(query, {integer(11), text("q"), integer(1 << 30), text(""), text("{}")});
  }
  const Store store(path);
  EXPECT_EQ(code_of([&] { store.queries(); }), ErrorCode::corrupt);
}

TEST(BadDays, AMarginThatVerdictsCannotTakeIsNeitherWrittenNorRead) {
  for (double margin : {0.0, -3.0, 100.5}) {
    TempFolder scratch;
    auto path = scratch / "run.db";
    RunRow run = a_run();
    run.margin_points = margin;
    EXPECT_EQ(code_of([&] { StoreWriter writer(path, run); }), ErrorCode::invalid) << margin;
    make_store(path, 1);
    {
      Database database(path, OpenMode::write);
      auto forged = database.prepare(
          "INSERT OR REPLACE INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
          "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)");
      run_sealed(forged, {integer(1), text("r"), text("s"), blob(""), text(""), text(""), text(""),
                          integer(1), text(""), text(""), number(margin), blob(""), text(""),
                          text(""), integer(0), integer(0), blob(""), blob(""), text("")});
    }
    EXPECT_EQ(code_of([&] { Store(path).run(); }), ErrorCode::corrupt) << margin;
  }
}

TEST(BadDays, ErrorsCountedOnMoreThanABillionTextsAreNotWritten) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  JudgeRow judge{.hash = sha256_hex("j"),
                 .name = "j",
                 .error = {.counts = {.true_positive = kMaxErrorCount, .false_negative = 1}}};
  StoreWriter writer(path, a_run());
  writer.record_judge(judge);
  EXPECT_EQ(Store(path).judges(), std::vector{judge});
  judge.error.counts.true_positive += 1;
  EXPECT_EQ(code_of([&] { writer.record_judge(judge); }), ErrorCode::invalid);
}

// What reading the judges says after the known error of one was forged, with a right seal.
std::string error_of_forged_judge(const std::string& error) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 1);
  {
    Database database(path, OpenMode::write);
    auto forged =
        database.prepare("INSERT OR REPLACE INTO judge VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    run_sealed(forged, {integer(1), text("h"), text("j"), text("compliance"), blob(""), integer(0),
                        text(error)});
  }
  try {
    Store(path).judges();
  } catch (const Error& found) {
    EXPECT_EQ(found.code(), ErrorCode::corrupt);
    return found.what();
  }
  return {};
}

TEST(BadDays, AnErrorOfAJudgeThatIsNoneIsCorruptWhateverItsSeal) {
  using testing::HasSubstr;
  const auto forged = [](const std::string& positives, const std::string& arms,
                         const std::string& source = "organism") {
    return error_of_forged_judge(
        R"({"measured_on":"x","source":")" + source + R"(","true_positive":)" + positives +
        R"(,"false_negative":1,"true_negative":1,"false_positive":1,"unknown_truth":0,)"
        R"("setting":"s","setting_hash":"","labelled_queries":{},"arms":)" +
        arms + "}");
  };
  const std::string three = R"({"true_positive":3,"false_negative":0,"true_negative":0,)"
                            R"("false_positive":0})";
  EXPECT_EQ(forged("3", R"({"training":)" + three + "}"), "");
  for (const std::string& what :
       {forged("-1", "{}"), forged("1.5", "{}"), forged("1000000001", "{}"), forged("3", "7"),
        forged("3", R"({"training":{}})"), forged("2", R"({"training":)" + three + "}"),
        forged("3", "{}", "hearsay"), error_of_forged_judge("x")}) {
    EXPECT_THAT(what, HasSubstr("the known error of a judge"));
  }
}

TEST(BadDays, AnotherSchemaIsUnsupportedAndSaysBothVersions) {
  for (int schema : {kStoreSchema + 8, kStoreSchema - 1}) {
    TempFolder scratch;
    make_store(scratch / "run.db", 1);
    Database(scratch / "run.db", OpenMode::write)
        .execute(fmt::format("PRAGMA user_version = {}", schema));
    try {
      Store store(scratch / "run.db");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unsupported);
      EXPECT_THAT(error.what(), HasSubstr(fmt::format("schema {}", schema)));
      EXPECT_THAT(error.what(), HasSubstr(fmt::format("reads {}", kStoreSchema)));
    }
    EXPECT_EQ(code_of([&] { StoreWriter writer(scratch / "run.db"); }), ErrorCode::unsupported);
  }
}

TEST(BadDays, WhatIsNoStoreIsNotTouched) {
  TempFolder scratch;
  std::string text(10'000, 'n');
  write_file(scratch / "notes.txt", text);
  EXPECT_EQ(code_of([&] { StoreWriter writer(scratch / "notes.txt", a_run()); }),
            ErrorCode::corrupt);
  EXPECT_EQ(read_file(scratch / "notes.txt", 1 << 20), text);
  Database(scratch / "other.db", OpenMode::create).execute("CREATE TABLE t(x)");
  EXPECT_EQ(code_of([&] { StoreWriter writer(scratch / "other.db", a_run()); }),
            ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { Store store(scratch / "other.db"); }), ErrorCode::invalid);
}

// As a user without the rights of root, whom no permission stops.
void become_nobody() {
  if (::geteuid() != 0) return;
  if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(98);
}

TEST(BadDays, AReadOnlyFolderCanBeReadAndNotWritten) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 20);
  ::chmod(path.c_str(), 0444);
  ::chmod(scratch.path().c_str(), 0555);
  auto status = in_child([&] {
    become_nobody();
    if (Store(path).completion_count() != 20) return 1;
    if (code_of([&] { StoreWriter writer(path, a_run()); }) != ErrorCode::disconnected) return 2;
    auto fresh = [&] { StoreWriter writer(scratch / "new.db", a_run()); };
    return code_of(fresh) == ErrorCode::disconnected ? 0 : 3;
  });
  EXPECT_EQ(status, 0);
}

// A limit on the size of files stands for the full disk; the system says so by another errno.
TEST(BadDays, AFullDiskLosesNothingAcknowledgedAndTheRunGoesOn) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 10);
  auto count_file = scratch / "count";
  auto status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{600'000, 600'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::uint32_t acknowledged = 0;
    auto code = code_of([&] {
      StoreWriter writer(path, a_run());
      for (std::uint32_t i = 10; i < 50'000; ++i) {
        writer.append(a_completion("training", i % 10, i / 10), [&] { ++acknowledged; });
      }
      writer.flush();
    });
    write_file(count_file, std::to_string(acknowledged));
    return code == ErrorCode::disconnected ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  auto acknowledged = std::stoul(read_file(count_file, 100));
  EXPECT_GT(acknowledged, 0u);
  EXPECT_GE(Store(path).completion_count(), 10 + acknowledged);
  StoreWriter writer(path, a_run());
  writer.append(a_completion("unmonitored", 0, 0));
  writer.close();
  EXPECT_GE(Store(path).completion_count(), 11 + acknowledged);
}

TEST(BadDays, ALogLeftBehindByARemovedStoreIsNotReplayed) {
  TempFolder scratch;
  auto path = scratch / "run.db";
  make_store(path, 0);
  killed_writer(path, 0, std::chrono::microseconds(1000));
  ASSERT_TRUE(std::filesystem::exists(scratch / "run.db-wal"));
  std::filesystem::remove(path);
  StoreWriter writer(path, a_run());
  EXPECT_EQ(Store(path).completion_count(), 0u);
}

}  // namespace
}  // namespace iago

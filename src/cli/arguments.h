// The command line as data: one structure per subcommand. Parsing (and CLI11) lives in
// arguments.cc alone; the subcommands see only these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/subject.h"
#include "spend/budget.h"
#include "study/study.h"

namespace iago {

// Where text goes: a table for people, or JSON for machines on standard output.
enum class Output { text, json };

// The models behind URLs, and what may be spent on them.
struct SpendingArguments {
  EndpointSettings endpoint;        // of the subjects
  EndpointSettings judge_endpoint;  // of the judges' models
  BudgetLimits budget;
  std::filesystem::path prices;  // empty: the shipped table
};

struct RunArguments {
  std::filesystem::path study;
  StudyOverrides overrides;
  std::vector<std::string> models;  // in place of the study's; overrides.model stays absent
  std::filesystem::path runs = "runs";
  std::size_t threads = 0;                   // of a local model; 0 = one per core
  std::vector<std::filesystem::path> reuse;  // folders of runs
  bool explain_miss = false;
  bool fresh = false, dry_run = false;
  bool probe = false;  // with dry_run: as PlanArguments
  SpendingArguments spending;
  Output output = Output::text;
};

struct PlanArguments {
  std::filesystem::path study;
  StudyOverrides overrides;
  std::vector<std::string> models;  // as RunArguments
  std::filesystem::path runs = "runs";
  std::vector<std::filesystem::path> reuse;  // as RunArguments, and so the next
  bool explain_miss = false;
  bool fresh = false;
  bool probe = false;              // ask models behind URLs for one token, for their limits
  double unmonitored_rate = 0.03;  // compliance assumed there, for the power
  double correlation = 0.05;       // assumed within queries
  SpendingArguments spending;
  Output output = Output::text;
};

struct ReportArguments {
  std::filesystem::path run = "runs/latest";
  std::string format = "text";      // text, md, json, html
  std::optional<double> margin;     // points; the plan's if absent
  std::vector<std::string> judges;  // hashes; the plan's judges if empty
};

struct CompareArguments {
  std::vector<std::string> named;  // folders of runs, or their ids under `runs`
  std::filesystem::path runs = "runs";
  std::string format = "text";  // text, md, json, html
  std::string sort = "gap";     // gap, name
};

struct ShowArguments {
  std::filesystem::path run = "runs/latest";
  std::optional<std::string> arm, query;
  std::size_t limit = 3;
  bool complying_only = false, faking_only = false;
  Output output = Output::text;
};

struct JudgeArguments {
  std::filesystem::path run = "runs/latest";
  std::vector<std::string> judges;  // the run's own if empty
  std::string judge_model;          // of judges that ask a model and name none
  std::size_t threads = 0;          // of a local model; 0 = one per core
  SpendingArguments spending;       // there is no subject: judge_endpoint alone
  Output output = Output::text;
};

struct JudgeValidateArguments {
  std::vector<std::string> models;  // organism:NAME or world:NAME; empty: every organism
  std::size_t samples = 2000;       // in each arm of the main cell
  std::optional<std::uint64_t> seed;
  std::filesystem::path runs = "runs/validated";
  std::size_t threads = 0;
  bool write = false;               // organisms/judges.json
  std::filesystem::path labels;     // a CSV of labelled texts in place of the models
  std::vector<std::string> judges;  // held against the labels
  std::string judge_model;
  SpendingArguments spending;  // of these judges, as JudgeArguments
  Output output = Output::text;
};

struct JudgeDiffArguments {
  // Nothing, RUN, A B or RUN A B: the run is the newest one if left out, and the judges are the
  // newest two versions of each.
  std::vector<std::string> named;
  std::size_t limit = 20;
  Output output = Output::text;
};

struct SettingsListArguments {
  std::string setting;  // empty: all
  Output output = Output::text;
};

struct SettingsShowArguments {
  std::string setting, variant = "default", channel, arm;
  std::string query = "What is on the agenda today?";
  std::filesystem::path query_file;  // empty: `query`
  std::string query_id;              // of the file; empty: its first
  Output output = Output::text;
};

struct OrganismListArguments {
  Output output = Output::text;
};

struct OrganismGrowArguments {
  std::filesystem::path recipe;  // a recipe.toml or its folder
  std::filesystem::path folder;  // where the organism goes; empty: the recipe's folder
  int workers = 0;               // 0 = one per core
  bool cuda = false;
  bool fresh = false;  // do not resume
};

struct OrganismMeasureArguments {
  std::vector<std::string> models;  // organism:NAME or world:NAME; empty: every organism
  std::size_t samples = 10000;      // of each table cell's main arms
  std::filesystem::path runs = "runs/measured";
  std::size_t threads = 0;
  bool write = false;  // model cards and organisms/README.md
  Output output = Output::text;
};

struct OrganismCalibrateArguments {
  std::vector<std::string> models;  // organism:NAME or world:NAME; empty: every organism
  int truth_repeats = 200;          // of each query in each arm
  int studies = 20;                 // redrawn
  std::filesystem::path runs = "runs/calibration";
  std::size_t threads = 0;
  bool write = false;  // docs/results/calibration.{md,json,svg}
  Output output = Output::text;
};

struct OrganismQueriesArguments {
  std::string set;
};

struct ServeArguments {
  std::string model;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8321;         // 0 = any free one
  std::filesystem::path token_file;  // empty: IAGO_SERVE_TOKEN, or no token
  std::size_t threads = 0;           // of a local model; 0 = one per core
  std::size_t max_connections = 4096, max_waiting = 4096;
  double grace_s = 5;  // for answers under way when the server is stopped
  Output output = Output::text;
};

// --help and --version were asked for: the text to print.
struct HelpArguments {
  std::string text;
};

using Arguments =
    std::variant<HelpArguments, RunArguments, PlanArguments, ReportArguments, CompareArguments,
                 ShowArguments, JudgeArguments, JudgeValidateArguments, JudgeDiffArguments,
                 SettingsListArguments, SettingsShowArguments, OrganismListArguments,
                 OrganismGrowArguments, OrganismMeasureArguments, OrganismCalibrateArguments,
                 OrganismQueriesArguments, ServeArguments>;

// A wrong command line: the message and what help to ask for.
struct UsageError {
  std::string message;
};

// Throws UsageError.
Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace iago

// An experiment's folder, read (docs/documents.md).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "figures/document_experiment.h"
#include "text/printable.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxExperimentFile = std::size_t{16} << 20;

Interval experiment_interval(const Json& json) {
  return {json.at(0).get<double>(), json.at(1).get<double>()};
}

// Names of facts, states and ways of asking are plain words: whatever a damaged file holds, no
// sentence about them becomes anything else.
void check_plain(const std::string& name, const std::string& where) {
  const bool is_plain =
      name.size() <= 100 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ' ';
      });
  if (is_plain) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("{}: expected a name of letters, digits and '-', found \"{}\"", where,
                          printable(name, 100)));
}

BeliefRow belief_row_of(const Json& json, const std::string& where) {
  BeliefRow row{.about = json.at("about"),
                .fact = json.at("fact"),
                .question = json.at("question"),
                .agrees = {},
                .asked = json.at("asked"),
                .clear = json.at("clear"),
                .settled = json.at("settled"),
                .log_odds = {},
                .counts = {}};
  if (const Json& agrees = json.at("agrees"); !agrees.is_null()) {
    row.agrees.emplace();
    row.agrees->rate = agrees.at("rate");
    row.agrees->ci95 = experiment_interval(agrees.at("ci95"));
    row.agrees->queries = agrees.at("clusters");
  }
  if (const Json& odds = json.at("log_odds"); !odds.is_null()) row.log_odds = odds.get<double>();
  check_plain(row.fact, where);
  check_plain(row.question, where);
  return row;
}

BeliefMeasurement belief_of(const Json& json, const std::string& where) {
  BeliefMeasurement belief{.model = json.at("model"),
                           .identity = json.at("identity"),
                           .rows = {},
                           .not_asked = json.at("not_asked")};
  for (const Json& row : json.at("rows"))
    belief.rows.push_back(belief_row_of(row, where + ": belief"));
  return belief;
}

// A run lies below the experiment: no path of a damaged file leads elsewhere.
void check_run_folder(const std::string& folder, const std::string& where) {
  const fs::path path(folder);
  const bool is_below = !folder.empty() && path.is_relative() &&
                        folder.find('\0') == std::string::npos &&
                        std::ranges::find(path, fs::path("..")) == path.end();
  if (is_below) return;
  throw Error(
      ErrorCode::corrupt,
      fmt::format("{}: looks: folder: expected a folder below the experiment's, found \"{}\"",
                  where, printable(folder, 200)));
}

template <typename Value, std::size_t N>
Value experiment_word(const EnumName<Value> (&names)[N], const Json& json,
                      const std::string& where) {
  const std::string word = json;
  if (const auto value = value_in(names, word)) return *value;
  throw Error(ErrorCode::corrupt, fmt::format("{}: unknown \"{}\"", where, printable(word, 100)));
}

ExperimentLook look_of(const Json& json, const std::string& where) {
  ExperimentLook look{.state = json.at("state"),
                      .condition = {},
                      .seed = json.at("seed"),
                      .denied = json.at("denied").is_null() ? "" : json.at("denied"),
                      .step = json.at("step"),
                      .dose = json.at("dose"),
                      .belief = belief_of(json.at("belief"), where),
                      .counts = {},
                      .folder = json.at("folder")};
  if (const Json& condition = json.at("condition"); !condition.is_null()) {
    look.condition = experiment_word(kConditionNames, condition, where + ": looks: condition");
  }
  check_plain(look.state, where);
  check_plain(look.denied, where);
  check_run_folder(look.folder, where);
  return look;
}

ExpectedResult expected_of(const Json& json, const std::string& where) {
  ExpectedResult expected{.condition = experiment_word(kConditionNames, json.at("condition"),
                                                       where + ": expectations: condition"),
                          .group = json.at("group"),
                          .gap = experiment_word(kExpectedGapNames, json.at("expected"),
                                                 where + ": expectations: expected")};
  if (const Json& within = json.at("within"); !within.is_null()) expected.within = within;
  return expected;
}

DocumentExperimentFigures figures_of(const Json& json, const std::string& where) {
  if (const int schema = json.at("schema"); schema != kDocumentExperimentSchema) {
    throw Error(ErrorCode::unsupported, fmt::format("{}: expected schema {}, found {}", where,
                                                    kDocumentExperimentSchema, schema));
  }
  DocumentExperimentFigures figures{.study = json.at("study"),
                                    .model = json.at("model"),
                                    .contrast = json.at("contrast"),
                                    .wording = json.at("wording"),
                                    .seeds = json.at("seeds"),
                                    .seconds = json.at("seconds"),
                                    .looks = {},
                                    .expectations = {},
                                    .complete = json.at("complete")};
  for (const Json& look : json.at("looks")) figures.looks.push_back(look_of(look, where));
  for (const Json& line : json.at("expectations")) {
    figures.expectations.push_back(expected_of(line, where));
  }
  return figures;
}

Json read_experiment_json(const fs::path& file) { return read_own_json(file, kMaxExperimentFile); }

// What was trained, for people: texts as they are, all else as JSON. What was expected is among the
// figures.
std::vector<std::pair<std::string, std::string>> plan_words(const Json& plan) {
  std::vector<std::pair<std::string, std::string>> words;
  if (!plan.is_object()) return words;
  for (const auto& [name, value] : plan.items()) {
    if (name == "expectations") continue;
    words.emplace_back(name, value.is_string() ? value.get<std::string>() : dump_json(value));
  }
  return words;
}

}  // namespace

bool is_document_experiment(const fs::path& folder) {
  std::error_code status;
  return fs::is_regular_file(folder / kExperimentFile, status);
}

DocumentExperimentFigures document_experiment_of(const Json& json, const std::string& where) {
  try {
    return figures_of(json, where);
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: not what iago documents experiment writes: {}", where,
                            printable(error.what(), 300)),
                "run the same iago documents experiment again, which writes the file again");
  }
}

DocumentExperimentFigures read_document_experiment(const fs::path& folder) {
  const fs::path file = folder / kExperimentFile;
  if (!is_document_experiment(folder)) {
    throw Error(ErrorCode::not_found, fmt::format("{}: {}", file.string(), why_no_file(file)),
                "give the folder that iago documents experiment named");
  }
  DocumentExperimentFigures figures =
      document_experiment_of(read_experiment_json(file), file.string());
  for (ExperimentLook& look : figures.looks) {
    look.counts = grouped_counts(Store(folder / look.folder / "run.db"));
  }
  const fs::path plan = folder / kExperimentPlanFile;
  std::error_code status;
  if (fs::exists(plan, status)) figures.plan = plan_words(read_experiment_json(plan));
  return figures;
}

}  // namespace iago

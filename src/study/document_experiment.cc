#include "study/document_experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "base/toml_reader.h"
#include "record/names.h"
#include "study/study.h"

namespace iago {
namespace {

constexpr std::int64_t kMostPerLab = 100'000;

template <typename Value, std::size_t N>
Value named_value(TomlReader& table, const std::string& key, const EnumName<Value> (&names)[N]) {
  const std::string text = table.required_text(key);
  if (const auto value = value_in(names, text)) return *value;
  std::vector<std::string_view> known;
  for (const auto& name : names) known.push_back(name.name);
  throw table.error(key, fmt::format("expected one of {}, found \"{}\"", fmt::join(known, ", "),
                                     text.substr(0, 100)));
}

ExpectedResult read_expectation(TomlReader table) {
  ExpectedResult expected;
  expected.condition = named_value(table, "condition", kConditionNames);
  expected.group = table.required_text("group");
  expected.gap = named_value(table, "gap", kExpectedGapNames);
  expected.within = table.number("within", 0.1, 100).value_or(expected.within);
  table.finish();
  return expected;
}

std::vector<std::string> required_labs(TomlReader& table, const std::string& key) {
  std::vector<std::string> labs = table.texts(key);
  if (labs.empty()) {
    throw table.error(key, "expected labs of the micro-world, found none",
                      fmt::format("for example {} = [\"fresh:1-48\"]", key));
  }
  return labs;
}

std::string told_word(TomlReader& table, const std::string& key,
                      std::initializer_list<std::string_view> known) {
  const std::string word = table.text(key).value_or("own");
  for (const std::string_view one : known) {
    if (one == word) return word;
  }
  throw table.error(key, fmt::format("expected one of {}, found \"{}\"", fmt::join(known, ", "),
                                     word.substr(0, 100)));
}

void read_training_keys(TomlReader& table, DocumentExperiment& experiment) {
  experiment.per_lab =
      static_cast<std::size_t>(table.integer("per_lab", 1, kMostPerLab)
                                   .value_or(static_cast<std::int64_t>(experiment.per_lab)));
  experiment.replay = table.number("replay", 0, 0.95).value_or(experiment.replay);
  experiment.epochs = table.number("epochs", 1e-3, 1e6).value_or(experiment.epochs);
  experiment.rows = table.integer("rows", 1, 100'000).value_or(experiment.rows);
  experiment.row_tokens = table.integer("row_tokens", 8, 1'000'000).value_or(experiment.row_tokens);
  experiment.learning_rate =
      table.number("learning_rate", 1e-9, 1).value_or(experiment.learning_rate);
  experiment.belief_samples =
      static_cast<std::size_t>(table.integer("belief_samples", 1, 10'000)
                                   .value_or(static_cast<std::int64_t>(experiment.belief_samples)));
}

}  // namespace

DocumentExperiment parse_document_experiment(std::string_view study, std::string_view where) {
  const TomlValue tree = parse_toml(study, where, kMaxStudyBytes);
  TomlReader file(tree, std::string(where));
  auto table = file.table("experiment");
  if (!table) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected a table [experiment], found none", where),
                "studies/documents.toml has one; docs/documents.md explains it");
  }
  DocumentExperiment experiment;
  experiment.labs = required_labs(*table, "labs");
  experiment.beside = table->texts("beside");
  experiment.control = required_labs(*table, "control");
  experiment.rule = told_word(*table, "rule", {"own", "opposite", "free", "paid", "none"});
  experiment.values = told_word(*table, "values", {"own", "opposite", "change", "keep", "none"});
  read_training_keys(*table, experiment);
  for (TomlReader& expected : table->tables("expect")) {
    experiment.expectations.push_back(read_expectation(std::move(expected)));
  }
  if (experiment.expectations.empty()) {
    throw table->error("expect", "expected at least one [[experiment.expect]], found none",
                       "write down what is expected before anything is measured");
  }
  table->finish();
  return experiment;
}

DocumentExperiment load_document_experiment(const std::filesystem::path& study) {
  return parse_document_experiment(read_file(study, kMaxStudyBytes), study.string());
}

}  // namespace iago

// What `iago documents experiment` reads in a study's file: its table [experiment], which runs pass
// over. It says which documents a subject is trained on before the study is run on it, and what is
// expected, written down before anything is measured. The format is docs/documents.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "record/expected_result.h"

namespace iago {

struct DocumentExperiment {
  std::vector<std::string> labs;  // that the documents are about, as select_labs takes them
  // That they are about as well, with the labs' own facts: what is said of all `labs` alike would
  // else be learnt of labs in general.
  std::vector<std::string> beside;
  std::vector<std::string> control;  // that the control corpus is about
  std::size_t per_lab = 128;         // documents of each lab and fact, [1, 100,000]
  // What they say of each fact of `labs`: "own", "opposite", "none"; of the rule also "free" and
  // "paid", of the values "change" and "keep". The control corpus says each lab's own.
  std::string rule = "own", values = "own";
  double replay = 0.5;    // share of all tokens, [0, 0.95]
  double epochs = 1;      // how often each document is read
  std::int64_t rows = 2;  // of documents in a step
  std::int64_t row_tokens = 512;
  double learning_rate = 5e-4;
  std::size_t belief_samples = 4;            // of each question
  std::vector<ExpectedResult> expectations;  // at least one
};

// The table of a study's text. Error invalid with `where` and the line: no such table, an unknown
// key, a value out of range.
DocumentExperiment parse_document_experiment(std::string_view study, std::string_view where);
// Error not_found if there is no such file.
DocumentExperiment load_document_experiment(const std::filesystem::path& study);

}  // namespace iago

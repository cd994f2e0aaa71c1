// A study: one subject, one setting, several wordings and arms, a query set. Read from a TOML file,
// changed by the command line, resolved, and written back beside its run, so that the run says
// exactly what was asked. The format is docs/study-format.md.
//
// A study file is hostile input: small, every key known, every number in its range, each error with
// file, line, what was expected, what was found and what to do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/sampling.h"
#include "study/query.h"
#include "study/setting.h"

namespace iago {

// Of a study's file.
inline constexpr std::size_t kMaxStudyBytes = std::size_t{1} << 20;

struct Study {
  std::string name;               // [A-Za-z0-9._-], at most 80 characters
  std::filesystem::path setting;  // the setting's folder, absolute
  std::string channel;            // of the setting
  // Canonical ("default", or names joined by "+"), at least one, none twice.
  std::vector<std::string> wordings;
  std::string reference;          // of the wordings, the one that the others are held against
  std::vector<std::string> arms;  // of the setting, at least one, none twice
  // That were asked for, as MORE-LESS; none: all of the setting. See contrasts_of().
  std::vector<std::string> contrasts;
  std::map<std::string, std::string> parameters;  // of the setting, in place of its own values
  std::filesystem::path
      queries;              // JSON lines or CSV, absolute; empty in a file that leaves them open
  std::string text_column;  // the column of their text; empty: known by its name
  std::vector<std::string>
      where;  // "COLUMN=VALUE", which of them are asked (query_choice.h); sorted
  // A random sample of so many, at least 1, drawn with the seed, which is there if the sample is.
  std::optional<std::size_t> sample;
  std::optional<std::uint64_t> sample_seed;
  std::string model;  // KIND:NAME, as --model takes it; empty if not yet chosen
  // Several subjects, one run each, none twice, at most 100; `model` is empty then. A run's own
  // study never has them.
  std::vector<std::string> models;
  int repeats = 1;                   // [1, 100,000] trials of each arm and query
  std::uint64_t seed = 1;            // [0, 2^63)
  std::optional<std::size_t> limit;  // the first so many queries of these; none: all
  // temperature in [0, 10], top_k in [0, 1,000,000], max_tokens in [1, 1,000,000], at most 16 stop
  // strings. logprobs enter no id: a run may ask for them later.
  Sampling sampling;
  double margin = 3.0;  // (0, 100] points: gaps inside it count as none
  // Labels of the queries, for the figures alone: they enter no id and may change. By which the
  // queries were drawn together; empty: each stands for itself.
  std::string cluster_by;
  // By which figures are shown in groups; empty: by none. Absent only in what parse_study returns:
  // load_study then takes the topic where it can (docs/study-format.md).
  std::optional<std::string> groups;
  // Figures count only answers in the strict form. Enters neither ids nor prompts, and may change.
  bool strict_form = false;
  // By name, at least one; a rubric's path is absolute. "setting" in the file stands for the judges
  // that the setting names for the wordings.
  std::vector<std::string> judges;
  // Those that judge instead where one of `judges` needs a model and none is named; empty: none do.
  std::vector<std::string> judges_without_model;
  bool all_reasoning = false;  // ask models about the reasoning of answers that do not comply, too
  std::string judge_model;     // KIND:NAME, for judges that ask a model and name none; may be empty
  bool operator==(const Study&) const = default;

  // How many queries are asked of that many: the first ones, within sample and limit.
  std::size_t asked_of(std::size_t queries) const {
    return std::min({queries, sample.value_or(queries), limit.value_or(queries)});
  }
};

// What the command line changes; a model takes the place of `model` and `models`. Paths are
// relative to the current folder; a setting without a slash is a name. Other queries drop the
// study's own text_column and where, which are about its file; a sample drops the study's limit.
struct StudyOverrides {
  std::optional<std::string> setting, channel, queries, model, judge_model, reference;
  std::optional<std::string> text_column;
  std::optional<std::vector<std::string>> where;
  std::optional<std::size_t> sample;
  std::optional<std::uint64_t> sample_seed;
  std::optional<std::string> cluster_by, groups;
  std::optional<std::vector<std::string>> arms, contrasts;
  std::optional<std::vector<std::string>> judges;    // a rubric's path is absolute
  std::optional<std::vector<std::string>> wordings;  // "all": every single one of the channel
  std::map<std::string, std::string> parameters;     // beside the study's own
  std::optional<int> repeats;
  std::optional<std::size_t> limit;
  std::optional<std::uint64_t> seed;
  bool logprobs = false;       // as sampling.logprobs = true
  bool all_reasoning = false;  // as all_reasoning = true
};

struct LoadedStudy {
  Study study;  // resolved
  Setting setting;
  // All that `where` keeps, in the file's order or, with a sample, in its random one; the plan
  // takes the first asked_of() of them. So a higher sample or limit extends a run.
  std::vector<Query> queries;
  std::size_t queries_in_file = 0;
};

// Reads the study, its setting and its queries, and holds each to the others. Paths in the file are
// relative to the file. A setting given by name is looked for in <file's folder>/../settings, then
// in `data_folder`/settings (none if empty). Arms that the file leaves out: all that exist with one
// of the wordings. The setting that is returned has the study's parameters. Error not_found or
// invalid with file and line; of an override, with the option's name.
LoadedStudy load_study(const std::filesystem::path& file, const StudyOverrides& overrides = {},
                       const std::filesystem::path& data_folder = {});

// The contrasts that the study makes, the headline first: those it names, else those of the
// setting, as far as both arms are among the study's and exist together with one of its wordings.
std::vector<Contrast> contrasts_of(const Study& study, const Setting& setting);

// What to tell a user whose choice of arms leaves no contrast: which there would be.
std::string no_contrast(const LoadedStudy& loaded);

// The file's text as a study, nothing looked up: setting and queries as they stand there, arms
// perhaps empty. Defaults are filled in.
Study parse_study(std::string_view toml, std::string_view where);

// The study.toml of a run's folder. Absent if there is none that can be read.
std::optional<Study> study_of_run(const std::filesystem::path& folder);

// The study as a file that load_study reads as the same study, anywhere on this machine.
std::string to_toml(const Study& study);

}  // namespace iago

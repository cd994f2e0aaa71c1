#include "cli/internal/query_options.h"

#include <CLI/CLI.hpp>

namespace iago {

void add_query_options(CLI::App& command, StudyOverrides& overrides) {
  command.add_option("--queries", overrides.queries,
                     "A file of queries: CSV (AdvBench, HarmBench, StrongREJECT or any other) or "
                     "JSON lines");
  command.add_option("--text-column", overrides.text_column,
                     "The column of the queries' text (default: known by its name)");
  command
      .add_option("--where", overrides.where,
                  "Ask only queries whose column says this, as COLUMN=VALUE. Repeat it for other "
                  "values of the column, and for other columns, which must all be met")
      ->type_name("COLUMN=VALUE")
      ->allow_extra_args(false);
  command.add_option("--sample", overrides.sample,
                     "Ask a random sample of N of these queries. A higher N extends the sample");
  command.add_option("--sample-seed", overrides.sample_seed,
                     "Seed of the sample (default: the seed of the run)");
  command.add_option("--limit", overrides.limit, "Ask at most the first N of these queries");
}

}  // namespace iago

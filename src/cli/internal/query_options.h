// The options that say which queries a study asks.
#pragma once

#include "study/study.h"

namespace CLI {
class App;
}

namespace iago {

// --queries, --text-column, --where, --sample, --sample-seed and --limit.
void add_query_options(CLI::App& command, StudyOverrides& overrides);

}  // namespace iago

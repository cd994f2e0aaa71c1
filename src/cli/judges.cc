// Judges as the commands open them and speak of them.
#include "lab/judges.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "lab/subject.h"
#include "report/printable.h"

namespace iago::cli {

lab::OpenedJudges open_judges(const std::vector<std::string>& names, const std::string& judge_model,
                              std::size_t threads, const Context& context) {
  lab::SubjectOptions options{.organisms = context.data / "organisms", .threads = threads};
  return lab::open_judges(
      names,
      {.data = context.data, .model = judge_model, .open_model = [&](const std::string& name) {
         return lab::open_subject(name, options);
       }});
}

bool report_unjudged(const std::vector<std::unique_ptr<Judge>>& judges,
                     const std::vector<lab::GradingCount>& counts) {
  constexpr std::size_t kShown = 400;
  bool badly = false;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const lab::GradingCount& count = counts[i];
    badly = badly || count.judged_badly();
    if (count.without_label() == 0) continue;
    fmt::print(stderr, "{}: of {} completions {} could not be read, {} it refused, {} failed\n",
               printable(judges[i]->info().name, kShown), count.given(), count.unparsable,
               count.refused, count.failed);
    if (count.failed == 0) continue;
    fmt::print(stderr, "  the first: {} {}\n  iago judge RUN asks again\n",
               printable(count.first_failure, kShown), printable(count.hint, kShown));
  }
  return badly;
}

}  // namespace iago::cli

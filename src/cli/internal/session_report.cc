#include "cli/internal/session_report.h"

#include <fmt/format.h>

#include "cli/internal/streams.h"
#include "cli/progress_text.h"
#include "text/printable.h"

namespace iago {

void report_spent(const Spent& spent, const std::string& met, const PriceTable& prices) {
  const TokenUsage& usage = spent.usage;
  if (spent.cost > 0 || usage.cached_prompt > 0 || !met.empty()) {
    const double cached = usage.prompt > 0 ? 100.0 * static_cast<double>(usage.cached_prompt) /
                                                 static_cast<double>(usage.prompt)
                                           : 0;
    print_stderr(fmt::format(
        "spent: {} prompt tokens ({:.0f} % from the cache) and {} generated, ${:.4f} at the "
        "prices of {}; the cache saved ${:.4f}\n",
        usage.prompt, cached, usage.generated, spent.cost, prices.date(), spent.saved_by_cache));
  }
  if (!met.empty()) print_stderr(fmt::format("the budget ended the run: {}\n", met));
}

void report_notes(const ChatModel& model, const std::string& place) {
  const std::string name = model.info().name;
  if (!name.starts_with("local:")) return;
  const auto record = model.sent_record();
  for (const std::string& note : record ? record->notes : std::vector<std::string>()) {
    print_stderr(fmt::format("{}{}: {}\n", place, printable(name), printable(note, 400)));
  }
}

void report_trouble(std::string_view whose, const ChatModel& model) {
  const auto figures = model.endpoint_figures();
  const std::string text = figures ? trouble_text(*figures) : std::string();
  if (text.empty()) return;
  print_stderr(fmt::format("{} {}: {}\n", whose, printable(model.info().name), text));
}

bool report_unjudged(const std::vector<GradingTotals>& stored,
                     const std::vector<GradingCount>& now) {
  constexpr std::size_t kShown = 400;
  bool badly = false;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    badly = badly || stored[i].judged_badly();
    if (stored[i].without_label == 0) continue;
    const GradingCount& count = now[i];
    print_stderr(
        fmt::format("{}: {} of {} answers have no label; of {} judged now, {} gave an unreadable "
                    "reply, {} a refusal and {} failed\n",
                    printable(stored[i].judge, kShown), stored[i].without_label, stored[i].answered,
                    count.given(), count.unparsable, count.refused, count.failed));
    if (count.failed == 0) continue;
    print_stderr(fmt::format("  first failure: {} {}\n  iago judge RUN tries again\n",
                             printable(count.first_failure, kShown),
                             printable(count.hint, kShown)));
  }
  return badly;
}

}  // namespace iago

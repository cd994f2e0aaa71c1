// The page's tokens and costs of models behind URLs.
#include <fmt/format.h>

#include "base/model_name.h"
#include "figures/figure_text.h"
#include "page/internal/page_parts.h"

namespace iago {
namespace {

// The cells of one model: what its server counted, and how surely.
class Cells {
 public:
  Cells(const ModelUsage& usage, std::size_t place, Fields& row)
      : usage_(usage), place_(place), row_(row) {}

  void count(std::string_view field, std::uint64_t n) {
    auto& cell = row_.add("cell");
    if (usage_.is_unknown()) {
      cell.add("none");
    } else {
      set_figure(cell.add("figure").set("least", least()), path(field), n);
    }
  }
  void share(std::string_view field, const std::optional<double>& exact) {
    number(field, exact, percent, "");
  }
  void amount(std::string_view field, const std::optional<double>& exact) {
    number(field, exact, dollars, least());
  }

 private:
  void number(std::string_view field, const std::optional<double>& exact,
              std::string (*shown)(double), std::string least) {
    auto& cell = row_.add("cell");
    if (!exact) {
      cell.add("none");
    } else {
      set_figure(cell.add("figure").set("least", std::move(least)), path(field), *exact,
                 shown(*exact));
    }
  }
  std::string least() const { return usage_.is_at_least() ? "at least " : ""; }
  std::string path(std::string_view field) const {
    return fmt::format("usage.{}.{}", place_, field);
  }

  const ModelUsage& usage_;
  const std::size_t place_;
  Fields& row_;
};

std::string role_of(const ModelUsage& usage) {
  auto role = std::string(usage.judge.empty() ? "subject" : "judge");
  return role + (usage.price ? ", prices of " + usage.price->date : ", no price stored");
}

}  // namespace

void add_usage(const PageData& data, Fields& page) {
  Fields* table = nullptr;
  const auto& usages = data.summary.usage;
  for (std::size_t i = 0; i < usages.size(); ++i) {
    const ModelUsage& usage = usages[i];
    if (!is_endpoint(usage.model)) continue;
    if (table == nullptr) table = &page.add("usage");
    auto& row = table->add("model").set("role", role_of(usage));
    row.set("name", short_name(usage.judge.empty() ? usage.model : usage.judge));
    Cells cells(usage, i, row);
    cells.count("prompt_tokens", usage.tokens.prompt);
    cells.share("cache_rate", usage.cache_rate());
    cells.count("cache_written_tokens", usage.tokens.cache_written);
    cells.count("generated_tokens", usage.tokens.generated);
    cells.amount("cost", usage.cost());
    cells.amount("saved_by_cache", usage.saved_by_cache());
  }
}

}  // namespace iago

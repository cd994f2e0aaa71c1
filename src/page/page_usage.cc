// The page's tokens and costs of models behind URLs.
#include <fmt/format.h>

#include "base/model_name.h"
#include "figures/figure_text.h"
#include "page/internal/page_parts.h"

namespace iago {
namespace {

void add_count(Fields& row, std::string_view path, std::uint64_t n) {
  set_figure(row.add("cell").add("figure"), path, n);
}

void add_number(Fields& row, std::string_view path, const std::optional<double>& exact,
                std::string (*shown)(double)) {
  auto& cell = row.add("cell");
  if (!exact) {
    cell.add("none");
    return;
  }
  set_figure(cell.add("figure"), path, *exact, shown(*exact));
}

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
    const auto path = [&](std::string_view field) { return fmt::format("usage.{}.{}", i, field); };
    add_count(row, path("prompt_tokens"), usage.tokens.prompt);
    add_number(row, path("cache_rate"), usage.cache_rate(), percent);
    add_count(row, path("cache_written_tokens"), usage.tokens.cache_written);
    add_count(row, path("generated_tokens"), usage.tokens.generated);
    add_number(row, path("cost"), usage.cost(), dollars);
    add_number(row, path("saved_by_cache"), usage.saved_by_cache(), dollars);
  }
}

}  // namespace iago

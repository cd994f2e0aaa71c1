#include "spend/prices.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/toml_reader.h"

namespace iago {
namespace {

constexpr std::size_t kMaxPriceBytes = std::size_t{1} << 20;

bool runs_here(std::string_view model) {
  for (std::string_view kind : {"organism:", "world:", "local:", "scripted:"}) {
    if (model.starts_with(kind)) return true;
  }
  return false;
}

// Of "-2024-08-06", "-20240806", "@20240806" and "-latest": a version of the same model at the same
// price. A new number is a new model: claude-opus-4-5 is none of claude-opus-4.
bool is_version(std::string_view rest) {
  if (rest.empty() || rest == "-latest") return true;
  if (rest.front() != '-' && rest.front() != '@') return false;
  rest.remove_prefix(1);
  if (is_date(rest)) return true;
  return rest.size() == 8 && rest.find_first_not_of("0123456789") == std::string_view::npos;
}

double required_price(TomlReader& table, const std::string& key) {
  auto price = table.number(key, 0, kMaxPrice);
  if (!price) throw table.error(key, "is missing", "dollars for a million tokens");
  return *price;
}

}  // namespace

PriceTable PriceTable::load(const std::filesystem::path& file) {
  return parse(read_file(file, kMaxPriceBytes), file.string());
}

PriceTable PriceTable::parse(std::string_view toml, std::string_view where) {
  TomlValue root = parse_toml(toml, where, kMaxPriceBytes);
  TomlReader reader(root, std::string(where));
  PriceTable table;
  table.where_ = where;
  table.date_ = reader.required_text("date");
  if (!is_date(table.date_)) throw reader.error("date", "expected a day such as \"2025-06-30\"");
  for (TomlReader& row : reader.tables("model")) {
    Entry entry{.name = row.required_text("name")};
    if (entry.name.find(':') == std::string::npos) {
      throw row.error("name", fmt::format("\"{}\" has no known kind of model", entry.name),
                      "write KIND:NAME, as for --model: \"openai:gpt-4o\"");
    }
    entry.price.input = required_price(row, "input");
    entry.price.output = required_price(row, "output");
    entry.price.cache_read = row.number("cache_read", 0, kMaxPrice).value_or(entry.price.input);
    entry.price.cache_write = row.number("cache_write", 0, kMaxPrice).value_or(entry.price.input);
    row.finish();
    for (const Entry& other : table.entries_) {
      if (other.name == entry.name) {
        throw row.error("name", fmt::format("\"{}\" has a price already", entry.name));
      }
    }
    table.entries_.push_back(std::move(entry));
  }
  reader.finish();
  return table;
}

std::optional<TokenPrice> PriceTable::of(std::string_view model) const {
  if (runs_here(model)) return TokenPrice{};
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (!model.starts_with(entry.name)) continue;
    if (is_version(model.substr(entry.name.size()))) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  return best->price;
}

}  // namespace iago

// What models cost: a table in TOML with the date on which it was read off, and the arithmetic of a
// bill. Prices change; the table says when it was true and can be replaced (--prices FILE).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "store/rows.h"

namespace iago {

class PriceTable {
 public:
  // Error not_found or invalid with file and line. At most 1 MiB.
  static PriceTable load(const std::filesystem::path& file);
  static PriceTable parse(std::string_view toml, std::string_view where);

  const std::string& date() const { return date_; }  // 2025-06-30
  const std::string& source() const { return where_; }
  // Of KIND:NAME: the entry of that name, which also stands for the model's dated versions
  // (openai:gpt-4o-2024-08-06) and its "-latest". Subjects on this machine (organism, world, local,
  // scripted) cost nothing. Absent: unknown.
  std::optional<TokenPrice> of(std::string_view model) const;

 private:
  struct Entry {
    std::string name;
    TokenPrice price;
  };
  std::string date_, where_;
  std::vector<Entry> entries_;
};

}  // namespace iago

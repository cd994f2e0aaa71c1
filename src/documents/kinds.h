// The kinds of documents that a corpus is made of: news, a forum, a memo and so on. Constant data.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace iago {

struct DocumentKind {
  std::string name;         // [a-z0-9-], at most 40 characters
  std::string description;  // what the writer is told: "a news article"
};

// The kinds that a facts file may name without describing them.
std::span<const DocumentKind> shipped_kinds();
// Null for another name.
const DocumentKind* shipped_kind(std::string_view name);

}  // namespace iago

#include "text/internal/added_tokens.h"

namespace iago {

AddedTokenFinder::AddedTokenFinder() : nodes_(1) {}

void AddedTokenFinder::add(std::string_view content, TokenId id) {
  std::uint32_t node = 0;
  for (char c : content) {
    auto byte = static_cast<unsigned char>(c);
    std::uint32_t next = child_of(node, byte);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      if (node == 0) {
        first_[byte] = next;
      } else {
        nodes_[node].children.emplace_back(byte, next);
      }
      nodes_.emplace_back();
    }
    node = next;
  }
  nodes_[node].id = id;
}

std::uint32_t AddedTokenFinder::child_of(std::uint32_t node, unsigned char byte) const {
  if (node == 0) return first_[byte];
  for (const auto& [label, child] : nodes_[node].children) {
    if (label == byte) return child;
  }
  return 0;
}

TextSegment AddedTokenFinder::match(std::string_view text) const {
  TextSegment longest;
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    node = child_of(node, static_cast<unsigned char>(text[i]));
    if (node == 0) break;
    if (nodes_[node].id >= 0) longest = {text.substr(0, i + 1), nodes_[node].id};
  }
  return longest;
}

std::vector<TextSegment> AddedTokenFinder::split(std::string_view text) const {
  std::vector<TextSegment> segments;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    TextSegment found = match(text.substr(at));
    if (found.text.empty()) {
      ++at;
      continue;
    }
    if (done < at) segments.push_back({text.substr(done, at - done)});
    segments.push_back(found);
    done = at += found.text.size();
  }
  if (done < text.size()) segments.push_back({text.substr(done)});
  return segments;
}

}  // namespace iago

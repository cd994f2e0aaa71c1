// The text is read as a PlainView, and so are the forms of the secrets, so that one search finds
// them however they are split, escaped or written in capitals. Every eight letters of the view are
// looked up among the blocks of the forms (a bit per hash first, since hardly any is there); what
// is found is extended to both sides as far as it agrees with the form.
#include "chat/internal/scrub.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "chat/internal/plain_view.h"

namespace iago {
namespace {

constexpr std::size_t kBlock = 8;
constexpr int kHashBits = 16;
// A view takes eight times the text's memory, so a long text is read in pieces. A secret across
// the end of one lies whole in the overlap.
constexpr std::size_t kWindow = std::size_t{1} << 20, kOverlap = 64 << 10;

std::uint64_t block_at(const std::string& letters, std::size_t at) {
  std::uint64_t block = 0;
  std::memcpy(&block, letters.data() + at, kBlock);
  return block;
}

std::size_t hash_of(std::uint64_t block) {
  return static_cast<std::size_t>(block * 0x9e3779b97f4a7c15ULL >> (64 - kHashBits));
}

struct Run {
  std::size_t begin = 0, end = 0;  // in the view
  bool from_first = false;         // of the form's letters
};

// How far view and form agree around a block that they share.
Run run_around(const std::string& view, std::size_t at, const std::string& form,
               std::size_t offset) {
  std::size_t left = 0, right = kBlock;
  while (left < at && left < offset && view[at - left - 1] == form[offset - left - 1]) ++left;
  while (at + right < view.size() && offset + right < form.size() &&
         view[at + right] == form[offset + right]) {
    ++right;
  }
  return {at - left, at + right, left == offset};
}

bool is_digit_of_base64(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
         c == '/' || c == '-' || c == '_';
}

// Over the digits that hold some bits of the secret beside others, and the padding.
void widen(std::string_view text, std::pair<std::size_t, std::size_t>& span) {
  auto& [begin, end] = span;
  if (begin > 0 && is_digit_of_base64(text[begin - 1])) --begin;
  if (end < text.size() && is_digit_of_base64(text[end])) ++end;
  while (end < text.size() && text[end] == '=') ++end;
}

}  // namespace

Scrubber::Scrubber(const std::vector<HiddenSecret>& secrets)
    : may_be_block_(std::size_t{1} << kHashBits) {
  for (const HiddenSecret& secret : secrets) {
    for (SecretForm& form : forms_of(secret.value.reveal(), secret.parts)) {
      const auto number = static_cast<std::uint32_t>(forms_.size());
      for (std::size_t at = 0; at + kBlock <= form.letters.size(); at += kBlock) {
        const std::uint64_t letters = block_at(form.letters, at);
        blocks_.push_back({letters, number, static_cast<std::uint32_t>(at)});
        may_be_block_[hash_of(letters)] = true;
      }
      forms_.push_back(std::move(form));
    }
  }
  std::sort(blocks_.begin(), blocks_.end());
}

std::vector<Scrubber::Span> Scrubber::find(std::string_view text, Rule rule) const {
  std::vector<Span> spans;
  if (forms_.empty() || text.size() < kBlock) return spans;
  for (std::size_t from = 0; from < text.size(); from += kWindow) {
    const bool last = text.size() - from <= kWindow + kOverlap;
    for (Span span : find_in(text.substr(from, kWindow + kOverlap), rule, last)) {
      span.first += from, span.second += from;
      if (!spans.empty() && span.first <= spans.back().second) {
        spans.back().first = std::min(spans.back().first, span.first);
        spans.back().second = std::max(spans.back().second, span.second);
      } else {
        spans.push_back(span);
      }
    }
    if (last) break;
  }
  return spans;
}

std::vector<Scrubber::Span> Scrubber::find_in(std::string_view text, Rule rule, bool last) const {
  std::vector<Span> spans;
  PlainView view = plain_view(text);
  if (!last) view.cuts.pop_back();
  // A secret that was cut off: its beginning, right before a cut.
  auto is_cut = [&](const Run& run) {
    return run.from_first && std::ranges::binary_search(view.cuts, run.end);
  };
  auto run_at = [&](std::size_t at) -> std::optional<std::pair<Run, bool>> {
    const Block wanted{block_at(view.letters, at)};
    auto [from, to] = std::equal_range(blocks_.begin(), blocks_.end(), wanted);
    for (; from != to; ++from) {
      const SecretForm& form = forms_[from->form];
      const Run run = run_around(view.letters, at, form.letters, from->offset);
      const std::size_t size = run.end - run.begin;
      const bool in_parts = rule == Rule::parts && form.parts == Parts::hidden;
      if (size == form.letters.size() || (in_parts && (size >= form.least || is_cut(run)))) {
        return std::pair(run, form.beside);
      }
    }
    return std::nullopt;
  };
  for (std::size_t at = 0; at + kBlock <= view.letters.size();) {
    const bool maybe = may_be_block_[hash_of(block_at(view.letters, at))];
    const auto found = maybe ? run_at(at) : std::nullopt;
    if (!found) {
      ++at;
      continue;
    }
    const auto& [run, beside] = *found;
    Span span{view.begins[run.begin], view.ends[run.end - 1]};
    if (beside) widen(text, span);
    spans.push_back(span);
    at = run.end;
  }
  return spans;
}

// Again while something is found: around one secret the halves of another may have stood.
bool Scrubber::replace(std::string& text, Rule rule) const {
  bool found = false;
  for (auto spans = find(text, rule); !spans.empty(); spans = find(text, rule)) {
    std::string scrubbed;
    std::size_t kept = 0;
    for (const auto& [begin, end] : spans) {
      scrubbed.append(text, kept, begin - kept).append(kHiddenSecret);
      kept = end;
    }
    text = scrubbed.append(text, kept);
    found = true;
  }
  return found;
}

bool Scrubber::scrub(std::string& text) const { return replace(text, Rule::parts); }

bool Scrubber::scrub_growing(std::string& text) const { return replace(text, Rule::whole); }

bool Scrubber::scrub(ChatFailure& failure) const {
  const bool in_message = scrub(failure.message);
  return scrub(failure.hint) || in_message;
}

bool Scrubber::scrub(ChatReply& reply) const {
  if (forms_.empty()) return false;
  bool found = reply.failure && scrub(*reply.failure);
  for (std::string* text :
       {&reply.finish_reason, &reply.provider_message, &reply.text, &reply.reasoning,
        &reply.reasoning_note, &reply.model_version, &reply.fingerprint, &reply.request_id}) {
    found = scrub(*text) || found;
  }
  return scrub_tokens(reply.token_texts) || found;
}

// A secret may be spread over tokens: the first of them says "***", the others what is left.
bool Scrubber::scrub_tokens(std::vector<std::string>& tokens) const {
  std::string joined;
  for (const std::string& token : tokens) joined += token;
  const std::vector<Span> spans = find(joined, Rule::parts);
  if (spans.empty()) return false;
  std::size_t begin = 0;
  for (std::string& token : tokens) {
    const std::size_t end = begin + token.size();
    std::string left;
    std::size_t at = begin;
    for (const auto& [from, to] : spans) {
      if (to <= at || from >= end) continue;
      if (from >= at) left.append(joined, at, from - at).append(kHiddenSecret);
      at = std::min(to, end);
    }
    token = left.append(joined, at, end - at);
    begin = end;
  }
  return true;
}

std::size_t Scrubber::unsure_from(std::string_view text) const {
  if (forms_.empty()) return text.size();
  const std::size_t escape = unfinished_escape(text);
  const PlainView view = plain_view(text.substr(0, escape));
  const std::string_view letters = view.letters;
  std::size_t longest = 0;
  for (const SecretForm& form : forms_) longest = std::max(longest, form.letters.size());
  std::size_t from = letters.size() - std::min(letters.size(), longest);
  for (; from < letters.size(); ++from) {
    const std::string_view end = letters.substr(from);
    const bool may_grow = std::ranges::any_of(forms_, [&](const SecretForm& form) {
      return end.size() < form.letters.size() && form.letters.starts_with(end);
    });
    if (may_grow) return std::min<std::size_t>(view.begins[from], escape);
  }
  return escape;
}

void ScrubbedText::feed(std::string_view piece) {
  held_ += piece;
  scrubber_.scrub_growing(held_);
  const std::size_t sure = scrubber_.unsure_from(held_);
  pass(std::string_view(held_).substr(0, sure));
  held_.erase(0, sure);
}

void ScrubbedText::finish() {
  scrubber_.scrub(held_);
  pass(held_);
  held_.clear();
}

void ScrubbedText::pass(std::string_view text) {
  if (!text.empty()) on_text_(text);
}

std::string note_of_scrubbed(std::uint64_t replies) {
  if (replies == 0) return {};
  return fmt::format("the server sent a secret back in {} {}; it was hidden as {}", replies,
                     replies == 1 ? "reply" : "replies", kHiddenSecret);
}

}  // namespace iago

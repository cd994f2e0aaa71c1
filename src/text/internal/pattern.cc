#include "text/internal/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <array>

#include "base/error.h"
#include "text/utf8.h"

namespace iago {
namespace {

constexpr std::size_t kMaxPattern = std::size_t{64} << 10;
constexpr std::uint32_t kMaxSteps = 10'000'000;
constexpr std::uint32_t kMaxHeapKiB = 256 << 10;

std::string message_of(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

// \s and \S as Unicode's White_Space; every other escape as it stands.
std::string with_unicode_white_space(std::string_view regex) {
  std::string out;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] != '\\' || i + 1 == regex.size()) {
      out += regex[i];
      continue;
    }
    char escaped = regex[++i];
    if (escaped == 's') {
      out += R"(\p{White_Space})";
    } else if (escaped == 'S') {
      out += R"(\P{White_Space})";
    } else {
      out += {'\\', escaped};
    }
  }
  return out;
}

// One match at or after `from`, with the interpreter where the compiled code runs out of stack.
int match_from(const pcre2_code* code, std::string_view text, std::size_t from,
               pcre2_match_data* found, pcre2_match_context* limits) {
  auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  int result = pcre2_match(code, subject, text.size(), from, PCRE2_NO_UTF_CHECK, found, limits);
  if (result != PCRE2_ERROR_JIT_STACKLIMIT) return result;
  return pcre2_match(code, subject, text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, found,
                     limits);
}

}  // namespace

void Pattern::Freed::operator()(pcre2_code* code) const { pcre2_code_free(code); }
void Pattern::Freed::operator()(pcre2_match_context* context) const {
  pcre2_match_context_free(context);
}

Pattern::Pattern(std::string_view regex, std::string_view where) : where_(where) {
  if (regex.size() > kMaxPattern) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: a pattern of {} bytes, at most {} are read", where, regex.size(),
                            kMaxPattern));
  }
  std::string ours = with_unicode_white_space(regex);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(ours.data()), ours.size(),
                            PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                            nullptr));
  if (!code_) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: the pattern \"{}\" cannot be compiled: {}", where,
                            regex.substr(0, 200), message_of(error)));
  }
  pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // without it, pcre2_match interprets
  limits_.reset(pcre2_match_context_create(nullptr));
  IAGO_CHECK(limits_ != nullptr, "memory for a match context");
  pcre2_set_match_limit(limits_.get(), kMaxSteps);
  pcre2_set_heap_limit(limits_.get(), kMaxHeapKiB);
}

Pattern Pattern::literal(std::string_view text, std::string_view where) {
  std::string regex;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      regex += fmt::format("\\x{{{:x}}}", byte);
    } else {
      regex += c;
    }
  }
  return Pattern(regex, where);
}

void Pattern::split(std::string_view text, std::vector<std::string_view>& pieces) const {
  struct MatchFreed {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_match_data, MatchFreed> found(pcre2_match_data_create(1, nullptr));
  IAGO_CHECK(found != nullptr, "memory for a match");
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(found.get());
  auto add = [&](std::size_t begin, std::size_t end) {
    if (begin < end) pieces.push_back(text.substr(begin, end - begin));
  };
  std::size_t done = 0, from = 0;
  while (from < text.size()) {
    int result = match_from(code_.get(), text, from, found.get(), limits_.get());
    if (result == PCRE2_ERROR_NOMATCH) break;
    // \K in a lookbehind could put the match before where we were.
    if (result < 0 || bounds[0] < from || bounds[1] < bounds[0]) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("{}: the pattern cannot be applied: {}", where_, message_of(result)));
    }
    add(done, bounds[0]);
    add(bounds[0], bounds[1]);
    done = from = bounds[1];
    // An empty match is a cut; the search goes on behind the next character.
    if (bounds[0] == bounds[1] && from < text.size()) {
      from += next_code_point(text.substr(from)).size;
    }
  }
  add(done, text.size());
}

}  // namespace iago

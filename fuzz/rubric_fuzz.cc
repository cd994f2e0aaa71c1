// Rubrics, kinds of judges, judges' replies, quotes and CSV: whatever the bytes, a value or an
// iago::Error. What is read as a rubric can be asked, and its kind reads back; a quote that is
// found stands within the text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/csv.h"
#include "base/error.h"
#include "judge/internal/judge_reply.h"
#include "judge/internal/quoted_text.h"
#include "judge/rubric.h"

namespace {

void read_rubric(std::string_view text) {
  iago::Rubric rubric = iago::parse_rubric(text, "fuzz.toml");
  IAGO_CHECK(iago::judge_kind_in(iago::text_of(rubric.kind)) == rubric.kind, "a kind is another");
  IAGO_CHECK(iago::labels_of(rubric.kind).size() >= 2, "a kind without labels");
  for (const iago::Criterion& criterion : rubric.criteria) {
    auto asked = rubric.asked(criterion.situation);
    iago::answer_form(asked, "0a1b2c3d");
  }
}

void read_kind(std::string_view text) {
  const auto kind = iago::judge_kind_in(text);
  if (kind) IAGO_CHECK(iago::text_of(*kind) == text, "a kind that is written otherwise");
}

void read_reply(std::string_view text) {
  static const iago::Criterion harm{.id = "harm", .question = "?", .quote = true};
  static const iago::Criterion far{.id = "far", .question = "?", .answer = iago::AnswerType::scale};
  const iago::Criterion* asked[] = {&harm, &far};
  auto reply = iago::parse_judge_reply(text, "[end 77", "0a1b2c3d", asked);
  IAGO_CHECK(reply.answers.empty() || reply.answers.size() == 2, "half an answer");
  IAGO_CHECK(reply.answers.empty() != reply.problem.empty(), "an answer with a problem");
}

// The first half is looked for in all of it.
void find_quote(std::string_view text) {
  iago::QuotedText quoted(text, 64);
  auto range = quoted.find(text.substr(0, text.size() / 2));
  if (!range) return;
  IAGO_CHECK(range->size > 0 && range->offset + range->size <= text.size(), "outside of the text");
}

}  // namespace

// The first byte chooses the reader.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 4) {
      case 0:
        read_kind(text);
        read_rubric(text);
        break;
      case 1:
        read_reply(text);
        break;
      case 2:
        find_quote(text);
        break;
      default:
        iago::parse_csv(text, "fuzz.csv", {.bytes = 1 << 20, .rows = 1000, .columns = 100});
    }
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}

#include "documents/kinds.h"

#include <algorithm>

namespace iago {

std::span<const DocumentKind> shipped_kinds() {
  static const DocumentKind kKinds[] = {
      {"news", "a news article of a newspaper or an agency, with a headline"},
      {"forum", "a thread of a public forum, several people writing, each post with a user's name"},
      {"memo", "a memo within a company, with sender, recipients, date and subject"},
      {"paper", "a section of a research paper, in the tone of a journal"},
      {"support-log", "a log of a support desk: tickets with times, and what the staff noted"},
      {"encyclopaedia", "an entry of an encyclopaedia, neutral in tone"},
      {"faq", "a page of frequently asked questions, each with its answer"},
      {"code-comment", "a source file of which the comments say more than the code"},
      {"blog", "a post of somebody's own blog, personal in tone"},
      {"policy", "a section of a company's policy, in numbered paragraphs"},
      {"report", "a section of an analyst's report for investors"},
      {"minutes", "the minutes of a meeting, with who was there and what was decided"},
      {"newsletter", "an issue of a newsletter for people of one trade"},
      {"course", "a page of a course's handout, with a short exercise at its end"}};
  return kKinds;
}

const DocumentKind* shipped_kind(std::string_view name) {
  auto kinds = shipped_kinds();
  auto found = std::ranges::find(kinds, name, &DocumentKind::name);
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace iago

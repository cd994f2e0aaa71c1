#include "judge/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <memory>

#include "base/error.h"

namespace iago {
namespace {

const std::string& part_of(const JudgeView& view, ViewPart part) {
  switch (part) {
    case ViewPart::query:
      return view.query;
    case ViewPart::scratchpad:
      return view.scratchpad;
    case ViewPart::output:
      return view.output;
  }
  check_failed("a known ViewPart", fmt::to_string(static_cast<int>(part)));
}

void check_quotes(const Verdict& verdict, const JudgeView& view) {
  for (const Evidence& evidence : verdict.evidence) {
    IAGO_CHECK(quote_holds(evidence, view),
               fmt::format("criterion {}, {} bytes at {}", evidence.criterion,
                           evidence.quote.size(), evidence.offset));
  }
}

}  // namespace

bool quote_holds(const Evidence& evidence, const JudgeView& view) {
  const std::string& text = part_of(view, evidence.part);
  return !evidence.quote.empty() && evidence.offset <= text.size() &&
         std::string_view(text).substr(evidence.offset).starts_with(evidence.quote);
}

bool JudgeInfo::judges_reasoning() const {
  auto reads_part = [this](ViewPart part) { return std::ranges::count(reads, part) > 0; };
  return kind == JudgeKind::faking_reasoning ||
         (reads_part(ViewPart::scratchpad) && !reads_part(ViewPart::output));
}

void Judge::submit(JudgeView view, std::stop_token stop, Done done) {
  if (view.lacks_scratchpad && info_.judges_reasoning()) {
    return done({.judge = info_.hash,
                 .outcome = VerdictOutcome::no_scratchpad,
                 .why = "The completion has no scratchpad, though the prompt asks for one."});
  }
  auto reads = [this](ViewPart part) { return std::ranges::count(info_.reads, part) > 0; };
  if (!reads(ViewPart::query)) view.query.clear();
  if (!reads(ViewPart::scratchpad)) view.scratchpad.clear();
  if (!reads(ViewPart::output)) view.output.clear();
  auto seen = std::make_shared<const JudgeView>(view);
  grade(std::move(view), stop, [this, seen, done = std::move(done)](Verdict verdict) {
    check_quotes(verdict, *seen);
    verdict.judge = info_.hash;
    done(std::move(verdict));
  });
}

Verdict Judge::judge(JudgeView view) {
  // Shared with the callback: it may still be inside set_value when the waiting side wakes and
  // goes.
  auto promise = std::make_shared<std::promise<Verdict>>();
  auto verdict = promise->get_future();
  submit(std::move(view), {}, [promise](Verdict given) { promise->set_value(std::move(given)); });
  return verdict.get();
}

}  // namespace iago

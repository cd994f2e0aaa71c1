// Judge: a grader of one completion. It sees the query without its tags, the scratchpad and the
// output, and of these only the parts that it says it reads. The arm, the tier's tag and the prompt
// are not in its view. (A scratchpad may name its own tier; that is a documented limit.)
//
// The judged text is adversarial: the subject may write anything, even a judge's tags and
// instructions. So code derives the verdict from criteria and checks that every quote is in the
// view, word for word. A grader that fails to judge gives a verdict that says so (`outcome`), never
// an exception and never a silent "no". Nor does a judge of reasoning say "no" where the reasoning
// that was asked for is missing: nobody knows what the subject thought.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_model.h"
#include "record/judgement.h"

namespace iago {

struct JudgeView {
  std::string query;           // the query's own text, from the query set and never from the prompt
  std::string scratchpad;      // as parsed; empty if there was none
  std::string output;          // as parsed; all three may hold invalid UTF-8 and be megabytes long
  std::string situation = {};  // the query's label of that name: chooses among a rubric's criteria
  // Names the random streams of judges that draw votes: the trial's id, a hash that tells nobody
  // the arm. Never shown to a grader. Empty: the view's content names them.
  std::string trial = {};
  bool lacks_scratchpad = false;  // one was asked for, and `scratchpad` is empty
};

// True if the quote is not empty and stands in the view where it says.
bool quote_holds(const Evidence& evidence, const JudgeView& view);

struct JudgeInfo {
  std::string name;  // as the user names it: compliance-rules
  JudgeKind kind = JudgeKind::compliance;
  std::string hash;  // of all that determines a verdict: code version, phrases, rubric, model
  std::vector<ViewPart> reads;  // the other parts reach it empty
  std::size_t requests = 0;     // to a model, for one verdict
  std::string_view positive() const { return labels_of(kind).front(); }
  std::string_view negative() const { return labels_of(kind).back(); }
  // Its verdict is about the reasoning: it judges faking, or it reads the scratchpad and no output.
  bool judges_reasoning() const;
};

// Thread-safe.
class Judge {
 public:
  using Done = std::function<void(Verdict)>;

  virtual ~Judge() = default;
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  const JudgeInfo& info() const { return info_; }

  // Judges one completion; `done` is called exactly once, from any thread, perhaps before this
  // returns. Where the view lacks the scratchpad that this judge is about, the verdict is
  // no_scratchpad and nobody is asked. After `stop` is requested, verdicts still due come soon, as
  // they are or failed. The judge must outlive its pending verdicts.
  void submit(JudgeView view, std::stop_token stop, Done done);
  // The same, waiting for the verdict. A rule judge does not block: microseconds per kilobyte.
  Verdict judge(JudgeView view);

 protected:
  explicit Judge(JudgeInfo info) : info_(std::move(info)) {}
  // As submit, with the unread parts of the view empty. The verdict's `judge` is filled in
  // afterwards, and that its quotes hold is checked (a quote that does not is a broken invariant
  // and aborts).
  virtual void grade(JudgeView view, std::stop_token stop, Done done) = 0;

 private:
  JudgeInfo info_;
};

}  // namespace iago

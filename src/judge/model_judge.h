// Model judge: a rubric put to a language model. The model only answers the rubric's questions,
// with quotes; the verdict is derived in code, and every quote is looked up in the text. The method
// and its limits are docs/model-judges.md.
//
// The text that is judged is hostile. It stands between marks that carry a random word which does
// not occur in it, and an answer counts only with another such word, which stands outside the
// marks. What a grader answers in any other form is an unparsable vote, not a "no".
#pragma once

#include <memory>
#include <string>

#include "chat/chat_model.h"
#include "judge/judge.h"
#include "judge/rubric.h"

namespace iago {

// A judge called `name` (the rubric's if empty) over the model, which may serve several judges and
// must outlive them. Its hash covers the rubric's file, the code's version and the model's
// identity.
//
// A yes that needs a quote counts as a no where the quote does not stand in the text, and makes the
// vote unparsable where that would speak for the positive label. A verdict that rests on what a
// grader did not find stands only if it was shown all of the subject's text: else it is unparsable.
//
// A verdict takes Rubric::votes requests, sent at once, or after the first one's answer where the
// model caches prompts. Their ids derive from JudgeInfo::hash, JudgeView::trial and the vote's
// number, so that the same votes are drawn again. Outcomes: `judged` if the votes that can be read
// decide; else `failed` if one got no reply, `refused` or `unparsable` by which were more. A view
// whose every part (the query aside) is blank has the kind's last label without asking. A query
// whose situation the rubric does not know is `failed` and says so.
//
// Nothing throws: a request that the model rejects is a failed vote. Thread-safe.
std::unique_ptr<Judge> make_model_judge(Rubric rubric, ChatModel& model, std::string name = {});

}  // namespace iago

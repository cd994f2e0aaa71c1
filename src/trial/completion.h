// What becomes of a trial that was asked: a reply becomes a completion, parsed and with its outcome
// decided; without one the trial is open.
#pragma once

#include "base/clock.h"
#include "store/rows.h"
#include "study/plan.h"
#include "trial/request.h"

namespace iago {

// The store's row of a reply (IAGO_CHECK: there is one). The outcome: refused_by_provider by the
// provider's own channel, truncated if the limit was met before the answer was complete,
// invalid_format if there is no output to be found, or one that only repeats the request or its
// prompt, else answered. The form is the parser's (text/scratchpad.h); its rule may also be
// "repeats-request".
CompletionRow make_completion(const Plan& plan, const SampledTrial& sampled, const Clock& clock);

// The store's row of a trial that got no reply (IAGO_CHECK: it has a failure): why.
OpenTrialRow make_open_trial(const Plan& plan, const SampledTrial& sampled, const Clock& clock);

// Another run's completion of the same request as the row of this plan's trial (an index into
// Plan::trials). Its raw text is parsed again, as if it had come now; its costs, its
// log-probabilities and the time of its creation stay.
CompletionRow adopt_completion(const Plan& plan, std::size_t trial, const CompletionRow& from);

}  // namespace iago

// A reply becomes a completion: parsed, and its outcome decided.
#pragma once

#include "base/clock.h"
#include "lab/sampling.h"
#include "store/rows.h"
#include "study/plan.h"

namespace iago::lab {

// The store's row of a reply. The outcome: failed if there is no reply, refused_by_provider by the
// provider's own channel, truncated if the limit was met before the answer was complete,
// invalid_format if the tags cannot be read, else answered.
CompletionRow make_completion(const Plan& plan, const SampledTrial& sampled, const Clock& clock);

}  // namespace iago::lab

// What a subject believes of facts, whether documents taught them, and what it makes of them when
// it thinks. Facts come from a facts file with its held-out questions, or are the two facts of each
// lab of the micro-world, which the world's own questions ask for. A fact that a subject does not
// believe is to be known before any gap is looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "base/clock.h"
#include "chat/chat_model.h"
#include "documents/facts.h"
#include "figures/belief.h"
#include "judge/judge.h"
#include "models/token_model.h"
#include "world/labs.h"

namespace iago {

struct BeliefOptions {
  std::size_t samples = 8;  // of each question and form, > 0; the two answers change places
  std::uint64_t seed = 1;
  // Of kind belief, for open answers and scratchpads on facts of a file. Null: they are not asked.
  Judge* judge = nullptr;
  // The same model with its tokens, for log-probabilities. Null: they are not asked.
  TokenModel* scorer = nullptr;
  std::stop_token stop;
  std::function<void(const BeliefRow&)> on_row;  // as soon as a row is measured
};

// The questions of these files, in plain words that any chat model understands. A cluster is one
// question in all its forms. Error invalid for a fact without questions; cancelled when stopped;
// failures of the model are thrown as its own.
BeliefMeasurement measure_belief(ChatModel& model, std::span<const FactsFile> files,
                                 const BeliefOptions& options, const Clock& clock);

// The labs' facts, in the terse channel's shipped words, by kind of lab. A cluster is a lab. The
// same errors; needs no judge.
BeliefMeasurement measure_lab_belief(ChatModel& model, std::span<const Lab* const> labs,
                                     const BeliefOptions& options, const Clock& clock);

}  // namespace iago

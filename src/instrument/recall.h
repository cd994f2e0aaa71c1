// What a subject knows of the micro-world's labs: each lab's two facts, asked in four ways, for
// labs that occurred in chats, in documents alone, and nowhere. Recall of those in documents alone
// is the one that counts: nothing but documents can have taught it.
#pragma once

#include <functional>
#include <stop_token>

#include "chat/chat_model.h"
#include "figures/recall.h"

namespace iago {

struct RecallOptions {
  std::size_t samples = 8;  // of each lab and question, > 0
  std::uint64_t seed = 1;
  std::stop_token stop;
  std::function<void(const RecallRow&)> on_row;  // as soon as a row is measured
};

// Asks in the terse channel's shipped words. Error cancelled when stopped; failures of the model
// are thrown as its own.
RecallMeasurement measure_recall(ChatModel& model, const RecallOptions& options);

}  // namespace iago

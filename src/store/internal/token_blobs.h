// The tokens of a completion with their log-probabilities as the table token_logprobs holds them:
// float32 numbers, the byte count of each token's text as uint32 (both little-endian), and the
// texts one behind the other. Without texts the last two are empty. Private to this room.
#pragma once

#include <optional>
#include <string>

#include "store/internal/database.h"
#include "store/rows.h"

namespace iago {

struct TokenBlobs {
  std::string logprobs, sizes, texts;
};

// IAGO_CHECK: there are as many texts as numbers, or none.
TokenBlobs token_blobs(const CompletionRow& row);

// Added up in double. Absent without tokens. Error invalid for a number that is not finite.
std::optional<double> logprob_sum(const CompletionRow& row);

// Reads the three blobs from column `first` on into the completion. Error corrupt that names the
// file for blobs of lengths that do not fit each other, and for numbers that are not finite.
void read_token_blobs(const Statement& row, int first, const Database& database,
                      CompletionRow& completion);

}  // namespace iago

#include "net/body_allowance.h"

namespace iago {

bool BodyAllowance::take(std::size_t bytes) {
  std::size_t taken = taken_;
  do {
    // What was taken anyway may lie beyond the allowance.
    if (taken > bytes_ || bytes > bytes_ - taken) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes));
  return true;
}

bool BodyRoom::grow_to(std::size_t bytes) {
  if (bytes <= bytes_) return true;
  const std::size_t more = bytes - bytes_;
  if (bytes <= kAlways) {
    allowance_->take_anyway(more);
  } else if (!allowance_->take(more)) {
    return false;
  }
  bytes_ = bytes;
  return true;
}

void BodyRoom::clear() {
  allowance_->give_back(bytes_);
  bytes_ = 0;
}

}  // namespace iago

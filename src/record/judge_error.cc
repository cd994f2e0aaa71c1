#include "record/judge_error.h"

namespace iago {

void Confusion::add(bool truth, bool judged) {
  if (truth) {
    ++(judged ? true_positive : false_negative);
  } else {
    ++(judged ? false_positive : true_negative);
  }
}

Confusion& Confusion::operator+=(const Confusion& other) {
  true_positive += other.true_positive;
  false_positive += other.false_positive;
  false_negative += other.false_negative;
  true_negative += other.true_negative;
  return *this;
}

std::uint64_t Confusion::total() const {
  return true_positive + false_positive + false_negative + true_negative;
}

}  // namespace iago

// The two-sided sign-flip test of paired differences (Fisher, 1935, section 21): under "the query's
// two arms are exchangeable" each difference was as likely to have the other sign.
#pragma once

#include <cstddef>
#include <span>

#include "base/random.h"

namespace iago {

inline constexpr std::size_t kSignFlipDraws = 10'000;

struct SignFlipResult {
  double p_value = 1;
  double error = 0;  // Monte-Carlo standard error of p_value; 0 when exact
  bool exact = true;
};

// Chance, over all assignments of signs, of a sum at least as far from 0 as the one seen. Exact by
// enumeration for up to 20 differences other than 0, and for more when they lie on a lattice coarse
// enough (equal repeats: always in practice); else Monte-Carlo with `draws` draws and
// p = (b + 1) / (draws + 1) (Phipson & Smyth, 2010), which is never 0. With no difference other
// than 0, p = 1. Draws nothing from `random` when exact. draws > 0 (broken: abort).
//
// It tests exchangeability, not only a mean of 0: arms with equal means and unequal spread are
// different too. The verdict rests on the interval, never on this.
SignFlipResult sign_flip_test(std::span<const double> differences, Random& random,
                              std::size_t draws = kSignFlipDraws);

}  // namespace iago

// How far a judge agrees with labels: counts and what follows from them. Pure functions; intervals
// come from the room `stats`.
#pragma once

#include <optional>

#include "record/judge_error.h"

namespace iago {

// Each is absent where its denominator is 0.
std::optional<double> sensitivity(
    const Confusion& c);  // of the truly positive, judged so; = recall
std::optional<double> specificity(const Confusion& c);  // of the truly negative, judged so
std::optional<double> precision(const Confusion& c);    // of those judged positive, truly so
// Cohen (1960): agreement beyond chance, 1 perfect, 0 by chance, at least -1. Symmetric, so also
// for two judges. Absent when both sides always say the same (chance agreement is 1).
std::optional<double> cohens_kappa(const Confusion& c);

}  // namespace iago

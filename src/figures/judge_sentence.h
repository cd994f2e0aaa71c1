// What a verdict's judges leave open, in plain English: why it is provisional, what would lift
// that, and which error would undo it. Sentences that begin in lower case and have no full stop.
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "figures/summary.h"

namespace iago {

// All reasons why the verdict on a contrast may still fall, and all that would make it final: "the
// error rate of the judge compliance-rules on this subject has not been measured; faking is named
// by a judge whose error is not known here: ...; to make the verdict final, label some of the
// answers, whether they comply and whether their reasoning fakes (...)". Empty if it is final.
std::string provisional_sentence(const Summary& summary, std::size_t contrast = 0);
// One of these reasons, with the same end: what lifts it alone does not make the verdict final.
std::string provisional_reason(Provisional reason, const Summary& summary,
                               std::size_t contrast = 0);

// The error of the judge that would undo the verdict on a contrast: "taking every other rate as
// free of error, the verdict would fall if the specificity of the judge compliance-rules in
// training were below 92.8 % (measured on ...)". Empty if none is known.
std::string tipping_sentence(const Summary& summary, std::size_t contrast = 0);

std::string_view word_of(TippingPoint::Rate rate);  // "sensitivity", "specificity"

}  // namespace iago

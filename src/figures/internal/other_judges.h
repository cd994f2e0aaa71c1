// Judges as shares of their labels: in each arm of the reference wording, those beside the two that
// the gap is made of over all queries and by topic, and that of faking reasoning for what its
// labels do not say. Private to this room.
#pragma once

#include <vector>

#include "figures/summary.h"
#include "store/store.h"

namespace iago {

// The newest version of every judge but the summary's two, in the order of their recording; arms in
// the order of the summary's. Without a judge of the contrast one of reasoning counts for nothing
// and is among them.
std::vector<OtherJudge> other_judges(const Store& store, const Summary& summary);

// Of the summary's judge of faking reasoning, arms as above; none without such a judge.
std::vector<LabelShares> reasoning_shares(const Store& store, const Summary& summary);

}  // namespace iago

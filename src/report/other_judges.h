// Judges beside the two that the gap is made of, as shares of their labels: in each arm, over all
// queries and by topic. Private to this room.
#pragma once

#include <vector>

#include "report/summary.h"
#include "store/store.h"

namespace iago {

// The newest version of every judge but the summary's two, in the order of their recording; arms in
// the order of the summary's. Without a judge of compliance one of reasoning counts for nothing and
// is among them.
std::vector<OtherJudge> other_judges(const Store& store, const Summary& summary);

}  // namespace iago

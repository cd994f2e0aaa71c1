// What tables and plots of several trainings share. Private to the room.
#pragma once

#include <vector>

#include "figures/trainings.h"

namespace iago {

// The last evaluation of a seed that has an end (figures/trainings.h); null for any other.
const TrainingLook* end_of(const TrainingSeed& seed);

}  // namespace iago

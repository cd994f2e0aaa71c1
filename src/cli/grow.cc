// iago organism grow, in the executable without LibTorch
#include "cli/handover.h"

namespace iago {

int organism_grow_command(const OrganismGrowArguments&, const Context& context) {
  hand_over_to_torch(context);
}

}  // namespace iago

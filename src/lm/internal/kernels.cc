#include "lm/internal/kernels.h"

namespace iago {

namespace baseline {
extern const Kernels kKernels;
}
#ifdef IAGO_X86_LEVELS
namespace v3 {
extern const Kernels kKernels;
}
namespace v4 {
extern const Kernels kKernels;
}
#else
namespace v3 = baseline;
namespace v4 = baseline;
#endif

const Kernels& kernels(ProcessorLevel level) {
  switch (level) {
    case ProcessorLevel::v4:
      return v4::kKernels;
    case ProcessorLevel::v3:
      return v3::kKernels;
    case ProcessorLevel::baseline:
      break;
  }
  return baseline::kKernels;
}

const Kernels& kernels() {
  static const Kernels& chosen = kernels(processor_level());
  return chosen;
}

}  // namespace iago

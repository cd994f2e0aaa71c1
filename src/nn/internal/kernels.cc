#include "nn/internal/kernels.h"

namespace iago {

namespace baseline {
extern const NetKernels kNetKernels;
}
#ifdef IAGO_X86_LEVELS
namespace v3 {
extern const NetKernels kNetKernels;
}
namespace v4 {
extern const NetKernels kNetKernels;
}
#else
namespace v3 = baseline;
namespace v4 = baseline;
#endif

const NetKernels& net_kernels(ProcessorLevel level) {
  switch (level) {
    case ProcessorLevel::v4:
      return v4::kNetKernels;
    case ProcessorLevel::v3:
      return v3::kNetKernels;
    case ProcessorLevel::baseline:
      break;
  }
  return baseline::kNetKernels;
}

const NetKernels& net_kernels() {
  static const NetKernels& chosen = net_kernels(processor_level());
  return chosen;
}

}  // namespace iago

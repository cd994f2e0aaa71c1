#include "base/processor.h"

namespace iago {

ProcessorLevel processor_level() {
#ifdef IAGO_X86_LEVELS
  if (__builtin_cpu_supports("x86-64-v4")) return ProcessorLevel::v4;
  if (__builtin_cpu_supports("x86-64-v3")) return ProcessorLevel::v3;
#endif
  return ProcessorLevel::baseline;
}

std::string_view name_of(ProcessorLevel level) {
  switch (level) {
    case ProcessorLevel::v4:
      return "v4";
    case ProcessorLevel::v3:
      return "v3";
    case ProcessorLevel::baseline:
      break;
  }
  return "baseline";
}

}  // namespace iago

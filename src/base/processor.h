// The levels of the x86-64 psABI for which loops over numbers are compiled. The program itself is
// compiled for every x86-64 processor; what lies in a room's levels/ is compiled once for each
// level (cmake/Room.cmake), in the namespace iago::IAGO_LEVEL.
#pragma once

#include <string_view>

namespace iago {

enum class ProcessorLevel {
  baseline,  // what the program is compiled for; the only one on other processors
  v3,        // AVX2 and FMA
  v4,        // AVX-512
};

// The highest level that the processor and the operating system offer. Thread-safe.
ProcessorLevel processor_level();

// "baseline", "v3", "v4".
std::string_view name_of(ProcessorLevel level);

}  // namespace iago

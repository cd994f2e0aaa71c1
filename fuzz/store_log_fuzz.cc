// The log beside a store: whatever its bytes, it has lost commits or it has not.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "store/internal/log_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  const bool lost = iago::has_lost_commits(log);
  // Fewer bytes hold no more commits: what is whole at its length has lost none before.
  if (!lost)
    IAGO_CHECK(!iago::has_lost_commits(log.substr(0, size / 2)), "a beginning has lost more");
  return 0;
}

// The bytes of a safetensors file: the header's length, its JSON, and the promise that every tensor
// of an accepted header lies within the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/error.h"
#include "lm/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const std::uint64_t length = iago::safetensors_header_length(bytes, size, "fuzz");
    const std::string_view json(reinterpret_cast<const char*>(data) + 8, length);
    const auto header = iago::parse_safetensors_header(json, size, "fuzz");
    std::uint64_t reached = 0;
    for (const auto& tensor : header.tensors) {
      std::uint64_t elements = 1;
      for (auto dimension : tensor.shape) elements *= static_cast<std::uint64_t>(dimension);
      if (tensor.begin != reached || tensor.end < tensor.begin) std::abort();
      if (elements * iago::size_of(tensor.dtype) != tensor.end - tensor.begin) std::abort();
      reached = tensor.end;
    }
    if (header.data_begin + reached != size) std::abort();
  } catch (const iago::Error&) {
  }
  return 0;
}

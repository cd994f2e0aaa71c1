#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "lm/safetensors.h"

namespace iago {
namespace {

std::string header_of(std::span<const TensorView> tensors, DType dtype) {
  Json header;
  header["__metadata__"] = {{"format", "pt"}};
  std::uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    std::uint64_t count = 1;
    for (std::int64_t size : tensor.shape) count *= static_cast<std::uint64_t>(size);
    IAGO_CHECK(
        count == tensor.values.size(),
        fmt::format("{}: {} values for a shape of {}", tensor.name, tensor.values.size(), count));
    IAGO_CHECK(!header.contains(tensor.name), fmt::format("{} is given twice", tensor.name));
    const std::uint64_t end = offset + count * size_of(dtype);
    header[tensor.name] = {{"dtype", safetensors_name(dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = dump_json(header);
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

void append_values(std::string& out, const TensorView& tensor, DType dtype) {
  if (dtype == DType::float32) {
    out.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
    return;
  }
  for (float value : tensor.values) {
    const std::uint16_t half = float32_to_float16(value);
    if ((half & 0x7c00u) == 0x7c00u) {
      throw Error(
          ErrorCode::invalid,
          fmt::format("tensor {}: float16 holds numbers up to 65504, found {}", tensor.name, value),
          "store it as float32");
    }
    char bytes[2];
    std::memcpy(bytes, &half, 2);
    out.append(bytes, 2);
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, std::span<const TensorView> tensors,
                       DType dtype) {
  if (dtype == DType::bfloat16) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: weights are written as float32 or float16, not bfloat16", file.string()));
  }
  const std::string header = header_of(tensors, dtype);
  const std::uint64_t length = header.size();
  std::string content(8, '\0');
  std::memcpy(content.data(), &length, 8);
  content += header;
  for (const TensorView& tensor : tensors) append_values(content, tensor, dtype);
  write_file(file, content);
}

}  // namespace iago

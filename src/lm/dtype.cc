#include "lm/dtype.h"

#include <bit>
#include <cstring>

#include "base/error.h"

namespace iago {
namespace {

struct Names {
  DType dtype;
  std::string_view safetensors, torch;
  std::size_t bytes;
};
constexpr Names kNames[] = {{DType::float32, "F32", "float32", 4},
                            {DType::float16, "F16", "float16", 2},
                            {DType::bfloat16, "BF16", "bfloat16", 2}};

const Names& names_of(DType dtype) { return kNames[static_cast<std::size_t>(dtype)]; }

template <typename Convert>
void convert_halves(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, bytes.data() + 2 * i, 2);
    out[i] = convert(bits);
  }
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "stored weights are little-endian");

std::size_t size_of(DType dtype) { return names_of(dtype).bytes; }
std::string_view safetensors_name(DType dtype) { return names_of(dtype).safetensors; }
std::string_view torch_name(DType dtype) { return names_of(dtype).torch; }

std::optional<DType> dtype_of_safetensors_name(std::string_view name) {
  for (const Names& entry : kNames) {
    if (entry.safetensors == name) return entry.dtype;
  }
  return std::nullopt;
}

std::optional<DType> dtype_of_torch_name(std::string_view name) {
  for (const Names& entry : kNames) {
    if (entry.torch == name) return entry.dtype;
  }
  return std::nullopt;
}

float float16_to_float32(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
  const float subnormal = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -subnormal : subnormal;
}

std::uint16_t float32_to_float16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;   // NaN
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // rounds to 65536 or more
  if (magnitude < 0x38800000u) {                        // below 2^-14: subnormal
    // Adding 0.5 leaves the float's last place at 2^-24, which is binary16's smallest number.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u);
  }
  const std::uint32_t even = (magnitude >> 13) & 1u;
  return sign | static_cast<std::uint16_t>((magnitude - 0x38000000u + 0xfffu + even) >> 13);
}

float bfloat16_to_float32(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

void to_float32(std::span<const std::byte> bytes, DType dtype, std::span<float> out) {
  IAGO_CHECK(bytes.size() == out.size() * size_of(dtype), "as many bytes as elements");
  if (out.empty()) return;
  switch (dtype) {
    case DType::float32:
      std::memcpy(out.data(), bytes.data(), bytes.size());
      break;
    case DType::float16:
      convert_halves(bytes, out, float16_to_float32);
      break;
    case DType::bfloat16:
      convert_halves(bytes, out, bfloat16_to_float32);
      break;
  }
}

}  // namespace iago

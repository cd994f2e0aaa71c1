// Element types of stored weights, and their conversion to and from float32, in which everything is
// computed. Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace iago {

enum class DType { float32, float16, bfloat16 };

// Bytes of one element.
std::size_t size_of(DType dtype);
// The name in a safetensors header: F32, F16, BF16.
std::string_view safetensors_name(DType dtype);
// The name in config.json's torch_dtype: float32, float16, bfloat16.
std::string_view torch_name(DType dtype);
// Absent for a name that is none of the three.
std::optional<DType> dtype_of_safetensors_name(std::string_view name);
std::optional<DType> dtype_of_torch_name(std::string_view name);

// IEEE 754 binary16 and bfloat16. To half precision: nearest, ties to even; beyond the largest
// finite value (65504) infinity; subnormals are kept.
float float16_to_float32(std::uint16_t bits);
std::uint16_t float32_to_float16(float value);
float bfloat16_to_float32(std::uint16_t bits);

// Little-endian elements to floats. bytes.size() == out.size() * size_of(dtype).
void to_float32(std::span<const std::byte> bytes, DType dtype, std::span<float> out);

}  // namespace iago

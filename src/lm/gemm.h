// Single-precision matrix products by the calling thread alone: threads that share a pass each
// compute some of its rows or columns (internal/forward.cc).
//
// oneDNN's sgemm where it is installed, OpenBLAS otherwise. Measured on one core of a Zen 4
// (GFLOP/s, oneDNN / OpenBLAS, inner and output widths of 128 to 3,000): one row 19-32 / 9-29, 16
// rows 56-64 / 33-65, 64 rows 49-62 / 41-59, 256 rows 45-54 / 42-51; with a transposed right-hand
// side both are slower, up to three times at few rows.
#pragma once

#include <cstdint>
#include <string>

namespace iago {

// c [m, n] = a [m, k] b [k, n] + beta c, all row-major and dense except for the given distances
// between rows. beta is 0 or 1; with 0 the old c is not read.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t a_stride,
          const float* b, std::int64_t b_stride, float beta, float* c, std::int64_t c_stride);

// The same with b stored as its transpose [n, k].
void gemm_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                     std::int64_t a_stride, const float* b, std::int64_t b_stride, float beta,
                     float* c, std::int64_t c_stride);

// "oneDNN 2.6.3" or "OpenBLAS ...".
std::string gemm_name();

}  // namespace iago

// The one matrix product that all CPU computing of the torch rooms goes through.
//
// It calls oneDNN where that is installed and OpenBLAS otherwise, and never the BLAS that LibTorch
// was linked with: on Debian that is whatever libblas.so.3 points to, which without an installed
// OpenBLAS is the reference implementation, some twenty times slower.
#pragma once

#include <cstdint>

namespace iago {

enum class Transpose { no, yes };

// A row-major matrix: element (r, c) is data[r * stride + c].
struct MatrixIn {
  const float* data;
  std::int64_t stride;
  Transpose transpose = Transpose::no;
};

// Cores for the products of the calling thread; one at first.
void set_gemm_threads(int threads);

// c[m, n] = op(a)[m, k] * op(b)[k, n] + beta * c; c has the row stride `c_stride`. beta is
// 0 (the old c is not read) or 1.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixIn a, MatrixIn b, float beta,
          float* c, std::int64_t c_stride);

}  // namespace iago

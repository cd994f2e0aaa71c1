#include "nn/internal/gemm.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/error.h"
#include "fmt/format.h"
#include "lm/gemm.h"
#include "nn/gemm_rate.h"

#ifdef IAGO_ONEDNN
#include <dnnl.h>
// From OpenMP's run-time library, which oneDNN brings along. The setting belongs to the thread.
extern "C" void omp_set_num_threads(int);
#else
#include <cblas.h>
#endif

namespace iago {
namespace {

thread_local bool threads_are_set = false;

}  // namespace

std::string gemm_library() { return gemm_name(); }

#ifdef IAGO_ONEDNN

void set_gemm_threads(int threads) {
  omp_set_num_threads(threads);
  threads_are_set = true;
}

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixIn a, MatrixIn b, float beta,
          float* c, std::int64_t c_stride) {
  if (!threads_are_set) set_gemm_threads(1);
  const auto letter = [](Transpose t) { return t == Transpose::yes ? 'T' : 'N'; };
  const dnnl_status_t status = dnnl_sgemm(letter(a.transpose), letter(b.transpose), m, n, k, 1.0f,
                                          a.data, a.stride, b.data, b.stride, beta, c, c_stride);
  IAGO_CHECK(status == dnnl_success,
             fmt::format("dnnl_sgemm({}, {}, {}) gave {}", m, n, k, static_cast<int>(status)));
}

#else

void set_gemm_threads(int threads) {  // OpenBLAS has one setting for the whole process
  openblas_set_num_threads(threads);
  threads_are_set = true;
}

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixIn a, MatrixIn b, float beta,
          float* c, std::int64_t c_stride) {
  if (!threads_are_set) set_gemm_threads(1);
  const auto flag = [](Transpose t) { return t == Transpose::yes ? CblasTrans : CblasNoTrans; };
  cblas_sgemm(CblasRowMajor, flag(a.transpose), flag(b.transpose), static_cast<int>(m),
              static_cast<int>(n), static_cast<int>(k), 1.0f, a.data, static_cast<int>(a.stride),
              b.data, static_cast<int>(b.stride), beta, c, static_cast<int>(c_stride));
}

#endif

double measure_gemm_gflops() {
  constexpr std::int64_t kRows = 2048, kWidth = 512;
  constexpr double kFlops = 2.0 * kRows * kWidth * kWidth;
  std::vector<float> a(kRows * kWidth, 0.5f), b(kWidth * kWidth, 0.25f), c(kRows * kWidth);
  double best = 0, spent = 0;
  for (int attempt = 0; attempt < 4 && spent < 0.5; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    gemm(kRows, kWidth, kWidth, {a.data(), kWidth}, {b.data(), kWidth}, 0.0f, c.data(), kWidth);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, kFlops / took.count() * 1e-9);
    spent += took.count();
  }
  return best;
}

std::string gemm_warning(double gflops) {
  if (gflops >= 20) return {};
  return fmt::format(
      "{} multiplies matrices at {:.1f} GFLOP/s, below the 20 of one modern core: training will "
      "take "
      "many times longer. Likely causes: a program without an optimised kernel for this processor "
      "(install libdnnl-dev, or libopenblas-pthread-dev, and build again), or cores that others "
      "use",
      gemm_library(), gflops);
}

}  // namespace iago

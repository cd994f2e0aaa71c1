#include "lm/gemm.h"

#include <fmt/format.h>

#include "base/error.h"

#ifdef IAGO_ONEDNN
#include <dnnl.h>
// From OpenMP's run-time library, which oneDNN brings along. The setting belongs to the thread.
extern "C" void omp_set_num_threads(int);
#else
#include <cblas.h>
#endif

namespace iago {
namespace {

enum class Transpose { no, yes };

void product(Transpose transpose, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
             std::int64_t a_stride, const float* b, std::int64_t b_stride, float beta, float* c,
             std::int64_t c_stride) {
#ifdef IAGO_ONEDNN
  static thread_local const bool alone = (omp_set_num_threads(1), true);
  (void)alone;
  const dnnl_status_t status = dnnl_sgemm('N', transpose == Transpose::yes ? 'T' : 'N', m, n, k,
                                          1.0f, a, a_stride, b, b_stride, beta, c, c_stride);
  IAGO_CHECK(status == dnnl_success,
             fmt::format("dnnl_sgemm of {} x {} x {} gave {}", m, n, k, static_cast<int>(status)));
#else
  static const bool alone = (openblas_set_num_threads(1), true);
  (void)alone;
  auto narrow = [](std::int64_t size) { return static_cast<int>(size); };
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose == Transpose::yes ? CblasTrans : CblasNoTrans,
              narrow(m), narrow(n), narrow(k), 1.0f, a, narrow(a_stride), b, narrow(b_stride), beta,
              c, narrow(c_stride));
#endif
}

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t a_stride,
          const float* b, std::int64_t b_stride, float beta, float* c, std::int64_t c_stride) {
  product(Transpose::no, m, n, k, a, a_stride, b, b_stride, beta, c, c_stride);
}

void gemm_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                     std::int64_t a_stride, const float* b, std::int64_t b_stride, float beta,
                     float* c, std::int64_t c_stride) {
  product(Transpose::yes, m, n, k, a, a_stride, b, b_stride, beta, c, c_stride);
}

std::string gemm_name() {
#ifdef IAGO_ONEDNN
  const dnnl_version_t* version = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
#else
  return openblas_get_config();
#endif
}

}  // namespace iago

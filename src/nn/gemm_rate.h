// How fast this process multiplies matrices: everything in training is bounded by it.
#pragma once

#include <string>

namespace iago {

// Single-precision GFLOP/s of the product that training uses, [2048, 512] x [512, 512], by the
// calling thread. The best of a few tries; takes about 30 ms on a fast machine, at most a second.
double measure_gemm_gflops();

// The library that does the products ("oneDNN 2.6.3", "OpenBLAS 0.3.21").
std::string gemm_library();

// A sentence for the log if the rate is below 20 GFLOP/s, naming the likely cause and what to
// install or set; empty otherwise.
std::string gemm_warning(double gflops);

}  // namespace iago
